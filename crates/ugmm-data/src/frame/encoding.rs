//! Text in other encodings than UTF-8.

use std::fmt;
use std::io::{Error, ErrorKind, Read, Result};

use encoding_rs::{Decoder, DecoderResult, REPLACEMENT, X_USER_DEFINED};

/// Bytes that are decoded at once; a byte becomes at most three of UTF-8.
const CHUNK_BYTES: usize = 1 << 16;

/// An encoding of text.
///
/// ```
/// use ugmm_data::frame::Encoding;
///
/// assert_eq!(Encoding::of("Latin1").unwrap().to_string(), "windows-1252");
/// assert_eq!(Encoding::of("no such one"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding that the [standard](https://encoding.spec.whatwg.org/#names-and-labels) calls so, in small letters or
    /// capitals, if there is one: `windows-1252`, which `latin1` and `iso-8859-1` also stand for, `windows-1251`, `utf-16le`,
    /// `shift_jis` and others.
    pub fn of(label: &str) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label(label.as_bytes());
        // Neither is an encoding of a file.
        found.filter(|&encoding| encoding != REPLACEMENT && encoding != X_USER_DEFINED).map(Self)
    }

    /// The encoding of a mark of byte order at the beginning of a text, if it is one of 16 bits.
    pub(super) fn of_wide_mark(head: &[u8]) -> Option<Self> {
        let (encoding, length) = encoding_rs::Encoding::for_bom(head)?;
        (length == 2).then_some(Self(encoding))
    }

    /// The bytes as UTF-8, without a mark of byte order, which is followed where it is of another encoding.
    pub(super) fn decode(self, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let decoder = self.0.new_decoder();
        let (bytes, text) = (vec![0; CHUNK_BYTES], Vec::new());
        Box::new(Decoded {
            reader,
            decoder,
            bytes,
            next: 0,
            end: 0,
            is_last: false,
            text,
            at: 0,
            line: 1,
            ended: false,
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0.name().to_ascii_lowercase())
    }
}

struct Decoded {
    reader: Box<dyn Read + Send>,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Where the bytes begin and end that are not decoded yet, and whether there are none after them.
    next: usize,
    end: usize,
    is_last: bool,
    /// Text that is not read yet from `at` on.
    text: Vec<u8>,
    at: usize,
    /// The line that the text ends in.
    line: usize,
    ended: bool,
}

impl Decoded {
    /// Decodes the next bytes.
    fn fill(&mut self) -> Result<()> {
        if self.next == self.end && !self.is_last {
            (self.next, self.end) = (0, self.reader.read(&mut self.bytes)?);
            self.is_last = self.end == 0;
        }
        self.at = 0;
        self.text.resize(3 * CHUNK_BYTES, 0);
        let bytes = &self.bytes[self.next..self.end];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.text, self.is_last);
        self.next += read;
        self.text.truncate(written);
        self.line += self.text.iter().filter(|&&byte| byte == b'\n').count();
        if let DecoderResult::Malformed(..) = result {
            let (line, name) = (self.line, self.decoder.encoding().name());
            return Err(Error::new(ErrorKind::InvalidData, format!("line {line} is not {name} text")));
        }
        self.ended = self.is_last && result == DecoderResult::InputEmpty;
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.at == self.text.len() && !self.ended {
            self.fill()?;
        }
        let count = (&self.text[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}
