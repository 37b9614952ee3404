//! Writes rows as Apache Parquet.

use super::columns::{Column, Values};
use super::typed;
use super::writer::RowWriter;
use crate::error::CliError;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::io::Write;
use std::sync::Arc;
use ugmm_tabular::DateTarget;

pub struct Writer<W: Write + Send> {
    /// The output until the columns are known.
    output: Option<W>,
    writer: Option<ArrowWriter<W>>,
}

impl<W: Write + Send> Writer<W> {
    pub fn new(output: W) -> Self {
        Self { output: Some(output), writer: None }
    }
}

impl<W: Write + Send> RowWriter for Writer<W> {
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError> {
        let array = |values: &Values| -> ArrayRef {
            match values {
                Values::Text(values) => Arc::new(StringArray::from_iter(values)),
                Values::Number(values) => Arc::new(Float32Array::from_iter(values)),
                Values::Exact(values) => Arc::new(Float64Array::from_iter(values)),
                Values::Typed(kind, values) => typed::array(kind, values),
                Values::Boolean(values) => Arc::new(BooleanArray::from_iter(values)),
                Values::Date(DateTarget::Months | DateTarget::Days, values) => {
                    Arc::new(Date32Array::from_iter(values.iter().map(|days| days.map(|d| d.round() as i32))))
                }
                Values::Date(DateTarget::Times, values) => {
                    let milliseconds = |days: f64| (days * 86_400e3).round() as i64;
                    let values = values.iter().map(|days| days.map(milliseconds));
                    Arc::new(TimestampMillisecondArray::from_iter(values))
                }
            }
        };
        let arrays = columns.iter().map(|column| (column.name.clone(), array(&column.values), true));
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).map_err(std::io::Error::other)?;
        if let Some(output) = self.output.take() {
            let compression = Compression::ZSTD(ZstdLevel::default());
            let properties = WriterProperties::builder().set_compression(compression).build();
            let writer = ArrowWriter::try_new(output, batch.schema(), Some(properties));
            self.writer = Some(writer.map_err(failed)?);
        }
        match &mut self.writer {
            Some(writer) => writer.write(&batch).map_err(failed),
            None => Ok(()),
        }
    }

    fn finish(self: Box<Self>) -> Result<(), CliError> {
        match self.writer {
            Some(writer) => Ok(writer.into_inner().map_err(failed)?.flush()?),
            None => Ok(()),
        }
    }
}

fn failed(error: parquet::errors::ParquetError) -> CliError {
    use std::io::Error;
    CliError::Output(match error {
        parquet::errors::ParquetError::External(source) => match source.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::other(source),
        },
        other => Error::other(other),
    })
}
