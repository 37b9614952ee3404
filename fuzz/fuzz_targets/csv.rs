//! Tables of text, plain or compressed. The first byte says by which options they are read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_data::frame::{Encoding, ReadOptions};
use ugmm_fuzz::{file, try_table, within_memory};

/// Decompressors have their windows.
const CONSTANT: usize = 192 << 20;

fuzz_target!(|input: &[u8]| {
    let Some((&first, content)) = input.split_first() else { return };
    // Other formats have targets of their own.
    let others = [&b"PAR1"[..], &[0, 0], b"ARROW1", &[0xff; 4], b"PK\x03\x04"];
    if others.iter().any(|first| content.starts_with(first)) {
        return;
    }
    let mut options =
        ReadOptions { has_header: first & 1 == 0, lenient: first & 2 != 0, ..ReadOptions::default() };
    if first & 4 != 0 {
        options.missing = vec!["-999".into(), "x".into()];
    }
    if first & 8 != 0 {
        options.encoding = Encoding::of("shift_jis");
    }
    options.delimiter = [None, Some(b';'), Some(b'\t'), Some(b' ')][usize::from(first >> 6)];
    let path = file("csv", content);
    within_memory(content.len(), 512, CONSTANT, || try_table(&path, &options));
});
