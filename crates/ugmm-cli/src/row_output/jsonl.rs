//! Writes rows as JSON, one object in each line.

use super::columns::Column;
use super::writer::RowWriter;
use crate::error::CliError;
use serde::Serializer;
use std::io::Write;

pub struct Writer<W: Write> {
    output: W,
}

impl<W: Write> Writer<W> {
    pub fn new(output: W) -> Self {
        Self { output }
    }
}

impl<W: Write> RowWriter for Writer<W> {
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError> {
        for row in 0..columns.first().map_or(0, |column| column.values.len()) {
            let fields = columns.iter().map(|column| (&column.name, column.values.cell(row)));
            let mut serializer = serde_json::Serializer::new(&mut self.output);
            serializer.collect_map(fields).map_err(std::io::Error::from)?;
            self.output.write_all(b"\n")?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), CliError> {
        Ok(self.output.flush()?)
    }
}
