//! Parquet files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_fuzz::{file, try_batches, within_memory};

/// A page may be as large as this whatever the file's size.
const CONSTANT: usize = 512 << 20;

fuzz_target!(|content: &[u8]| {
    if !content.starts_with(b"PAR1") {
        return;
    }
    let path = file("parquet", content);
    within_memory(content.len(), 2048, CONSTANT, || try_batches(&path));
});
