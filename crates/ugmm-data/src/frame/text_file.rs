//! Tables as text: the header, and then blocks of rows.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::StringBuilder;

use super::block::Block;
use super::dialect::{self, Dialect};
use super::error::FrameError;
use super::input::Stream;
use super::names::{Names, is_row_of_numbers};
use super::options::ReadOptions;
use super::records::{BlankLines, LONGEST_MEBIBYTES, Record, Records, Trouble};
use crate::error::DataError;
use crate::file::Origin;

/// Bytes after which a block ends.
const BLOCK_BYTES: usize = 32 << 20;
/// Fields of the file that one block may have.
const BLOCK_FIELDS: usize = 1 << 21;

/// A file of text after its header.
pub(super) struct TextFile {
    pub(super) names: Names,
    pub(super) delimiter: u8,
    /// Line of the header, none if the file has no header.
    header_line: Option<usize>,
    /// Whether rows have one field more than the header, before the others: the name of the row, as R writes it.
    pub(super) has_row_names: bool,
    origin: Origin,
    records: Records<Box<dyn Read + Send>>,
    rows: Rows,
    blank: BlankRows,
    /// How the text begins, after its byte order mark, and how it is laid out.
    head: Vec<u8>,
    dialect: Dialect,
}

/// Blank lines of a file of one column, which are rows with a missing value: only pandas writes a pair of quotes instead. At the end
/// of the file they are rows only if there are some before: editors and people leave a blank line there.
#[derive(Default)]
struct BlankRows {
    /// Blank lines that are to become rows.
    lines: BlankLines,
    /// The record after these lines.
    next: Option<Record>,
    /// Whether a blank line stands before a row with a value.
    are_rows: bool,
}

/// A field without a value, as it can stand alone in a line.
const NO_VALUE: &[u8] = b"\"\"";

/// Complete records, put together for the decoder.
#[derive(Default)]
struct Rows {
    text: Vec<u8>,
    /// Where each record begins in the text.
    starts: Vec<usize>,
    /// Line of each record.
    lines: Vec<usize>,
}

impl Rows {
    fn push(&mut self, line: usize, bytes: &[u8]) {
        self.lines.push(line);
        self.starts.push(self.text.len());
        self.text.extend_from_slice(bytes);
        self.text.push(b'\n');
    }

    /// Number of the record that has the byte at `at`.
    fn index_at(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at).saturating_sub(1)
    }

    /// Line of the record that has the byte at `at`.
    fn line_at(&self, at: usize) -> usize {
        self.lines.get(self.index_at(at)).copied().unwrap_or(0)
    }
}

impl BlankRows {
    /// Keeps the lines before a row with a value.
    fn put(&mut self, lines: BlankLines) {
        self.are_rows |= !lines.is_empty();
        self.lines = lines;
    }
}

impl TextFile {
    /// Reads the header.
    pub(super) fn open(mut input: Stream, options: &ReadOptions) -> Result<Self, FrameError> {
        let origin = input.origin.clone();
        let stated = dialect::take_separator(&mut input.head);
        let options = &ReadOptions { delimiter: options.delimiter.or(stated), ..options.clone() };
        let dialect = Dialect::find(&input.head, options)?;
        let head = input.head.clone();
        let reader: Box<dyn Read + Send> = Box::new(input.into_reader());
        let mut records = Records::new(reader, dialect.delimiter, dialect.comment);
        let Some(first) = records.next().map_err(|trouble| refusal(&origin, trouble))? else {
            return Err(FrameError::Empty { file: origin.path });
        };
        let bytes = records.bytes(&first);
        let (mut rows, mut blank) = (Rows::default(), BlankRows::default());
        let mut has_row_names = false;
        let (names, header_line) = if options.has_header {
            let mut names = header(&origin, &first, bytes, dialect.delimiter)?;
            has_row_names = !is_row_of_numbers(&names) && rows_have_names(&head, &dialect, names.len());
            if has_row_names {
                names.insert(0, String::new());
            }
            // Numbers are a row of data sooner than names that someone wrote twice.
            let refusal = |error| match is_row_of_numbers(&names) {
                true => FrameError::HeaderMissing {
                    file: origin.path.clone(),
                    row: first.line,
                    cells: names.clone(),
                },
                false => error,
            };
            (Names::new(&origin.path, names.clone()).map_err(refusal)?, Some(first.line))
        } else {
            match first.fields {
                // Blank lines before it are rows.
                1 => blank.next = Some(first),
                _ => rows.push(first.line, bytes),
            }
            (Names::numbered(first.fields), None)
        };
        let above = records.take_blank_lines();
        if blank.next.is_some() {
            blank.put(above);
        }
        Ok(Self {
            names,
            delimiter: dialect.delimiter,
            header_line,
            has_row_names,
            origin,
            records,
            rows,
            blank,
            head,
            dialect,
        })
    }

