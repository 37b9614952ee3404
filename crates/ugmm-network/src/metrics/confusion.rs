//! Confusion matrices.

use crate::RowWeights;
use serde::Serialize;

/// Number of rows for each pair of true and predicted class.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    /// `[true][predicted]`
    counts: Vec<Vec<usize>>,
    /// Sums of the weights of these rows.
    #[serde(skip)]
    weights: Vec<Vec<f64>>,
}

/// Measures of one class, weighted if the rows have weights, each in [0, 1], or `None` where its denominator is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassMeasures {
    /// Number of rows of this class.
    pub rows: usize,
    /// Fraction of the rows predicted as this class that belong to it.
    pub precision: Option<f64>,
    /// Fraction of the rows of this class that are predicted as it.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall: 2 · true positives / (rows + predicted rows).
    pub f1: Option<f64>,
    /// Area under the ROC curve of the class's probability, for its rows against all others.
    pub area_under_roc: Option<f64>,
}

impl Confusion {
    /// The confusion matrix of the predicted class of each row (see [`decisions`](super::decisions)) and its
    /// true class, both below `classes`. The matrix counts rows; the measures of classes are weighted by `weights`
    /// `[rows]`, `None` for equal weights.
    #[must_use]
    pub fn of(decisions: &[usize], labels: &[usize], classes: usize, weights: Option<&[f64]>) -> Self {
        let (mut counts, mut sums) = (vec![vec![0; classes]; classes], vec![vec![0.0; classes]; classes]);
        for (row, (&predicted, &right)) in decisions.iter().zip(labels).enumerate() {
            counts[right][predicted] += 1;
            sums[right][predicted] += RowWeights(weights).of(row);
        }
        Self { counts, weights: sums }
    }

    /// Number of rows of class `right`, by predicted class, `[classes]`.
    #[must_use]
    pub fn row(&self, right: usize) -> &[usize] {
        &self.counts[right]
    }

    /// The measures of each class, with the given areas under ROC curves, which need the probabilities.
    #[must_use]
    pub fn by_class(&self, areas_under_roc: &[Option<f64>]) -> Vec<ClassMeasures> {
        let share = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let measures = |(class, &area_under_roc): (usize, &Option<f64>)| {
            let right = self.weights[class][class];
            let own: f64 = self.weights[class].iter().sum();
            let predicted: f64 = self.weights.iter().map(|weights| weights[class]).sum();
            ClassMeasures {
                rows: self.counts[class].iter().sum(),
                precision: share(right, predicted),
                recall: share(right, own),
                f1: share(2.0 * right, own + predicted),
                area_under_roc,
            }
        };
        areas_under_roc.iter().enumerate().map(measures).collect()
    }

    /// Mean recall of the classes that have rows, each with equal weight whatever its number of rows. `None`
    /// without rows.
    #[must_use]
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recalls: Vec<f64> = self
            .weights
            .iter()
            .enumerate()
            .map(|(class, weights)| (weights[class], weights.iter().sum::<f64>()))
            .filter(|&(_, own)| own > 0.0)
            .map(|(right, own)| right / own)
            .collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// The class with the most rows by weight (the first of equal ones) and its fraction of all rows, which is the
    /// accuracy of always predicting it. `None` without rows.
    #[must_use]
    pub fn commonest(&self) -> Option<(usize, f64)> {
        let own: Vec<f64> = self.weights.iter().map(|weights| weights.iter().sum()).collect();
        let all: f64 = own.iter().sum();
        let most = own.iter().copied().max_by(f64::total_cmp)?;
        let class = own.iter().position(|&weight| weight == most)?;
        (all > 0.0).then(|| (class, most / all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_agree_with_counting_by_hand() {
        // The third class neither occurs nor is predicted.
        let confusion = Confusion::of(&[0, 0, 1, 0], &[0, 1, 1, 0], 3, None);
        assert_eq!(
            (confusion.row(0), confusion.row(1), confusion.row(2)),
            (&[2, 0, 0][..], &[1, 1, 0][..], &[0; 3][..])
        );
        let measures = confusion.by_class(&[None; 3]);
        assert_eq!(measures[0].precision, Some(2.0 / 3.0));
        assert_eq!(
            (measures[1].precision, measures[1].recall, measures[1].f1),
            (Some(1.0), Some(0.5), Some(2.0 / 3.0))
        );
        assert_eq!(
            (measures[2].rows, measures[2].precision, measures[2].recall, measures[2].f1),
            (0, None, None, None)
        );
        assert_eq!(confusion.balanced_accuracy(), Some(0.75));
        assert_eq!(confusion.commonest(), Some((0, 0.5)));
        assert_eq!(Confusion::of(&[], &[], 2, None).balanced_accuracy(), None);
        assert_eq!(Confusion::of(&[], &[], 2, None).commonest(), None);
    }
}
