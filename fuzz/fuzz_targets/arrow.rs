//! Files and streams of Arrow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_fuzz::{file, try_batches, within_memory};

/// A batch may unpack to 256 MiB, and its values are held beside it.
const CONSTANT: usize = 768 << 20;

fuzz_target!(|content: &[u8]| {
    if !content.starts_with(b"ARROW1") && !content.starts_with(&[0xff; 4]) {
        return;
    }
    let path = file("arrow", content);
    within_memory(content.len(), 2048, CONSTANT, || try_batches(&path));
});
