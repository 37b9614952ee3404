//! The errors of this library.

use std::path::PathBuf;

/// An error of this library. Each message is one sentence that says how to correct it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UgmmError {
    /// A setting is outside its range.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The valid values.
        expected: &'static str,
    },

    /// A sample or data set does not have the size that the model or its counterpart needs.
    #[error("{what} has {found} {unit}, but {expected} are needed")]
    Size {
        /// The thing that has the wrong size.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The unit of the sizes, in the plural.
        unit: &'static str,
        /// The size it should have.
        expected: usize,
    },

    /// A value that is NaN or infinite.
    #[error(
        "{what} holds {value} in row {row}, column {column} (both counted from 0); every value must be finite"
    )]
    NotFinite {
        /// The thing that holds it.
        what: &'static str,
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f32,
    },

    /// A value is missing although the network needs every value.
    #[error(
        "row {row}, column {column} (both counted from 0) is missing, and this network needs every value; set \
         missing_values in its configuration, or fill it in"
    )]
    MissingValue {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
    },

    /// A row without any value.
    #[error("row {row} (counted from 0) has no value at all; a prediction needs at least one")]
    EmptyRow {
        /// Row, from 0.
        row: usize,
    },

    /// A class index that the model does not have.
    #[error("row {row} (counted from 0) has class {class}, but there are only the classes 0 to {last}")]
    Class {
        /// Row, from 0.
        row: usize,
        /// The class index found.
        class: usize,
        /// The largest valid class index.
        last: usize,
    },

    /// Training produced a loss that is not a number.
    #[error(
        "the loss became {loss} in epoch {epoch}, batch {batch} (both counted from 1); a smaller learning rate, \
         gradient clipping or a larger min_sigma may help"
    )]
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// Batch within the epoch, from 1.
        batch: usize,
        /// The loss.
        loss: f32,
    },

    /// A network that does not fit into memory.
    #[error("{}", memory_message(*.weights, *.bytes))]
    Memory {
        /// Number of weights; `None` if they are too many to count.
        weights: Option<usize>,
        /// Bytes that training it takes, at least; `None` if they are too many to count.
        bytes: Option<usize>,
    },

    /// A device that cannot be used.
    #[error("the device {device}: {reason}")]
    Device {
        /// The device's name.
        device: String,
        /// The problem, and what to build or to install.
        reason: String,
    },

    /// A checkpoint that cannot be written or resumed from.
    #[error("the checkpoint cannot be used: {reason}")]
    Checkpoint {
        /// The problem.
        reason: String,
    },

    /// A file could not be read or written.
    #[error("{}", io_message(.path, .source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },

    /// Parts of a model that do not fit each other.
    #[error("the parts of the model do not fit each other: {reason}")]
    Model {
        /// The problem.
        reason: String,
    },

    /// A file is not a model that this version can load.
    #[error("{path}: {reason}")]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
}

impl UgmmError {
    /// The error of a setting that is out of its range.
    pub fn setting(setting: &'static str, value: impl ToString, expected: &'static str) -> Self {
        Self::Setting { setting, value: value.to_string(), expected }
    }
}

/// The message about the memory that a network would need.
fn memory_message(weights: Option<usize>, bytes: Option<usize>) -> String {
    let (Some(weights), Some(bytes)) = (weights, bytes) else {
        return "a network of these sizes has more weights than can be counted; make its layers smaller"
            .into();
    };
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    format!(
        "a network of these sizes has {weights} weights, and training it takes {gibibytes:.1} GiB of memory, more than \
         there is; make its layers smaller"
    )
}

/// The system's error, in clearer words where its own say little.
fn io_message(path: &std::path::Path, source: &std::io::Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    match (source.kind(), folder) {
        (std::io::ErrorKind::NotFound, Some(folder)) => {
            format!("{}: there is no folder {}", path.display(), folder.display())
        }
        (std::io::ErrorKind::NotFound, None) => format!("{} does not exist", path.display()),
        (std::io::ErrorKind::IsADirectory, _) => format!("{} is a directory, not a file", path.display()),
        _ => format!("{}: {source}", path.display()),
    }
}
