//! A table of any supported kind.

use arrow_schema::DataType;

use super::arrow_file::{ArrowBlocks, ArrowFile};
use super::block::Block;
use super::cell;
use super::cells::{CellBlocks, CellTable};
use super::error::FrameError;
use super::image_file::{ImageBlocks, ImageFile};
use super::images::Images;
use super::index::Declared;
use super::input::{self, Contents, Input};
use super::memory::{MemoryBlocks, MemoryTable};
use super::names::Names;
use super::options::ReadOptions;
use super::parquet_file::{ParquetBlocks, ParquetFile};
use super::text_file::{TextBlocks, TextFile};
use super::value_type::ValueType;
use super::workbook;

/// A file whose columns are known.
pub(super) enum Source {
    Text(Box<TextFile>),
    Parquet(Box<ParquetFile>),
    Arrow(Box<ArrowFile>),
    Cells(Box<CellTable>),
    Images(Box<ImageFile>),
    Memory(MemoryTable),
}

impl Source {
    pub(super) fn open(input: &Input, options: &ReadOptions) -> Result<Self, FrameError> {
        let path = match input {
            Input::Memory(table) => return Ok(Self::Memory(table.clone())),
            Input::File(path) => path,
        };
        let whole = path;
        let (path, part) = input::divided(whole);
        let contents = input::open(path, options.encoding)?;
        if let (Some(name), false) = (part, matches!(contents, Contents::Workbook(..))) {
            return Err(FrameError::NoParts { file: path.to_owned(), name: name.to_owned() });
        }
        match contents {
            Contents::Workbook(file, kind, length) => {
                let most_bytes = input::most_bytes(length);
                let table = workbook::open(whole, file, kind, part, most_bytes, options)?;
                Ok(Self::Cells(Box::new(table)))
            }
            Contents::Text(text) => Ok(Self::Text(Box::new(TextFile::open(text, options)?))),
            Contents::Idx(stream) => Ok(Self::Images(Box::new(ImageFile::open(stream, path)?))),
            Contents::Parquet(file) => Ok(Self::Parquet(Box::new(ParquetFile::open(path, file)?))),
            Contents::Arrow(stream) => Ok(Self::Arrow(Box::new(ArrowFile::open(stream)?))),
        }
    }

    pub(super) fn names(&self) -> &Names {
        match self {
            Self::Text(file) => &file.names,
            Self::Parquet(file) => &file.names,
            Self::Arrow(file) => &file.names,
            Self::Cells(table) => &table.names,
            Self::Images(file) => &file.names,
            Self::Memory(table) => table.names(),
        }
    }

    /// For each column how the file states that it is an index, which names the rows; none where it does not.
    pub(super) fn index_columns(&self) -> Vec<Option<Declared>> {
        let of_pandas = match self {
            Self::Parquet(file) => file.index_columns(),
            Self::Arrow(file) => file.index_columns(),
            Self::Memory(table) => table.index_columns(),
            Self::Text(_) | Self::Cells(_) | Self::Images(_) => Vec::new(),
        };
        let unnamed = self.names().unnamed();
        let declared = |(position, name): (usize, &String)| match position < unnamed {
            _ if of_pandas.contains(name) || name.starts_with("__index_level_") => Some(Declared::Surely),
            // Only an index of several levels leaves several names out.
            true if unnamed > 1 => Some(Declared::Surely),
            is_unnamed => is_unnamed.then_some(Declared::ByPlace),
        };
        self.names().all().iter().enumerate().map(declared).collect()
    }

    /// Whether the rows have one column more than the header names, the first.
    pub(super) fn has_row_names(&self) -> bool {
        matches!(self, Self::Text(file) if file.has_row_names)
    }

    /// All sheets of a workbook, if the first was taken because none was named.
    pub(super) fn unasked_sheets(&self) -> &[String] {
        match self {
            Self::Cells(table) => &table.unasked,
            _ => &[],
        }
    }

    /// The delimiter of the columns; none of a file that is not text.
    pub(super) fn delimiter(&self) -> Option<u8> {
        match self {
            Self::Text(file) => Some(file.delimiter),
            _ => None,
        }
    }

    /// Size and labels of the images, if the rows are images.
    pub(super) fn images(&self) -> Option<&Images> {
        match self {
            Self::Images(file) => Some(&file.images),
            _ => None,
        }
    }

    /// The type of the column at `index` that the file states; none of text and images.
    fn data_type(&self, index: usize) -> Option<&DataType> {
        let fields = match self {
            Self::Text(_) | Self::Images(_) => return None,
            Self::Parquet(file) => file.fields(),
            Self::Arrow(file) => file.fields(),
            Self::Cells(table) => table.fields(),
            Self::Memory(table) => table.fields(),
        };
        Some(cell::value_type(fields[index].data_type()))
    }

    /// The type of the values of the column at `index`.
    pub(super) fn value_type(&self, index: usize) -> ValueType {
        match (self, self.data_type(index)) {
            (_, Some(stated)) => ValueType::of(stated),
            (Self::Images(_), None) => ValueType::Float,
            (_, None) => ValueType::Text,
        }
    }

    /// Whether the file states that the column at `index` has strings. A file of text states no types.
    pub(super) fn is_declared_text(&self, index: usize) -> bool {
        match self {
            // Cells of several types are texts only because a column has one type.
            Self::Cells(table) => table.is_text(index),
            _ => self.data_type(index).is_some_and(DataType::is_string),
        }
    }

    /// Fails if the header seems to be a row of data.
    pub(super) fn check_header(&self) -> Result<(), FrameError> {
        match self {
            Self::Text(file) => file.check_header(),
            Self::Cells(table) => table.check_header(),
            _ => Ok(()),
        }
    }

    /// Makes ready to read the columns at the positions `columns`, of which none occurs twice, in that order and in
    /// blocks of at most `most_rows` rows.
    pub(super) fn select(self, columns: &[usize], most_rows: usize) -> Result<Blocks, FrameError> {
        match self {
            Self::Text(file) => Ok(Blocks::Text(Box::new(file.select(columns, most_rows)?))),
            Self::Parquet(file) => Ok(Blocks::Parquet(Box::new(file.select(columns, most_rows)?))),
            Self::Arrow(file) => Ok(Blocks::Arrow(Box::new(file.select(columns)?))),
            Self::Cells(table) => Ok(Blocks::Cells(Box::new(table.select(columns)?))),
            Self::Images(file) => Ok(Blocks::Images(Box::new(file.select(columns, most_rows)?))),
            Self::Memory(table) => Ok(Blocks::Memory(table.select(columns)?)),
        }
    }
}

/// A file of which some columns are read.
pub(super) enum Blocks {
    Text(Box<TextBlocks>),
    Parquet(Box<ParquetBlocks>),
    Arrow(Box<ArrowBlocks>),
    Cells(Box<CellBlocks>),
    Images(Box<ImageBlocks>),
    Memory(MemoryBlocks),
}

impl Blocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        match self {
            Self::Text(blocks) => blocks.next(most_rows),
            Self::Parquet(blocks) => blocks.next(most_rows),
            Self::Arrow(blocks) => blocks.next(most_rows),
            Self::Cells(blocks) => blocks.next(most_rows),
            Self::Images(blocks) => blocks.next(most_rows),
            Self::Memory(blocks) => blocks.next(most_rows),
        }
    }
}
