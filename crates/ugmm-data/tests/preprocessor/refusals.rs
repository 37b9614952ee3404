//! What cannot be learnt, and what is said about it.

use ugmm_data::{Ordinal, PreprocessingOptions, Preprocessor, Scaling, Table};

use crate::fixture::{all_rows, fit_all, letters, numbers, ordered, scaled, table};

fn example() -> Table {
    table(&[("n", numbers(&[1.0, 2.0, 3.0, 4.0])), ("size", letters("smls")), ("class", letters("abab"))])
}

fn refusal(options: &PreprocessingOptions) -> String {
    let table = example();
    Preprocessor::fit(&table, &all_rows(&table), Some("class"), options).unwrap_err().to_string()
}

#[test]
fn orders_must_fit_their_columns() {
    let order = |column, order: Option<&[&str]>| refusal(&ordered(Scaling::None, column, order));
    assert_eq!(
        order("n", None),
        "the column \"n\" is to have an order but holds numbers, not categories; take it out of the list of ordered \
         columns"
    );
    assert_eq!(
        order("class", None),
        "the column \"class\" is the target, which is no input; take it out of the list of ordered columns"
    );
    assert_eq!(
        order("sizes", None),
        "there is no column \"sizes\" (is it \"size\"?); the columns are \"n\", \"size\", \"class\""
    );
    assert_eq!(
        order("size", Some(&["s", "m", "s", "l"])),
        "the order of the column \"size\" has the level \"s\" twice; name each once"
    );
    assert_eq!(
        order("size", Some(&["m", "x"])),
        "the order of the column \"size\" lacks levels that the table has: \"l\", \"s\""
    );
    let twice = Ordinal { column: "size".into(), order: None };
    let options = PreprocessingOptions { ordinal: vec![twice.clone(), twice], ..scaled(Scaling::None) };
    assert_eq!(
        refusal(&options),
        "the column \"size\" is listed twice among those with an order; list it once"
    );
}

#[test]
fn rows_and_target_must_be_there() {
    let (table, options) = (example(), PreprocessingOptions::default());
    let refusal =
        |rows: &[usize], target| Preprocessor::fit(&table, rows, target, &options).unwrap_err().to_string();
    assert_eq!(refusal(&[0, 4], None), "there is no row with index 4 in a table of 4 rows");
    assert_eq!(refusal(&[], None), "there are no rows to learn from; give at least two");
    assert!(refusal(&[0, 1], Some("klass")).starts_with("there is no column \"klass\" (is it \"class\"?)"));
    assert_eq!(
        refusal(&[2], None),
        "there is nothing to learn from: besides the target, each column has one value in the rows chosen, or \
         categories that are all too rare"
    );
    let preprocessor = fit_all(&table, &options).unwrap();
    let message = preprocessor.transform(&table, &[9]).unwrap_err().to_string();
    assert_eq!(message, "there is no row with index 9 in a table of 4 rows");
}

#[test]
fn options_are_read_from_json() {
    let options: PreprocessingOptions = serde_json::from_str(
        r#"{"scaling": "quantile", "ordinal": [{"column": "size", "order": ["s", "m"]}, {"column": "n"}]}"#,
    )
    .unwrap();
    assert_eq!((options.scaling, options.ordinal.len()), (Scaling::Quantile, 2));
    assert_eq!(options.ordinal[1].order, None);
    assert_eq!(serde_json::from_str::<PreprocessingOptions>("{}").unwrap(), PreprocessingOptions::default());
    assert_eq!(PreprocessingOptions::default().scaling, Scaling::Standard);
}
