//! One cell of a CSV file.

use std::path::Path;

use crate::error::DataError;

/// What people write for a value that is not known, in lower case.
const MISSING_MARKS: [&str; 6] = ["", "na", "n/a", "null", "none", "?"];

/// Where a cell is, for the message if it is wrong.
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    pub(super) row: usize,
    pub(super) column: &'a str,
}

impl Place<'_> {
    /// The finite number that `text` is.
    pub(super) fn number(&self, text: &str) -> Result<f32, DataError> {
        let text = text.trim();
        match text.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(self.not_finite(text)),
            Err(_) => Err(self.not_a_number(text)),
        }
    }

    /// The label that `text` is, without the blanks around it.
    pub(super) fn label(&self, text: &str) -> Result<String, DataError> {
        match text.trim() {
            "" => Err(DataError::MissingLabel {
                file: self.file.into(),
                row: self.row,
                column: self.column.into(),
            }),
            label => Ok(label.into()),
        }
    }

    /// A number with digits became infinite because it is beyond `f32`; `nan` and `inf` have none.
    fn not_finite(&self, text: &str) -> DataError {
        let (file, row, column, written) = (self.file.into(), self.row, self.column.into(), text.into());
        if text.contains(|character: char| character.is_ascii_digit()) {
            DataError::TooLarge { file, row, column, written }
        } else {
            DataError::NotFinite { file, row, column, written }
        }
    }

    fn not_a_number(&self, text: &str) -> DataError {
        let (file, row, column, written) = (self.file.into(), self.row, self.column.into(), text.into());
        if MISSING_MARKS.contains(&text.to_ascii_lowercase().as_str()) {
            DataError::MissingValue { file, row, column, written }
        } else {
            DataError::NotANumber { file, row, column, written }
        }
    }
}
