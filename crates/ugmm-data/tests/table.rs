//! Tables in memory, from files and from columns.

use std::fs;
use std::path::Path;

use ugmm_data::Table;
use ugmm_data::frame::{ColumnData, Kind, ReadOptions, Schema, UNSEEN, Values};

const CONTENT: &str = "n,when,open,kind,same,left\n\
    1,2024-01-01,yes,b,k,?x\n\
    0.5,2024-01-02T12:00,no,a,k,\n\
    ,,,,k,z\n";

fn texts(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| (!text.is_empty()).then(|| text.to_string())).collect()
}

fn numbers(values: &Values) -> &[f64] {
    let Values::Numbers(values) = values else { panic!("{values:?}") };
    values
}

/// The table of a file with this content.
fn with_file<T>(content: &str, use_file: impl FnOnce(&Path) -> T) -> T {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("t");
    fs::write(&path, content).unwrap();
    use_file(&path)
}

fn read(content: &str, options: &ReadOptions) -> Table {
    with_file(content, |path| Table::read(path, options)).unwrap()
}

#[test]
fn a_file_is_held_with_columns_of_every_kind() {
    let options = ReadOptions { ignore: vec!["left".into()], ..ReadOptions::default() };
    let table = read(CONTENT, &options);
    assert_eq!((table.rows(), table.places()), (3, &[2, 3, 4][..]));
    assert_eq!(table.schema().columns.len(), 6);
    let n = numbers(table.column("n").unwrap());
    assert!(n[..2] == [1.0, 0.5] && n[2].is_nan());
    assert_eq!(numbers(table.column("when").unwrap())[1], 19_724.5);
    assert_eq!(numbers(table.column("open").unwrap())[..2], [1.0, 0.0]);
    assert_eq!(table.column("kind").unwrap(), &Values::Codes(vec![Some(1), Some(0), None]));
    assert_eq!(table.column("same").unwrap(), &Values::Codes(vec![Some(0); 3]));
    let without = ReadOptions { ignore: vec!["n".into()], ..ReadOptions::default() };
    assert_eq!(read(CONTENT, &without).column("kind").unwrap(), table.column("kind").unwrap());
    let message = table.column("left").unwrap_err().to_string();
    assert_eq!(
        message,
        "the column \"left\" was ignored, so its kind is not known; request it as text or do not ignore it"
    );
    let message = table.labels("kinds").unwrap_err().to_string();
    assert!(
        message.starts_with("there is no column \"kinds\" (is it \"kind\"?); the columns are"),
        "{message}"
    );
}

#[test]
fn labels_are_texts_whatever_the_column_holds() {
    let table = read(CONTENT, &ReadOptions::default());
    let expected = [
        ("n", ["1", "0.5", ""]),
        ("when", ["2024-01-01", "2024-01-02T12:00:00", ""]),
        ("open", ["true", "false", ""]),
        ("kind", ["b", "a", ""]),
        ("same", ["k", "k", "k"]),
        ("left", ["?x", "", "z"]),
    ];
    for (name, expected) in expected {
        assert_eq!(table.labels(name).unwrap(), texts(&expected), "{name}");
    }
}

#[test]
fn another_file_is_read_as_the_first() {
    let schema = read(CONTENT, &ReadOptions::default()).schema().clone();
    let content = "left,same,kind,open,when,n\nz,other,c,t,1970-01-02,7\n";
    let table =
        with_file(content, |path| Table::read_as(path, schema.clone(), &ReadOptions::default())).unwrap();
    assert_eq!((table.rows(), table.schema()), (1, &schema));
    assert_eq!(numbers(table.column("n").unwrap()), [7.0]);
    assert_eq!(numbers(table.column("when").unwrap()), [1.0]);
    assert_eq!(table.column("kind").unwrap(), &Values::Codes(vec![Some(UNSEEN)]));
    assert_eq!(table.labels("kind").unwrap(), [None]);
    assert_eq!(table.labels("left").unwrap(), texts(&["z"]));
    let ignored = Schema {
        columns: schema
            .columns
            .into_iter()
            .map(|column| ugmm_data::frame::Column { kind: Kind::Ignored, ..column })
            .collect(),
        ..schema
    };
    let error =
        with_file(content, |path| Table::read_as(path, ignored, &ReadOptions::default())).unwrap_err();
    assert_eq!(error.to_string(), "no column is requested; name at least one");
}

