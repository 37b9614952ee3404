//! Writing files so that nobody ever sees half of one.

use crate::UgmmError;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Writes `contents` to `path`, replacing what was there only when all of it is safely on disk: the bytes go to a
/// temporary file in the same folder, which then takes the name in one step. A link is followed; a file that is
/// replaced keeps its permissions. What is no file (a pipe, a device such as `/dev/stdout`) is written to directly.
///
/// # Errors
///
/// When the folder does not exist or cannot be written to, or the disk is full; the old file is then untouched.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    let mut file = AtomicFile::create(path)?;
    file.write_all(contents).map_err(io)?;
    file.commit()
}

/// A file that is written bit by bit and takes its name when it is finished, as with [`write_atomically`]; without
/// [`Self::commit`] nothing of it remains.
#[derive(Debug)]
pub struct AtomicFile {
    /// As it was given, for messages.
    path: PathBuf,
    output: Output,
}

#[derive(Debug)]
enum Output {
    /// To become the file of this name.
    Temporary(NamedTempFile, PathBuf),
    /// A pipe or a device.
    Special(File),
}

impl AtomicFile {
    /// Begins the file that will be at `path`.
    ///
    /// # Errors
    ///
    /// When the folder does not exist or cannot be written to.
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

    /// Puts the finished file in its place, when all of it is on disk.
    ///
    /// # Errors
    ///
    /// When the disk is full or the file cannot be renamed; what was at the path is then untouched.
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
            // Not by the temporary file's own writer, whose errors name it.
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

/// Checks that [`write_atomically`] can write to `path`, so that a long computation does not end in a surprise.
/// Nothing stays behind.
///
/// # Errors
///
/// When `path` is a folder, or its folder does not exist or cannot be written to.
pub fn check_writable(path: &Path) -> Result<(), UgmmError> {
    let io = |source| UgmmError::Io { path: path.to_path_buf(), source };
    let (path, present) = follow(path);
    match present {
        Some(present) if present.is_dir() => Err(io(std::io::ErrorKind::IsADirectory.into())),
        Some(present) if is_special(&present) => Ok(()),
        _ => temporary_beside(&path, None).map(drop).map_err(io),
    }
}

/// Where a link leads to, and what is there.
fn follow(path: &Path) -> (PathBuf, Option<Metadata>) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let present = path.metadata().ok();
    (path, present)
}

fn is_special(present: &Metadata) -> bool {
    !present.is_file() && !present.is_dir()
}

/// A temporary file in the folder of `path`; it goes away by itself when it is not renamed.
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
    // The crate's own message would name the temporary file, which means nothing to anybody.
    builder.tempfile_in(folder).map_err(|error| error.kind().into())
}

/// Those of any new file (the umask applies): temporary files are private by default.
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
        // A folder cannot be replaced by a file: the rename, the last step, fails.
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
        // A device must not be replaced by a file, which the superuser could do.
        let device = Path::new("/dev/null");
        check_writable(device).unwrap();
        write_atomically(device, b"gone").unwrap();
        assert!(device.metadata().unwrap().file_type().is_char_device());
    }
}
