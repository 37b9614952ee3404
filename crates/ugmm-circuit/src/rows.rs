//! Rows of data, borrowed.

use crate::error::CircuitError;

/// Rows of data: one value for each variable in the data's own units; NaN is a missing value.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> Rows<'a> {
    /// Borrows values `[rows, columns]`, row-major.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Shape`] when the number of values is not a multiple of `columns`, or `columns` is 0.
    pub fn new(values: &'a [f64], columns: usize) -> Result<Self, CircuitError> {
        if columns == 0 || !values.len().is_multiple_of(columns) {
            return Err(CircuitError::Shape { values: values.len(), columns });
        }
        Ok(Self { values, columns })
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of values in a row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row-major.
    #[must_use]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// One row, `[columns]`.
    ///
    /// # Panics
    ///
    /// When `row` is not below [`Self::count`].
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The rows, each `[columns]`, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a [f64]> + Clone + use<'a> {
        self.values.chunks_exact(self.columns)
    }

    /// One column, in the order of rows.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> + Clone + use<'a> {
        self.values.iter().skip(column).step_by(self.columns).copied()
    }
}
