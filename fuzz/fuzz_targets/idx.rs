//! IDX files, plain or compressed: as images, as labels, and as tables.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ugmm_data::frame::ReadOptions;
use ugmm_data::{read_idx_images, read_idx_labels};
use ugmm_fuzz::{file, try_table, within_memory};

fuzz_target!(|content: &[u8]| {
    let path = file("idx", content);
    within_memory(content.len(), 512, 64 << 20, || {
        if let Ok(images) = read_idx_images(&path) {
            assert_eq!(images.pixels.len(), images.count * images.rows * images.columns);
        }
        let _ = read_idx_labels(&path);
        let head = [0, 0];
        // Tables of text have a target of their own.
        if content.starts_with(&head) || content.starts_with(&[0x1f, 0x8b]) {
            try_table(&path, &ReadOptions::default());
        }
    });
});
