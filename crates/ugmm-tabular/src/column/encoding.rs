//! Rows of a table as a circuit wants them.

use super::{DensityColumn, Encoded};
use ugmm_data::frame::Values;

/// Rows of a circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncodedRows {
    /// `[rows, columns]`, row by row; NaN where a value is missing or one that the variable cannot be.
    pub values: Vec<f64>,
    /// Numbers that their variables cannot be, by row and column.
    pub outside: Vec<Outside>,
    /// How many values are missing.
    pub missing: usize,
    /// Levels that training did not have or had seldom.
    pub unseen: usize,
    /// Numbers with a fraction in columns of whole numbers, which were rounded.
    pub rounded: usize,
}

/// A value that has no probability at all: a number outside of the range of its column, or a class that there was none of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    /// The row, counted from 0 among those of the batch.
    pub row: usize,
    /// Index of the column.
    pub column: usize,
    /// The number in the table's units; NaN of a class.
    pub number: f64,
}

/// Encodes columns of the same length; a column that is not there is missing in each row.
pub(crate) fn encode(columns: &[DensityColumn], values: &[Option<&Values>], rows: usize) -> EncodedRows {
    let width = columns.len();
    let mut encoded = EncodedRows { values: vec![f64::NAN; rows * width], ..EncodedRows::default() };
    for (index, (column, values)) in columns.iter().zip(values).enumerate() {
        let Some(values) = values else { continue };
        for row in 0..rows {
            let value = match values {
                Values::Numbers(numbers) => column.encode_number(numbers[row]),
                Values::Codes(codes) => column.encode_code(codes[row]),
                Values::Text(_) => Encoded::Missing,
            };
            let place = &mut encoded.values[row * width + index];
            match value {
                Encoded::Missing => encoded.missing += 1,
                Encoded::Value(value) => *place = value,
                Encoded::Unseen(value) => {
                    encoded.unseen += 1;
                    *place = value;
                }
                Encoded::Rounded(value) => {
                    encoded.rounded += 1;
                    *place = value;
                }
                Encoded::Impossible(number) => {
                    encoded.outside.push(Outside { row, column: index, number });
                }
            }
        }
    }
    encoded.outside.sort_by_key(|outside| (outside.row, outside.column));
    encoded
}
