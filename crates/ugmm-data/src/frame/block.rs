//! Some rows of a file, column by column.

use arrow_array::ArrayRef;

/// Consecutive rows, with the columns selected.
pub(super) struct Block {
    /// Where each row is in the file: the line it begins on, or its number in a Parquet file, both from 1.
    pub(super) rows: Vec<usize>,
    /// The columns in the order they were selected in.
    pub(super) columns: Vec<ArrayRef>,
}
