//! Doubts about what a file holds.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date::{DateFormat, date_text};
use super::number::DecimalMark;
use super::number_format::NumberFormat;
use super::request::ReadAs;
use crate::Remedy;
use crate::show::value;

/// An assumption about a file that the file does not decide. `column` is the name of a column, and `written` a value of it that
/// could be something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum Doubt {
    /// The numbers of a column would be others with the other decimal mark than `taken`.
    DecimalMark { column: String, written: String, taken: DecimalMark },
    /// One column can only have decimal points and another only decimal commas.
    MixedMarks { point: String, comma: String },
    /// The dates of a column could have year, month and day in another order than `taken`; `others` as `strftime` has them.
    DateOrder { column: String, written: String, taken: DateFormat, others: Vec<String> },
    /// A column has dates in a format of `strftime` that is read only where it is stated.
    UnreadDates { column: String, written: String, format: String },
    /// A column of categories has numbers with a sign such as `%` beside them, or as strings.
    NearNumbers { column: String, written: String },
    /// The first column has no name, as the names of rows have none, but has fractions.
    Nameless { column: String },
    /// The header has one name less than the rows have fields, as R writes it; `column` is the first one.
    RowNames { column: String },
    /// The first sheet of a workbook was taken, because none was named.
    FirstSheet { taken: String, others: Vec<String> },
    /// No value has a mark of missing values that the options add.
    UnmetMark { mark: String },
    /// A column of categories looks like dates, but a value fits no format that the others have.
    NoDates { column: String, written: String },
}

/// One clause that says what is assumed, and why it may be wrong.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::DecimalMark { column, written, taken } => {
                let format = NumberFormat { mark: *taken, grouped: true, ..NumberFormat::default() };
                let number = ReadAs::Numbers(format).number(written).unwrap_or(f64::NAN);
                write!(
                    f,
                    "{} is read with decimal {}s, as which {} is {number}; nothing in the file decides it",
                    value(column),
                    taken.name(),
                    value(written)
                )
            }
            Self::MixedMarks { point, comma } => write!(
                f,
                "the numbers of {} have decimal points and those of {} decimal commas; each is read as it is",
                value(point),
                value(comma)
            ),
            Self::DateOrder { column, written, taken, .. } => {
                let first = match taken {
                    DateFormat::MonthFirst => "month",
                    DateFormat::ShortYearFirst => "year",
                    _ => "day",
                };
                let day = ReadAs::Dates(taken.clone()).number(written).unwrap_or_default();
                write!(
                    f,
                    "{} is read with the {first} first, as which {} is {}; nothing in the file decides it",
                    value(column),
                    value(written),
                    date_text(day)
                )
            }
            Self::UnreadDates { column, written, .. } => {
                write!(
                    f,
                    "{} looks like dates, such as {}, and is taken as a category",
                    value(column),
                    value(written)
                )
            }
            Self::NearNumbers { column, written } => write!(
                f,
                "{} looks like numbers, such as {}, and is taken as a category",
                value(column),
                value(written)
            ),
            Self::Nameless { column } => write!(
                f,
                "{}, the first column, has no name, as the index of a table has none, and is read as numbers",
                value(column)
            ),
            Self::RowNames { column } => write!(
                f,
                "the header names one column less than the rows have, as R writes it; the first column is called {}",
                value(column)
            ),
            Self::FirstSheet { taken, others } => {
                let others: Vec<String> = others.iter().map(|name| value(name)).collect();
                let (are, others) =
                    (if others.len() == 1 { "other is" } else { "others are" }, others.join(", "));
                write!(
                    f,
                    "the first sheet, {}, is read; the {are} {others}; FILE::SHEET reads another",
                    value(taken)
                )
            }
            Self::UnmetMark { mark } => write!(
                f,
                "no value of the columns that were read is {}, which was given as a mark of missing values; write it as the \
                 table has it",
                value(mark)
            ),
            Self::NoDates { column, written } => write!(
                f,
                "{} looks like dates and is taken as a category, because {} is no date or has another format than the \
                 others",
                value(column),
                value(written)
            ),
        }
    }
}

impl Doubt {
    /// The settings that are right if the assumption is wrong.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let dates = |column: &String, format: Option<&String>| Remedy::Dates {
            column: column.clone(),
            format: format.cloned(),
        };
        match self {
            Self::DecimalMark { taken: DecimalMark::Point, .. } => vec![Remedy::Decimal(DecimalMark::Comma)],
            Self::DecimalMark { .. } => vec![Remedy::Decimal(DecimalMark::Point)],
            Self::MixedMarks { comma, .. } => vec![Remedy::Categorical(comma.clone())],
            Self::DateOrder { column, others, .. } => {
                others.iter().map(|other| dates(column, Some(other))).collect()
            }
            Self::UnreadDates { column, format, .. } => vec![dates(column, Some(format))],
            Self::NearNumbers { column, .. } => vec![Remedy::Numeric(column.clone())],
            Self::Nameless { column } => vec![Remedy::Ignore(column.clone())],
            Self::RowNames { .. } | Self::FirstSheet { .. } | Self::UnmetMark { .. } => Vec::new(),
            Self::NoDates { column, written } => vec![dates(column, None), Remedy::Missing(written.clone())],
        }
    }
}
