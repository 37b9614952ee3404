//! Writes any number of rows to a file or to standard output in one of several formats.

mod columns;
mod csv;
mod jsonl;
mod parquet;
mod typed;
mod writer;

pub use columns::{Column, Values};
pub use writer::RowWriter;

use crate::arguments::Format;
use crate::error::CliError;
use std::collections::HashSet;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::path::Path;
use ugmm_network::UgmmError;
use ugmm_network::file::AtomicFile;

/// Fails with an error for columns of the same name before anything is written.
struct Named<'w> {
    writer: &'w mut dyn RowWriter,
    are_checked: bool,
}

impl RowWriter for Named<'_> {
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError> {
        if !self.are_checked {
            let mut seen = HashSet::new();
            if let Some(column) = columns.iter().find(|column| !seen.insert(column.name.as_str())) {
                return Err(CliError::SameColumn(column.name.clone()));
            }
            self.are_checked = true;
        }
        self.writer.write(columns)
    }

    fn finish(self: Box<Self>) -> Result<(), CliError> {
        Ok(())
    }
}

/// Writes the rows that `rows` passes on; the file gets its name only when it has all of them.
pub fn write_rows(
    output: Option<&Path>,
    format: Format,
    rows: impl FnOnce(&mut dyn RowWriter) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut file = output.map(AtomicFile::create).transpose()?;
    let to: Box<dyn Write + Send + '_> = match &mut file {
        Some(file) => Box::new(BufWriter::new(file)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let written = (|| -> Result<(), CliError> {
        let mut writer: Box<dyn RowWriter> = match format {
            Format::Csv => Box::new(csv::Writer::new(to)),
            Format::Jsonl => Box::new(jsonl::Writer::new(to)),
            Format::Parquet => Box::new(parquet::Writer::new(to)),
        };
        rows(&mut Named { writer: &mut *writer, are_checked: false })?;
        writer.finish()
    })();
    match written {
        // It is no error if the reader has closed standard output (`| head`).
        Err(CliError::Output(error)) if error.kind() == ErrorKind::BrokenPipe && file.is_none() => {}
        Err(CliError::Output(source)) if output.is_some() => {
            let path = output.map(Path::to_path_buf).unwrap_or_default();
            return Err(CliError::Model(UgmmError::Io { path, source }));
        }
        written => written?,
    }
    file.map(AtomicFile::commit).transpose()?;
    Ok(())
}

/// The format for a command without an option for it, by the name of the output.
pub fn format_by_name(output: Option<&Path>) -> Result<Format, CliError> {
    format_of(None, output).map_err(|error| match error {
        CliError::Option { key: _, reason } => {
            let reason = reason.replace(OR_STATE, "");
            CliError::Option { key: "--output", reason }
        }
        error => error,
    })
}

/// End of an error message where an option can set the format.
const OR_STATE: &str = ", or state one of them";

/// The format that is requested, or else the one for the name of the output.
pub fn format_of(asked: Option<Format>, output: Option<&Path>) -> Result<Format, CliError> {
    let ending = output.and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = match (asked, ending.map(str::to_ascii_lowercase).as_deref()) {
        (Some(format), _) => format,
        (None, Some("jsonl" | "ndjson")) => Format::Jsonl,
        (None, Some("parquet")) => Format::Parquet,
        (None, None | Some("csv" | "txt")) => Format::Csv,
        (None, Some(_)) if output.is_some_and(is_special) => Format::Csv,
        (None, Some(ending)) => {
            let reason = format!(
                "rows are not written as .{ending}; end the name in .csv, .jsonl or .parquet{OR_STATE}"
            );
            return Err(CliError::Option { key: "--format", reason });
        }
    };
    if format == Format::Parquet && output.is_none() && std::io::stdout().is_terminal() {
        let reason = "Parquet is not for a terminal; name a file with -o".into();
        return Err(CliError::Option { key: "--format", reason });
    }
    Ok(format)
}

/// Whether the path is a device or a pipe, whose name says nothing about the format.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}
