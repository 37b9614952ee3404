//! Parses values and ranges of columns from text.

use super::encoding::Encoded;
use super::range::NumberRange;
use super::{Column, ColumnValues, NOT_SEEN};
use crate::error::TabularError;
use crate::question::error::QuestionError;
use ugmm_data::closest;
use ugmm_data::frame::{LevelIndex, ReadAs, first_of_month};

/// Largest number of states that the description of a column lists by name.
const SHOWN_STATES: usize = 10;
/// Largest number of names in a message.
const SHOWN_NAMES: usize = 20;

impl Column {
    /// The value for a text that is written as in the table.
    ///
    /// # Errors
    ///
    /// Returns an error if the column cannot have the value; the message says which values are possible.
    pub fn parse(&self, text: &str) -> Result<f64, TabularError> {
        let text = text.trim();
        if let Some(names) = self.value_names() {
            let value = match self.values {
                ColumnValues::Truth { .. } => self.request.read_as.number(text),
                // Rare levels come after the state that they share.
                _ => LevelIndex::new(&names).position(text).map(|place| {
                    let is_rare = self.other().is_some_and(|other| place as usize >= other);
                    f64::from(place + u32::from(is_rare))
                }),
            };
            // Answers use this name where no level of the table has the state.
            let not_seen = || self.other().filter(|_| text == NOT_SEEN && self.rare() == Some(&[]));
            let value = value.or_else(|| not_seen().map(|other| other as f64));
            return value.ok_or_else(|| self.no_value(text, one_of(text, &names)));
        }
        let Some(number) = number(&self.request.read_as, text) else {
            let example = self.range.map(|range| {
                let [low, high] = [range.low, range.high].map(|end| self.number_text(end));
                format!(", such as those from {low} to {high}")
            });
            return Err(self.no_value(text, format!("{}{}", self.kind(), example.unwrap_or_default())));
        };
        match self.encode_number(number) {
            Encoded::Value(value) => Ok(value),
            _ => Err(self.no_value(text, self.possible_values())),
        }
    }

    /// The range for a text such as `0:10`, from the lower to the higher number, in the table's units. If all
    /// values of the column are whole numbers, the field `whole` is true and both ends are whole.
    ///
    /// # Errors
    ///
    /// Returns an error if the column has states, or the text is not a range that holds a value of the
    /// column.
    pub fn parse_range(&self, text: &str) -> Result<NumberRange, TabularError> {
        if !self.is_number() {
            let (column, value) = (self.name().to_owned(), text.to_owned());
            return Err(QuestionError::RangeOfCategories { column, value }.into());
        }
        let read = |text: &str| number(&self.request.read_as, text.trim());
        // A time contains colons.
        let colons = text.match_indices(':').map(|(place, _)| place);
        let ends = |place: usize| Some((read(&text[..place])?, read(&text[place + 1..])?));
        let Some((low, high)) = colons.filter_map(ends).find(|(low, high)| low < high) else {
            let expected = "a range such as 0:10, from one number to a greater one";
            return Err(self.no_value(text, expected.to_owned()));
        };
        let whole = matches!(self.values, ColumnValues::Whole { .. })
            || self.values == ColumnValues::Number && self.range.is_some_and(|range| range.whole);
        let is_empty = |low: f64, high: f64| low.ceil() > high.floor();
        let has_none = match self.values {
            ColumnValues::Pixel => is_empty(self.to_model(low), self.to_model(high)),
            _ => whole && is_empty(low, high),
        };
        if has_none {
            let expected = "a range with a whole number in it, because all numbers of the column are whole";
            return Err(self.no_value(text, expected.to_owned()));
        }
        Ok(if whole {
            NumberRange { low: low.ceil(), high: high.floor(), whole }
        } else {
            NumberRange { low, high, whole }
        })
    }

    fn no_value(&self, text: &str, expected: String) -> TabularError {
        QuestionError::NoValue { column: self.name().to_owned(), value: text.to_owned(), expected }.into()
    }

    fn kind(&self) -> &'static str {
        if self.is_date() { "a date" } else { "a number" }
    }

    /// Names of the values of a column of states: the levels that have a state of their own, and the known
    /// rare levels. The state that rare levels share is not among them.
    pub(crate) fn value_names(&self) -> Option<Vec<String>> {
        let mut names = self.states()?;
        names.truncate(self.other().unwrap_or(names.len()));
        names.extend(self.rare().unwrap_or_default().iter().map(|level| level.text.clone()));
        Some(names)
    }

    /// A description of the values that the column can have.
    #[must_use]
    pub fn possible_values(&self) -> String {
        let text = |end: f64| self.number_text(end);
        match self.values {
            ColumnValues::Whole { low, high } => {
                let kind = if self.is_date() { "a day" } else { "a whole number" };
                format!("{kind} from {} to {}", text(low as f64), text(high as f64))
            }
            ColumnValues::Pixel => "a pixel from 0 to 1, a byte divided by 255".into(),
            ColumnValues::States { .. } => match self.value_names().unwrap_or_default() {
                names if names.len() <= SHOWN_STATES => format!("one of {}", names.join(", ")),
                names => format!("one of {} states", names.len()),
            },
            _ => match (self.least, self.greatest) {
                (Some(least), Some(greatest)) => {
                    format!("{} from {} to {}", self.kind(), text(least), text(greatest))
                }
                (Some(least), None) => format!("{} of at least {}", self.kind(), text(least)),
                (None, Some(greatest)) => format!("{} of at most {}", self.kind(), text(greatest)),
                (None, None) => "a finite number".into(),
            },
        }
    }
}

/// The number for a text that is written as in the column, or with a decimal point; a month is its first day.
fn number(read_as: &ReadAs, text: &str) -> Option<f64> {
    let plain = || ReadAs::Numbers(Default::default()).number(text);
    match read_as {
        ReadAs::Numbers(_) | ReadAs::Text => read_as.number(text).or_else(plain),
        _ if read_as.is_month() => read_as.number(text).map(first_of_month),
        _ => read_as.number(text),
    }
}

/// A list of the possible values, with the one that is closest to `text`.
fn one_of(text: &str, names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN_NAMES).map(|name| format!("{name:?}")).collect();
    let more = match names.len().saturating_sub(SHOWN_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let meant = closest(text, names).map_or_else(String::new, |name| format!("; did you mean {name:?}?"));
    format!("one of {}{more}{meant}", shown.join(", "))
}
