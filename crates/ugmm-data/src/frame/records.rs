//! Where the records of a CSV text begin and end.
//!
//! The decoder of CSV splits records into fields, but neither says on which line of an editor a record begins, nor that a
//! quote was never closed, nor keeps blank lines. So records are found here first, by the rules of the decoder.

use std::io::{Error, Read};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 1 << 18;
/// Longest record, in MiB.
pub(super) const LONGEST_MEBIBYTES: usize = 64;

/// Why a text cannot be divided into records.
#[derive(Debug)]
pub(super) enum Trouble {
    Read(Error),
    UnclosedQuote { line: usize },
    TooLong { line: usize },
}

/// A record that is not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Line it begins on, from 1, as an editor counts.
    pub(super) line: usize,
    /// Number of fields.
    pub(super) fields: usize,
    /// Whether a quote stands where it is an ordinary character, or something follows a quoted field: a sign that the
    /// delimiter is another one.
    pub(super) odd_quotes: bool,
    start: usize,
    end: usize,
}

/// The records of a text, one after the other.
pub(super) struct Records<R> {
    reader: R,
    delimiter: u8,
    comment: Option<u8>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that have been read.
    filled: usize,
    /// Where the next record begins.
    start: usize,
    /// The line of the next record.
    line: usize,
    /// Whether the last record ended with `\r`, so that `\n` belongs to the same line end.
    after_carriage_return: bool,
    blank: BlankLines,
}

/// Lines of nothing, one after the other; comments between them are not told from them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BlankLines {
    /// The first of them.
    line: usize,
    count: usize,
}

impl BlankLines {
    /// Takes the first line.
    pub(super) fn take_first(&mut self) -> Option<usize> {
        self.count = self.count.checked_sub(1)?;
        self.line += 1;
        Some(self.line - 1)
    }

    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    fn add(&mut self, line: usize) {
        if self.count == 0 {
            self.line = line;
        }
        self.count += 1;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Unquoted,
    Quoted,
    /// After a quote in a quoted field: the end of the field, or the first of two quotes.
    QuoteInQuoted,
    Comment,
}

impl<R: Read> Records<R> {
    pub(super) fn new(reader: R, delimiter: u8, comment: Option<u8>) -> Self {
        Self {
            reader,
            delimiter,
            comment,
            buffer: Vec::new(),
            filled: 0,
            start: 0,
            line: 1,
            after_carriage_return: false,
            blank: BlankLines::default(),
        }
    }

    /// The next record, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, Trouble> {
        while let Some((record, state)) = self.scan()? {
            let blank = record.fields == 1 && self.is_blank(&record);
            if state == State::Comment {
                continue;
            }
            if !blank {
                return Ok(Some(record));
            }
            self.blank.add(record.line);
        }
        Ok(None)
    }

    /// The blank lines that were passed over since they were last taken.
    pub(super) fn take_blank_lines(&mut self) -> BlankLines {
        std::mem::take(&mut self.blank)
    }

    /// The bytes of the record read last, without its line end.
    pub(super) fn bytes(&self, record: &Record) -> &[u8] {
        &self.buffer[record.start..record.end]
    }

    /// Finds the end of the record or comment that begins at `start`, and the state there.
    fn scan(&mut self) -> Result<Option<(Record, State)>, Trouble> {
        let mut state = State::FieldStart;
        let mut fields = 1;
        let mut length = 0;
        let mut lines = 0;
        let mut previous = 0;
        let mut odd_quotes = false;
        loop {
            if self.start + length == self.filled {
                if length > LONGEST_MEBIBYTES << 20 {
                    return Err(Trouble::TooLong { line: self.line });
                }
                if !self.fill().map_err(Trouble::Read)? {
                    return self.last(state, fields, odd_quotes, length);
                }
            }
            if self.after_carriage_return {
                self.after_carriage_return = false;
                if self.buffer[self.start] == b'\n' {
                    self.start += 1;
                    continue;
                }
            }
            if length == 0 && self.comment == Some(self.buffer[self.start]) {
                state = State::Comment;
            }
            for &byte in &self.buffer[self.start + length..self.filled] {
                let line_end = byte == b'\n' || byte == b'\r';
                if state == State::Quoted {
                    match byte {
                        b'"' => state = State::QuoteInQuoted,
                        b'\n' if previous == b'\r' => {}
                        _ if line_end => lines += 1,
                        _ => {}
                    }
                } else if line_end {
                    let record = Record {
                        line: self.line,
                        fields,
                        odd_quotes,
                        start: self.start,
                        end: self.start + length,
                    };
                    self.start += length + 1;
                    self.line += lines + 1;
                    self.after_carriage_return = byte == b'\r';
                    return Ok(Some((record, state)));
                } else if state != State::Comment {
                    if byte == self.delimiter {
                        fields += 1;
                        state = State::FieldStart;
                    } else if byte == b'"' {
                        match state {
                            State::FieldStart | State::QuoteInQuoted => state = State::Quoted,
                            _ => odd_quotes = true,
                        }
                    } else {
                        odd_quotes |= state == State::QuoteInQuoted;
                        state = State::Unquoted;
                    }
                }
                previous = byte;
                length += 1;
            }
        }
    }

    /// The record that the text ends with, if it does not end with a line end.
    fn last(
        &mut self,
        state: State,
        fields: usize,
        odd_quotes: bool,
        length: usize,
    ) -> Result<Option<(Record, State)>, Trouble> {
        if state == State::Quoted {
            return Err(Trouble::UnclosedQuote { line: self.line });
        }
        if length == 0 {
            return Ok(None);
        }
        let (start, end) = (self.start, self.start + length);
        let record = Record { line: self.line, fields, odd_quotes, start, end };
        self.start += length;
        Ok(Some((record, state)))
    }

    /// Reads more bytes behind those from `start` on, which move to the front. False at the end of the text.
    fn fill(&mut self) -> Result<bool, Error> {
        self.buffer.copy_within(self.start..self.filled, 0);
        self.filled -= self.start;
        self.start = 0;
        if self.buffer.len() < self.filled + CHUNK_BYTES {
            // Doubled for long records, so that they are not moved at each chunk.
            self.buffer.resize((self.filled + CHUNK_BYTES).max(2 * self.buffer.len()), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.filled..]) {
                Ok(count) => {
                    self.filled += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A line of nothing, or of blanks only. It is a record of one field to a parser, and no row to a person.
    fn is_blank(&self, record: &Record) -> bool {
        // What can be blank begins so; most records are told by their first byte.
        let bytes = self.bytes(record);
        match bytes.first() {
            Some(b' ' | b'\t' | 0x0b | 0x0c | 0x80..) => {
                std::str::from_utf8(bytes).is_ok_and(|text| text.trim().is_empty())
            }
            Some(_) => false,
            None => true,
        }
    }
}
