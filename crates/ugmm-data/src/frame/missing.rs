//! What people write for a value that is not known.

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::number;

/// In small letters; compared without regard to case.
const USUAL: [&str; 9] = ["na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"];
/// Bytes of the longest of [`USUAL`].
const USUAL_BYTES: usize = 4;

/// In which columns the usual marks of missing values, such as `None`, are texts like any other. A field of nothing is missing
/// everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsualMarks {
    /// In none: they stand for missing values.
    #[default]
    Missing,
    /// In these, by name.
    TextIn(Vec<String>),
    /// In all.
    Text,
}

impl UsualMarks {
    /// Whether they stand for missing values in all columns.
    pub fn are_missing(&self) -> bool {
        *self == Self::Missing
    }

    /// Whether they stand for missing values in the column `name`.
    pub fn are_missing_in(&self, name: &str) -> bool {
        match self {
            Self::Missing => true,
            Self::TextIn(columns) => !columns.iter().any(|column| column == name),
            Self::Text => false,
        }
    }

    /// Texts wherever they are in one of the two.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Text, _) | (_, Self::Text) => Self::Text,
            (Self::Missing, marks) | (marks, Self::Missing) => marks.clone(),
            (Self::TextIn(columns), Self::TextIn(more)) => {
                let new = more.iter().filter(|name| !columns.contains(name));
                Self::TextIn(columns.iter().chain(new).cloned().collect())
            }
        }
    }
}

/// The usual marks and those that the options add.
pub(super) struct Marks {
    usual: UsualMarks,
    /// Added marks, compared exactly.
    added: Vec<String>,
    /// Added marks that are numbers: `-999` stands for `-999.0` and `-999,0` as well, and for the number in a Parquet file.
    added_numbers: Vec<f64>,
}

impl Marks {
    pub(super) fn new(usual: UsualMarks, added: &[String]) -> Self {
        let added: Vec<String> = added.iter().map(|mark| mark.trim().to_owned()).collect();
        let added_numbers = added.iter().filter_map(|mark| number::plain(mark)).collect();
        Self { usual, added, added_numbers }
    }

    /// Whether the usual marks stand for missing values in the column `name`.
    pub(super) fn usual_in(&self, name: &str) -> bool {
        self.usual.are_missing_in(name)
    }

    /// `cell` without blanks around text, as [`Cell::Missing`] if it is marked as missing in a column where the usual marks
    /// count or not.
    pub(super) fn clean<'a>(&self, cell: Cell<'a>, usual: bool) -> Cell<'a> {
        match cell {
            Cell::Text(text) => {
                let text = text.trim();
                if self.is_text(text, usual) { Cell::Missing } else { Cell::Text(text) }
            }
            Cell::Number(number) if number.is_nan() || self.added_numbers.contains(&number) => Cell::Missing,
            Cell::Integer(integer) if self.added_numbers.contains(&(integer as f64)) => Cell::Missing,
            other => other,
        }
    }

    fn is_text(&self, text: &str, usual: bool) -> bool {
        if text.is_empty() {
            return true;
        }
        // No usual mark begins with a digit, and most values do.
        let may_be_usual =
            usual && text.len() <= USUAL_BYTES && !text.starts_with(|first: char| first.is_ascii_digit());
        may_be_usual && USUAL.iter().any(|mark| mark.eq_ignore_ascii_case(text))
            || self.added.iter().any(|mark| mark == text)
            || !self.added_numbers.is_empty()
                && number::plain(text).is_some_and(|number| self.added_numbers.contains(&number))
    }
}
