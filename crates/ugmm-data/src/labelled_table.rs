//! The table: numbers by row, with the label of each row beside them.

use crate::error::DataError;

/// Numeric features plus an optional target column.
///
/// ```
/// use ugmm_data::{LabelledTable, Target};
///
/// let table = LabelledTable {
///     feature_names: vec!["height".into(), "weight".into()],
///     features: vec![1.7, 70.0, 1.8, 80.0],
///     target: Some(Target { name: "sex".into(), labels: vec!["f".into(), "m".into()] }),
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
    /// The column to predict, when there is one.
    pub target: Option<Target>,
}

/// The column to predict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Name of the column.
    pub name: String,
    /// One label per row, the text as in the file but for blanks around it: `[rows]`.
    pub labels: Vec<String>,
}

impl LabelledTable {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.features.len().checked_div(self.columns()).unwrap_or(0)
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
        let features = indices.iter().flat_map(|&index| self.row(index)).copied().collect();
        let target = self.target.as_ref().map(|target| target.select_rows(indices)).transpose()?;
        Ok(LabelledTable { feature_names: self.feature_names.clone(), features, target })
    }
}

impl Target {
    /// The labels at `indices`. The fields are public, so there may be fewer labels than the table has rows.
    fn select_rows(&self, indices: &[usize]) -> Result<Target, DataError> {
        let rows = self.labels.len();
        let label =
            |&index: &usize| self.labels.get(index).cloned().ok_or(DataError::RowOutOfRange { index, rows });
        Ok(Target { name: self.name.clone(), labels: indices.iter().map(label).collect::<Result<_, _>>()? })
    }
}
