//! Opening files, with the ways this fails told apart.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::DataError;

/// Opens `path`, which must be a file.
///
/// A directory can be opened on some systems and only fails when it is read, so this asks first.
pub(crate) fn open(path: &Path) -> Result<File, DataError> {
    let file = File::open(path).map_err(|reason| refusal(path, &reason))?;
    let metadata = file.metadata().map_err(|reason| refusal(path, &reason))?;
    if metadata.is_dir() {
        return Err(DataError::IsDirectory { file: path.to_owned() });
    }
    Ok(file)
}

/// The error for `path` when reading it failed for `reason`.
pub(crate) fn refusal(path: &Path, reason: &io::Error) -> DataError {
    let file = path.to_owned();
    match reason.kind() {
        io::ErrorKind::NotFound => DataError::FileMissing { file },
        io::ErrorKind::IsADirectory => DataError::IsDirectory { file },
        _ => DataError::Unreadable { file, reason: reason.to_string() },
    }
}
