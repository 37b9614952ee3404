//! Tables other than the one that was learnt from.

use std::fs;

use ugmm_data::frame::{ColumnData, ReadOptions, Schema};
use ugmm_data::{Preprocessor, Scaling, Table};

use crate::fixture::{NAN, all_rows, assert_same, fit_all, letters, numbers, scaled, table};

const GAP: f32 = f32::NAN;

/// A table of the file `content`.
fn read(content: &str) -> Table {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    fs::write(&path, content).unwrap();
    Table::read(&path, &ReadOptions::default()).unwrap()
}

fn transformed(preprocessor: &Preprocessor, table: &Table) -> Vec<f32> {
    preprocessor.transform(table, &all_rows(table)).unwrap()
}

#[test]
fn columns_and_levels_are_found_by_name() {
    let learnt = table(&[("n", numbers(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])), ("c", letters("bbbccc"))]);
    let preprocessor = fit_all(&learnt, &scaled(Scaling::None)).unwrap();
    let other =
        table(&[("more", letters("xy  ")), ("c", letters("cab ")), ("n", numbers(&[7.0, 8.0, NAN, 9.0]))]);
    let expected = [[7.0, 0.0, 1.0], [8.0, GAP, GAP], [GAP, 1.0, 0.0], [9.0, GAP, GAP]];
    assert_same(&transformed(&preprocessor, &other), &expected.concat());
}

#[test]
fn a_table_of_one_row_has_columns_of_one_value() {
    let content = "n,when,open,c\n1,5;2024-01-01;yes;a\n".replace(',', ";").replace("1;5", "1,5");
    assert!(content.starts_with("n;when;open;c\n1,5;2024"));
    let many = "2,5;2024-01-02;no;b\n".repeat(3) + &"0,5;2024-01-03;yes;a\n".repeat(3);
    let preprocessor = fit_all(&read(&(content.clone() + &many)), &scaled(Scaling::None)).unwrap();
    assert_eq!(preprocessor.names(), ["n", "when", "open", "c=a", "c=b"]);
    let row = [1.5, 19_723.0, 1.0, 1.0, 0.0];
    assert_same(&transformed(&preprocessor, &read(&content)), &row);
    let unknown = read("c,when,n,open,id\n,,,,1\n,,,,2\n");
    assert_same(&transformed(&preprocessor, &unknown), &[GAP; 10]);

    let numbers_in_memory = table(&[
        ("n", numbers(&[1.5])),
        ("when", numbers(&[19_723.0])),
        ("open", numbers(&[1.0])),
        ("c", letters("a")),
    ]);
    assert_same(&transformed(&preprocessor, &numbers_in_memory), &row);
    let without = table(&[
        ("n", numbers(&[1.5])),
        ("when", letters(" ")),
        ("open", letters("t")),
        ("c", numbers(&[NAN])),
    ]);
    assert_same(&transformed(&preprocessor, &without), &[1.5, GAP, 1.0, GAP, GAP]);
}

#[test]
fn a_table_read_by_the_schema_of_another_is_understood() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t.csv");
    let options = ReadOptions::default();
    fs::write(&path, "c,d\nx,1\nx,2\nx,3\ny,4\ny,5\ny,6\n").unwrap();
    let schema = Schema::infer(&path, &options).unwrap();
    let preprocessor =
        fit_all(&Table::read_as(&path, schema.clone(), &options).unwrap(), &scaled(Scaling::None)).unwrap();
    fs::write(&path, "c,d\nz,7\ny,7\n").unwrap();
    let table = Table::read_as(&path, schema, &options).unwrap();
    assert_same(&transformed(&preprocessor, &table), &[GAP, GAP, 7.0, 0.0, 1.0, 7.0]);
}

#[test]
fn columns_that_are_not_there_or_hold_something_else_are_all_named() {
    let learnt = read(
        "n,when,open,c,e\n1,2024-01-01,yes,a,1\n2,2024-01-02,no,a,2\n3,2024-01-03,no,a,3\n4,2024-01-03,no,b,4\n\
         5,2024-01-03,no,b,5\n6,2024-01-04,no,b,6\n",
    );
    let preprocessor = fit_all(&learnt, &scaled(Scaling::Standard)).unwrap();
    let refusal = |table: &Table| preprocessor.transform(table, &[0]).unwrap_err().to_string();
    assert_eq!(
        refusal(&table(&[("open", letters("tf")), ("c", letters("ab")), ("n", numbers(&[1.0, 2.0]))])),
        "the table does not fit: it has no column \"when\", \"e\""
    );
    let others =
        [("open", letters("tf")), ("c", numbers(&[1.0, 2.0])), ("n", letters("1a")), ("e", letters("12"))];
    assert_eq!(
        refusal(&table(&others)),
        "the table does not fit: it has no column \"when\", its column \"n\" holds categories instead of numbers, its \
         column \"c\" holds numbers instead of categories; read it by the schema of the training table"
    );
    assert_eq!(
        refusal(&read("n,when,open,c,e\n1,5,yes,a,1\n2,6,no,a,2\n")),
        "the table does not fit: its column \"when\" holds numbers instead of dates; read it by the schema of the \
         training table"
    );
}

#[test]
fn a_message_about_many_wrong_columns_has_an_end() {
    let names: Vec<String> = (0..8).map(|index| format!("c{index}")).collect();
    let of = |data: ColumnData| names.iter().map(|name| (name.as_str(), data.clone())).collect::<Vec<_>>();
    let preprocessor = fit_all(&table(&of(numbers(&[1.0, 2.0]))), &scaled(Scaling::Standard)).unwrap();
    let message = preprocessor.transform(&table(&of(letters("ab"))), &[0]).unwrap_err().to_string();
    assert!(
        message.contains(
            "\"c4\" holds categories instead of numbers, 3 more hold something else than expected;"
        )
    );
    assert!(!message.contains("c5"), "{message}");
}
