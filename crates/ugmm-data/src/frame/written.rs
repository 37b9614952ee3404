//! A value and where it stands.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::show::value;

/// Row and text of a value of a column that is known.
pub(super) type Place = (usize, String);

/// A value of a file, as it is written there. The [`Display`](fmt::Display) text is the file, the row, the column and the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// The line that the row begins on, or its number in a Parquet file, both from 1.
    pub row: usize,
    /// Name of the column.
    pub column: String,
    /// The value.
    pub text: String,
}

impl Written {
    pub(super) fn new(file: &Path, row: usize, column: &str, text: impl Into<String>) -> Self {
        Self { file: file.to_owned(), row, column: column.to_owned(), text: text.into() }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { file, row, column, text } = self;
        write!(f, "{}, row {row}, column {}: {}", file.display(), value(column), value(text))
    }
}
