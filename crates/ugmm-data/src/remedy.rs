//! Settings that make an error go away.

use std::fmt;

use crate::frame::{DecimalMark, Thousands};
use crate::show::value;

/// A setting with which a table can be read that is refused without it, or read otherwise.
///
/// The [`Display`](fmt::Display) text says in which case the setting is right, without its name: a command adds an option to it,
/// and another caller an argument.
///
/// ```
/// use ugmm_data::Remedy;
///
/// let remedy = Remedy::Missing("n/d".into());
/// assert_eq!(remedy.to_string(), "if \"n/d\" marks a missing value");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A mark of missing values: [`ReadOptions::missing`](crate::frame::ReadOptions::missing).
    Missing(String),
    /// The decimal mark of all numbers: [`ReadOptions::decimal`](crate::frame::ReadOptions::decimal).
    Decimal(DecimalMark),
    /// The mark between thousands in all numbers: [`ReadOptions::thousands`](crate::frame::ReadOptions::thousands).
    Thousands(Thousands),
    /// How the dates of a column are written: [`ReadOptions::dates`](crate::frame::ReadOptions::dates).
    Dates {
        /// Name of the column.
        column: String,
        /// As `strftime` has it; none where only the person who has the file can tell.
        format: Option<String>,
    },
    /// A column to read as numbers: [`ReadOptions::numeric`](crate::frame::ReadOptions::numeric).
    Numeric(String),
    /// A column to read as categories: [`ReadOptions::categorical`](crate::frame::ReadOptions::categorical).
    Categorical(String),
    /// A column in which the usual marks are values:
    /// [`ReadOptions::usual_marks`](crate::frame::ReadOptions::usual_marks).
    KeepText(String),
    /// A column to ignore: [`ReadOptions::ignore`](crate::frame::ReadOptions::ignore).
    Ignore(String),
    /// The character between columns: [`ReadOptions::delimiter`](crate::frame::ReadOptions::delimiter).
    Delimiter(char),
    /// The encoding of the text, by name: [`ReadOptions::encoding`](crate::frame::ReadOptions::encoding).
    Encoding(String),
    /// The column with the weights of rows: [`Table::weighted_by`](crate::Table::weighted_by).
    Weights,
    /// The file has no header: [`ReadOptions::has_header`](crate::frame::ReadOptions::has_header) is false.
    NoHeader,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Missing(text) => write!(f, "if {} marks a missing value", value(text)),
            Self::Decimal(mark) => write!(f, "if the file has decimal {}s", mark.name()),
            Self::Thousands(thousands) => write!(f, "if {} stand between thousands", thousands.plural()),
            Self::Dates { column, format: None } => {
                write!(f, "if the column {} holds dates in a format such as this one", value(column))
            }
            Self::Dates { column, .. } => {
                write!(f, "if the dates of the column {} have this format", value(column))
            }
            Self::Numeric(column) => write!(f, "if the column {} should hold numbers", value(column)),
            Self::Categorical(column) => {
                write!(f, "if the numbers of the column {} are no quantities", value(column))
            }
            Self::KeepText(column) => {
                write!(f, "if such texts are values of the column {}", value(column))
            }
            Self::Ignore(column) => write!(f, "to leave the column {} out", value(column)),
            Self::Delimiter(delimiter) => {
                write!(f, "if {} separates the columns", value(&delimiter.to_string()))
            }
            Self::Encoding(name) if name.starts_with("utf") => write!(f, "if the text is in this encoding"),
            Self::Encoding(_) => write!(f, "if the text is as Windows wrote it in Western Europe (Latin-1)"),
            Self::Weights => write!(f, "if another column has the weights"),
            Self::NoHeader => write!(f, "if the file has no header"),
        }
    }
}

impl Remedy {
    /// The setting that may help where a column is not found among `columns`, the names of all: a single name with another character
    /// than letters, digits and `_` may be the names of several columns.
    pub fn of_columns(columns: &[String]) -> Option<Self> {
        let [only] = columns else { return None };
        let delimiter = only.chars().find(|&character| !character.is_alphanumeric() && character != '_');
        delimiter.map(Self::Delimiter)
    }
}
