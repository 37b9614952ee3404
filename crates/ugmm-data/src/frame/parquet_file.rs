//! Tables in Parquet files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{DataType, FieldRef, Fields};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::basic::{Compression, ConvertedType, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::batches::Cutter;
use super::block::Block;
use super::cell::{check_type, other_type};
use super::checked_footer;
use super::checked_pages::{self, CheckedRowGroups};
use super::error::FrameError;
use super::index;
use super::names::Names;

/// Values that are decoded at once.
const BATCH_VALUES: usize = 1 << 21;
/// Rows that are decoded at once; Arrow holds less than 2 GiB of text in a column of them.
const BATCH_ROWS: usize = 1 << 13;

/// A Parquet file whose metadata has been read.
pub(super) struct ParquetFile {
    pub(super) names: Names,
    path: PathBuf,
    file: File,
    builder: ParquetRecordBatchReaderBuilder<File>,
    /// The columns as they are read.
    fields: Fields,
}

impl ParquetFile {
    pub(super) fn open(path: &Path, file: File) -> Result<Self, FrameError> {
        let mut again = file.try_clone().map_err(|reason| damaged(path, &reason))?;
        checked_footer::check(&mut again).map_err(|reason| damaged(path, &reason))?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(again).map_err(|reason| damaged(path, &reason))?;
        let fields: Fields = builder.schema().fields().iter().map(without_dictionary).collect();
        let names = fields.iter().map(|field| field.name().clone()).collect();
        Ok(Self { names: Names::new(path, names)?, path: path.to_owned(), file, builder, fields })
    }

    /// The columns as they are read.
    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The columns that pandas wrote as the index of its table, by name.
    pub(super) fn index_columns(&self) -> Vec<String> {
        let metadata = self.builder.metadata().file_metadata().key_value_metadata();
        let pandas = metadata.into_iter().flatten().find(|entry| entry.key == index::PANDAS);
        index::of_pandas(pandas.and_then(|entry| entry.value.as_deref()))
    }

    /// Makes ready to read the columns at the positions `columns`, in blocks of at most `most_rows` rows.
    pub(super) fn select(self, columns: &[usize], most_rows: usize) -> Result<ParquetBlocks, FrameError> {
        let Self { path, builder, file, fields, .. } = self;
        for &column in columns {
            let field = &fields[column];
            check_column(field, builder.metadata(), column)
                .map_err(|reason| unsupported(&path, field.name(), reason))?;
        }
        // Arrow returns columns in the order of the file.
        let mut in_order = columns.to_vec();
        in_order.sort_unstable();
        let places = columns.iter().map(|column| in_order.partition_point(|other| other < column)).collect();
        let batch_rows = most_rows.min(BATCH_ROWS).min(BATCH_VALUES / columns.len().max(1)).max(1);
        let reader = reader(file, &builder, &fields, in_order, batch_rows)
            .map_err(|reason| damaged(&path, &reason))?;
        Ok(ParquetBlocks { path, reader, places, cutter: Cutter::default() })
    }
}

/// A Parquet file of which some columns are read.
pub(super) struct ParquetBlocks {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// The place of each requested column among those that the reader returns.
    places: Vec<usize>,
    cutter: Cutter,
}

impl ParquetBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        let Self { path, reader, places, cutter } = self;
        cutter.next(most_rows, || {
            let Some(batch) = reader.next() else { return Ok(None) };
            let batch =
                batch.and_then(|batch| batch.project(places)).map_err(|reason| damaged(path, &reason))?;
            // A column may have another type than the file announced.
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                check_type(column.data_type(), "")
                    .map_err(|reason| unsupported(path, field.name(), reason))?;
            }
            Ok(Some(batch))
        })
    }
}

/// Arrow's reader of the columns at the positions `columns`, in the order of the file.
fn reader(
    file: File,
    builder: &ParquetRecordBatchReaderBuilder<File>,
    fields: &Fields,
    columns: Vec<usize>,
    batch_rows: usize,
) -> Result<ParquetRecordBatchReader, ParquetError> {
    let schema = builder.parquet_schema();
    let mask = ProjectionMask::roots(schema, columns);
    let levels = parquet_to_arrow_field_levels(schema, mask, Some(fields))?;
    let row_groups = CheckedRowGroups::new(file, builder.metadata().clone())?;
    ParquetRecordBatchReader::try_new_with_row_groups(&levels, &row_groups, batch_rows, None)
}

