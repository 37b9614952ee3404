//! A column of a model: its name, its kind, its possible values, and how these are read and written.

pub(crate) mod encoding;
mod parse;
pub(crate) mod range;
mod text;
pub(crate) mod unit;
pub(crate) mod usable;

pub use encoding::{EncodedRows, Outside};
pub use range::NumberRange;
pub use unit::without_unit;

use serde::{Deserialize, Serialize};
use ugmm_circuit::{MAXIMUM_STATES, UnivariateMixture};
use ugmm_data::frame::{ReadAs, Request};

/// Name of the state that rare and unseen levels share. It is not a value: no row is drawn or imputed with
/// it.
pub const OTHER: &str = "(other)";
/// Name of this state where training had no rare levels.
const NOT_SEEN: &str = "(not seen)";
/// The largest value of a pixel as a byte.
pub(crate) const WHITE: f64 = 255.0;
/// Largest difference between a pixel times 255 and a whole number; pixels may be written with few digits.
pub(crate) const PIXEL_TOLERANCE: f64 = 0.02;

/// A column of a model's table. Its values are `f64`; NaN is a missing value:
///
/// * a number is as the table has it, a date in days since 1970-01-01, a pixel its byte (0 to 255),
/// * false is 0 and true is 1,
/// * a level of a category is its index among [`Self::states`]; levels that share the last state come after
///   it, in the order of [`Self::rare`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub(crate) request: Request,
    pub(crate) values: ColumnValues,
    /// Range of the numbers in the training rows.
    pub(crate) range: Option<NumberRange>,
    /// Smallest possible number of a column whose numbers need not be whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) least: Option<f64>,
    /// Largest possible number of a column whose numbers need not be whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) greatest: Option<f64>,
    /// Levels that share the last state; `None` in models of versions that did not store them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rare: Option<Vec<RareLevel>>,
    /// Number of the request's levels that have a state of their own; `None` where the request has no rare
    /// levels.
    #[serde(skip)]
    pub(crate) own: Option<usize>,
}

/// A level that has too few training rows to have a state of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RareLevel {
    /// The level as the table has it.
    pub text: String,
    /// Number of training rows that have it; 0 where the model does not know it.
    pub rows: usize,
}

/// The values that a column can have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ColumnValues {
    /// Any number or time.
    Number,
    /// Whole numbers, or days, from `low` to `high`.
    Whole { low: i64, high: i64 },
    /// A pixel.
    Pixel,
    /// False and true, written with the table's words.
    Truth { words: [String; 2] },
    /// The levels of a category and, if `with_other` is true, one state for all other levels.
    States { with_other: bool },
}

