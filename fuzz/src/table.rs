//! A table of any kind, read in every way there is.

use std::path::Path;
use ugmm_data::frame::{FrameReader, ReadOptions, Request, Schema};
use ugmm_data::{PreprocessingOptions, Preprocessor, Table};

/// Infers the schema, reads all columns as they are and as text, and makes inputs of them. There may be errors, but the ways
/// must agree, and no value may be infinite.
pub fn try_table(path: &Path, options: &ReadOptions) {
    let Ok(schema) = Schema::infer(path, options) else { return };
    let frames = |requests: &[Request]| {
        FrameReader::open(path, requests, options, 3).and_then(|frames| frames.collect::<Result<Vec<_>, _>>())
    };
    let _ = frames(&schema.requests());
    let texts: Vec<Request> = schema.columns.iter().map(|column| Request::text(&column.name)).collect();
    let read = frames(&texts).expect("what a schema was inferred from can be read as text");
    let rows: usize = read.iter().map(|frame| frame.rows.len()).sum();
    assert_eq!(rows, schema.rows);
    let Ok(table) = Table::read_as(path, schema, options) else { return };
    assert_eq!(table.rows(), rows);
    for column in &table.schema().columns {
        if let Ok(labels) = table.labels(&column.name) {
            assert_eq!(labels.iter().filter(|label| label.is_none()).count(), column.missing);
        }
    }
    let rows: Vec<usize> = (0..rows).collect();
    if let Ok(preprocessor) = Preprocessor::fit(&table, &rows, None, &PreprocessingOptions::default()) {
        let inputs = preprocessor.transform(&table, &rows).expect("its own table fits");
        assert_eq!(inputs.len(), rows.len() * preprocessor.inputs());
        assert!(inputs.iter().all(|input| !input.is_infinite()));
    }
}

/// Infers the schema, reads some batches of all columns as what they are, and the whole table if it is not long: for files in which
/// a few bytes may stand for any number of equal rows.
pub fn try_batches(path: &Path) {
    let options = ReadOptions::default();
    let Ok(schema) = Schema::infer(path, &options) else { return };
    if let Ok(frames) = FrameReader::open(path, &schema.requests(), &options, 1000) {
        for frame in frames.take(50) {
            if frame.is_err() {
                break;
            }
        }
    }
    if schema.rows < 100_000 {
        let _ = Table::read_as(path, schema, &options);
    }
}
