//! Which columns to read, and as what.

use serde::{Deserialize, Serialize};

use super::boolean;
use super::date::{self, DateFormat};
use super::error::FrameError;
use super::number_format::NumberFormat;

/// A column to read. Models store these, so that they read other files as the one they were trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Name of the column.
    pub name: String,
    /// How its values are read.
    pub read_as: ReadAs,
}

/// How the values of a column are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReadAs {
    /// Numbers, written in this format.
    Numbers(NumberFormat),
    /// 1 for true and 0 for false, by any pair of words.
    Booleans,
    /// Days since 1970-01-01, of dates whose order is plain, such as `2024-02-29`.
    Days,
    /// Days since 1970-01-01, of dates in this format.
    Dates(DateFormat),
    /// The position of the value in this list; [`UNSEEN`](super::UNSEEN) for a value that is not in it.
    Codes(Vec<String>),
    /// The text as in the file, without blanks around it.
    Text,
}

impl Request {
    /// The column `name` as text, whatever it holds; for class labels.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), read_as: ReadAs::Text }
    }
}

impl ReadAs {
    /// Whether the values are dates, as days since 1970-01-01.
    pub fn is_date(&self) -> bool {
        matches!(self, Self::Days | Self::Dates(_))
    }

    /// The number that `text`, without blanks around it, becomes; none if it is none, or if these are no numbers.
    pub fn number(&self, text: &str) -> Option<f64> {
        match self {
            Self::Numbers(format) => format.parse(text).ok(),
            Self::Booleans => boolean::parse(text),
            Self::Days => date::parse(text, None),
            Self::Dates(format) => date::parse(text, Some(format)),
            Self::Codes(_) | Self::Text => None,
        }
    }

    /// Whether the values are months, as their first days.
    pub fn is_month(&self) -> bool {
        matches!(self, Self::Dates(DateFormat::Months))
    }

    /// The value that is nearest to a number: a first day of a month if the values are months, else the number itself.
    pub fn nearest(&self, number: f64) -> f64 {
        if !self.is_month() {
            return number;
        }
        let first = date::first_of_month(number);
        let next = date::first_of_month(first + 32.0);
        if next - number < number - first { next } else { first }
    }

    /// A number as it would stand in a file: dates as `2024-02-29`, months as `2024-02`, booleans as `true` and `false`, others
    /// with a decimal point.
    ///
    /// ```
    /// use ugmm_data::frame::{DateFormat, ReadAs};
    ///
    /// assert_eq!(ReadAs::Days.text(19_782.0), "2024-02-29");
    /// assert_eq!(ReadAs::Dates(DateFormat::Months).text(19_782.0), "2024-03");
    /// ```
    pub fn text(&self, number: f64) -> String {
        match self {
            Self::Booleans => if number == 0.0 { "false" } else { "true" }.to_owned(),
            Self::Dates(DateFormat::Months) => date::month_text(self.nearest(number)),
            Self::Days | Self::Dates(_) => date::format(number),
            _ => number.to_string(),
        }
    }
}

/// Fails if the list is empty.
pub(super) fn check(requests: &[Request]) -> Result<(), FrameError> {
    if requests.is_empty() { Err(FrameError::NoColumnRequested) } else { Ok(()) }
}