impl Column {
    /// A column without known range, limits or rare levels.
    pub(crate) fn new(request: Request, values: ColumnValues, range: Option<NumberRange>) -> Self {
        Self { request, values, range, least: None, greatest: None, rare: None, own: None }
    }

    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.request.name
    }

    /// The request that reads the column from a file.
    #[must_use]
    pub fn read_as(&self) -> &ReadAs {
        &self.request.read_as
    }

    /// The kind of the column in a word or two.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        let is_date = self.is_date();
        match self.values {
            ColumnValues::Number if is_date && self.range.is_some_and(|range| range.whole) => "date",
            ColumnValues::Number if is_date => "time",
            ColumnValues::Number => "number",
            ColumnValues::Whole { .. } if is_date => "date",
            ColumnValues::Whole { .. } => "whole number",
            ColumnValues::Pixel => "pixel",
            ColumnValues::Truth { .. } => "true or false",
            ColumnValues::States { .. } => "category",
        }
    }

    /// Whether the values have an order and a distance: true for numbers, dates and pixels.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self.values, ColumnValues::Number | ColumnValues::Whole { .. } | ColumnValues::Pixel)
    }

    /// Whether the values are whole numbers, days or pixels, which have probabilities rather than densities.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.values, ColumnValues::Whole { .. } | ColumnValues::Pixel)
    }

    /// Whether the values are true and false.
    #[must_use]
    pub fn is_truth(&self) -> bool {
        matches!(self.values, ColumnValues::Truth { .. })
    }

    /// Whether the numbers are dates or times.
    #[must_use]
    pub fn is_date(&self) -> bool {
        self.request.read_as.is_date()
    }

    /// The range of the training rows in the table's units; `None` for a column of states.
    #[must_use]
    pub fn range(&self) -> Option<NumberRange> {
        self.range
    }

    /// Names of the states, in order; `None` for a column of numbers.
    #[must_use]
    pub fn states(&self) -> Option<Vec<String>> {
        match &self.values {
            ColumnValues::Truth { words } => Some(words.to_vec()),
            ColumnValues::States { with_other } => {
                let mut names = self.own_levels().to_vec();
                names.extend(with_other.then(|| OTHER.to_owned()));
                Some(names)
            }
            _ => None,
        }
    }

    /// The levels of a category that have a state of their own.
    fn own_levels(&self) -> &[String] {
        match &self.request.read_as {
            ReadAs::Codes(levels) => &levels[..self.own.unwrap_or(levels.len()).min(levels.len())],
            _ => &[],
        }
    }

    /// Index of the state that rare and unseen levels share; `None` if the column has no such state.
    #[must_use]
    pub fn other(&self) -> Option<usize> {
        (self.values == ColumnValues::States { with_other: true }).then(|| self.own_levels().len())
    }

    /// Levels that share the state of rare and unseen levels; `None` where the model does not know them.
    #[must_use]
    pub fn rare(&self) -> Option<&[RareLevel]> {
        self.rare.as_deref()
    }

    /// The value of each rare level, and its fraction of the training rows that have a rare level; empty
    /// where the model does not know these rows.
    pub(crate) fn rare_values(&self) -> Vec<(f64, f64)> {
        let (Some(other), Some(rare)) = (self.other(), self.rare()) else { return Vec::new() };
        let rows = rare.iter().map(|level| level.rows).sum::<usize>();
        if rows == 0 {
            return Vec::new();
        }
        let share = |level: &RareLevel| level.rows as f64 / rows as f64;
        (other + 1..).zip(rare).map(|(value, level)| (value as f64, share(level))).collect()
    }

    /// The state of a value, and the logarithm of the value's fraction of its state, which is 0 except for
    /// rare levels.
    pub(crate) fn state_of(&self, value: f64) -> (f64, f64) {
        match self.other() {
            Some(other) if value > other as f64 => {
                let share = self.rare_values().into_iter().find(|(rare, _)| *rare == value);
                (other as f64, share.map_or(0.0, |(_, share)| share.ln()))
            }
            _ => (value, 0.0),
        }
    }

    /// Each value of a column of states with its probability, computed from the `probabilities` of the
    /// states. The probability of the state of rare and unseen levels is divided among the rare levels that
    /// the model knows.
    pub(crate) fn divided(&self, probabilities: &[f64]) -> Vec<(f64, f64)> {
        let rare = self.rare_values();
        let kept = if rare.is_empty() { probabilities.len() } else { probabilities.len().saturating_sub(1) };
        let last = probabilities.last().copied().unwrap_or(0.0);
        let states = (0..kept).map(|state| (state as f64, probabilities[state]));
        states.chain(rare.into_iter().map(|(value, share)| (value, share * last))).collect()
    }

    /// The most probable value of the column, and its probability or density. The value is a level of the
    /// table; only a model that does not know the names of rare levels returns the state that they share.
    #[must_use]
    pub fn most_probable(&self, distribution: &UnivariateMixture) -> (f64, f64) {
        let UnivariateMixture::Discrete { probabilities, .. } = distribution else {
            let mode = distribution.mode();
            return (mode, distribution.density(mode));
        };
        let mut values = self.divided(probabilities);
        if self.rare.is_some() && values.len() > 1 {
            values.retain(|(value, _)| Some(*value as usize) != self.other());
        }
        let first = values.first().copied().unwrap_or((0.0, 0.0));
        values.into_iter().fold(first, |best, one| if one.1 > best.1 { one } else { best })
    }

    /// A value of the column in the table's units: a pixel is divided by 255, other values are unchanged.
    #[must_use]
    pub fn to_table(&self, value: f64) -> f64 {
        if self.values == ColumnValues::Pixel { value / WHITE } else { value }
    }

    /// The value of the column for a number in the table's units.
    pub(crate) fn to_model(&self, number: f64) -> f64 {
        if self.values == ColumnValues::Pixel { number * WHITE } else { number }
    }

    /// Checks a column that was read from a file; the error is a clause that says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = self.name();
        let fits = match (&self.values, &self.request.read_as) {
            (ColumnValues::Number, ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_)) => true,
            (ColumnValues::Whole { low, high }, ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_)) => {
                low <= high && high.checked_sub(*low).is_some_and(|range| range < MAXIMUM_STATES as i64)
            }
            (ColumnValues::Pixel, ReadAs::Numbers(_)) => true,
            (ColumnValues::Truth { .. }, ReadAs::Booleans) => true,
            (ColumnValues::States { with_other }, ReadAs::Codes(levels)) => {
                (1..=MAXIMUM_STATES).contains(&(levels.len() + usize::from(*with_other)))
            }
            _ => false,
        };
        if !fits {
            return Err(format!("the values of the column {name:?} are not those that it is read as"));
        }
        let rare = self.rare.as_deref().unwrap_or_default();
        if rare.iter().any(|level| level.rows == 0) || !rare.is_empty() && self.other().is_none() {
            return Err(format!("the rare levels of the column {name:?} do not belong to a category"));
        }
        match self.range {
            Some(range) if !range.is_usable() => {
                Err(format!("the range of the column {name:?} is not a range"))
            }
            None if self.is_number() => Err(format!("the column {name:?} has no range")),
            _ => Ok(()),
        }
    }
}
