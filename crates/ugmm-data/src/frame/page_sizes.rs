//! How much the pages of a Parquet file unpack to, checked before they are unpacked.
//!
//! The decoder makes room for what a page's header announces, up to 2 GiB for a page of a few bytes, and unpacks gzip and
//! Brotli whatever it announces.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::thrift::{Compact, I32, STRUCT};

/// Bytes that any page may unpack to; writers make pages of one MiB or a few.
const LARGEST_PAGE: usize = 64 << 20;
/// How many times its own size a larger page may unpack to.
const LARGEST_RATIO: usize = 32;
/// Bytes of a page that hold its header, as a rule; and those that are looked at if they do not.
const USUAL_HEADER: u64 = 1 << 12;
const LONGEST_HEADER: u64 = 16 << 20;
/// Bytes of Brotli that are unpacked at a time.
const BROTLI_BUFFER: usize = 1 << 14;
/// Fields of a page's header.
const UNCOMPRESSED: i64 = 2;
const COMPRESSED: i64 = 3;
const SECOND_VERSION: i64 = 8;
/// Fields of the part for the second version: numbers of bytes before the values, which are not compressed.
const LEVEL_BYTES: [i64; 2] = [5, 6];

/// A file of which single pages are read.
pub(super) struct PageFile {
    file: Arc<File>,
    compression: Compression,
    /// Bytes that are not compressed of the page whose header was read last.
    levels: AtomicUsize,
}

impl PageFile {
    /// `compression` is that of the pages.
    pub(super) fn new(file: Arc<File>, compression: Compression) -> Self {
        Self { file, compression, levels: AtomicUsize::new(0) }
    }

    /// Unpacks `packed`, if the decoder does so without a limit for this compression.
    fn unpacker<'a>(&self, packed: &'a [u8]) -> Option<Box<dyn Read + 'a>> {
        match self.compression {
            Compression::GZIP(_) => Some(Box::new(MultiGzDecoder::new(packed))),
            Compression::BROTLI(_) => Some(Box::new(Decompressor::new(packed, BROTLI_BUFFER))),
            _ => None,
        }
    }
}

impl Length for PageFile {
    fn len(&self) -> u64 {
        self.file.len()
    }
}

impl ChunkReader for PageFile {
    type T = <File as ChunkReader>::T;

    /// From where a page's header begins.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let sizes = match self.sizes(start, USUAL_HEADER)? {
            Some(sizes) => sizes,
            None => {
                self.sizes(start, LONGEST_HEADER)?.ok_or_else(|| damage("the header of a page is cut off"))?
            }
        };
        if sizes.uncompressed > largest(sizes.compressed) {
            return Err(damage(&format!(
                "a page of {} bytes claims to unpack to {}",
                sizes.compressed, sizes.uncompressed
            )));
        }
        self.levels.store(sizes.levels, Ordering::Relaxed);
        self.file.get_read(start)
    }

    /// The bytes of a page after its header.
    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let bytes = self.file.get_bytes(start, length)?;
        let packed = bytes.get(self.levels.load(Ordering::Relaxed)..).unwrap_or_default();
        if let Some(unpacker) = self.unpacker(packed) {
            let most = largest(length) as u64;
            let unpacked = std::io::copy(&mut unpacker.take(most + 1), &mut std::io::sink());
            // What cannot be unpacked is refused by the decoder, or is not packed.
            if unpacked.is_ok_and(|unpacked| unpacked > most) {
                return Err(damage(&format!("a page of {length} bytes unpacks to more than {most}")));
            }
        }
        Ok(bytes)
    }
}

/// Most bytes that a page of `compressed` bytes may unpack to.
fn largest(compressed: usize) -> usize {
    LARGEST_PAGE.max(compressed.saturating_mul(LARGEST_RATIO))
}

/// The sizes in a page's header, in bytes.
#[derive(Debug, PartialEq)]
struct Sizes {
    /// The largest, if the header has several.
    uncompressed: usize,
    /// The smallest, if the header has several.
    compressed: usize,
    levels: usize,
}

impl PageFile {
    /// The sizes in the header at `start`, if it is no longer than `most` bytes.
    fn sizes(&self, start: u64, most: u64) -> Result<Option<Sizes>> {
        let mut header = Vec::new();
        self.file.get_read(start)?.take(most).read_to_end(&mut header)?;
        Ok(sizes(&header))
    }
}

/// The sizes in a header; `None` where it is cut off or no header.
fn sizes(header: &[u8]) -> Option<Sizes> {
    let mut sizes = Sizes { uncompressed: 0, compressed: usize::MAX, levels: 0 };
    let size = |number: i64| usize::try_from(number).unwrap_or(0);
    // The decoder keeps the lowest 32 bits of a longer number.
    let announced = |number: i64| if i32::try_from(number).is_ok() { size(number) } else { usize::MAX };
    Compact(header).fields(|compact, field| {
        match (field.number, field.kind) {
            (UNCOMPRESSED, I32) => sizes.uncompressed = sizes.uncompressed.max(announced(compact.number()?)),
            (COMPRESSED, I32) => sizes.compressed = sizes.compressed.min(size(compact.number()?)),
            (SECOND_VERSION, STRUCT) => compact.fields(|compact, field| match field.kind {
                I32 if LEVEL_BYTES.contains(&field.number) => {
                    sizes.levels = sizes.levels.saturating_add(size(compact.number()?));
                    Some(())
                }
                kind => compact.skip(kind),
            })?,
            (_, kind) => compact.skip(kind)?,
        }
        Some(())
    })?;
    (sizes.compressed != usize::MAX).then_some(sizes)
}

pub(super) fn damage(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_found_in_headers_of_either_version() {
        // Type 0, 200 bytes unpacked, 100 packed, and a first version's part.
        let first = [0x15, 0, 0x15, 0x90, 3, 0x15, 0xc8, 1, 0x2c, 0x15, 2, 0x15, 0, 0, 0];
        assert_eq!(sizes(&first), Some(Sizes { uncompressed: 200, compressed: 100, levels: 0 }));
        // Type 3, and a second version's part with levels of 6 and 1 bytes.
        let second = [0x15, 6, 0x15, 0x90, 3, 0x15, 0xc8, 1, 0x5c, 0x55, 12, 0x15, 2, 0x11, 0, 0];
        assert_eq!(sizes(&second), Some(Sizes { uncompressed: 200, compressed: 100, levels: 7 }));
        // Said twice: the worse counts.
        let twice = [0x15, 0, 0x15, 2, 0x15, 2, 0x05, 4, 0x90, 3, 0];
        assert_eq!(sizes(&twice), Some(Sizes { uncompressed: 200, compressed: 1, levels: 0 }));
        // More than 32 bits.
        let long = [0x15, 0, 0x15, 0xff, 0xff, 0xff, 0xff, 0xf7, 0xff, 0xff, 0xff, 0xa7, 8, 0x15, 2, 0];
        assert_eq!(sizes(&long), Some(Sizes { uncompressed: usize::MAX, compressed: 1, levels: 0 }));
        assert_eq!(sizes(&first[..14]), None);
        assert_eq!(sizes(&[0]), None);
    }
}
