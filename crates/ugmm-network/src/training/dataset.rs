//! Rows of features with their targets and weights, and their batches.

use crate::values::check_finite;
use crate::{Features, RowWeights, Rows, Targets, UgmmError};
use std::borrow::Cow;

/// Rows for training or evaluation.
///
/// ```
/// use ugmm_network::training::{Dataset, Features};
///
/// let features = Features::F32(vec![5.1, 3.5, 6.2, 2.9]);
/// let dataset = Dataset::new(features, 2, vec![0, 1], 2)?;
/// assert_eq!(dataset.rows(), 2);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    features: Rows,
    targets: Targets,
    classes: usize,
    targets_per_row: usize,
    /// The weight of each row, positive and 1 on average; `None` for equal weights.
    weights: Option<Vec<f64>>,
}

/// A batch of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The features, row-major `[rows, features]`.
    pub x: Vec<f32>,
    /// The targets, one or several for each row.
    pub targets: Targets,
    /// The weight of each target, which is that of its row; `None` for equal weights.
    pub weights: Option<Vec<f64>>,
}

impl Dataset {
    /// A data set of rows with `columns` features and the class index of each row, below `classes`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when there is no row or no column, the sizes do not fit, a value is not finite or a
    /// class index is too large.
    pub fn new(
        features: Features,
        columns: usize,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, UgmmError> {
        Self::checked(features, columns, (Targets::Classes(labels), 1), classes, false)
    }

    /// A data set in which NaN means a missing value; otherwise as in [`Self::new`].
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when there is no row or no column, the sizes do not fit, a value is infinite, a row has
    /// no value at all or a class index is too large.
    pub fn with_missing_values(
        features: Features,
        columns: usize,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, UgmmError> {
        Self::checked(features, columns, (Targets::Classes(labels), 1), classes, true)
    }

    /// A data set with numbers to predict, in which a feature may be missing (NaN).
    ///
    /// # Errors
    ///
    /// The errors of [`Self::with_missing_values`], and [`UgmmError::NotFinite`] when a number is not finite.
    pub fn with_numbers(features: Features, columns: usize, numbers: Vec<f32>) -> Result<Self, UgmmError> {
        check_finite("the column of numbers to predict", &numbers, 1, false)?;
        Self::checked(features, columns, (Targets::Numbers(numbers), 1), 0, true)
    }

    /// A data set with several classes to predict for each row, such as one for each step of a sequence.
    /// `labels` has `labels_per_row` entries for each row, in the order of rows.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::new`].
    pub fn of_sequences(
        features: Features,
        columns: usize,
        labels: Vec<usize>,
        labels_per_row: usize,
        classes: usize,
    ) -> Result<Self, UgmmError> {
        Self::checked(features, columns, (Targets::Classes(labels), labels_per_row), classes, false)
    }

    fn checked(
        features: Features,
        columns: usize,
        (targets, targets_per_row): (Targets, usize),
        classes: usize,
        may_miss: bool,
    ) -> Result<Self, UgmmError> {
        if targets.is_empty() || columns == 0 {
            let unit = if columns == 0 { "feature columns" } else { "rows" };
            return Err(UgmmError::Size { what: "the data set", found: 0, unit, expected: 1 });
        }
        if targets_per_row == 0 || !targets.len().is_multiple_of(targets_per_row) {
            let value = format!("{targets_per_row} with {} labels", targets.len());
            return Err(UgmmError::setting(
                "labels_per_row",
                value,
                "at least 1, and the same for every row",
            ));
        }
        let rows = targets.len() / targets_per_row;
        if features.len() != rows * columns {
            let (found, expected) = (features.len(), rows * columns);
            return Err(UgmmError::Size { what: "the data set", found, unit: "feature values", expected });
        }
        let features = Rows::checked(features, columns, may_miss)?;
        if let Targets::Classes(labels) = &targets
            && let Some(row) = labels.iter().position(|&label| label >= classes)
        {
            let class = labels[row];
            return Err(UgmmError::Class {
                row: row / targets_per_row,
                class,
                last: classes.saturating_sub(1),
            });
        }
        Ok(Self { features, targets, classes, targets_per_row, weights: None })
    }

    /// The data set with a weight for each row, at least 0, which multiplies its part in the loss and in every
    /// measure: a row of weight 2 counts as two rows. Rows of weight 0 are left out. Only ratios of weights
    /// matter, because all weights are divided by their mean.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the number of weights is not that of the rows, a weight is negative or not finite, or
    /// none is positive.
    ///
    /// ```
    /// use ugmm_network::training::{Dataset, Features};
    ///
    /// let rows = Dataset::new(Features::F32(vec![5.1, 6.2, 4.9]), 1, vec![0, 1, 0], 2)?;
    /// let weighted = rows.weighted(&[1.0, 0.0, 3.0])?;
    /// assert_eq!((weighted.rows(), weighted.weights()), (2, Some(&[0.5, 1.5][..])));
    /// # Ok::<(), ugmm_network::UgmmError>(())
    /// ```
    pub fn weighted(self, weights: &[f64]) -> Result<Self, UgmmError> {
        if weights.len() != self.rows() {
            let (what, found, expected) = ("the list of row weights", weights.len(), self.rows());
            return Err(UgmmError::Size { what, found, unit: "numbers", expected });
        }
        if let Some(weight) = weights.iter().find(|&&weight| !(weight >= 0.0 && weight.is_finite())) {
            return Err(UgmmError::setting("a row weight", weight, "at least 0 and finite"));
        }
        let largest = weights.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return Err(UgmmError::setting("the greatest row weight", largest, "positive"));
        }
        let kept: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] / largest > 0.0).collect();
        let weights: Vec<f64> = kept.iter().map(|&row| weights[row]).collect();
        let rows = if kept.len() < self.rows() { self.select(&kept) } else { self };
        Ok(Self { weights: RowWeights::normalized(&weights), ..rows })
    }

    /// The given rows without weights.
    fn select(&self, rows: &[usize]) -> Self {
        let targets = self.targets.select(&self.places_of_targets(rows));
        Self { features: self.features.select(rows), targets, weights: None, ..*self }
    }

    /// The weight of each row, positive and 1 on average; `None` for equal weights.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The weight of each target, which is that of its row; `None` for equal weights.
    #[must_use]
    pub fn target_weights(&self) -> Option<Vec<f64>> {
        let of_row = |&weight: &f64| std::iter::repeat_n(weight, self.targets_per_row);
        self.weights.as_ref().map(|weights| weights.iter().flat_map(of_row).collect())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.targets.len() / self.targets_per_row
    }

    /// Number of targets of each row: 1, except for [sequences](Self::of_sequences).
    #[must_use]
    pub fn targets_per_row(&self) -> usize {
        self.targets_per_row
    }

    /// Number of feature columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.features.columns()
    }

    /// Number of classes; 0 if the targets are numbers.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The features of all rows.
    #[must_use]
    pub fn features(&self) -> &Rows {
        &self.features
    }

    /// The targets of all rows.
    #[must_use]
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Class index of each row, or of each step of each row; empty if the targets are numbers.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        match &self.targets {
            Targets::Classes(labels) => labels,
            Targets::Numbers(_) => &[],
        }
    }

    /// The given rows, in their order.
    ///
    /// # Panics
    ///
    /// When a row is not below [`Self::rows`].
    #[must_use]
    pub fn batch(&self, rows: &[usize]) -> Batch {
        let weights = RowWeights(self.weights());
        let of_row = |&row: &usize| std::iter::repeat_n(weights.of(row), self.targets_per_row);
        Batch {
            x: self.features.batch(rows),
            targets: self.targets.select(&self.places_of_targets(rows)),
            weights: self.weights.is_some().then(|| rows.iter().flat_map(of_row).collect()),
        }
    }

    /// The places of the targets of these rows.
    fn places_of_targets<'r>(&self, rows: &'r [usize]) -> Cow<'r, [usize]> {
        match self.targets_per_row {
            1 => Cow::Borrowed(rows),
            count => rows.iter().flat_map(|row| row * count..(row + 1) * count).collect(),
        }
    }
}
