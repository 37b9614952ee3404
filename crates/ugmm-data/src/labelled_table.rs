//! Numbers by row, with the label of each row beside them.

use crate::error::DataError;

/// Numeric features and a label for each row.
///
/// ```
/// use ugmm_data::LabelledTable;
///
/// let table = LabelledTable {
///     feature_names: vec!["height".into(), "weight".into()],
///     features: vec![1.7, 70.0, 1.8, 80.0],
///     labels: vec!["f".into(), "m".into()],
/// };
/// assert_eq!((table.rows(), table.columns()), (2, 2));
/// assert_eq!(table.row(1), [1.8, 80.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledTable {
    /// Name of each feature, in the order of the columns: `[features]`.
    pub feature_names: Vec<String>,
    /// The numbers, row-major: `[rows, features]`, all finite when they come from this crate.
    pub features: Vec<f32>,
    /// The label of each row: `[rows]`.
    pub labels: Vec<String>,
}

impl LabelledTable {
    /// Number of rows that have both features and a label.
    pub fn rows(&self) -> usize {
        self.features.len().checked_div(self.columns()).unwrap_or(0).min(self.labels.len())
    }

    /// Number of features.
    pub fn columns(&self) -> usize {
        self.feature_names.len()
    }

    /// The features of row `index`, counted from 0: `[features]`.
    ///
    /// # Panics
    ///
    /// If `index` is not less than [`rows`](Self::rows), as indexing a slice does.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.features[index * self.columns()..][..self.columns()]
    }

    /// The table of the rows `indices`, counted from 0, in that order; an index may occur more than once.
    ///
    /// # Errors
    ///
    /// [`DataError::RowOutOfRange`] if an index is not less than [`rows`](Self::rows).
    pub fn select_rows(&self, indices: &[usize]) -> Result<LabelledTable, DataError> {
        let rows = self.rows();
        if let Some(&index) = indices.iter().find(|&&index| index >= rows) {
            return Err(DataError::RowOutOfRange { index, rows });
        }
        Ok(LabelledTable {
            feature_names: self.feature_names.clone(),
            features: indices.iter().flat_map(|&index| self.row(index)).copied().collect(),
            labels: indices.iter().map(|&index| self.labels[index].clone()).collect(),
        })
    }
}
