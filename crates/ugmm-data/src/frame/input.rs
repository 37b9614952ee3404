//! Where rows come from: a file, standard input or a table in memory. The bytes of the first two are decompressed if need be.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::arrow_file::is_arrow;
use super::encoding::Encoding;
use super::error::FrameError;
use super::memory::MemoryTable;
use super::workbook;
use crate::file::{self, Origin, Unpacked};
use crate::idx::header;

/// Bytes at the beginning from which the kind of the file and the layout of its text are inferred.
const HEAD_BYTES: u64 = 1 << 20;

/// Bytes of values that are held at once, at most, whatever the file's size; and how many times as large as the file they may be.
/// Only a whole table in memory comes near: a packed file of some kilobytes may hold as many equal rows as fill any memory.
const FREE_BYTES: u64 = 256 << 20;
pub(super) const MOST_TIMES: u64 = 500;

/// What stands between the path of a file and the name of one of its parts, such as a sheet.
const PART: &str = "::";

const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
const PARQUET_MAGIC: &[u8] = b"PAR1";
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// How to make a table of a spreadsheet.
const AS_CSV: &str =
    "open it with a spreadsheet program, save the sheet as \"CSV UTF-8\" (File, Save As), and give that file";
/// How to make a workbook that can be read of another.
const AS_XLSX: &str =
    "open it with a spreadsheet program, save it as .xlsx without a password, and give that file";
/// Archives that are spreadsheets: what is near their beginning, and their name.
const SPREADSHEETS: [(&[u8], &str); 4] = [
    (b"xl/", "an Excel workbook (.xlsx)"),
    (b"[Content_Types].xml", "an Excel workbook (.xlsx) or another document of Office"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)"),
    (b"Index/Document.iwa", "a Numbers spreadsheet"),
];

/// The path that stands for standard input; a file of this name is `./-`.
const STANDARD_INPUT: &str = "-";

/// Kinds of files that people take for tables: their first bytes, their name, and how to make a table of them.
const OTHERS: [(&[u8], &str, &str); 18] = [
    (ZIP_MAGIC, "an Excel workbook or another zip archive", "save the table as CSV, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one with a password", AS_XLSX),
    (b"<?xml", "an XML file", AS_CSV),
    (b"<!DOCTYPE", "a web page", AS_CSV),
    (b"<html", "a web page", AS_CSV),
    (b"RDX", "a file of R", "write the table with write.csv"),
    (b"BZh", "compressed with bzip2", "decompress it, or compress it with gzip or zstd"),
    (b"\xfd7zXZ", "compressed with xz", "decompress it, or compress it with gzip or zstd"),
    (b"\x89PNG", "a PNG image", "a table of rows and columns is needed"),
    (b"\xff\xd8\xff", "a JPEG image", "a table of rows and columns is needed"),
    (b"%PDF", "a PDF document", "save the table as CSV"),
    (b"SQLite format 3", "a SQLite database", "export the table as CSV"),
    (b"{\rtf", "a text document with formats", "save the table as CSV"),
    (
        b"FEA1",
        "a Feather file of version 1",
        "save it as version 2, for example with pandas.read_feather(FILE).to_feather(NEW)",
    ),
    (b"\x89HDF", "an HDF5 file", "save the table as Parquet or CSV"),
    // Plain files do not come here.
    (PARQUET_MAGIC, "a compressed Parquet file", "decompress it; Parquet is compressed inside"),
    (b"ARROW1", "a compressed Arrow file", "decompress it; Arrow files can be compressed inside"),
    (
        b"\xff\xff\xff\xff",
        "a compressed stream of Arrow",
        "decompress it; its batches can be compressed inside",
    ),
];
/// Longest header of a model file.
const LONGEST_HEADER: u64 = 1 << 30;

/// Where the rows of a table come from. Paths convert into it.
#[derive(Debug, Clone)]
pub enum Input {
    /// A file; `-` stands for standard input. Two colons and the name of a sheet may follow, as in `file.xlsx::Sheet 1`.
    File(PathBuf),
    /// A table in memory.
    Memory(MemoryTable),
}

