//! The records of a CSV text, each with the line it begins on.

use std::path::Path;

use ::csv::{Reader, ReaderBuilder, StringRecord};

use crate::error::DataError;

/// A byte order mark that some programs put before UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The records that are not blank, with line numbers as an editor shows them.
///
/// The `csv` crate's own line numbers are those of the place where it begins to look for a record, which is a line
/// too early after a blank line, so lines are counted here.
pub(super) struct Records<'a> {
    path: &'a Path,
    text: &'a str,
    reader: Reader<&'a [u8]>,
    record: StringRecord,
    /// Byte up to which lines have been counted.
    counted: usize,
    /// Line that byte is on, from 1.
    line: usize,
}

impl<'a> Records<'a> {
    /// Refuses bytes that are no UTF-8, naming the line.
    pub(super) fn new(path: &'a Path, bytes: &'a [u8]) -> Result<Self, DataError> {
        let text = std::str::from_utf8(bytes).map_err(|error| DataError::NotUtf8 {
            file: path.to_owned(),
            row: 1 + line_ends(&bytes[..error.valid_up_to()]),
        })?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let reader = reader(text.as_bytes());
        Ok(Self { path, text, reader, record: StringRecord::new(), counted: 0, line: 1 })
    }

    /// The next record and the line it begins on, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(usize, &StringRecord)>, DataError> {
        loop {
            let more = self.reader.read_record(&mut self.record).map_err(|error| self.refusal(&error))?;
            if !more {
                return Ok(None);
            }
            let start = self.start();
            self.line += line_ends(&self.text.as_bytes()[self.counted..start]);
            self.counted = start;
            self.check_closed()?;
            // A line of blanks is a record of one field to the `csv` crate, and no row to a person.
            if self.record.len() > 1
                || !self.record[0].trim().is_empty()
                || self.text[start..].starts_with('"')
            {
                return Ok(Some((self.line, &self.record)));
            }
        }
    }

    /// Where the record read last begins: after the blank lines that the `csv` crate skipped for it.
    fn start(&self) -> usize {
        let from = self.record.position().map_or(self.counted, |position| position.byte() as usize);
        let rest = &self.text[from..];
        from + (rest.len() - rest.trim_start_matches(['\r', '\n']).len())
    }

    /// Refuses a record that runs to the end of the text inside a quoted field. The `csv` crate accepts it, and
    /// would return all the rows after a forgotten quote as one field.
    fn check_closed(&self) -> Result<(), DataError> {
        if (self.reader.position().byte() as usize) < self.text.len() {
            return Ok(());
        }
        // After a closed record a further line is a further record; inside a quoted field it is not.
        let probe = format!("{}\nx", &self.text[self.counted..]);
        match reader(probe.as_bytes()).into_byte_records().count() {
            1 => Err(DataError::UnclosedQuote { file: self.path.to_owned(), row: self.line }),
            _ => Ok(()),
        }
    }

    fn refusal(&self, error: &::csv::Error) -> DataError {
        DataError::Unreadable { file: self.path.to_owned(), reason: error.to_string() }
    }
}

/// Rows of any number of fields, so that the check of that number can say its own sentence.
fn reader(bytes: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}

/// Number of line ends: `\n`, `\r\n` or `\r` alone.
fn line_ends(bytes: &[u8]) -> usize {
    let ends_line = |(index, &byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|&at| ends_line(at)).count()
}
