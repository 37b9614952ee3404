//! Preprocessing of feature values before they enter a network. It is saved with the model.

use crate::UgmmError;
use crate::values::mean_and_deviation;
use serde::{Deserialize, Serialize};

/// Standardisation: (value − mean) / scale, per column.
///
/// ```
/// use ugmm_network::Standardization;
///
/// let mut rows = vec![1.0, 10.0, 3.0, 10.0]; // two rows of two columns, the second constant
/// let standardization = Standardization::fit(&rows, 2)?;
/// standardization.apply(&mut rows)?;
/// assert_eq!(rows, [-1.0, 0.0, 1.0, 0.0]);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardization {
    /// Mean of each column.
    pub means: Vec<f64>,
    /// Standard deviation of each column; 1 for a constant column.
    pub scales: Vec<f64>,
}

impl Standardization {
    /// Means and standard deviations of row-major `values` `[rows, columns]`; NaN is a missing value and is
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Size`] when there is no row or no column.
    pub fn fit(values: &[f32], columns: usize) -> Result<Self, UgmmError> {
        if columns == 0 || values.len() < columns {
            let unit = if columns == 0 { "columns" } else { "rows" };
            return Err(UgmmError::Size { what: "the data to standardise", found: 0, unit, expected: 1 });
        }
        let columns = (0..columns).map(|column| mean_and_deviation(values, columns, column));
        // A spread below f32 resolution at this mean comes from rounding.
        let scale =
            |mean: f64, spread: f64| if spread > f64::from(f32::EPSILON) * mean.abs() { spread } else { 1.0 };
        let (means, scales) = columns.map(|(mean, spread)| (mean, scale(mean, spread))).unzip();
        Ok(Self { means, scales })
    }

    /// Standardises row-major `values` `[rows, columns]` in place. Results beyond `f32` are saturated; NaN
    /// stays.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Size`] when the number of values is not a multiple of the number of columns.
    pub fn apply(&self, values: &mut [f32]) -> Result<(), UgmmError> {
        let columns = self.means.len();
        if columns == 0 || !values.len().is_multiple_of(columns) {
            let (what, unit) = ("the data to standardise", "values");
            return Err(UgmmError::Size { what, found: values.len(), unit, expected: columns });
        }
        for row in values.chunks_mut(columns) {
            for ((value, mean), scale) in row.iter_mut().zip(&self.means).zip(&self.scales) {
                let standardized = (f64::from(*value) - mean) / scale;
                *value = standardized.clamp(f32::MIN.into(), f32::MAX.into()) as f32;
            }
        }
        Ok(())
    }

    /// Whether it has this number of columns and valid values, as a file must.
    pub(crate) fn fits(&self, columns: usize) -> bool {
        self.means.len() == columns
            && self.scales.len() == columns
            && self.means.iter().all(|mean| mean.is_finite())
            && self.scales.iter().all(|scale| scale.is_finite() && *scale > 0.0)
    }
}
