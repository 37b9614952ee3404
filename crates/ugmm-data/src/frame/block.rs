//! Some rows of a file, column by column.

use arrow_array::ArrayRef;

/// Consecutive rows, with the columns selected.
pub(super) struct Block {
    /// Where each row is in the file: the line it begins on, its number in a sheet, or among the rows of another file, all from
    /// 1.
    pub(super) rows: Vec<usize>,
    /// The columns in the order they were selected in.
    pub(super) columns: Vec<ArrayRef>,
}
