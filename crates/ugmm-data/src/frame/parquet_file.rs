//! Tables in Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::block::Block;
use super::cell::{self, Support};
use super::error::FrameError;
use super::names::Names;

/// Values that are decoded at once.
const BATCH_VALUES: usize = 1 << 21;

/// A Parquet file whose metadata has been read.
pub(super) struct ParquetFile {
    pub(super) names: Names,
    path: PathBuf,
    builder: ParquetRecordBatchReaderBuilder<File>,
}

impl ParquetFile {
    pub(super) fn open(path: &Path, file: File) -> Result<Self, FrameError> {
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|reason| damaged(path, &reason))?;
        let names = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        Ok(Self { names: Names::new(path, names)?, path: path.to_owned(), builder })
    }

    /// Whether the file says that the column at `index` holds strings.
    pub(super) fn is_text(&self, index: usize) -> bool {
        let is_string = |data_type: &DataType| {
            matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        };
        match self.builder.schema().field(index).data_type() {
            DataType::Dictionary(_, values) => is_string(values),
            other => is_string(other),
        }
    }

    /// Makes ready to read the columns at the positions `columns`, in blocks of at most `most_rows` rows.
    pub(super) fn select(self, columns: &[usize], most_rows: usize) -> Result<ParquetBlocks, FrameError> {
        let Self { path, builder, .. } = self;
        for &column in columns {
            let field = builder.schema().field(column);
            let (file, column, found) = (path.clone(), field.name().clone(), field.data_type().to_string());
            match cell::support(field.data_type()) {
                Support::Supported => {}
                Support::Nested => return Err(FrameError::Nested { file, column, found }),
                Support::Unsupported => return Err(FrameError::UnsupportedType { file, column, found }),
            }
        }
        // Arrow returns columns in the order of the file.
        let mut in_order = columns.to_vec();
        in_order.sort_unstable();
        let places = columns.iter().map(|column| in_order.partition_point(|other| other < column)).collect();
        let batch_rows = most_rows.min(BATCH_VALUES / columns.len().max(1)).max(1);
        let mask = ProjectionMask::roots(builder.parquet_schema(), in_order);
        let reader = builder.with_projection(mask).with_batch_size(batch_rows).build();
        let reader = reader.map_err(|reason| damaged(&path, &reason))?;
        Ok(ParquetBlocks { path, reader, places, rows: 0, left: None })
    }
}

/// A Parquet file of which some columns are read.
pub(super) struct ParquetBlocks {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Where each column asked for is among those that the reader returns.
    places: Vec<usize>,
    /// Rows returned so far.
    rows: usize,
    /// Rows decoded but not returned yet.
    left: Option<arrow_array::RecordBatch>,
}

impl ParquetBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        let batch = match self.left.take() {
            Some(batch) => batch,
            None => match self.reader.next() {
                Some(batch) => batch.map_err(|reason| damaged(&self.path, &reason))?,
                None => return Ok(None),
            },
        };
        let count = batch.num_rows().min(most_rows);
        if count < batch.num_rows() {
            self.left = Some(batch.slice(count, batch.num_rows() - count));
        }
        let batch = batch.slice(0, count);
        let rows = (self.rows + 1..=self.rows + count).collect();
        self.rows += count;
        let columns = self.places.iter().map(|&place| batch.column(place).clone()).collect();
        Ok(Some(Block { rows, columns }))
    }
}

fn damaged(path: &Path, reason: &dyn std::error::Error) -> FrameError {
    FrameError::ParquetDamaged { file: path.to_owned(), reason: reason.to_string() }
}
