//! Columns of numbers with a unit, which are read as texts.

use ugmm_data::frame::Column;

/// What to do about a column of texts such as `217 kg`: names the first of them. `None` of other columns.
#[must_use]
pub fn without_unit(column: &Column) -> Option<String> {
    let (text, number) = column.with_unit()?;
    Some(format!("write the numbers without their unit ({number} in place of {text:?})"))
}
