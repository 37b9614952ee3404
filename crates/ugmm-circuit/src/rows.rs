//! Rows of data and their weights, borrowed.

use crate::error::CircuitError;

/// Rows of data: one value for each variable in the data's own units; NaN is a missing value.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f64],
    columns: usize,
    /// The weight of each row; `None` for equal weights.
    weights: Option<&'a [f64]>,
}

/// Some of the rows, copied.
pub(crate) struct Selected {
    values: Vec<f64>,
    columns: usize,
    weights: Option<Vec<f64>>,
}

impl Selected {
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { values: &self.values, columns: self.columns, weights: self.weights.as_deref() }
    }
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
        Ok(Self { values, columns, weights: None })
    }

    /// The rows with these weights, one for each row; `None` for equal weights. A row of weight 2 counts as two rows in
    /// training. Only ratios of weights matter: where priors and pseudo-counts are compared with rows, weights are 1 on
    /// average.
    ///
    /// # Errors
    ///
    /// [`CircuitError::Setting`] when a weight is not positive and finite or the number of weights is not that of the
    /// rows.
    pub fn weighted(self, weights: Option<&'a [f64]>) -> Result<Self, CircuitError> {
        let wrong =
            |setting, value: String, expected| Err(CircuitError::Setting { setting, value, expected });
        if let Some(found) = weights.map(<[f64]>::len).filter(|&found| found != self.count()) {
            return wrong("the number of row weights", found.to_string(), "that of the rows");
        }
        let is_wrong = |weight: &&f64| !(**weight > 0.0 && weight.is_finite());
        if let Some(weight) = weights.into_iter().flatten().find(is_wrong) {
            return wrong("a row weight", weight.to_string(), "positive and finite");
        }
        let are_different = |weights: &&[f64]| weights.iter().any(|weight| *weight != weights[0]);
        Ok(Self { weights: weights.filter(are_different), ..self })
    }

    /// The weight of each row; `None` for equal weights.
    #[must_use]
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// The weight of a row; 1 if all are equal.
    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The sum of all weights; the number of rows if all are equal.
    pub(crate) fn total_weight(&self) -> f64 {
        self.weights.map_or(self.count() as f64, |weights| weights.iter().sum())
    }

    /// The weights divided by their mean; `None` for equal weights.
    pub(crate) fn mean_1_weights(&self) -> Option<Vec<f64>> {
        let mean = self.total_weight() / self.count() as f64;
        self.weights.map(|weights| weights.iter().map(|weight| weight / mean).collect())
    }

    /// The rows at these places, in their order.
    pub(crate) fn select(&self, places: impl Iterator<Item = usize> + Clone) -> Selected {
        Selected {
            values: places.clone().flat_map(|row| self.row(row)).copied().collect(),
            columns: self.columns,
            weights: self.weights.map(|weights| places.map(|row| weights[row]).collect()),
        }
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