    /// Refuses a header that is a row of numbers, unless it counts the columns as some programs do.
    pub(super) fn check_header(&self) -> Result<(), FrameError> {
        let Some(row) = self.header_line else { return Ok(()) };
        let names = self.names.all();
        match is_row_of_numbers(names) {
            true => {
                Err(FrameError::HeaderMissing { file: self.origin.path.clone(), row, cells: names.to_vec() })
            }
            false => Ok(()),
        }
    }

    /// Calls `visit` with the fields of each complete row at the beginning of the file, without blanks around them.
    pub(super) fn first_rows(&self, mut visit: impl FnMut(&::csv::StringRecord)) {
        let mut reader = reader_of(&self.head, &self.dialect, self.header_line.is_some());
        reader.records().map_while(Result::ok).for_each(|record| visit(&record));
    }

    /// Makes ready to read the columns at the positions `columns`, in blocks of at most `most_rows` rows.
    pub(super) fn select(mut self, columns: &[usize], most_rows: usize) -> Result<TextBlocks, FrameError> {
        let count = self.names.all().len();
        let block_rows = most_rows.min(BLOCK_FIELDS / count).max(1);
        self.head = Vec::new();
        Ok(TextBlocks { file: self, columns: columns.to_vec(), block_rows })
    }
}

/// A file of text, of which some columns are read.
pub(super) struct TextBlocks {
    file: TextFile,
    /// Positions of the requested columns.
    columns: Vec<usize>,
    block_rows: usize,
}

impl TextBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        self.collect(most_rows.min(self.block_rows))?;
        let rows = std::mem::take(&mut self.file.rows.lines);
        if rows.is_empty() {
            return Ok(None);
        }
        let columns = match self.columns.is_empty() {
            true => Vec::new(),
            false => self
                .decode()
                .map_err(|reason| DataError::Unreadable { file: self.file.origin.path.clone(), reason })?,
        };
        self.file.rows.text.clear();
        self.file.rows.starts.clear();
        Ok(Some(Block { rows, columns }))
    }

    /// Puts complete records together, checked so that the decoder finds nothing wrong with them.
    fn collect(&mut self, most_rows: usize) -> Result<(), FrameError> {
        let TextFile { names, origin, records, rows, blank, .. } = &mut self.file;
        let expected = names.all().len();
        while rows.lines.len() < most_rows && rows.text.len() < BLOCK_BYTES {
            if let Some(line) = blank.lines.take_first() {
                rows.push(line, NO_VALUE);
                continue;
            }
            let record = match blank.next.take() {
                Some(record) => Some(record),
                None => records.next().map_err(|trouble| refusal(origin, trouble))?,
            };
            let lines = if expected == 1 { records.take_blank_lines() } else { BlankLines::default() };
            if !lines.is_empty() && (record.is_some() || blank.are_rows) {
                blank.put(lines);
                blank.next = record;
                continue;
            }
            let Some(record) = record else { break };
            if record.fields != expected {
                let (file, row, found) = (origin.path.clone(), record.line, record.fields);
                return Err(FrameError::RaggedRow { file, row, expected, found });
            }
            rows.push(record.line, records.bytes(&record));
        }
        if let Err(error) = std::str::from_utf8(&rows.text) {
            return Err(self.not_utf8(error.valid_up_to()));
        }
        match rows.text.iter().position(|&byte| byte == 0) {
            Some(at) => Err(FrameError::ZeroByte { file: origin.path.clone(), row: rows.line_at(at) }),
            None => Ok(()),
        }
    }

    /// The error for text that is no UTF-8 at byte `at` of the rows.
    fn not_utf8(&self, at: usize) -> FrameError {
        let TextFile { names, delimiter, origin, rows, .. } = &self.file;
        let index = rows.index_at(at);
        let start = rows.starts.get(index).copied().unwrap_or(0);
        let column = fields(&rows.text[start..at], *delimiter).saturating_sub(1);
        FrameError::NotUtf8 {
            file: origin.path.clone(),
            row: rows.line_at(at),
            column: names.all().get(column).cloned().unwrap_or_default(),
        }
    }

    /// The requested columns of the collected rows; an empty field is no value.
    fn decode(&self) -> Result<Vec<ArrayRef>, String> {
        let Rows { text, starts, .. } = &self.file.rows;
        let mut builders: Vec<StringBuilder> = self.columns.iter().map(|_| StringBuilder::new()).collect();
        // After an empty line, a byte order mark in the first cell is content, as the division into records had it.
        let mut reader = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(self.file.delimiter)
            .from_reader(b"\n".chain(text.as_slice()));
        let mut record = ::csv::StringRecord::new();
        let mut rows = 0;
        while reader.read_record(&mut record).map_err(|error| error.to_string())? {
            rows += 1;
            for (builder, &column) in builders.iter_mut().zip(&self.columns) {
                builder.append_option(record.get(column).filter(|field| !field.is_empty()));
            }
        }
        if rows != starts.len() {
            return Err("the records were divided in another way than the lines were".to_owned());
        }
        Ok(builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect())
    }
}

