//! Rows of features in memory, and their weights.

use crate::UgmmError;
use crate::values::check_finite;

/// Feature values, row-major.
#[derive(Clone, Debug)]
pub enum Features {
    /// Values as they are.
    F32(Vec<f32>),
    /// Bytes (image pixels), each multiplied by `scale` when a batch is made; they take a quarter of the
    /// memory.
    Bytes {
        /// The bytes.
        values: Vec<u8>,
        /// Factor from byte to feature value, such as 1/255 for pixels in [0, 1].
        scale: f32,
    },
}

impl Features {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::Bytes { values, .. } => values.len(),
        }
    }
}

/// Weights of rows in sums and means over them; without weights every row counts once.
///
/// ```
/// use ugmm_network::RowWeights;
///
/// let (weighted, plain) = (RowWeights(Some(&[0.5, 1.5])), RowWeights(None));
/// assert_eq!((weighted.of(1), weighted.sum(2)), (1.5, 2.0));
/// assert_eq!((plain.of(1), plain.sum(2)), (1.0, 2.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowWeights<'w>(
    /// The weight of each row, at least 0.
    pub Option<&'w [f64]>,
);

impl RowWeights<'_> {
    /// Positive weights divided by their mean; `None` for equal weights.
    #[must_use]
    pub fn normalized(weights: &[f64]) -> Option<Vec<f64>> {
        // Division by the greatest keeps the sum finite.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let mean = weights.iter().map(|weight| weight / largest).sum::<f64>() / weights.len() as f64;
        let are_different = weights.iter().any(|&weight| weight != largest);
        are_different.then(|| weights.iter().map(|weight| weight / largest / mean).collect())
    }

    /// The weight of a row.
    ///
    /// # Panics
    ///
    /// When there are weights and the row has none.
    #[must_use]
    pub fn of(self, row: usize) -> f64 {
        self.0.map_or(1.0, |weights| weights[row])
    }

    /// The sum of the weights of all rows, whose number is `rows`.
    #[must_use]
    pub fn sum(self, rows: usize) -> f64 {
        self.0.map_or(rows as f64, |weights| weights.iter().sum())
    }
}

/// Rows of features, such as those to predict for.
///
/// ```
/// use ugmm_network::{Features, Rows};
///
/// let rows = Rows::new(Features::F32(vec![5.1, 3.5, 6.2, 2.9]), 2)?;
/// assert_eq!((rows.len(), rows.batch(&[1])), (2, vec![6.2, 2.9]));
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rows {
    features: Features,
    columns: usize,
    has_missing: bool,
}

impl Rows {
    /// Rows with `columns` features.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when there is no column, the values make no whole rows or one is not finite.
    pub fn new(features: Features, columns: usize) -> Result<Self, UgmmError> {
        Self::checked(features, columns, false)
    }

    /// Rows in which NaN means a missing value.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when there is no column, the values make no whole rows, one is infinite or a row has no value at all.
    pub fn with_missing_values(features: Features, columns: usize) -> Result<Self, UgmmError> {
        Self::checked(features, columns, true)
    }

    pub(crate) fn checked(features: Features, columns: usize, may_miss: bool) -> Result<Self, UgmmError> {
        let what = "the data set";
        if columns == 0 {
            return Err(UgmmError::Size { what, found: 0, unit: "feature columns", expected: 1 });
        }
        if !features.len().is_multiple_of(columns) {
            let (found, expected) = (features.len(), features.len() / columns * columns);
            return Err(UgmmError::Size { what, found, unit: "feature values", expected });
        }
        let mut has_missing = false;
        if let Features::F32(values) = &features {
            check_finite(what, values, columns, may_miss)?;
            has_missing = values.iter().any(|value| value.is_nan());
            let nothing = |row: &[f32]| row.iter().all(|value| value.is_nan());
            if let Some(row) = values.chunks(columns).position(nothing) {
                return Err(UgmmError::EmptyRow { row });
            }
        }
        Ok(Self { features, columns, has_missing })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.features.len() / self.columns
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of feature columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row and column of the first missing value, from 0.
    #[must_use]
    pub fn first_missing(&self) -> Option<(usize, usize)> {
        let Features::F32(values) = &self.features else { return None };
        let missing = |values: &[f32]| values.iter().position(|value| value.is_nan());
        let place = if self.has_missing { missing(values) } else { None };
        place.map(|place| (place / self.columns, place % self.columns))
    }

    /// Features, row-major `[rows.len(), columns]`, of the given rows, in their order.
    ///
    /// # Panics
    ///
    /// When a row is not below [`Self::len`].
    #[must_use]
    pub fn batch(&self, rows: &[usize]) -> Vec<f32> {
        let columns = self.columns;
        let mut batch = Vec::with_capacity(rows.len() * columns);
        for &row in rows {
            let range = row * columns..(row + 1) * columns;
            match &self.features {
                Features::F32(all) => batch.extend_from_slice(&all[range]),
                Features::Bytes { values: all, scale } => {
                    batch.extend(all[range].iter().map(|&byte| f32::from(byte) * scale));
                }
            }
        }
        batch
    }

    /// The given rows, in their order.
    pub(crate) fn select(&self, rows: &[usize]) -> Self {
        let features = match &self.features {
            Features::F32(_) => Features::F32(self.batch(rows)),
            Features::Bytes { values, scale } => {
                let columns = self.columns;
                let bytes = rows.iter().flat_map(|row| &values[row * columns..(row + 1) * columns]);
                Features::Bytes { values: bytes.copied().collect(), scale: *scale }
            }
        };
        Self { features, ..*self }
    }

    /// Checks that the rows have the feature columns of a task, and all values that the network needs.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that says what does not fit.
    pub(crate) fn check(&self, features: usize, takes_missing_values: bool) -> Result<(), UgmmError> {
        if self.columns != features {
            let (what, found, unit) = ("the data set", self.columns, "feature columns");
            return Err(UgmmError::Size { what, found, unit, expected: features });
        }
        match self.first_missing() {
            Some((row, column)) if !takes_missing_values => Err(UgmmError::MissingValue { row, column }),
            _ => Ok(()),
        }
    }
}
