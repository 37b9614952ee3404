//! Softmax and log-sum-exp.

/// Turns scores `[rows, columns]` into log softmax of each row.
pub(crate) fn log_softmax(scores: &mut [f32], columns: usize) {
    for row in scores.chunks_mut(columns) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f64 = row.iter().map(|&score| f64::from(score - largest).exp()).sum();
        let log_sum = sum.ln() as f32;
        row.iter_mut().for_each(|score| *score = (*score - largest) - log_sum);
    }
}

/// The probabilities, summing to 1, whose logarithms up to a constant are `scores`.
pub(crate) fn normalized(scores: &[f32]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = scores.iter().map(|&score| f64::from(score - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// log Σ exp of some values, of which NaN are left out; −∞ if none is left.
pub(crate) fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let known = || values.clone().filter(|value| !value.is_nan());
    let largest = known().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + known().map(|value| (value - largest).exp()).sum::<f64>().ln()
}
