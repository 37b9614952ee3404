//! Confusion matrices.

use serde::Serialize;

/// Number of rows for each pair of true and predicted class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    /// `[true][predicted]`
    counts: Vec<Vec<usize>>,
}

/// Measures of one class, each in [0, 1], or `None` where its denominator is 0.
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
    /// true class, both below `classes`.
    #[must_use]
    pub fn of(decisions: &[usize], labels: &[usize], classes: usize) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (&predicted, &right) in decisions.iter().zip(labels) {
            counts[right][predicted] += 1;
        }
        Self { counts }
    }

    /// Number of rows of class `right`, by predicted class, `[classes]`.
    #[must_use]
    pub fn row(&self, right: usize) -> &[usize] {
        &self.counts[right]
    }

    /// The measures of each class, with the given areas under ROC curves, which need the probabilities.
    #[must_use]
    pub fn by_class(&self, areas_under_roc: &[Option<f64>]) -> Vec<ClassMeasures> {
        let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
        let measures = |(class, &area_under_roc): (usize, &Option<f64>)| {
            let right = self.counts[class][class];
            let rows: usize = self.counts[class].iter().sum();
            let predicted: usize = self.counts.iter().map(|counts| counts[class]).sum();
            ClassMeasures {
                rows,
                precision: share(right, predicted),
                recall: share(right, rows),
                f1: share(2 * right, rows + predicted),
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
            .counts
            .iter()
            .enumerate()
            .filter_map(|(class, counts)| match counts.iter().sum::<usize>() {
                0 => None,
                rows => Some(counts[class] as f64 / rows as f64),
            })
            .collect();
        (!recalls.is_empty()).then(|| recalls.iter().sum::<f64>() / recalls.len() as f64)
    }

    /// The class with the most rows (the first of equal ones) and its fraction of all rows, which is the
    /// accuracy of always predicting it. `None` without rows.
    #[must_use]
    pub fn commonest(&self) -> Option<(usize, f64)> {
        let rows: Vec<usize> = self.counts.iter().map(|counts| counts.iter().sum()).collect();
        let all: usize = rows.iter().sum();
        let most = *rows.iter().max()?;
        let class = rows.iter().position(|&count| count == most)?;
        (all > 0).then(|| (class, most as f64 / all as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_agree_with_counting_by_hand() {
        // The third class neither occurs nor is predicted.
        let confusion = Confusion::of(&[0, 0, 1, 0], &[0, 1, 1, 0], 3);
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
        assert_eq!(Confusion::of(&[], &[], 2).balanced_accuracy(), None);
        assert_eq!(Confusion::of(&[], &[], 2).commonest(), None);
    }
}