#[test]
fn class_numbers_are_taken_as_categories() {
    let content =
        "class,flag,day,same,id\n3,yes,2024-01-01,1,7\n01,no,2024-01-02,1,8\n10,no,2024-01-01,1,9\n";
    with_file(content, |path| {
        let mut schema = Schema::infer(path, &ReadOptions::default()).unwrap();
        for name in ["class", "flag", "day", "same"] {
            schema.take_as_categories(name).unwrap();
            schema.take_as_categories(name).unwrap();
        }
        let table = Table::read_as(path, schema, &ReadOptions::default()).unwrap();
        assert_eq!(table.column("class").unwrap(), &Values::Codes(vec![Some(1), Some(0), Some(2)]));
        assert_eq!(table.labels("class").unwrap(), texts(&["3", "01", "10"]));
        assert_eq!(table.labels("flag").unwrap(), texts(&["yes", "no", "no"]));
        assert_eq!(table.labels("day").unwrap(), texts(&["2024-01-01", "2024-01-02", "2024-01-01"]));
        assert_eq!(table.labels("same").unwrap(), texts(&["1", "1", "1"]));
        assert_eq!(numbers(table.column("id").unwrap()), [7.0, 8.0, 9.0]);
    });
}

#[test]
fn not_every_column_can_be_categories() {
    let content = (0..10_001).fold("n,left\n".to_owned(), |content, n| content + &format!("{n},\n"));
    let options = ReadOptions { ignore: vec!["left".into()], ..ReadOptions::default() };
    let mut schema = with_file(&content, |path| Schema::infer(path, &options)).unwrap();
    let mut message = |name: &str| schema.take_as_categories(name).unwrap_err().to_string();
    let too_many = message("n");
    assert!(
        too_many.starts_with("the column \"n\" has too many different values for categories"),
        "{too_many}"
    );
    assert!(message("left").starts_with("the column \"left\" was ignored"));
    assert!(message("m").starts_with("there is no column \"m\""));
}

#[test]
fn columns_in_memory_are_a_table() {
    let table = Table::from_columns(vec![
        ("n".into(), ColumnData::Numbers(vec![2.0, f64::NAN, -1.0, 2.0])),
        ("half".into(), ColumnData::Numbers(vec![0.5, -0.0, 0.0, 1.0])),
        ("one".into(), ColumnData::Numbers(vec![4.0; 4])),
        ("none".into(), ColumnData::Numbers(vec![f64::NAN; 4])),
        ("one or none".into(), ColumnData::Numbers(vec![4.0, 4.0, f64::NAN, 4.0])),
        ("class".into(), ColumnData::Text(texts(&["10", "9", "", "10"]))),
        ("same".into(), ColumnData::Text(texts(&["x", "x", "x", "x"]))),
        ("or missing".into(), ColumnData::Text(texts(&["x", "", "x", "x"]))),
    ])
    .unwrap();
    assert_eq!((table.rows(), table.places()), (4, &[1, 2, 3, 4][..]));
    let column = |name: &str| table.schema().column(name).unwrap();
    let format = Default::default();
    assert_eq!(column("n").kind, Kind::Numeric { min: -1.0, max: 2.0, integers: true, format });
    assert_eq!(column("half").kind, Kind::Numeric { min: 0.0, max: 1.0, integers: false, format });
    assert_eq!(column("one or none").kind, Kind::Numeric { min: 4.0, max: 4.0, integers: true, format });
    let kinds = ["one", "none", "class", "same", "or missing"].map(|name| column(name).kind.clone());
    assert_eq!(kinds, [Kind::Constant, Kind::Constant, Kind::Categorical, Kind::Constant, Kind::Categorical]);
    assert_eq!(["n", "none", "class"].map(|name| column(name).missing), [1, 4, 1]);
    let levels = |name: &str| -> Vec<(String, usize)> {
        column(name).levels.iter().flatten().map(|level| (level.text.clone(), level.rows)).collect()
    };
    assert_eq!(levels("class"), [("9".into(), 1), ("10".into(), 2)]);
    assert_eq!(levels("half"), [("0".into(), 2), ("0.5".into(), 1), ("1".into(), 1)]);
    assert_eq!(table.column("class").unwrap(), &Values::Codes(vec![Some(1), Some(0), None, Some(1)]));
    assert_eq!(table.labels("one").unwrap(), texts(&["4"; 4]));
    assert_eq!(table.labels("same").unwrap(), texts(&["x"; 4]));
    assert_eq!(table.labels("none").unwrap(), [None, None, None, None]);
}

