//! Writes values of columns as text.

use super::{Column, ColumnValues, NOT_SEEN, OTHER, RareLevel, WHITE};
use crate::column::range::NumberRange;
use ugmm_data::frame::{ReadAs, minute_text};

impl Column {
    /// A value as the table would write it; numbers are rounded as by [`Self::rounded`].
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        if let Some(states) = self.states() {
            let rare = || self.rare()?.get((value as usize).checked_sub(states.len())?);
            // Only a file that was made by hand has a value that is no state.
            let state = states.get(value as usize).or_else(|| rare().map(|level| &level.text));
            return state.cloned().unwrap_or_default();
        }
        match self.values {
            ColumnValues::Pixel => ((value.round() + 0.0) / WHITE).to_string(),
            _ => self.number_text(self.rounded(value)),
        }
    }

    /// A value as the table would write it; numbers are not rounded.
    #[must_use]
    pub fn given_text(&self, value: f64) -> String {
        match self.values {
            ColumnValues::Number | ColumnValues::Whole { .. } => self.number_text(value),
            _ => self.text(value),
        }
    }

    /// A number with the precision of the table: whole if all training rows have whole numbers, otherwise
    /// rounded to a hundred-thousandth of their range.
    #[must_use]
    pub fn rounded(&self, value: f64) -> f64 {
        match (&self.values, self.range) {
            (ColumnValues::Number, Some(range)) if !range.whole => range.step_rounded(value),
            (ColumnValues::Number, Some(_)) | (ColumnValues::Whole { .. }, _) => value.round() + 0.0,
            _ => value,
        }
    }

    /// The name of a value of a column of states, for a list of all its values.
    pub(crate) fn state_name(&self, value: f64) -> String {
        let has_no_rare = self.rare().is_some_and(<[RareLevel]>::is_empty);
        self.cell(value).unwrap_or_else(|| if has_no_rare { NOT_SEEN } else { OTHER }.to_owned())
    }

    /// A value as [`Self::text`] writes it; `None` for the state of rare and unseen levels, which is no value
    /// of the table.
    #[must_use]
    pub fn cell(&self, value: f64) -> Option<String> {
        (self.other().map(|other| other as f64) != Some(value)).then(|| self.text(value))
    }

    /// A value as [`Self::cell`] writes it, except that a month is the date of its first day. Use it for
    /// files with a date type, such as Parquet.
    #[must_use]
    pub fn cell_with_day(&self, value: f64) -> Option<String> {
        match self.request.read_as.is_month() {
            true => Some(ReadAs::Days.text(self.request.read_as.nearest(value))),
            false => self.cell(value),
        }
    }

    /// A number that need not be a value of the column, such as a mean, rounded to a hundred-thousandth of
    /// the column's range; a date is written with its minute.
    #[must_use]
    pub fn fine_text(&self, value: f64) -> String {
        match (self.is_date(), self.range) {
            (true, _) => minute_text(value),
            (false, Some(range)) => {
                let [low, high] = [range.low, range.high].map(|end| self.to_model(end));
                self.to_table(NumberRange { low, high, whole: false }.step_rounded(value)).to_string()
            }
            (false, None) => value.to_string(),
        }
    }

    /// A number in the table's units as the table would write it.
    #[must_use]
    pub fn number_text(&self, number: f64) -> String {
        self.request.read_as.text(number)
    }
}
