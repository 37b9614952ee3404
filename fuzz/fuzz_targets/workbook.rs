//! Workbooks: bytes of an archive, or the XML of a sheet of OpenDocument, which is put into one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};
use ugmm_fuzz::{file, try_batches, within_memory};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// XML, cells and columns of 256 MiB each.
const CONSTANT: usize = 1 << 30;

fuzz_target!(|content: &[u8]| {
    let archive = if content.starts_with(b"PK\x03\x04") { content.to_vec() } else { archive_of(content) };
    let path = file("workbook", &archive);
    within_memory(archive.len(), 2048, CONSTANT, || try_batches(&path));
});

/// An archive with these bytes as the content of an OpenDocument sheet, stored as they are.
fn archive_of(content: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("content.xml", stored).expect("an archive in memory can be written");
    writer.write_all(content).expect("an archive in memory can be written");
    writer.finish().expect("an archive in memory can be written").into_inner()
}