#[test]
fn columns_that_make_no_table_are_refused() {
    let refusal = |columns: &[(&str, ColumnData)]| {
        let columns = columns.iter().map(|(name, data)| (name.to_string(), data.clone())).collect();
        Table::from_columns(columns).unwrap_err().to_string()
    };
    let numbers = |numbers: &[f64]| ColumnData::Numbers(numbers.to_vec());
    assert_eq!(refusal(&[]), "the table has no columns; it needs at least one column and one row");
    assert_eq!(
        refusal(&[("a", numbers(&[]))]),
        "the table has no rows; it needs at least one column and one row"
    );
    assert_eq!(
        refusal(&[("a", numbers(&[1.0])), ("", numbers(&[1.0]))]),
        "column 2 has no name; every column needs one"
    );
    assert_eq!(
        refusal(&[("a", numbers(&[1.0])), ("b", numbers(&[1.0])), ("a", numbers(&[1.0]))]),
        "columns 1 and 3 are both named \"a\"; every column needs a name of its own"
    );
    assert_eq!(
        refusal(&[("a", numbers(&[1.0, 2.0])), ("b", ColumnData::Text(texts(&["x"])))]),
        "the column \"b\" has 1 row, where the first column has 2; all columns need the same number"
    );
    assert_eq!(
        refusal(&[("a", numbers(&[1.0, f64::NEG_INFINITY]))]),
        "row 2, column \"a\": -inf is not a finite number; give a finite number, or NaN if it is not known"
    );
    let many = (0..10_001).map(|n| Some(format!("v{n}"))).collect();
    let message = refusal(&[("id", ColumnData::Text(many))]);
    assert!(
        message.starts_with("the column \"id\" has too many different values for categories"),
        "{message}"
    );
}

#[test]
fn numbers_with_many_values_have_no_levels() {
    let values: Vec<f64> = (0..10_001).map(f64::from).collect();
    let levels = |values: &[f64]| {
        let table = Table::from_columns(vec![("n".into(), ColumnData::Numbers(values.to_vec()))]).unwrap();
        table.schema().columns[0].levels.as_ref().map(Vec::len)
    };
    assert_eq!(levels(&values), None);
    assert_eq!(levels(&values[..10_000]), Some(10_000));
}

#[test]
fn a_column_of_weights_is_taken_out_and_rows_of_weight_0_with_it() {
    let content = "a,w,kind\n1,0.5,x\n2,0,y\n,2,x\n";
    let table = with_file(content, |path| {
        Table::read(path, &ReadOptions::default()).unwrap().weighted_by("w", path).unwrap()
    });
    assert_eq!((table.rows(), table.places()), (2, &[2, 4][..]));
    assert_eq!(table.weights(), Some(&[0.25, 1.0][..]));
    let columns = &table.schema().columns;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, table.schema().rows, columns[0].missing), (vec!["a", "kind"], 2, 1));
    let rows: Vec<usize> = columns[1].levels.iter().flatten().map(|level| level.rows).collect();
    assert_eq!((rows, table.labels("kind").unwrap()), (vec![2, 0], texts(&["x", "x"])));
    // Equal weights are none.
    for weights in ["2", "1", "0.1"] {
        let content = format!("a,w\n1,{weights}\n2,{weights}\n3,{weights}\n");
        let table = with_file(&content, |path| {
            Table::read(path, &ReadOptions::default()).unwrap().weighted_by("w", path).unwrap()
        });
        assert_eq!((table.rows(), table.weights()), (3, None));
    }
    let content = "a,w\n1,0\n2,1\n3,1\n4,0\n";
    let table = with_file(content, |path| {
        Table::read(path, &ReadOptions::default()).unwrap().weighted_by("w", path).unwrap()
    });
    assert_eq!((table.rows(), table.weights()), (2, None));
}

#[test]
fn what_is_no_weight_is_named_with_its_place() {
    let message = |weights: [&str; 3]| {
        let rows: String =
            weights.iter().enumerate().map(|(row, weight)| format!("{row},{weight}\n")).collect();
        with_file(&format!("a,w\n{rows}"), |path| {
            let error =
                Table::read(path, &ReadOptions::default()).unwrap().weighted_by("w", path).unwrap_err();
            assert_eq!(error.remedies(), [ugmm_data::Remedy::Weights]);
            error.to_string().replace(&path.display().to_string(), "t")
        })
    };
    let ends = "is no weight; a weight is a finite number of at least 0";
    assert_eq!(message(["1", "-2", "1"]), format!("t, row 3, column \"w\": \"-2\" {ends}"));
    assert_eq!(message(["1", "2", ""]), format!("t, row 4, column \"w\": a missing value {ends}"));
    assert_eq!(message(["1", "many", "1"]), format!("t, row 3, column \"w\": \"many\" {ends}"));
    assert_eq!(message(["0", "0", "0"]), "t, column \"w\": all weights are 0; at least one must be positive");
    let table = || Table::from_columns(vec![("a".into(), ColumnData::Numbers(vec![1.0, 2.0]))]).unwrap();
    let message = |weights: &[f64]| table().weighted(weights).unwrap_err().to_string();
    assert_eq!(message(&[1.0]), "there must be as many weights as rows, but there are 1 for 2");
    assert_eq!(message(&[1.0, f64::NAN]), format!("row 2: \"NaN\" {ends}"));
    assert_eq!(message(&[0.0; 2]), "all weights are 0; at least one must be positive");
    assert!(table().weighted_by("w", Path::new("t")).is_err());
}
