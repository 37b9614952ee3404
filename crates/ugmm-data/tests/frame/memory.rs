//! Tables in memory.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder};
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, DurationSecondArray, Float64Array, Int8Array, Int64Array, RecordBatch,
    RecordBatchIterator, StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema as ArrowSchema};
use parquet::basic::Compression;
use ugmm_data::frame::{FrameReader, MemoryTable, ReadOptions, Request, Schema};

use crate::fixture::{Fixture, infer, kind, levels, numbers, text};
use crate::parquet::{columns_of_every_type, every_type};

fn memory(batches: Vec<RecordBatch>) -> MemoryTable {
    let schema = batches[0].schema();
    MemoryTable::read("the frame", RecordBatchIterator::new(batches.into_iter().map(Ok), schema)).unwrap()
}

fn of_columns(columns: Vec<(&str, ArrayRef)>) -> MemoryTable {
    memory(vec![RecordBatch::try_from_iter(columns).unwrap()])
}

fn schema_of(table: &MemoryTable) -> Schema {
    Schema::infer(table.clone(), &ReadOptions::default()).unwrap()
}

fn refusal(table: MemoryTable) -> String {
    Schema::infer(table, &ReadOptions::default()).unwrap_err().to_string()
}

/// What a table holds does not depend on whether it has been written to a file.
#[test]
fn a_table_in_memory_is_read_as_its_parquet_file() {
    let content = every_type(Compression::UNCOMPRESSED);
    let table = of_columns(columns_of_every_type());
    let schema = schema_of(&table);
    assert_eq!(schema, infer(&content));
    let mut requests = schema.requests();
    requests.extend(schema.columns.iter().map(|column| Request::text(&column.name)));
    let file = Fixture::new(&content);
    let options = ReadOptions::default();
    for rows in [1, 2, 100] {
        let of_file: Result<Vec<_>, _> =
            FrameReader::open(&file.path(), &requests, &options, rows).unwrap().collect();
        let of_memory: Result<Vec<_>, _> =
            FrameReader::open(table.clone(), &requests, &options, rows).unwrap().collect();
        // NaN differs from itself.
        assert_eq!(format!("{:?}", of_file.unwrap()), format!("{:?}", of_memory.unwrap()));
    }
}

/// Batches of any length, empty ones included, are read in frames of any length.
#[test]
fn batches_become_frames() {
    let batch = |values: &[i64]| {
        let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    };
    let table = memory(vec![batch(&[]), batch(&[1, 2, 3]), batch(&[]), batch(&[4]), batch(&[])]);
    assert_eq!((table.rows(), table.column_names()), (4, &["n".to_owned()][..]));
    let requests = schema_of(&table).requests();
    let frames = FrameReader::open(table, &requests, &ReadOptions::default(), 2).unwrap();
    let frames: Vec<_> = frames.map(Result::unwrap).collect();
    let of_frames: Vec<&[f64]> = frames.iter().map(|frame| numbers(&frame.columns[0])).collect();
    assert_eq!(of_frames, [&[1.0, 2.0][..], &[3.0, 4.0]]);
    assert_eq!(frames[1].rows, [3, 4]);
}

/// Dictionaries of numbers, of texts with an entry that nobody uses, and with a missing entry.
#[test]
fn entries_of_dictionaries_are_values() {
    let keys = Int8Array::from(vec![Some(2), Some(0), None, Some(1)]);
    let texts = Arc::new(StringArray::from(vec![Some("low"), None, Some("high"), Some("unused")]));
    let sizes = Arc::new(Float64Array::from(vec![0.5, 1.5, 2.5]));
    let table = of_columns(vec![
        ("level", Arc::new(DictionaryArray::<Int8Type>::try_new(keys.clone(), texts).unwrap())),
        ("size", Arc::new(DictionaryArray::<Int8Type>::try_new(keys, sizes).unwrap())),
    ]);
    let schema = schema_of(&table);
    assert_eq!((kind(&schema, "level"), kind(&schema, "size")), ("categorical", "numeric"));
    assert_eq!(levels(&schema, "level"), [("high", 1), ("low", 1)]);
    let requests = [Request::text("level"), schema.request("size").unwrap()];
    let frame =
        FrameReader::open(table, &requests, &ReadOptions::default(), 9).unwrap().next().unwrap().unwrap();
    assert_eq!(text(&frame.columns[0]), [Some("high".to_owned()), Some("low".to_owned()), None, None]);
    assert_eq!(numbers(&frame.columns[1])[..2], [2.5, 0.5]);
    assert_eq!(numbers(&frame.columns[1])[3], 1.5);
}

#[test]
fn what_is_no_table_is_refused() {
    let numbers = |numbers: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(numbers.to_vec())) };
    assert_eq!(refusal(of_columns(vec![("n", numbers(&[]))])), "the frame has columns but no rows of data");
    assert_eq!(
        refusal(of_columns(vec![("n", numbers(&[1.0, f64::INFINITY, 2.0]))])),
        "the frame, row 2, column \"n\": \"inf\" is not a finite number; write a finite number, or nothing if it is not known"
    );
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1)]);
    let message = refusal(of_columns(vec![("parts", Arc::new(lists.finish()))]));
    assert!(message.starts_with("the frame: the column \"parts\" is nested"), "{message}");
    let times: ArrayRef = Arc::new(DurationSecondArray::from(vec![1, 2]));
    let message = refusal(of_columns(vec![("took", times)]));
    assert!(message.starts_with("the frame: the column \"took\" is of the type Duration"), "{message}");

    let fields = ["a", "b", "a"].map(|name| Field::new(name, DataType::Int64, true));
    let schema = Arc::new(ArrowSchema::new(fields.to_vec()));
    let stream = RecordBatchIterator::new([], schema.clone());
    assert_eq!(
        MemoryTable::read("the frame", stream).unwrap_err().to_string(),
        "the frame: columns 1 and 3 are both named \"a\"; every column needs a name of its own"
    );
    let failing = Err(ArrowError::ComputeError("the connection is closed".to_owned()));
    let schema = Arc::new(ArrowSchema::new(vec![Field::new("a", DataType::Int64, true)]));
    let message =
        MemoryTable::read("the frame", RecordBatchIterator::new([failing], schema)).unwrap_err().to_string();
    assert_eq!(message, "the frame: the rows cannot be read (Compute error: the connection is closed)");
}
