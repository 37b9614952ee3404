//! Doubts about what a file holds.

use serde::{Deserialize, Serialize};

use super::date::DateFormat;
use super::number::DecimalMark;

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
    /// No value has a mark of missing values that the options add.
    UnmetMark { mark: String },
    /// A column of categories looks like dates, but a value fits no format that the others have.
    NoDates { column: String, written: String },
}
