//! Values of columns as text.

use super::{Column, ColumnValues, NOT_SEEN, OTHER, RareLevel, WHITE};
use crate::column::range::NumberRange;
use ugmm_data::frame::{DateFormat, ReadAs, minute_text};

/// Characters of a year and a month: 2024-02.
const MONTH: usize = 7;

/// A number of a column as it would stand in its table; in a column of months, which are their first days, the nearest month.
///
/// ```
/// use ugmm_data::frame::{DateFormat, ReadAs};
/// use ugmm_tabular::value_text;
///
/// assert_eq!(value_text(&ReadAs::Days, 19_782.0), "2024-02-29");
/// assert_eq!(value_text(&ReadAs::Dates(DateFormat::Months), 19_782.0), "2024-03");
/// ```
#[must_use]
pub fn value_text(read_as: &ReadAs, number: f64) -> String {
    let mut text = read_as.text(nearest_value(read_as, number));
    if is_month(read_as) {
        text.truncate(MONTH);
    }
    text
}

/// The value of a column that is nearest to a number: the first day of a month in a column of months, else the number itself.
fn nearest_value(read_as: &ReadAs, number: f64) -> f64 {
    if !is_month(read_as) {
        return number;
    }
    let first = first_of_month(number);
    let next = first_of_month(first + 32.0);
    if next - number < number - first { next } else { first }
}

/// The first day of the month that a day is in.
pub(super) fn first_of_month(day: f64) -> f64 {
    let months = ReadAs::Dates(DateFormat::Months);
    let text = ReadAs::Days.text(day);
    text.get(..MONTH).and_then(|month| months.number(month)).unwrap_or(day)
}

/// Whether the values of a column are months.
pub(crate) fn is_month(read_as: &ReadAs) -> bool {
    matches!(read_as, ReadAs::Dates(DateFormat::Months))
}

impl Column {
    /// A value as it would stand in the table, numbers rounded as by [`Self::rounded`].
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        if let Some(states) = self.states() {
            let rare = || self.rare()?.get((value as usize).checked_sub(states.len())?);
            // A value that is no state can only come from a file that was made by hand.
            let state = states.get(value as usize).or_else(|| rare().map(|level| &level.text));
            return state.cloned().unwrap_or_default();
        }
        match self.values {
            ColumnValues::Pixel => ((value.round() + 0.0) / WHITE).to_string(),
            _ => value_text(&self.request.read_as, self.rounded(value)),
        }
    }

    /// A value that was given, as it would stand in the table; a number is not rounded.
    #[must_use]
    pub fn given_text(&self, value: f64) -> String {
        match self.values {
            ColumnValues::Number | ColumnValues::Whole { .. } => self.number_text(value),
            _ => self.text(value),
        }
    }

    /// A number as exact as those of the table: whole where all training rows had whole ones, else to a hundred-thousandth of
    /// their range.
    #[must_use]
    pub fn rounded(&self, value: f64) -> f64 {
        match (&self.values, self.range) {
            (ColumnValues::Number, Some(range)) if !range.whole => range.step_rounded(value),
            (ColumnValues::Number, Some(_)) | (ColumnValues::Whole { .. }, _) => value.round() + 0.0,
            _ => value,
        }
    }

    /// The name of a value of a column of states in a list of all of them.
    pub(crate) fn state_name(&self, value: f64) -> String {
        let has_no_rare = self.rare().is_some_and(<[RareLevel]>::is_empty);
        self.cell(value).unwrap_or_else(|| if has_no_rare { NOT_SEEN } else { OTHER }.to_owned())
    }

    /// A value as [`Self::text`] has it; `None` for the state of rare and unseen levels, which is not a value of the table.
    #[must_use]
    pub fn cell(&self, value: f64) -> Option<String> {
        (self.other().map(|other| other as f64) != Some(value)).then(|| self.text(value))
    }

    /// A value as [`Self::cell`] has it, but months as the date of their first day, for files that write months in another
    /// way.
    #[must_use]
    pub fn cell_with_day(&self, value: f64) -> Option<String> {
        let read_as = &self.request.read_as;
        match is_month(read_as) {
            true => Some(read_as.text(nearest_value(read_as, value))),
            false => self.cell(value),
        }
    }

    /// A number that need not be a value of the column, such as a mean, to a hundred-thousandth of the column's range; a date
    /// with its minute.
    #[must_use]
    pub fn fine_text(&self, value: f64) -> String {
        match (self.is_date(), self.range) {
            (true, _) => minute_text(value),
            (false, Some(range)) => {
                let [low, high] = [range.low, range.high].map(|end| self.from_table(end));
                self.to_table(NumberRange { low, high, whole: false }.step_rounded(value)).to_string()
            }
            (false, None) => value.to_string(),
        }
    }

    /// A number in the table's units as it would stand there.
    #[must_use]
    pub fn number_text(&self, number: f64) -> String {
        value_text(&self.request.read_as, number)
    }
}