/// Reads the complete rows at the beginning of a file.
fn reader_of<'h>(head: &'h [u8], dialect: &Dialect, has_header: bool) -> ::csv::Reader<&'h [u8]> {
    let end = head.iter().rposition(|&byte| byte == b'\n').unwrap_or(head.len());
    ::csv::ReaderBuilder::new()
        .has_headers(has_header)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .comment(dialect.comment)
        .trim(::csv::Trim::All)
        .from_reader(&head[..end])
}

/// Whether all rows have one field more than so many names of the header, and the first is another one in each row. Where the last
/// is always empty, a delimiter stands at the end of each row instead; and where the header has one name only, a name before the
/// value is in quotes, since `1,5` may be a number.
fn rows_have_names(head: &[u8], dialect: &Dialect, names: usize) -> bool {
    let mut reader = reader_of(head, dialect, true);
    let (mut seen, mut has_last) = (HashSet::new(), false);
    for record in reader.records() {
        let Ok(record) = record else { return false };
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let in_quotes = || head.get(start..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\""));
        let has_name = record.len() == names + 1 && (names > 1 || in_quotes());
        if !has_name || !seen.insert(record[0].to_owned()) {
            return false;
        }
        has_last |= !record[names].is_empty();
    }
    has_last
}

/// The fields of the header, without blanks around them.
fn header(origin: &Origin, record: &Record, bytes: &[u8], delimiter: u8) -> Result<Vec<String>, FrameError> {
    let text = std::str::from_utf8(bytes).map_err(|error| FrameError::NotUtf8 {
        file: origin.path.clone(),
        row: record.line,
        column: format!("x{}", fields(&bytes[..error.valid_up_to()], delimiter)),
    })?;
    match csv_reader(text.as_bytes(), delimiter).into_records().next() {
        Some(Ok(names)) => Ok(names.iter().map(|name| name.trim().to_owned()).collect()),
        Some(Err(error)) => {
            Err(DataError::Unreadable { file: origin.path.clone(), reason: error.to_string() }.into())
        }
        None => Err(FrameError::Empty { file: origin.path.clone() }),
    }
}

/// Number of fields that the beginning of a record touches.
fn fields(beginning: &[u8], delimiter: u8) -> usize {
    let first = csv_reader(beginning, delimiter).into_byte_records().next();
    first.and_then(Result::ok).map_or(1, |record| record.len())
}

/// Reads records of any number of fields, the first of them too.
fn csv_reader(text: &[u8], delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn refusal(origin: &Origin, trouble: Trouble) -> FrameError {
    let file = || origin.path.clone();
    match trouble {
        Trouble::Read(reason) => origin.refusal(&reason).into(),
        Trouble::UnclosedQuote { line } => FrameError::UnclosedQuote { file: file(), row: line },
        Trouble::TooLong { line } => {
            FrameError::RowTooLong { file: file(), row: line, mebibytes: LONGEST_MEBIBYTES }
        }
    }
}
