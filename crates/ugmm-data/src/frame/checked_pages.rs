//! The pages of a Parquet file, checked before they are decoded.
//!
//! Arrow's decoder trusts some of what a damaged file says and would panic: offsets, dictionaries that are not there,
//! runs of definition levels longer than the page, numbers of values, lengths in some encodings; of values of a fixed number of
//! bytes positions in the dictionary as well, and of decimals of any number of bytes how many these are. Columns here are not
//! nested, so there is one bit of definition level per value at most, and no repetition level.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{ConvertedType, Encoding, LogicalType, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescriptor;

use super::page_sizes::{PageFile, damage};
use super::thrift::Compact;

/// Whether values with this encoding are decoded without panics even if they are damaged. That is so for all encodings that
/// writers use by default. The lengths of decimals of any number of bytes (`of_any_length`) are checked only where they
/// stand before each value.
pub(super) fn is_trusted(encoding: Encoding, of_any_length: bool) -> bool {
    match encoding {
        Encoding::DELTA_BYTE_ARRAY | Encoding::BYTE_STREAM_SPLIT => false,
        Encoding::DELTA_LENGTH_BYTE_ARRAY => !of_any_length,
        _ => true,
    }
}

/// Bytes of a value of a column of a fixed number of them that is a number: a decimal or a float of 16 bits.
pub(super) fn fixed_length(column: &ColumnDescriptor) -> Option<usize> {
    let is_number = column.converted_type() == ConvertedType::DECIMAL
        || matches!(column.logical_type_ref(), Some(LogicalType::Decimal { .. } | LogicalType::Float16));
    let length = usize::try_from(column.type_length()).ok();
    length.filter(|length| is_number && (1..=LONGEST_DECIMAL).contains(length))
}

/// Most bytes of a decimal: those of 76 digits, which is the longest type there is.
const LONGEST_DECIMAL: usize = 32;
/// Most bytes of a decimal of up to 38 digits.
const LONGEST_SHORT_DECIMAL: usize = 16;
/// Most digits of a decimal of [`LONGEST_SHORT_DECIMAL`] bytes.
const DIGITS_OF_SHORT: i32 = 38;

/// How the bytes of a column's values are divided, where the decoder trusts the file in it.
#[derive(Clone, Copy, PartialEq)]
enum Lengths {
    /// The decoder checks what there is to check.
    Unchecked,
    /// So many bytes for each value.
    Fixed(usize),
    /// A length before each value, at most so many bytes.
    AtMost(usize),
}

impl Lengths {
    fn of(column: &ColumnDescriptor) -> Self {
        let is_decimal = column.converted_type() == ConvertedType::DECIMAL
            || matches!(column.logical_type_ref(), Some(LogicalType::Decimal { .. }));
        match column.physical_type() {
            Type::FIXED_LEN_BYTE_ARRAY => Self::Fixed(usize::try_from(column.type_length()).unwrap_or(0)),
            Type::BYTE_ARRAY if is_decimal && column.type_precision() > DIGITS_OF_SHORT => {
                Self::AtMost(LONGEST_DECIMAL)
            }
            Type::BYTE_ARRAY if is_decimal => Self::AtMost(LONGEST_SHORT_DECIMAL),
            _ => Self::Unchecked,
        }
    }

    /// Fails unless the bytes are those of `count` values.
    fn check(self, count: u64, mut bytes: &[u8]) -> Result<()> {
        match self {
            Self::Unchecked => Ok(()),
            Self::Fixed(length) if bytes.len() as u64 >= count.saturating_mul(length as u64) => Ok(()),
            Self::Fixed(_) => Err(damage("a page ends in its values")),
            Self::AtMost(most) => {
                for _ in 0..count {
                    let ended = || damage("a page ends in its values");
                    let (length, rest) = bytes.split_first_chunk().ok_or_else(ended)?;
                    let length = u32::from_le_bytes(*length) as usize;
                    if length > most {
                        return Err(damage("a decimal has more bytes than its digits"));
                    }
                    bytes = rest.get(length..).ok_or_else(ended)?;
                }
                Ok(())
            }
        }
    }
}

/// Most values in a block of differences; writers make it 128 or a few times that.
const LARGEST_BLOCK: u64 = 1 << 20;

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
        let counts = self.metadata.row_groups().iter().map(|group| group.num_rows().unsigned_abs() as usize);
        counts.fold(0, usize::saturating_add)
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
        let file = Arc::new(PageFile::new(self.file.clone(), chunk.compression()));
        let pages = SerializedPageReader::new(file, chunk, rows, None);
        let lengths = Lengths::of(chunk.column_descr());
        let checked = |pages| Box::new(CheckedPages { pages, optional, lengths, dictionary: None }) as _;
        Some(pages.map(checked))
    }
}

impl PageIterator for Chunks {}

struct CheckedPages {
    pages: SerializedPageReader<PageFile>,
    /// Whether values may be missing, so that there are definition levels.
    optional: bool,
    lengths: Lengths,
    /// How many values the dictionary has, if there has been one.
    dictionary: Option<u32>,
}

