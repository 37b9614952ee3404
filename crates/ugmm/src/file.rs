//! Writing files so that nobody ever sees half of one.

use crate::UgmmError;
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes `contents` to `path`, replacing what was there only when all of it is safely on disk: the bytes go to a
/// temporary file in the same folder, which then takes the name in one step.
///
/// # Errors
///
/// When the folder does not exist or cannot be written to, or the disk is full; the old file is then untouched.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    let mut file = temporary_beside(path).map_err(io)?;
    file.write_all(contents).and_then(|()| file.as_file().sync_all()).map_err(io)?;
    file.persist(path).map(|_| ()).map_err(|error| io(error.error))
}

/// Checks that [`write_atomically`] can write to `path`, so that a long computation does not end in a surprise.
/// Nothing stays behind.
///
/// # Errors
///
/// When `path` is a folder, or its folder does not exist or cannot be written to.
pub fn check_writable(path: &Path) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    if path.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    temporary_beside(path).map(drop).map_err(io)
}

/// A temporary file in the folder of `path`; it goes away by itself when it is not renamed.
fn temporary_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ugmm-");
    #[cfg(unix)]
    {
        // Temporary files are private by default; this one becomes an ordinary file (the umask applies).
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    // The crate's own message would name the temporary file, which means nothing to anybody.
    builder.tempfile_in(folder).map_err(|error| error.kind().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        // A folder cannot be replaced by a file: the rename, the last step, fails.
        let occupied = folder.path().join("folder");
        std::fs::create_dir(&occupied).unwrap();
        assert!(write_atomically(&occupied, b"new").is_err());
        assert!(write_atomically(&folder.path().join("missing/file"), b"new").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