impl Input {
    /// The path of the file, or the name of the table in memory, for messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Memory(table) => table.name(),
        }
    }

    /// The file that a path of an input names, without the sheet that may follow it: `file.xlsx` of `file.xlsx::Sheet 1`.
    pub fn file_of(path: &Path) -> &Path {
        divided(path).0
    }

    /// Whether the rows can be read only once.
    pub fn is_standard_input(&self) -> bool {
        matches!(self, Self::File(path) if path == Path::new(STANDARD_INPUT))
    }

    /// Bytes of values that may be held at once; none where the size of the file is not known.
    pub(super) fn most_bytes(&self) -> Option<u64> {
        let Self::File(path) = self else { return None };
        let metadata = divided(path).0.metadata().ok()?;
        metadata.is_file().then(|| most_bytes(metadata.len()))
    }

    /// Fails for a file that can be read only once, as a schema is inferred before the rows are read.
    pub(super) fn check_read_twice(&self) -> Result<(), FrameError> {
        let Self::File(path) = self else { return Ok(()) };
        let (path, _) = divided(path);
        if self.is_standard_input() {
            return Err(FrameError::StandardInputTwice);
        }
        // A pipe is empty when it has been read once.
        match path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            true => Err(FrameError::PipeTwice { file: path.to_owned() }),
            false => Ok(()),
        }
    }
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Input {
    fn from(path: &P) -> Self {
        Self::File(path.as_ref().to_owned())
    }
}

impl From<MemoryTable> for Input {
    fn from(table: MemoryTable) -> Self {
        Self::Memory(table)
    }
}

/// The contents of a file by their kind.
pub(super) enum Contents {
    Parquet(File),
    /// A workbook, and how many bytes it has.
    Workbook(File, workbook::Kind, u64),
    /// A file or a stream of Arrow.
    Arrow(Unpacked),
    /// Text without its byte order mark.
    Text(Stream),
    /// An IDX file, perhaps of something else than images.
    Idx(Stream),
}

/// Bytes from first to last, unpacked.
pub(super) struct Stream {
    pub(super) origin: Origin,
    /// The first bytes; all of them if there are few.
    pub(super) head: Vec<u8>,
    /// The bytes after the head.
    pub(super) rest: Box<dyn Read + Send>,
    /// How many bytes there are, where that is known: see [`Unpacked::length`].
    pub(super) length: Option<u64>,
}

impl Stream {
    /// Head and rest as one.
    pub(super) fn into_reader(self) -> impl Read + Send {
        Cursor::new(self.head).chain(self.rest)
    }
}

/// The file that a path names, and the part of it after two colons. A file that has this name is meant as a whole.
pub(super) fn divided(path: &Path) -> (&Path, Option<&str>) {
    let divided = || path.to_str().filter(|_| !path.exists())?.split_once(PART);
    match divided() {
        Some((file, part)) if !file.is_empty() => (Path::new(file), Some(part)),
        _ => (path, None),
    }
}

/// Bytes of values of a file of so many bytes that may be held at once.
pub(super) fn most_bytes(length: u64) -> u64 {
    length.saturating_mul(MOST_TIMES).max(FREE_BYTES)
}

/// Whether `path` stands for standard input.
fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// The name of `path` in messages.
pub(super) fn shown(path: &Path) -> &Path {
    if is_standard_input(path) { Path::new("standard input") } else { path }
}

/// Opens a file of any supported kind, whatever its name, or standard input, which must not be of a kind that is read
/// from its end.
pub(super) fn open(path: &Path, encoding: Option<Encoding>) -> Result<Contents, FrameError> {
    if is_standard_input(path) {
        let (path, mut input) = (shown(path), io::stdin());
        let magic = file::magic(path, &mut input)?;
        let from_end = [
            (PARQUET_MAGIC, "a Parquet file"),
            (ZIP_MAGIC, "an Excel workbook, an OpenDocument spreadsheet or another zip archive"),
        ];
        if let Some((_, what)) = from_end.into_iter().find(|(kind, _)| magic.starts_with(kind)) {
            return Err(FrameError::FromStandardInput { what });
        }
        return of_unpacked(is_arrow(&magic), Unpacked::new(path, magic, input, None)?, encoding);
    }
    let (mut file, length) = file::open(path)?;
    let magic = file::magic(path, &mut file)?;
    if magic.starts_with(PARQUET_MAGIC) {
        file.rewind().map_err(|reason| file::refusal(path, &reason))?;
        return Ok(Contents::Parquet(file));
    }
    if magic.starts_with(ZIP_MAGIC) {
        file.rewind().map_err(|reason| file::refusal(path, &reason))?;
        if let Some(kind) = workbook::kind(path, &mut file)? {
            return Ok(Contents::Workbook(file, kind, length.unwrap_or(0)));
        }
        file.seek(SeekFrom::Start(magic.len() as u64)).map_err(|reason| file::refusal(path, &reason))?;
    }
    of_unpacked(is_arrow(&magic), Unpacked::new(path, magic, file, length)?, encoding)
}

