//! Writes files so that no reader ever sees a partial one.

use crate::UgmmError;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes `contents` to `path` and replaces an existing file only when all bytes are on disk. The bytes go to
/// a temporary file in the same folder, which is then renamed in one step. Links are followed; a replaced
/// file keeps its permissions. Anything but a file (a pipe, a device such as `/dev/stdout`) is written to
/// directly.
///
/// # Errors
///
/// [`UgmmError::Io`] when the folder does not exist or cannot be written to, or the disk is full; an existing
/// file is then unchanged.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    let mut file = AtomicFile::create(path)?;
    file.write_all(contents).map_err(io)?;
    file.commit()
}

/// A file that is written in pieces and replaces the file at its path when it is committed, as
/// [`write_atomically`] does. Without [`Self::commit`] nothing of it remains.
#[derive(Debug)]
pub struct AtomicFile {
    /// The path as the caller gave it, for messages.
    path: PathBuf,
    output: Output,
}

#[derive(Debug)]
enum Output {
    /// A temporary file, and the path that it will have.
    Temporary(NamedTempFile, PathBuf),
    /// A pipe or a device.
    Special(File),
}

impl AtomicFile {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Io`] when the folder does not exist or cannot be written to.
    pub fn create(path: &Path) -> Result<Self, UgmmError> {
        let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
        let (target, present) = follow(path);
        let output = match present {
            Some(present) if is_special(&present) => {
                Output::Special(OpenOptions::new().write(true).open(target).map_err(io)?)
            }
            present => {
                let file = temporary_beside(&target, present.map(|file| file.permissions())).map_err(io)?;
                Output::Temporary(file, target)
            }
        };
        Ok(Self { path: path.to_path_buf(), output })
    }

    /// Moves the finished file to its path when all of it is on disk.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Io`] when the disk is full or the file cannot be renamed; an existing file is then
    /// unchanged.
    pub fn commit(self) -> Result<(), UgmmError> {
        let io = |source| UgmmError::Io { path: self.path.clone(), source };
        match self.output {
            Output::Temporary(file, target) => {
                file.as_file().sync_all().map_err(io)?;
                file.persist(target).map(|_| ()).map_err(|error| io(error.error))
            }
            Output::Special(mut file) => file.flush().map_err(io),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.output {
            // Errors of the temporary file's own writer would contain its name.
            Output::Temporary(file, _) => file.as_file_mut().write(bytes),
            Output::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.output {
            Output::Temporary(file, _) => file.as_file_mut().flush(),
            Output::Special(file) => file.flush(),
        }
    }
}

/// Checks that [`write_atomically`] can write to `path`, so that a long computation does not fail at its end.
/// It leaves no file behind.
///
/// # Errors
///
/// [`UgmmError::Io`] when `path` is a folder, or its folder does not exist or cannot be written to.
pub fn check_writable(path: &Path) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    let (path, present) = follow(path);
    match present {
        Some(present) if present.is_dir() => Err(io(std::io::ErrorKind::IsADirectory.into())),
        Some(present) if is_special(&present) => Ok(()),
        _ => temporary_beside(&path, None).map(drop).map_err(io),
    }
}

/// The target of a link, and its metadata if it exists.
fn follow(path: &Path) -> (PathBuf, Option<Metadata>) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let present = path.metadata().ok();
    (path, present)
}

fn is_special(present: &Metadata) -> bool {
    !present.is_file() && !present.is_dir()
}

/// A temporary file in the folder of `path`; it is deleted unless it is renamed.
fn temporary_beside(path: &Path, permissions: Option<Permissions>) -> std::io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ugmm-");
    if let Some(permissions) = permissions.or_else(ordinary_permissions) {
        builder.permissions(permissions);
    }
    // The crate's own message contains the name of the temporary file, which users do not know.
    builder.tempfile_in(folder).map_err(|error| error.kind().into())
}

/// The permissions of an ordinary new file (the umask applies); temporary files are private by default.
fn ordinary_permissions() -> Option<Permissions> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    #[cfg(not(unix))]
    None
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
        // A file cannot replace a folder, so that the rename, the last step, fails.
        let occupied = folder.path().join("folder");
        std::fs::create_dir(&occupied).unwrap();
        assert!(write_atomically(&occupied, b"new").is_err());
        assert!(write_atomically(&folder.path().join("missing/file"), b"new").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_permissions_and_devices_are_respected() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        check_writable(&link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        // A file must not replace a device, which the superuser could do.
        let device = Path::new("/dev/null");
        check_writable(device).unwrap();
        write_atomically(device, b"gone").unwrap();
        assert!(device.metadata().unwrap().file_type().is_char_device());
    }
}
