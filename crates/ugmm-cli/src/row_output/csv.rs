//! Writes rows as comma-separated values.

use super::columns::{Cell, Column};
use super::typed::Typed;
use super::writer::RowWriter;
use crate::error::CliError;
use std::io::Write;

pub struct Writer<W: Write> {
    writer: ::csv::Writer<W>,
    has_header: bool,
}

impl<W: Write> Writer<W> {
    pub fn new(output: W) -> Self {
        Self { writer: ::csv::Writer::from_writer(output), has_header: false }
    }
}

impl<W: Write> RowWriter for Writer<W> {
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError> {
        if !self.has_header {
            self.writer.write_record(columns.iter().map(|column| &column.name)).map_err(failed)?;
            self.has_header = true;
        }
        let mut field = Vec::new();
        for row in 0..columns.first().map_or(0, |column| column.values.len()) {
            for column in columns {
                field.clear();
                match column.values.cell(row) {
                    Cell::Text(Some(text)) | Cell::Typed(Some(Typed { text, .. })) => {
                        field.extend_from_slice(text.as_bytes())
                    }
                    Cell::Number(Some(number)) => write!(field, "{number}")?,
                    // Numbers of ordinary size are written without an exponent.
                    Cell::Exact(Some(number)) if (1e-7..1e17).contains(&number.abs()) || number == 0.0 => {
                        write!(field, "{number}")?;
                    }
                    Cell::Exact(Some(number)) if number.is_finite() => write!(field, "{number:e}")?,
                    Cell::Exact(Some(number)) => write!(field, "{number}")?,
                    Cell::Boolean(Some(boolean)) => write!(field, "{boolean}")?,
                    Cell::Date(Some(date)) => write!(field, "{date}")?,
                    Cell::Text(None)
                    | Cell::Number(None)
                    | Cell::Exact(None)
                    | Cell::Boolean(None)
                    | Cell::Date(None)
                    | Cell::Typed(None) => {}
                }
                self.writer.write_field(&field).map_err(failed)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        Ok(self.writer.flush()?)
    }
}

fn failed(error: ::csv::Error) -> CliError {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => CliError::Output(error),
        other => CliError::Output(std::io::Error::other(format!("{other:?}"))),
    }
}
