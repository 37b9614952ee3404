//! Columns that the file itself says to name its rows.

use crate::fixture::{infer, infer_with, refusal, strings};
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;
use ugmm_data::frame::{Doubt, Kind, ReadOptions, Schema};

fn index(schema: &Schema) -> Vec<&str> {
    for column in &schema.index {
        let ignored = schema.columns.iter().find(|other| other.name == column.name).unwrap();
        assert_eq!(ignored.kind, Kind::Ignored);
    }
    schema.index.iter().map(|column| column.name.as_str()).collect()
}

#[test]
fn a_first_column_without_a_name_that_counts_is_an_index() {
    for (what, content) in [
        ("pandas", ",a,y\n0,5.5,u\n1,6.5,v\n2,5,u\n"),
        ("pandas, a part in another order", ",a,y\n7,5.5,u\n0,6.5,v\n3,5,u\n"),
        ("R", "\"\",\"a\",\"y\"\n\"1\",5.5,\"u\"\n\"2\",6.5,\"v\"\n\"3\",5,\"u\"\n"),
        ("names of R", "\"\",\"a\",\"y\"\n\"Mazda\",5.5,\"u\"\n\"Fiat\",6.5,\"v\"\n\"Opel\",5,\"u\"\n"),
    ] {
        assert_eq!(index(&infer(content)), ["x1"], "{what}");
    }
    assert_eq!(index(&infer("Unnamed: 0,a\n0,5.5\n1,6.5\n")), ["Unnamed: 0"]);
    assert_eq!(index(&infer(",Unnamed: 0,a\n0,0,5.5\n1,1,6.5\n")), ["x1", "Unnamed: 0"]);
}

#[test]
fn what_may_say_something_about_the_rows_is_no_index() {
    for (what, content) in [
        ("days", ",a\n2024-01-01,5.5\n2024-01-02,6.5\n"),
        ("measurements", ",a\n0.5,5.5\n1.5,6.5\n"),
        ("years", ",a\n1990,5.5\n1991,6.5\n"),
        ("groups", ",a\n0,5.5\n1,6.5\n1,6.5\n"),
        ("kinds", ",a\nx,5.5\nx,6.5\ny,6.5\n"),
        ("a name", "day,a\n0,5.5\n1,6.5\n2,6.5\n"),
        ("not first", "a,,b\n5.5,0,1.5\n6.5,1,2.5\n"),
        ("gaps", ",a\n0,5.5\n,6.5\n2,7\n"),
    ] {
        assert_eq!(index(&infer(content)), [""; 0], "{what}");
    }
    // Nothing else would be left, and what was asked for is there.
    assert_eq!(index(&infer("Unnamed: 0\n0\n1\n")), [""; 0]);
    let options = ReadOptions { numeric: strings(&["x1"]), ..ReadOptions::default() };
    assert_eq!(index(&infer_with(",a\n0,5.5\n1,6.5\n", &options)), [""; 0]);
    let options = ReadOptions { has_header: false, ..ReadOptions::default() };
    assert_eq!(index(&infer_with("0,5.5\n1,6.5\n", &options)), [""; 0]);
}

#[test]
fn a_first_column_without_a_name_that_grows_evenly_by_fractions_is_an_index() {
    let rows =
        |step: f64| (0..30).map(|row| format!("{},{}\n", f64::from(row) * step, row % 7)).collect::<String>();
    let schema = infer(format!(",a\n{}", rows(0.1)));
    assert_eq!((index(&schema), schema.doubts.as_slice()), (vec!["x1"], &[][..]));
    let schema = infer(format!(",a\n{}99.5,1\n", rows(0.1)));
    assert!(index(&schema).is_empty());
    assert!(matches!(&schema.doubts[..], [Doubt::Nameless { column }] if column == "x1"), "{schema:?}");
}

#[test]
fn rows_have_names_where_all_have_a_field_more_than_the_header() {
    let schema = infer("\"a\",\"t\"\n\"1\",1.5,\"v\"\n\"2\",2.5,\"u\"\n\"3\",3.5,\"v\"\n");
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, index(&schema)), (vec!["x1", "a", "t"], vec!["x1"]));
    assert!(matches!(&schema.doubts[..], [Doubt::RowNames { .. }]), "{schema:?}");
    assert_eq!(index(&infer("\"a\"\n\"r1\",1.5\n\"r2\",2.5\n")), ["x1"]);
    for (what, content) in [
        ("one row without", "a,t\n1,1.5,v\n2,2.5,u\n3.5,v\n"),
        ("delimiters at the ends", "a,t\n1,v,\n2,u,\n"),
        ("decimal commas", "a\n1,5\n2,7\n"),
        ("equal names", "a,t\nr,1.5,v\nr,2.5,u\n"),
        ("two fields more", "a,t\nr,1.5,v,1\ns,2.5,u,1\n"),
    ] {
        assert!(refusal(content).contains("where the first row has"), "{what}");
    }
}

#[test]
fn an_index_beside_a_column_of_its_made_up_name_is_read() {
    let schema = infer(",x1,y\n0,5.5,a\n1,6.5,b\n");
    let names: Vec<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, index(&schema)), (vec!["unnamed_x1", "x1", "y"], vec!["unnamed_x1"]));
}

#[test]
fn an_index_can_be_taken_for_a_column_again() {
    let mut schema = infer(",a\n0,5.5\n1,6.5\n");
    schema.take_from_index("x1");
    assert!(matches!(schema.columns[0].kind, Kind::Numeric { .. }) && schema.index.is_empty());
}

/// A Parquet file with what pandas writes into the metadata.
fn of_pandas(columns: Vec<(&str, ArrayRef)>, index: &str) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let description = format!("{{\"index_columns\": [{index}], \"pandas_version\": \"2.2.0\"}}");
    let entry = KeyValue::new("pandas".to_owned(), description);
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![entry])).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn the_index_of_pandas_in_parquet_is_what_its_metadata_says() {
    let numbers = || -> ArrayRef { Arc::new(Float64Array::from(vec![0.5, 0.25, 0.125])) };
    let whole = || -> ArrayRef { Arc::new(Int64Array::from(vec![40, 7, 7])) };
    let names = || -> ArrayRef { Arc::new(StringArray::from(vec!["a", "b", "c"])) };
    let times = || -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![1, 2, 3])) };
    let found = |columns, described: &str| -> Vec<String> {
        index(&infer(of_pandas(columns, described))).into_iter().map(str::to_owned).collect()
    };
    let level = "__index_level_0__";
    assert_eq!(found(vec![("v", numbers()), (level, whole())], "\"__index_level_0__\""), [level]);
    assert_eq!(found(vec![("v", numbers()), ("customer", names())], "\"customer\""), ["customer"]);
    assert_eq!(found(vec![("v", numbers()), ("n", whole())], "{\"kind\": \"range\", \"start\": 0}"), [""; 0]);
    // Written again by a program that drops the metadata of pandas but not the column.
    assert_eq!(found(vec![("v", numbers()), (level, whole())], ""), [level]);
    // A time says something about its row.
    assert_eq!(found(vec![("v", numbers()), ("when", times())], "\"when\""), [""; 0]);
}
