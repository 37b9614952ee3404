//! Values of columns as text.

use ugmm_data::frame::ReadAs;

/// A number of a column as it would stand in its table: of a column of months, which are their first days, the nearest one.
///
/// ```
/// use ugmm_data::frame::{DateFormat, ReadAs};
/// use ugmm_tabular::value_text;
///
/// assert_eq!(value_text(&ReadAs::Days, 19_782.0), "2024-02-29");
/// assert_eq!(value_text(&ReadAs::Dates(DateFormat::Months), 19_782.0), "2024-03");
/// ```
#[must_use]
pub fn value_text(read_as: &ReadAs, number: f64) -> String {
    read_as.text(number)
}

/// Whether the values of a column are months.
pub(crate) fn is_month(read_as: &ReadAs) -> bool {
    read_as.is_month()
}
