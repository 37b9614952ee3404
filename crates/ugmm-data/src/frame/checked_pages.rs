//! The pages of a Parquet file, checked before they are decoded.
//!
//! Arrow's decoder trusts some of what a damaged file says and would panic: offsets, dictionaries that are not there,
//! and runs of definition levels longer than the page. Columns here are not nested, so there is one bit of definition
//! level per value at most, and no repetition level.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

/// All row groups of a file.
pub(super) struct CheckedRowGroups {
    file: Arc<File>,
    metadata: Arc<ParquetMetaData>,
}

impl CheckedRowGroups {
    /// Refuses metadata that points outside the file.
    pub(super) fn new(file: File, metadata: Arc<ParquetMetaData>) -> Result<Self> {
        let length = file.metadata()?.len();
        for row_group in metadata.row_groups() {
            if row_group.num_rows() < 0 || row_group.columns().iter().any(|chunk| !is_inside(chunk, length)) {
                return Err(damage("a row group is not inside the file"));
            }
        }
        Ok(Self { file: Arc::new(file), metadata })
    }
}

fn is_inside(chunk: &ColumnChunkMetaData, length: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let end = start.checked_add(chunk.compressed_size());
    start >= 0
        && chunk.data_page_offset() >= 0
        && chunk.compressed_size() >= 0
        && end.is_some_and(|end| end.unsigned_abs() <= length)
}

impl RowGroups for CheckedRowGroups {
    fn num_rows(&self) -> usize {
        self.metadata.row_groups().iter().map(|group| group.num_rows().unsigned_abs() as usize).sum()
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let (file, metadata) = (self.file.clone(), self.metadata.clone());
        let row_groups = 0..metadata.num_row_groups();
        Ok(Box::new(Chunks { file, metadata, column, row_groups }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The parts of one column, of one row group after the other.
struct Chunks {
    file: Arc<File>,
    metadata: Arc<ParquetMetaData>,
    column: usize,
    row_groups: Range<usize>,
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let row_group = self.metadata.row_group(self.row_groups.next()?);
        let chunk = row_group.column(self.column);
        let rows = row_group.num_rows().unsigned_abs() as usize;
        let optional = chunk.column_descr().max_def_level() > 0;
        let pages = SerializedPageReader::new(self.file.clone(), chunk, rows, None);
        let checked = |pages| Box::new(CheckedPages { pages, optional, dictionary: false }) as _;
        Some(pages.map(checked))
    }
}

impl PageIterator for Chunks {}

struct CheckedPages {
    pages: SerializedPageReader<File>,
    /// Whether values may be missing, so that there are definition levels.
    optional: bool,
    /// Whether there has been a dictionary.
    dictionary: bool,
}

impl CheckedPages {
    fn check(&mut self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { .. } => {
                self.dictionary = true;
                Ok(())
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                self.check_dictionary(*encoding)?;
                if !self.optional || *def_level_encoding != Encoding::RLE {
                    return Ok(());
                }
                let (length, levels) =
                    buf.split_first_chunk().ok_or_else(|| damage("a page ends before its levels"))?;
                let levels = levels.get(..u32::from_le_bytes(*length) as usize);
                check_levels(levels.ok_or_else(|| damage("a page ends in its levels"))?, *num_values)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                self.check_dictionary(*encoding)?;
                let repetition = *rep_levels_byte_len as usize;
                let levels = buf.get(repetition..repetition.saturating_add(*def_levels_byte_len as usize));
                let levels = levels.ok_or_else(|| damage("a page ends in its levels"))?;
                if self.optional { check_levels(levels, *num_values) } else { Ok(()) }
            }
        }
    }

    fn check_dictionary(&self, encoding: Encoding) -> Result<()> {
        let needs_one = matches!(encoding, Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY);
        if needs_one && !self.dictionary { Err(damage("a dictionary is missing")) } else { Ok(()) }
    }
}

/// Refuses runs that end after the levels, or before there is a level for each value.
///
/// A run begins with a number of seven bits per byte, the last byte below 128. If it is odd, half of it is the number
/// of bytes with eight levels each; if not, half of it is the number of times that the level in the next byte repeats.
fn check_levels(mut levels: &[u8], values: u32) -> Result<()> {
    let mut left = u64::from(values);
    while left > 0 {
        let mut header = 0_u64;
        for position in 0.. {
            let (&byte, rest) = levels.split_first().ok_or_else(|| damage("a page has too few levels"))?;
            levels = rest;
            if position == 9 {
                return Err(damage("a run of levels is too long"));
            }
            header |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                break;
            }
        }
        let (count, bytes) = match (header & 1, header >> 1) {
            (0, count) => (count, 1),
            (_, groups) => (groups.saturating_mul(8), groups.min(left.div_ceil(8))),
        };
        if count == 0 || bytes > levels.len() as u64 {
            return Err(damage("a run of levels goes on after the levels"));
        }
        levels = &levels[bytes as usize..];
        left = left.saturating_sub(count);
    }
    Ok(())
}

fn damage(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}
