//! Detects columns of numbers with a unit, which are read as texts.

use crate::remedy::Remedy;
use ugmm_data::frame::Column;

/// The remedy that reads a column of texts such as `217 kg` as numbers, with the first text as an example;
/// `None` for other columns.
#[must_use]
pub fn without_unit(column: &Column) -> Option<Remedy> {
    column.with_unit().map(|(written, number)| Remedy::WithoutUnit { written, number })
}
