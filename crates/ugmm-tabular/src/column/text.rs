//! Values of columns as text.

use ugmm_data::frame::{DateFormat, ReadAs};

/// Characters of a year and a month: 2024-02.
const MONTH: usize = 7;

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
    let mut text = read_as.text(nearest_value(read_as, number));
    if is_month(read_as) {
        text.truncate(MONTH);
    }
    text
}

/// The value of a column that is nearest to a number: of months the first day of one, of others the number itself.
pub(crate) fn nearest_value(read_as: &ReadAs, number: f64) -> f64 {
    if !is_month(read_as) {
        return number;
    }
    let first = first_of_month(number);
    let next = first_of_month(first + 32.0);
    if next - number < number - first { next } else { first }
}

/// The first day of the month that a day is in.
pub(crate) fn first_of_month(day: f64) -> f64 {
    let months = ReadAs::Dates(DateFormat::Months);
    let text = ReadAs::Days.text(day);
    text.get(..MONTH).and_then(|month| months.number(month)).unwrap_or(day)
}

/// Whether the values of a column are months.
pub(crate) fn is_month(read_as: &ReadAs) -> bool {
    matches!(read_as, ReadAs::Dates(DateFormat::Months))
}