/// The field, as plain values if it is a dictionary; how they are stored in the file does not matter.
fn without_dictionary(field: &FieldRef) -> FieldRef {
    match field.data_type() {
        DataType::Dictionary(_, values) => Arc::new(field.as_ref().clone().with_data_type(*values.clone())),
        _ => field.clone(),
    }
}

/// The leaves of the column at the position `root`: one, unless it is nested.
fn leaves(metadata: &ParquetMetaData, root: usize) -> Vec<usize> {
    let schema = metadata.file_metadata().schema_descr();
    (0..schema.num_columns()).filter(|&leaf| schema.get_column_root_idx(leaf) == root).collect()
}

/// How the values of a column are stored, in words that follow its type.
fn stored(column: &ColumnDescriptor) -> String {
    match column.physical_type() {
        Type::FIXED_LEN_BYTE_ARRAY => format!(", stored as FIXED_LEN_BYTE_ARRAY({})", column.type_length()),
        other => format!(", stored as {other}"),
    }
}

/// Fails with the reason why the column at the position `root` cannot be read, and what would be right.
///
/// These columns cannot be read: those of types that this crate does not know, or whose values are not single ones; those that Arrow
/// decodes with panics if the file is damaged (values of a fixed number of bytes that [`checked_pages`] does not check, and some
/// encodings); those compressed in a way that this crate was not built with; and text that is marked as UTF-8 in Arrow's own schema
/// only, as the decoder does not check it then.
fn check_column(field: &FieldRef, metadata: &ParquetMetaData, root: usize) -> Result<(), String> {
    let data_type = field.data_type();
    let [leaf] = leaves(metadata, root)[..] else { return check_type(data_type, "") };
    let column = metadata.file_metadata().schema_descr().column(leaf);
    check_type(data_type, &stored(&column))?;
    if data_type.is_string() && column.converted_type() != ConvertedType::UTF8 {
        return Err(other_type(data_type, " that is not marked as UTF-8"));
    }
    if column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY && checked_pages::fixed_length(&column).is_none()
    {
        return Err(other_type(data_type, &stored(&column)));
    }
    for chunk in metadata.row_groups().iter().map(|group| group.column(leaf)) {
        // LZO has no decoder here; the old kind of LZ4 is several kinds, of which the decoder reads some and takes the others for
        // damaged.
        if let name @ (Compression::LZO | Compression::LZ4) = chunk.compression() {
            return Err(format!(
                "is compressed with {name}, which is not supported; write the file with snappy, gzip, zstd, brotli or LZ4_RAW, or \
                 without compression"
            ));
        }
        let is_decimal = matches!(data_type, DataType::Decimal128(..) | DataType::Decimal256(..));
        let of_any_length = is_decimal && chunk.column_type() == Type::BYTE_ARRAY;
        let is_trusted = |encoding| checked_pages::is_trusted(encoding, of_any_length);
        if let Some(encoding) = chunk.encodings().find(|encoding| !is_trusted(*encoding)) {
            return Err(format!(
                "is stored with the encoding {encoding}; write the file with the usual ones, PLAIN or RLE_DICTIONARY"
            ));
        }
    }
    Ok(())
}

fn unsupported(path: &Path, column: &str, reason: String) -> FrameError {
    FrameError::Unsupported { file: path.to_owned(), column: column.to_owned(), reason, ignorable: true }
}

fn damaged(path: &Path, reason: &dyn std::error::Error) -> FrameError {
    let reason = reason.to_string();
    // The crates name themselves before what they say, one within the other.
    let said = ["Parquet argument error: ", "Parquet error: ", "Arrow: "]
        .iter()
        .fold(reason.as_str(), |said, prefix| said.strip_prefix(prefix).unwrap_or(said));
    FrameError::Damaged { file: path.to_owned(), format: "Parquet", reason: said.to_owned() }
}
