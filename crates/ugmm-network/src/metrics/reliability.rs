//! Reliability diagrams, which compare probability and frequency.

use super::decision::most_probable;
use crate::RowWeights;
use serde::Serialize;

/// The rows whose predicted class has a probability in one interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Upper end of the interval, included.
    pub upper: f64,
    /// Number of rows.
    pub rows: usize,
    /// Sum of the weights of the rows; their number without weights.
    #[serde(skip)]
    pub weight: f64,
    /// Mean probability of the predicted class; 0 without rows.
    pub probability: f64,
    /// Fraction of rows whose predicted class is true; 0 without rows.
    pub accuracy: f64,
}

/// The reliability diagram of `log_probabilities` `[rows, classes]` with the true classes `labels` `[rows]`:
/// rows in `bins` intervals of equal width of the probability of the predicted class. For a calibrated model,
/// accuracy equals probability in each. Means are weighted by `weights` `[rows]`; `None` for equal weights.
///
/// # Panics
///
/// When there are no rows or no bins, or the sizes do not fit each other.
#[must_use]
pub fn reliability(
    log_probabilities: &[f32],
    labels: &[usize],
    bins: usize,
    weights: Option<&[f64]>,
) -> Vec<ReliabilityBin> {
    let classes = log_probabilities.len() / labels.len();
    let mut sums = vec![(0usize, 0f64, 0f64, 0f64); bins];
    for (index, (row, &label)) in log_probabilities.chunks(classes).zip(labels).enumerate() {
        let predicted = most_probable(row);
        let probability = f64::from(row[predicted]).exp();
        let bin = ((probability * bins as f64).ceil() as usize).clamp(1, bins) - 1;
        let (rows, weight, probabilities, right) = &mut sums[bin];
        let own = RowWeights(weights).of(index);
        *rows += 1;
        *weight += own;
        *probabilities += own * probability;
        *right += if predicted == label { own } else { 0.0 };
    }
    let share = |sum: f64, weight: f64| if weight == 0.0 { 0.0 } else { sum / weight };
    let bin =
        |(index, (rows, weight, probabilities, right)): (usize, (usize, f64, f64, f64))| ReliabilityBin {
            upper: (index + 1) as f64 / bins as f64,
            rows,
            weight,
            probability: share(probabilities, weight),
            accuracy: share(right, weight),
        };
    sums.into_iter().enumerate().map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fall_into_the_bin_of_their_probability() {
        let bins = reliability(&[0.5f32, 0.5, 0.75, 0.25, 0.8, 0.2].map(f32::ln), &[0, 1, 0], 4, None);
        let rows: Vec<usize> = bins.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [0, 1, 1, 1]);
        let uppers: Vec<f64> = bins.iter().map(|bin| bin.upper).collect();
        assert_eq!(uppers, [0.25, 0.5, 0.75, 1.0]);
        assert_eq!(bins[2].accuracy, 0.0);
    }
}