/// The kind of the bytes, inferred from how they begin; `is_arrow` says whether they are those of Arrow.
fn of_unpacked(
    is_arrow: bool,
    unpacked: Unpacked,
    encoding: Option<Encoding>,
) -> Result<Contents, FrameError> {
    if is_arrow {
        return Ok(Contents::Arrow(unpacked));
    }
    let Unpacked { origin, reader: mut rest, length } = unpacked;
    let mut head = Vec::new();
    rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(|reason| origin.refusal(&reason))?;
    if header::values_and_dimensions(&head).is_some() {
        return Ok(Contents::Idx(Stream { origin, head, rest, length }));
    }
    if let Some((what, remedy)) = other_kind(&head) {
        return Err(FrameError::OtherKind { file: origin.path, what, remedy });
    }
    let wide = wide_encoding(&head);
    let is_longer = wide.is_some_and(|wide| wide.starts_with("UTF-32"));
    if let Some(encoding) = Encoding::of_wide_mark(&head).filter(|_| !is_longer).or(encoding) {
        let mut text = encoding.decode(Box::new(Cursor::new(head).chain(rest)));
        let mut head = Vec::new();
        text.by_ref().take(HEAD_BYTES).read_to_end(&mut head).map_err(|reason| origin.refusal(&reason))?;
        return Ok(Contents::Text(Stream { origin, head, rest: text, length: None }));
    }
    if let Some(encoding) = wide {
        return Err(FrameError::WideText { file: origin.path, encoding });
    }
    if head.starts_with(BYTE_ORDER_MARK) {
        head.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(Contents::Text(Stream { origin, head, rest, length }))
}

/// Whether a file begins with the length of a header and an object, as safetensors has them.
fn is_model(head: &[u8]) -> bool {
    let Some((length, rest)) = head.split_first_chunk() else { return false };
    u64::from_le_bytes(*length) < LONGEST_HEADER && rest.starts_with(b"{\"")
}

/// Whether the first line that is not blank is an object, and the next begins one.
fn is_lines_of_objects(head: &[u8]) -> bool {
    let lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let mut lines = lines.take(2);
    let is_object = |line: &[u8]| line.starts_with(b"{") && line.ends_with(b"}");
    lines.next().is_some_and(is_object) && lines.next().is_none_or(|line| line.starts_with(b"{"))
}

/// The encoding of text whose characters have several bytes each, many of them 0, as `iconv` calls it.
fn wide_encoding(head: &[u8]) -> Option<&'static str> {
    // The longer mark of byte order begins as the shorter one.
    let marked = [
        (&[0xff, 0xfe, 0, 0][..], "UTF-32"),
        (&[0, 0, 0xfe, 0xff], "UTF-32"),
        (&[0xff, 0xfe], "UTF-16"),
        (&[0xfe, 0xff], "UTF-16"),
    ];
    if let Some((_, encoding)) = marked.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Some(encoding);
    }
    let zeros_at = |place: usize, width: usize| {
        head.chunks_exact(width).take(64 / width).filter(|character| character[place] == 0).count()
    };
    let characters = head.len().min(64) / 4;
    let are_zeros = |places: &[usize]| places.iter().all(|&place| zeros_at(place, 4) == characters);
    match (zeros_at(0, 2), zeros_at(1, 2)) {
        _ if head.len() < 8 => None,
        _ if are_zeros(&[0, 1, 2]) && zeros_at(3, 4) == 0 => Some("UTF-32BE"),
        _ if are_zeros(&[1, 2, 3]) && zeros_at(0, 4) == 0 => Some("UTF-32LE"),
        (even, odd) if even.max(odd) < characters || even == odd => None,
        (even, odd) => Some(if even > odd { "UTF-16BE" } else { "UTF-16LE" }),
    }
}

/// The name of a known kind of file that is no text of a table, and what to do with it.
fn other_kind(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if is_model(head) {
        return Some(("a model file (.safetensors)", "give the model first and then the table"));
    }
    let has = |part: &[u8]| head.windows(part.len()).any(|window| window == part);
    if head.starts_with(ZIP_MAGIC)
        && let Some((_, what)) = SPREADSHEETS.iter().find(|(part, _)| has(part))
    {
        return Some((what, AS_CSV));
    }
    let mut start = head.iter().filter(|byte| !byte.is_ascii_whitespace());
    if let (Some(b'{' | b'['), Some(b'"' | b'{' | b'[')) = (start.next(), start.next()) {
        return Some(match is_lines_of_objects(head) {
            true => (
                "a file of JSON lines",
                "save the table as CSV or Parquet, for example with pandas.read_json(FILE, lines=True).to_csv(NEW, index=False)",
            ),
            false => (
                "a JSON file",
                "save the table as CSV or Parquet, for example with pandas.read_json(FILE).to_csv(NEW, index=False)",
            ),
        });
    }
    OTHERS.iter().find(|(magic, ..)| head.starts_with(magic)).map(|&(_, what, remedy)| (what, remedy))
}
