//! Ranges of the numbers of a column.

use serde::{Deserialize, Serialize};
use ugmm_data::frame::{ReadAs, Request, Values};
use ugmm_data::{Preprocessor, Table};

/// Number of steps in a range to which numbers are rounded when they are written as text.
const STEPS: f64 = 1e5;

/// The range from the least to the greatest number of a column, in the data's units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// The least number; days since 1970-01-01 for a date.
    pub low: f64,
    /// The greatest number.
    pub high: f64,
    /// Whether all numbers are whole.
    pub whole: bool,
}

impl NumberRange {
    /// The range of the numbers that are known; `None` if there are none.
    pub(crate) fn of(numbers: impl Iterator<Item = f64>) -> Option<Self> {
        let mut range = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, whole: true };
        for number in numbers.filter(|number| !number.is_nan()) {
            range.low = range.low.min(number);
            range.high = range.high.max(number);
            range.whole &= number.fract() == 0.0;
        }
        range.is_usable().then_some(range)
    }

    /// The whole numbers in the range, if all numbers of the column are whole and there are at most `most` of
    /// them.
    pub(crate) fn whole_numbers(&self, most: usize) -> Option<Vec<f64>> {
        let count = self.high.floor() - self.low.ceil() + 1.0;
        let is_few = self.whole && (1.0..=most as f64).contains(&count);
        is_few.then(|| (0..count as usize).map(|step| self.low.ceil() + step as f64).collect())
    }

    /// A number rounded to about a hundred-thousandth of the range, with few decimals.
    pub(crate) fn step_rounded(&self, number: f64) -> f64 {
        let step = 10f64.powf(((self.high - self.low) / STEPS).log10().floor());
        let rounded = match step >= 1.0 {
            true => (number / step).round() * step,
            // A division by a power of ten gives the number with the fewest decimals.
            false => (number * step.recip().round()).round() / step.recip().round(),
        };
        // Avoids -0.
        if rounded.is_finite() { rounded + 0.0 } else { number }
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low <= self.high
    }
}

/// The ranges of a preprocessor's numeric and date columns in these rows of a table.
pub(crate) fn ranges(preprocessor: &Preprocessor, table: &Table, rows: &[usize]) -> Vec<Option<NumberRange>> {
    let range = |Request { name, read_as }: Request| match (read_as, table.column(&name)) {
        (ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_), Ok(Values::Numbers(numbers))) => {
            NumberRange::of(rows.iter().map(|&row| numbers[row]))
        }
        // A table stores a column with a single value as a level.
        (read_as @ ReadAs::Numbers(_), Ok(Values::Codes(_))) => {
            let texts = table.labels(&name).unwrap_or_default();
            NumberRange::of(rows.iter().filter_map(|&row| read_as.number(texts[row].as_deref()?)))
        }
        _ => None,
    };
    preprocessor.requests().into_iter().map(range).collect()
}
