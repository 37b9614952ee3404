//! What a file leaves open.

use serde::{Deserialize, Serialize};

use super::date::DateFormat;
use super::number::DecimalMark;

/// What a file does not decide, and what was assumed. `column` is the name of a column, and `written` a value of it that could
/// be something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are what their names say")]
pub enum Doubt {
    /// Its numbers would be others with the other decimal mark.
    DecimalMark { column: String, written: String, taken: DecimalMark },
    /// One column can only have decimal points and another only decimal commas.
    MixedMarks { point: String, comma: String },
    /// Its dates could have year, month and day in another order than the one taken; the others as `strftime` has them.
    DateOrder { column: String, written: String, taken: DateFormat, others: Vec<String> },
    /// It holds dates in this format of `strftime`, which is read only where it is stated.
    UnreadDates { column: String, written: String, format: String },
    /// It holds numbers with a sign such as `%` beside them, or as strings.
    NearNumbers { column: String, written: String },
    /// It is the first column and has no name, as the names of rows have none, but fractions.
    Nameless { column: String },
    /// The header names one column less than the rows have, as R writes it; this is the first one.
    RowNames { column: String },
    /// No value is marked as missing by this mark, which the options add.
    UnmetMark { mark: String },
    /// It looks like dates and is not taken as such, because this value fits no format that others have.
    NoDates { column: String, written: String },
}
