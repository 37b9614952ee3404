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
    /// What its values become.
    pub read_as: ReadAs,
}

/// What the values of a column become.
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

    /// A number as it would stand in a file: dates as `2024-02-29`, booleans as `true` and `false`, others with a decimal
    /// point.
    pub fn text(&self, number: f64) -> String {
        match self {
            Self::Booleans => if number == 0.0 { "false" } else { "true" }.to_owned(),
            Self::Days | Self::Dates(_) => date::format(number),
            _ => number.to_string(),
        }
    }
}

/// Refuses an empty list and one with a name twice.
pub(super) fn check(requests: &[Request]) -> Result<(), FrameError> {
    if requests.is_empty() { Err(FrameError::NoColumnRequested) } else { Ok(()) }
}
