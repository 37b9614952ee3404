//! Areas under ROC curves.

use crate::RowWeights;

/// Area under the ROC curve: the probability that a value drawn from `positive` is larger than one drawn from
/// `negative`, with equal values counted half (Hanley and McNeil 1982). It is ½ for uninformative values, and
/// `None` when either list is empty. Values must not be NaN.
#[must_use]
pub fn area_under_roc(positive: &[f64], negative: &[f64]) -> Option<f64> {
    let weighed = |values: &[f64], weights: fn(f64) -> [f64; 2]| -> Vec<(f64, [f64; 2])> {
        values.iter().map(|&value| (value, weights(1.0))).collect()
    };
    weighted_area(
        [weighed(positive, |weight| [weight, 0.0]), weighed(negative, |weight| [0.0, weight])].concat(),
    )
}

/// [`area_under_roc`] of values, each with its weights as positive and as negative.
fn weighted_area(mut all: Vec<(f64, [f64; 2])>) -> Option<f64> {
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let sum = |values: &[(f64, [f64; 2])], side: usize| {
        values.iter().map(|(_, weights)| weights[side]).sum::<f64>()
    };
    let pairs = sum(&all, 0) * sum(&all, 1);
    let (mut wins, mut below) = (0f64, 0f64);
    for ties in all.chunk_by(|a, b| a.0 == b.0) {
        let [positives, negatives] = [0, 1].map(|side| sum(ties, side));
        wins += positives * (below + 0.5 * negatives);
        below += negatives;
    }
    (pairs > 0.0).then(|| wins / pairs)
}

/// The area under the ROC curve of each class's probability, for its rows against all others, `[classes]`.
/// `log_probabilities` is `[rows, classes]`, row-major, and pairs of rows are weighted by the product of their
/// `weights` `[rows]`; `None` for equal weights. `None` for a class that has no rows, or all of them.
#[must_use]
pub fn areas_one_against_rest(
    log_probabilities: &[f32],
    labels: &[usize],
    classes: usize,
    weights: Option<&[f64]>,
) -> Vec<Option<f64>> {
    let area = |class| {
        let weighed = |(row, (logs, &label)): (usize, (&[f32], &usize))| {
            let weight = RowWeights(weights).of(row);
            let sides = if label == class { [weight, 0.0] } else { [0.0, weight] };
            (f64::from(logs[class]), sides)
        };
        weighted_area(log_probabilities.chunks(classes).zip(labels).enumerate().map(weighed).collect())
    };
    (0..classes).map(area).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn each_class_is_set_against_the_others() {
        let logs = [0.8f32, 0.1, 0.1, 0.2, 0.7, 0.1, 0.3, 0.6, 0.1].map(f32::ln);
        let areas = areas_one_against_rest(&logs, &[0, 1, 0], 3, None);
        assert_eq!(areas, [Some(1.0), Some(1.0), None]);
    }
}
