//! The bytes of files, unpacked, with the ways in which reading fails told apart.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::DataError;

/// First bytes of compressed files.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// Bytes of a compressed file that are read at once.
const BUFFER_BYTES: usize = 1 << 18;

/// Opens `path`, which must be a file, and says how many bytes it has, unless it is a pipe.
///
/// A directory can be opened on some systems and only fails when it is read, so this asks first.
pub(crate) fn open(path: &Path) -> Result<(File, Option<u64>), DataError> {
    let file = File::open(path).map_err(|reason| refusal(path, &reason))?;
    let metadata = file.metadata().map_err(|reason| refusal(path, &reason))?;
    if metadata.is_dir() {
        return Err(DataError::IsDirectory { file: path.to_owned() });
    }
    Ok((file, metadata.is_file().then_some(metadata.len())))
}

/// The error for `path` when reading it failed for `reason`.
pub(crate) fn refusal(path: &Path, reason: &io::Error) -> DataError {
    let file = path.to_owned();
    match reason.kind() {
        ErrorKind::NotFound => DataError::FileMissing { file },
        ErrorKind::IsADirectory => DataError::IsDirectory { file },
        _ => DataError::Unreadable { file, reason: reason.to_string() },
    }
}

/// The file that bytes come from, for the message of a read that fails.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) path: PathBuf,
    /// Name of the compression, if there is any.
    compression: Option<&'static str>,
}

impl Origin {
    pub(crate) fn plain(path: &Path) -> Self {
        Self { path: path.to_owned(), compression: None }
    }

    /// The error for a read that failed for `reason`.
    pub(crate) fn refusal(&self, reason: &io::Error) -> DataError {
        let file = self.path.clone();
        match (self.compression, reason.kind()) {
            (Some(compression), ErrorKind::UnexpectedEof) => {
                DataError::CompressionTruncated { file, compression }
            }
            // What the decoders say about damaged data; other kinds are about the file itself.
            (Some(compression), ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other) => {
                DataError::CompressionDamaged { file, compression, reason: reason.to_string() }
            }
            _ => refusal(&self.path, reason),
        }
    }
}

/// Bytes from first to last, unpacked.
pub(crate) struct Unpacked {
    pub(crate) origin: Origin,
    pub(crate) reader: Box<dyn Read + Send>,
    /// How many bytes there are, where that is known: of a file that is not compressed.
    pub(crate) length: Option<u64>,
}

impl Unpacked {
    /// The bytes of a file.
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let (mut file, length) = open(path)?;
        let magic = magic(path, &mut file)?;
        Self::new(path, magic, file, length)
    }

    /// Unpacks the bytes `magic` followed by those of `input`, which are `length` bytes together.
    pub(crate) fn new(
        path: &Path,
        magic: Vec<u8>,
        input: impl Read + Send + 'static,
        length: Option<u64>,
    ) -> Result<Self, DataError> {
        let mut origin = Origin::plain(path);
        let whole = Cursor::new(magic.clone()).chain(input);
        let reader: Box<dyn Read + Send> = if magic.starts_with(GZIP_MAGIC) {
            origin.compression = Some("gzip");
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, whole)))
        } else if magic.starts_with(ZSTD_MAGIC) {
            origin.compression = Some("zstd");
            Box::new(zstd::stream::read::Decoder::new(whole).map_err(|reason| origin.refusal(&reason))?)
        } else {
            Box::new(whole)
        };
        let length = length.filter(|_| origin.compression.is_none());
        Ok(Self { origin, reader, length })
    }
}

/// The first bytes, from which the kind of the input is inferred.
pub(crate) fn magic(path: &Path, input: &mut impl Read) -> Result<Vec<u8>, DataError> {
    let mut magic = Vec::new();
    input.take(8).read_to_end(&mut magic).map_err(|reason| refusal(path, &reason))?;
    Ok(magic)
}
