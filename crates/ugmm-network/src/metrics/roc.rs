//! Areas under ROC curves.

/// Area under the ROC curve: the probability that a value drawn from `positive` is larger than one drawn from
/// `negative`, with equal values counted half (Hanley and McNeil 1982). It is ½ for uninformative values, and
/// `None` when either list is empty. Values must not be NaN.
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

/// The area under the ROC curve of each class's probability, for its rows against all others, `[classes]`.
/// `log_probabilities` is `[rows, classes]`, row-major. `None` for a class that has no rows, or all of them.
#[must_use]
pub fn areas_one_against_rest(
    log_probabilities: &[f32],
    labels: &[usize],
    classes: usize,
) -> Vec<Option<f64>> {
    let area = |class| {
        let of = |wanted: bool| -> Vec<f64> {
            let rows = log_probabilities.chunks(classes).zip(labels);
            rows.filter(|(_, label)| (**label == class) == wanted)
                .map(|(row, _)| f64::from(row[class]))
                .collect()
        };
        area_under_roc(&of(true), &of(false))
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
        let areas = areas_one_against_rest(&logs, &[0, 1, 0], 3);
        assert_eq!(areas, [Some(1.0), Some(1.0), None]);
    }
}
