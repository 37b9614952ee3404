//! Tables of images in IDX files: a column for each pixel, and one of labels.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, UInt8Array};

use super::block::Block;
use super::cell::Cell;
use super::error::FrameError;
use super::images::{Images, LABEL};
use super::input::Stream;
use super::names::Names;
use crate::file::Origin;
use crate::idx::{header, read_labels_of};
use crate::image_grid::{ImageShape, is_of_a_table};

/// Pixels that are read at once.
const BLOCK_PIXELS: usize = 1 << 20;
/// Number of values of a byte.
const BYTES: usize = 256;
/// The largest byte, which stands for 1.
const LARGEST: f64 = 255.0;

/// A file of images after its header.
pub(super) struct ImageFile {
    pub(super) names: Names,
    pub(super) images: Images,
    origin: Origin,
    reader: Box<dyn Read + Send>,
    count: u32,
}

/// A column of a table of images.
#[derive(Clone, Copy)]
enum Column {
    Label,
    /// The pixel at this place of an image, row by row.
    Pixel(usize),
}

impl ImageFile {
    /// Reads the header, and looks for a file of labels beside the file.
    pub(super) fn open(stream: Stream, path: &Path) -> Result<Self, FrameError> {
        let origin = stream.origin.clone();
        let file = &origin.path;
        match header::values_and_dimensions(&stream.head) {
            Some(("unsigned bytes", 3)) | None => {}
            Some((values, dimensions)) => {
                return Err(FrameError::IdxOther { file: file.clone(), values, dimensions });
            }
        }
        let length = stream.length;
        let mut reader: Box<dyn Read + Send> = Box::new(stream.into_reader());
        let sizes = header::IMAGES.read(&origin, &mut reader, length)?;
        let [count, rows, columns] = sizes;
        let shape = ImageShape { rows: rows as usize, columns: columns as usize };
        if !is_of_a_table(shape) {
            return Err(FrameError::TooManyPixels { file: file.clone(), shape });
        }
        let images = Images::at(path, shape);
        let label = images.labels.iter().map(|_| LABEL.to_owned());
        let names = Names::new(file, label.chain(shape.names()).collect())?;
        Ok(Self { names, images, origin, reader, count })
    }

    /// Makes ready to read the columns at the positions `columns`, in blocks of at most `most_rows` rows. The labels are
    /// read if they are among them.
    pub(super) fn select(self, columns: &[usize], most_rows: usize) -> Result<ImageBlocks, FrameError> {
        let Self { images, origin, reader, count, .. } = self;
        let columns: Vec<Column> = columns
            .iter()
            .map(|&position| match (&images.labels, position) {
                (Some(_), 0) => Column::Label,
                (Some(_), position) => Column::Pixel(position - 1),
                (None, position) => Column::Pixel(position),
            })
            .collect();
        let labels = match &images.labels {
            Some(path) if columns.iter().any(|column| matches!(column, Column::Label)) => {
                read_labels_of(&images.file, count, path)?
            }
            _ => Vec::new(),
        };
        let pixels = images.shape.rows * images.shape.columns;
        let block_images = most_rows.min(BLOCK_PIXELS / pixels).max(1);
        Ok(ImageBlocks {
            origin,
            reader,
            count,
            done: 0,
            pixels,
            columns,
            labels,
            block_images,
            block: vec![],
        })
    }
}

/// A file of images, of which some columns are read.
pub(super) struct ImageBlocks {
    origin: Origin,
    reader: Box<dyn Read + Send>,
    /// Images that the header announces, and those that have been read.
    count: u32,
    done: u32,
    /// Pixels of an image.
    pixels: usize,
    columns: Vec<Column>,
    /// One for each image, if the column is selected.
    labels: Vec<u8>,
    block_images: usize,
    /// The images read last.
    block: Vec<u8>,
}

impl ImageBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        let first = self.done as usize;
        let count = self.read(most_rows)?;
        if count == 0 {
            return Ok(None);
        }
        let values: [f64; BYTES] = std::array::from_fn(value);
        let array = |column: &Column| -> ArrayRef {
            match *column {
                Column::Label => {
                    Arc::new(UInt8Array::from_iter_values(self.labels[first..][..count].iter().copied()))
                }
                Column::Pixel(place) => {
                    let bytes = self.block[place..].iter().step_by(self.pixels);
                    Arc::new(Float64Array::from_iter_values(bytes.map(|&byte| values[usize::from(byte)])))
                }
            }
        };
        let columns = self.columns.iter().map(array).collect();
        Ok(Some(Block { rows: (first + 1..=first + count).collect(), columns }))
    }

    /// How often each column has each of its values in all images.
    pub(super) fn counts(mut self) -> Result<Counts, FrameError> {
        let mut counts = vec![[0; BYTES]; self.columns.len()];
        loop {
            let first = self.done as usize;
            let count = self.read(self.block_images)?;
            if count == 0 {
                return Ok(Counts { rows: self.done as usize, columns: self.columns, counts });
            }
            for (index, image) in self.block.chunks_exact(self.pixels).enumerate() {
                for (column, counts) in self.columns.iter().zip(&mut counts) {
                    let byte = match *column {
                        Column::Label => self.labels[first + index],
                        Column::Pixel(place) => image[place],
                    };
                    counts[usize::from(byte)] += 1;
                }
            }
        }
    }

    /// Reads the next images, at most `most`, and says how many there are; 0 at the end.
    fn read(&mut self, most: usize) -> Result<usize, FrameError> {
        let count = most.min(self.block_images).min((self.count - self.done) as usize);
        let announced = u128::from(self.count) * self.pixels as u128;
        let before = u64::from(self.done) * self.pixels as u64;
        self.done += count as u32;
        // With the last images one byte more, so that none come of a file that goes on.
        let is_last = count > 0 && self.done == self.count;
        let expected = count * self.pixels;
        self.block.clear();
        let limit = expected as u64 + u64::from(is_last);
        let read = self.reader.by_ref().take(limit).read_to_end(&mut self.block);
        let found = read.map_err(|reason| self.origin.refusal(&reason))?;
        if found < expected || is_last {
            header::check_count(&self.origin.path, announced, before + found as u64)?;
        }
        Ok(count)
    }
}

/// How often the columns of all images have their values.
pub(super) struct Counts {
    /// Number of images.
    pub(super) rows: usize,
    columns: Vec<Column>,
    /// For each column how many images have each byte.
    counts: Vec<[u32; BYTES]>,
}

impl Counts {
    /// The values that the column at `index` of those selected has, each with its number of images.
    pub(super) fn values(&self, index: usize) -> impl Iterator<Item = (Cell<'static>, usize)> {
        let column = self.columns[index];
        let cell = move |byte| match column {
            Column::Label => Cell::Integer(byte as i128),
            Column::Pixel(_) => Cell::Number(value(byte)),
        };
        let counts = self.counts[index].iter().enumerate().filter(|(_, count)| **count > 0);
        counts.map(move |(byte, &count)| (cell(byte), count as usize))
    }
}

/// The value that a pixel's byte stands for, from 0 to 1.
fn value(byte: usize) -> f64 {
    byte as f64 / LARGEST
}
