//! What people write for a value that is not known.

use super::cell::Cell;
use super::number;

/// In small letters; compared without regard to case.
const USUAL: [&str; 10] = ["", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"];
/// Bytes of the longest of [`USUAL`].
const USUAL_BYTES: usize = 4;

/// The usual marks and those that the options add.
pub(super) struct Marks {
    /// Added marks, compared exactly.
    added: Vec<String>,
    /// Added marks that are numbers: `-999` stands for `-999.0` and `-999,0` as well, and for the number in a Parquet file.
    added_numbers: Vec<f64>,
}

impl Marks {
    pub(super) fn new(added: &[String]) -> Self {
        let added: Vec<String> = added.iter().map(|mark| mark.trim().to_owned()).collect();
        let added_numbers = added.iter().filter_map(|mark| number::plain(mark)).collect();
        Self { added, added_numbers }
    }

    /// `cell` without blanks around text, as [`Cell::Missing`] if it is marked as missing.
    pub(super) fn clean<'a>(&self, cell: Cell<'a>) -> Cell<'a> {
        match cell {
            Cell::Text(text) => {
                let text = text.trim();
                if self.is_text(text) { Cell::Missing } else { Cell::Text(text) }
            }
            Cell::Number(number) if number.is_nan() || self.added_numbers.contains(&number) => Cell::Missing,
            Cell::Integer(integer) if self.added_numbers.contains(&(integer as f64)) => Cell::Missing,
            other => other,
        }
    }

    fn is_text(&self, text: &str) -> bool {
        // No usual mark begins with a digit, and most values do.
        let may_be_usual =
            text.len() <= USUAL_BYTES && !text.starts_with(|first: char| first.is_ascii_digit());
        may_be_usual && USUAL.iter().any(|mark| mark.eq_ignore_ascii_case(text))
            || self.added.iter().any(|mark| mark == text)
            || !self.added_numbers.is_empty()
                && number::plain(text).is_some_and(|number| self.added_numbers.contains(&number))
    }
}
