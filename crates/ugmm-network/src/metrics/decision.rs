//! Decisions for a class from class probabilities.

use crate::softmax::log_sum_exp;

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

/// The predicted class of each row of `log_probabilities` `[rows, classes]`, row-major: the most probable
/// one, or with `class_weights` `[classes]` the one of the largest weight × probability. This decision has
/// the least expected cost if missing a class costs its weight.
#[must_use]
pub fn decisions(log_probabilities: &[f32], classes: usize, class_weights: Option<&[f64]>) -> Vec<usize> {
    let rows = log_probabilities.chunks(classes.max(1));
    match class_weights {
        None => rows.map(most_probable).collect(),
        Some(weights) => {
            let logs: Vec<f32> = weights.iter().map(|weight| weight.ln() as f32).collect();
            let weighted =
                |row: &[f32]| row.iter().zip(&logs).map(|(log, weight)| log + weight).collect::<Vec<_>>();
            rows.map(|row| most_probable(&weighted(row))).collect()
        }
    }
}

/// Turns `log_probabilities` `[rows, classes]`, row-major, of a network that was trained with `class_weights`
/// `[classes]` into those of the unweighted classes. A weighted loss is least where probabilities are
/// proportional to weight × P(class | x) (Elkan 2001), so that dividing by the weights and normalising gives
/// P(class | x).
pub fn unweighted(log_probabilities: &mut [f32], class_weights: &[f64]) {
    for row in log_probabilities.chunks_mut(class_weights.len().max(1)) {
        let unweighted = |(&log, weight): (&f32, &f64)| f64::from(log) - weight.ln();
        let logs: Vec<f64> = row.iter().zip(class_weights).map(unweighted).collect();
        let log_sum = log_sum_exp(logs.iter().copied());
        row.iter_mut().zip(logs).for_each(|(value, log)| *value = (log - log_sum) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_move_decisions_and_are_taken_out_of_probabilities() {
        let probabilities = [0.7f32, 0.3, 0.9, 0.1];
        let mut logs = probabilities.map(f32::ln);
        assert_eq!(decisions(&logs, 2, None), [0, 0]);
        // 0.3 · 4 > 0.7, but 0.1 · 4 < 0.9.
        assert_eq!(decisions(&logs, 2, Some(&[1.0, 4.0])), [1, 0]);
        // (0.7, 0.3 · 4) / 1.9 and (0.9, 0.1 · 4) / 1.3 become the unweighted probabilities.
        let mut weighted = [0.7 / 1.9, 1.2 / 1.9, 0.9 / 1.3, 0.4 / 1.3].map(f32::ln);
        unweighted(&mut weighted, &[1.0, 4.0]);
        for (found, expected) in weighted.iter().zip(probabilities) {
            assert!((found.exp() - expected).abs() < 1e-6, "{found}");
        }
        unweighted(&mut logs, &[3.0, 3.0]);
        assert!(logs.iter().zip(probabilities).all(|(log, p)| (log.exp() - p).abs() < 1e-6));
    }
}
