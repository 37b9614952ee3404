//! Parquet files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_data::Table;
use ugmm_data::frame::{FrameReader, ReadOptions, Schema};
use ugmm_fuzz::{file, within_memory};

/// A page may be as large as this whatever the file's size.
const CONSTANT: usize = 512 << 20;

fuzz_target!(|content: &[u8]| {
    if !content.starts_with(b"PAR1") {
        return;
    }
    let path = file("parquet", content);
    let options = ReadOptions::default();
    within_memory(content.len(), 2048, CONSTANT, || {
        let Ok(schema) = Schema::infer(&path, &options) else { return };
        if let Ok(frames) = FrameReader::open(&path, &schema.requests(), &options, 1000) {
            // A run of equal values may stand for any number of rows.
            for frame in frames.take(50) {
                if frame.is_err() {
                    break;
                }
            }
        }
        if schema.rows < 100_000 {
            let _ = Table::read_as(&path, schema, &options);
        }
    });
});
