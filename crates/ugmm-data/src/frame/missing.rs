//! Marks of missing values.

use std::sync::atomic::{AtomicBool, Ordering};

use super::cell::Cell;
use super::date::{self, DateFormat};
use super::number;
use super::options::{ReadOptions, UsualMarks};

/// The usual marks, compared without regard to case.
const USUAL: [&str; 9] = ["na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"];
/// Bytes of the longest of [`USUAL`].
const USUAL_BYTES: usize = 4;
/// Days within which two points in time are equal: half a millisecond.
const MOMENT: f64 = 0.5e-3 / 86_400.0;

/// Whether `text` is one of the marks that stand for missing values unless the options say otherwise.
fn is_usual(text: &str) -> bool {
    // No usual mark begins with a digit, and most values do.
    let may_be = text.len() <= USUAL_BYTES && !text.starts_with(|first: char| first.is_ascii_digit());
    may_be && USUAL.iter().any(|mark| mark.eq_ignore_ascii_case(text))
}

/// The usual marks and those that the options add.
pub(super) struct Marks {
    usual: UsualMarks,
    added: Vec<Added>,
    /// Formats of dates that are stated.
    options: ReadOptions,
}

/// A mark that the options add.
struct Added {
    text: String,
    /// The mark as a number: `-999` stands for `-999.0` and `-999,0` as well, and for the number in a Parquet file.
    number: Option<f64>,
    /// The mark as a date: `1900-01-01` stands for `01/01/1900` as well, and for the date in a Parquet file.
    days: Option<f64>,
    /// Whether a value has it so far.
    is_met: AtomicBool,
}

/// The marks of one column.
pub(super) struct ColumnMarks {
    /// Whether the usual marks stand for missing values.
    usual: bool,
    /// The format of dates, if it is stated.
    dates: Option<DateFormat>,
}

impl Marks {
    pub(super) fn new(options: &ReadOptions) -> Self {
        let added = options.missing.iter().map(|mark| {
            let text = mark.trim().to_owned();
            let (number, days) = (number::plain(&text), date::parse_any(&text));
            Added { text, number, days, is_met: AtomicBool::new(false) }
        });
        Self { usual: options.usual_marks.clone(), added: added.collect(), options: options.clone() }
    }

    /// The marks of the column `name`.
    pub(super) fn of(&self, name: &str) -> ColumnMarks {
        let dates = self.options.dates_of(name).map(|(format, _)| format);
        ColumnMarks { usual: self.usual.are_missing_in(name), dates }
    }

    /// `cell` without blanks around text, as [`Cell::Missing`] if it is marked as missing in this column.
    pub(super) fn clean<'a>(&self, cell: Cell<'a>, column: &ColumnMarks) -> Cell<'a> {
        let is_missing = match cell {
            Cell::Text(text) => {
                let text = text.trim();
                if text.is_empty() || self.is_added_text(text, column) || column.usual && is_usual(text) {
                    return Cell::Missing;
                }
                return Cell::Text(text);
            }
            Cell::Missing => true,
            Cell::Number(number) if number.is_infinite() => self.is_added(|mark| mark.is_text(cell)),
            Cell::Number(number) => number.is_nan() || self.is_added(|mark| mark.is_number(number)),
            Cell::Integer(integer) => self.is_added(|mark| mark.number == Some(integer as f64)),
            Cell::Days(days) => self.is_added(|mark| mark.is_day(days)),
            Cell::Boolean(_) => self.is_added(|mark| mark.is_text(cell)),
        };
        if is_missing { Cell::Missing } else { cell }
    }

    /// The added marks that no value had so far.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        let unmet = self.added.iter().filter(|mark| !mark.is_met.load(Ordering::Relaxed));
        unmet.map(|mark| mark.text.as_str())
    }

    fn is_added_text(&self, text: &str, column: &ColumnMarks) -> bool {
        if self.added.is_empty() {
            return false;
        }
        let number = self.added.iter().find_map(|mark| mark.number).and_then(|_| number::plain(text));
        let days = self.added.iter().find_map(|mark| mark.days).and_then(|_| match &column.dates {
            Some(format) => date::parse(text, Some(format)),
            None => date::parse_any(text),
        });
        self.is_added(|mark| {
            mark.text == text
                || number.is_some_and(|number| mark.is_number(number))
                || days.is_some_and(|days| mark.is_day(days))
        })
    }

    /// Whether a value is one of the added marks, which are then no longer unmet.
    fn is_added(&self, is_it: impl Fn(&Added) -> bool) -> bool {
        let met = self.added.iter().filter(|mark| is_it(mark));
        met.map(|mark| mark.is_met.store(true, Ordering::Relaxed)).count() > 0
    }
}

impl Added {
    /// Whether the mark is this number, or the `f32` nearest to it.
    fn is_number(&self, number: f64) -> bool {
        self.number.is_some_and(|mark| mark == number || f64::from(mark as f32) == number)
    }

    fn is_text(&self, cell: Cell) -> bool {
        self.text.eq_ignore_ascii_case(&cell.text())
    }

    fn is_day(&self, days: f64) -> bool {
        self.days.is_some_and(|mark| (mark - days).abs() < MOMENT)
    }
}
