//! Measures of predictions: class probabilities, and densities of numbers.

mod confusion;
mod decision;
mod numbers;
mod reliability;
mod roc;

pub use confusion::{ClassMeasures, Confusion};
pub use decision::{decisions, most_probable, unweighted};
pub use numbers::{NumberDistribution, NumberMetrics, mean_and_deviation};
pub use reliability::{ReliabilityBin, reliability};
pub use roc::{area_under_roc, areas_one_against_rest};
pub use ugmm_kernels::root_mean_square;

use crate::RowWeights;
use serde::{Deserialize, Serialize};

/// Number of bins of equal width over the probability of the predicted class in
/// [`Metrics::calibration_error`].
pub const CALIBRATION_BINS: usize = 15;

/// Measures of class probabilities against the true classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Number of rows.
    pub rows: usize,
    /// Fraction of rows whose predicted class is the true one, in [0, 1].
    pub accuracy: f64,
    /// Mean of −log P(true class | x), natural logarithm.
    pub log_loss: f64,
    /// Mean over rows of the squared distance between the probabilities and the one-hot label, summed over classes, in
    /// [0, 2] (Brier 1950).
    pub brier_score: f64,
    /// Expected calibration error, in [0, 1]: the difference between accuracy and mean probability of the
    /// predicted class, averaged over [`CALIBRATION_BINS`] bins of that probability, weighted by their
    /// numbers of rows (Guo et al. 2017).
    pub calibration_error: f64,
}

impl Metrics {
    /// The measures of `log_probabilities` `[rows, classes]`, row-major, natural logarithms, against the true
    /// classes `labels` `[rows]`.
    ///
    /// # Panics
    ///
    /// When there are no rows or the sizes do not fit each other.
    #[must_use]
    pub fn of(log_probabilities: &[f32], labels: &[usize]) -> Self {
        assert!(!labels.is_empty(), "there are no rows");
        let classes = log_probabilities.len() / labels.len();
        Self::of_decisions(log_probabilities, labels, &decisions(log_probabilities, classes, None), None)
    }

    /// The measures of class probabilities and of separate `decisions` `[rows]`, which need not be the most
    /// probable classes. Means are weighted by `weights` `[rows]`, not all of which are 0; `None` for equal weights.
    ///
    /// # Panics
    ///
    /// When there are no rows or the sizes do not fit each other.
    #[must_use]
    pub fn of_decisions(
        log_probabilities: &[f32],
        labels: &[usize],
        decisions: &[usize],
        weights: Option<&[f64]>,
    ) -> Self {
        assert!(!labels.is_empty(), "there are no rows");
        assert_eq!(decisions.len(), labels.len(), "as many decisions as labels");
        let classes = log_probabilities.len() / labels.len();
        assert_eq!(log_probabilities.len(), labels.len() * classes, "as many rows as labels");
        let of_rows = RowWeights(weights);
        let (mut right, mut log_loss, mut brier) = (0f64, 0f64, 0f64);
        let rows = log_probabilities.chunks(classes).zip(labels).zip(decisions).enumerate();
        for (row, ((logs, &label), &decision)) in rows {
            let weight = of_rows.of(row);
            right += if decision == label { weight } else { 0.0 };
            log_loss -= weighted(weight, f64::from(logs[label]));
            let distances = logs.iter().enumerate().map(|(class, &log_probability)| {
                let target = if class == label { 1.0 } else { 0.0 };
                (f64::from(log_probability).exp() - target).powi(2)
            });
            brier += weight * distances.sum::<f64>();
        }
        let rows = labels.len();
        let mean = |sum: f64| sum / of_rows.sum(rows);
        let reliability = reliability(log_probabilities, labels, CALIBRATION_BINS, weights);
        let gaps = reliability.iter().map(|bin| bin.weight * (bin.accuracy - bin.probability).abs());
        Self {
            rows,
            accuracy: mean(right),
            log_loss: mean(log_loss),
            brier_score: mean(brier),
            calibration_error: mean(gaps.sum()),
        }
    }
}

/// A weight times a value, which may be infinite; 0 for weight 0.
fn weighted(weight: f64, value: f64) -> f64 {
    if weight == 0.0 { 0.0 } else { weight * value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(probabilities: &[f32]) -> Vec<f32> {
        probabilities.iter().map(|value| value.ln()).collect()
    }

    #[test]
    fn metrics_agree_with_their_definitions_by_hand() {
        let metrics = Metrics::of(&logs(&[0.9, 0.1, 0.4, 0.6, 0.7, 0.3]), &[0, 0, 0]);
        assert_eq!((metrics.rows, metrics.accuracy), (3, 2.0 / 3.0));
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        close(metrics.log_loss, -(0.9f64.ln() + 0.4f64.ln() + 0.7f64.ln()) / 3.0);
        close(metrics.brier_score, (2.0 * 0.01 + 2.0 * 0.36 + 2.0 * 0.09) / 3.0);
        // Each row is alone in its bin.
        close(metrics.calibration_error, (0.1 + 0.6 + 0.3) / 3.0);
    }

    #[test]
    fn certainty_that_is_right_is_calibrated() {
        let metrics = Metrics::of(&logs(&[1.0, 0.0, 0.0, 1.0]), &[0, 1]);
        assert_eq!((metrics.calibration_error, metrics.brier_score, metrics.log_loss), (0.0, 0.0, 0.0));
    }
}