impl CheckedPages {
    fn check(&mut self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                // The decoder divides by their number.
                if *num_values == 0 && !buf.is_empty() {
                    return Err(damage("a dictionary of no values has bytes"));
                }
                // Room is made for as many as it announces. A value takes a bit at least.
                if *num_values as usize > 8 * buf.len() {
                    return Err(damage("a dictionary announces more values than it has bytes"));
                }
                self.dictionary = Some(*num_values);
                self.lengths.check((*num_values).into(), buf)
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let (mut present, mut values) = (u64::from(*num_values), &buf[..]);
                if self.optional {
                    if *def_level_encoding != Encoding::RLE {
                        return Err(damage("levels are not stored as runs"));
                    }
                    let ended = || damage("a page ends in its levels");
                    let (length, rest) = buf.split_first_chunk().ok_or_else(ended)?;
                    let (levels, rest) =
                        rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(ended)?;
                    present = count_present(levels, *num_values)?;
                    values = rest;
                }
                self.check_values(*encoding, present, values)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let repetition = *rep_levels_byte_len as usize;
                let end = repetition.saturating_add(*def_levels_byte_len as usize);
                let ended = || damage("a page ends in its levels");
                let (levels, values) = buf.split_at_checked(end).ok_or_else(ended)?;
                let present = match self.optional {
                    true => count_present(&levels[repetition..], *num_values)?,
                    false => u64::from(*num_values),
                };
                self.check_values(*encoding, present, values)
            }
        }
    }

    /// Checks the bytes of a page's values, of which `present` are not missing.
    fn check_values(&self, encoding: Encoding, present: u64, values: &[u8]) -> Result<()> {
        match encoding {
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => {
                // The first byte is the number of bits of each position in the dictionary.
                let (&bits, positions) = values.split_first().unwrap_or((&0, &[]));
                match self.dictionary {
                    Some(_) if bits > 32 => Err(damage("positions in a dictionary have more than 32 bits")),
                    // Others are checked by the decoder.
                    Some(count) if matches!(self.lengths, Lengths::Fixed(_)) => {
                        check_positions(positions, bits.into(), present, count.into())
                    }
                    Some(_) => Ok(()),
                    None => Err(damage("a dictionary is missing")),
                }
            }
            Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY
                if self.lengths == Lengths::Unchecked =>
            {
                check_delta(values, present)
            }
            // The decoder divides by their number.
            Encoding::PLAIN if present == 0 && !values.is_empty() => {
                Err(damage("a page of no values has bytes"))
            }
            Encoding::PLAIN => self.lengths.check(present, values),
            other if is_trusted(other, matches!(self.lengths, Lengths::AtMost(_))) => Ok(()),
            _ => Err(damage("a page is encoded in another way than announced")),
        }
    }
}

/// Fails if the header of differences announces another number of values than there are, or blocks that are far too large.
fn check_delta(mut values: &[u8], present: u64) -> Result<()> {
    let block = take_number(&mut values)?;
    let parts = take_number(&mut values)?;
    let count = take_number(&mut values)?;
    if block > LARGEST_BLOCK || parts > block || count != present {
        return Err(damage("the header of a page of differences is wrong"));
    }
    Ok(())
}

/// Takes a number of any width.
fn take_number(bytes: &mut &[u8]) -> Result<u64> {
    let mut compact = Compact(bytes);
    let number = compact.unsigned().ok_or_else(|| damage("a number in a page is cut off or too long"))?;
    *bytes = compact.0;
    Ok(number)
}

/// The number of values that are not missing, by their levels of one bit.
fn count_present(levels: &[u8], values: u32) -> Result<u64> {
    let mut present = 0;
    each_value(levels, 1, values.into(), |level, times| {
        present += if level == 0 { 0 } else { times };
        Ok(())
    })?;
    Ok(present)
}

/// Fails if a position of `bits` bits is not below `count`, the number of values in the dictionary.
fn check_positions(positions: &[u8], bits: u64, present: u64, count: u64) -> Result<()> {
    each_value(positions, bits, present, |position, _| match position < count {
        true => Ok(()),
        false => Err(damage("a position in a dictionary is beyond its end")),
    })
}

/// Calls `visit` with each of `left` values of `bits` bits, at most 32, in any order, and how many times it is there. Fails if a run
/// ends after the page, or the runs end before there are so many values.
///
/// A run begins with a number. If it is odd, half of it is the number of groups of eight values each, the lowest bit first; if not,
/// half of it is the number of times that the value in the next bytes repeats.
fn each_value(
    mut bytes: &[u8],
    bits: u64,
    mut left: u64,
    mut visit: impl FnMut(u64, u64) -> Result<()>,
) -> Result<()> {
    let whole = bits.div_ceil(8);
    while left > 0 {
        let header = take_number(&mut bytes)?;
        let is_packed = header & 1 == 1;
        let (length, size) = match is_packed {
            true => ((header >> 1).saturating_mul(8), (header >> 1).saturating_mul(bits)),
            false => (header >> 1, whole),
        };
        // The last run may be cut off behind the last value.
        let size = size.min((left * bits).div_ceil(8).max(whole));
        let run = usize::try_from(size).ok().and_then(|size| bytes.split_at_checked(size));
        let ended = || damage("a run of values goes on after the page");
        let (run, rest) = run.filter(|_| length > 0).ok_or_else(ended)?;
        let count = length.min(left);
        if is_packed && bits == 1 {
            // Every value of a column with missing ones has a level of one bit, so they are counted by bytes.
            let (full, rest) = run.split_at((count / 8) as usize);
            let last = rest.first().map_or(0, |byte| byte & ((1 << (count % 8)) - 1));
            let ones = full.iter().chain([&last]).map(|byte| u64::from(byte.count_ones())).sum();
            let times = [(0, count - ones), (1, ones)];
            times
                .into_iter()
                .filter(|(_, times)| *times > 0)
                .try_for_each(|(value, times)| visit(value, times))?;
        } else if is_packed {
            for index in 0..count {
                let (start, shift) = ((index * bits / 8) as usize, index * bits % 8);
                let number = little_endian(&run[start.min(run.len())..]);
                visit((number >> shift) & ((1 << bits) - 1), 1)?;
            }
        } else {
            visit(little_endian(run), count)?;
        }
        bytes = rest;
        left -= count;
    }
    Ok(())
}

/// The number of the first five bytes, the lowest first.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(5).rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
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
