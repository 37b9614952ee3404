//! How good class probabilities are.

use serde::Serialize;

/// Bins of equal width over the probability of the predicted class in [`Metrics::calibration_error`].
pub const CALIBRATION_BINS: usize = 15;

/// Measures of class probabilities against the right classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// Number of rows.
    pub rows: usize,
    /// Share of rows whose most probable class is the right one, in [0, 1].
    pub accuracy: f64,
    /// Mean of −log P(right class | x), natural logarithm.
    pub log_loss: f64,
    /// Mean over rows of the squared distance between the probabilities and the one-hot label, summed over classes, in
    /// [0, 2] (Brier 1950).
    pub brier_score: f64,
    /// Expected calibration error: the distance between accuracy and mean probability of the predicted class, averaged
    /// over [`CALIBRATION_BINS`] bins by that probability with their shares of rows as weights, in [0, 1] (Guo et al. 2017).
    pub calibration_error: f64,
}

impl Metrics {
    /// Of `log_probabilities` `[rows, classes]`, row-major, natural logarithms, with the right class of each row.
    ///
    /// # Panics
    ///
    /// When there are no rows or the sizes do not fit each other.
    #[must_use]
    pub fn of(log_probabilities: &[f32], labels: &[usize]) -> Self {
        assert!(!labels.is_empty(), "there are no rows");
        let classes = log_probabilities.len() / labels.len();
        assert_eq!(log_probabilities.len(), labels.len() * classes, "as many rows as labels");
        let (mut right, mut log_loss, mut brier) = (0usize, 0f64, 0f64);
        for (row, &label) in log_probabilities.chunks(classes).zip(labels) {
            right += usize::from(most_probable(row) == label);
            log_loss -= f64::from(row[label]);
            let distances = row.iter().enumerate().map(|(class, &log_probability)| {
                let target = if class == label { 1.0 } else { 0.0 };
                (f64::from(log_probability).exp() - target).powi(2)
            });
            brier += distances.sum::<f64>();
        }
        let rows = labels.len();
        let mean = |sum: f64| sum / rows as f64;
        let reliability = reliability(log_probabilities, labels, CALIBRATION_BINS);
        let gaps = reliability.iter().map(|bin| bin.rows as f64 * (bin.accuracy - bin.probability).abs());
        Self {
            rows,
            accuracy: mean(right as f64),
            log_loss: mean(log_loss),
            brier_score: mean(brier),
            calibration_error: mean(gaps.sum()),
        }
    }
}

/// Rows whose predicted class has a probability in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Upper end of the interval, which belongs to it.
    pub upper: f64,
    /// Number of rows.
    pub rows: usize,
    /// Mean probability of the predicted class; 0 without rows.
    pub probability: f64,
    /// Share of rows whose predicted class is right; 0 without rows.
    pub accuracy: f64,
}

/// The reliability diagram of `log_probabilities` `[rows, classes]`: rows in `bins` intervals of equal width by the probability
/// of the predicted class. A calibrated model's accuracy equals the probability in each.
///
/// # Panics
///
/// As [`Metrics::of`], and without bins.
#[must_use]
pub fn reliability(log_probabilities: &[f32], labels: &[usize], bins: usize) -> Vec<ReliabilityBin> {
    let classes = log_probabilities.len() / labels.len();
    let mut sums = vec![(0usize, 0f64, 0usize); bins];
    for (row, &label) in log_probabilities.chunks(classes).zip(labels) {
        let predicted = most_probable(row);
        let probability = f64::from(row[predicted]).exp();
        let bin = ((probability * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        let (rows, probabilities, right) = &mut sums[bin];
        *rows += 1;
        *probabilities += probability;
        *right += usize::from(predicted == label);
    }
    let share = |sum: f64, rows: usize| if rows == 0 { 0.0 } else { sum / rows as f64 };
    let bin = |(index, (rows, probabilities, right)): (usize, (usize, f64, usize))| ReliabilityBin {
        upper: (index + 1) as f64 / bins as f64,
        rows,
        probability: share(probabilities, rows),
        accuracy: share(right as f64, rows),
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// Area under the ROC curve: the probability that a value drawn from `positive` is larger than one drawn from `negative`,
/// equal ones counted half; ½ for values that tell nothing apart (Hanley and McNeil 1982). `None` when either is
/// empty. NaN has no place in an order and must not occur.
#[must_use]
pub fn area_under_roc(positive: &[f64], negative: &[f64]) -> Option<f64> {
    if positive.is_empty() || negative.is_empty() {
        return None;
    }
    let tagged = |values: &[f64], tag| values.iter().map(|&value| (value, tag)).collect::<Vec<_>>();
    let mut all = [tagged(positive, true), tagged(negative, false)].concat();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wins, mut below) = (0f64, 0usize);
    for ties in all.chunk_by(|a, b| a.0 == b.0) {
        let positives = ties.iter().filter(|(_, positive)| *positive).count();
        let negatives = ties.len() - positives;
        wins += positives as f64 * (below as f64 + 0.5 * negatives as f64);
        below += negatives;
    }
    Some(wins / (positive.len() as f64 * negative.len() as f64))
}

/// Index of the largest value; the first of equal ones.
#[must_use]
pub fn most_probable(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
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
        // Each row in a bin of its own.
        close(metrics.calibration_error, (0.1 + 0.6 + 0.3) / 3.0);
    }

    #[test]
    fn certainty_that_is_right_is_calibrated() {
        let metrics = Metrics::of(&logs(&[1.0, 0.0, 0.0, 1.0]), &[0, 1]);
        assert_eq!((metrics.calibration_error, metrics.brier_score, metrics.log_loss), (0.0, 0.0, 0.0));
    }

    #[test]
    fn rows_fall_into_the_bin_of_their_probability() {
        let bins = reliability(&logs(&[0.5, 0.5, 0.75, 0.25, 0.8, 0.2]), &[0, 1, 0], 4);
        let rows: Vec<usize> = bins.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [0, 1, 1, 1]);
        let uppers: Vec<f64> = bins.iter().map(|bin| bin.upper).collect();
        assert_eq!(uppers, [0.25, 0.5, 0.75, 1.0]);
        assert_eq!(bins[2].accuracy, 0.0);
    }

    #[test]
    fn the_area_counts_pairs() {
        assert_eq!(area_under_roc(&[3.0, 4.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(area_under_roc(&[1.0], &[1.0, 2.0]), Some(0.25));
        assert_eq!(area_under_roc(&[], &[1.0]), None);
        let (positive, negative) = ([0.3, 1.0, 2.5, 2.5], [0.3, 0.1, 2.5, 7.0, 1.0]);
        let pairs = positive.iter().flat_map(|p| negative.iter().map(move |n| (p, n)));
        let wins: f64 = pairs
            .map(|(p, n)| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
            .sum();
        assert_eq!(area_under_roc(&positive, &negative), Some(wins / 20.0));
    }
}
