//! Means of squares of numbers of any size.

/// √(Σ w v²) of weights and values, such as shares and distances from a mean. Values are divided by the largest before they are
/// squared, so that the squares neither overflow nor vanish.
///
/// ```
/// use ugmm_kernels::root_mean_square;
///
/// let size = |unit: f64| root_mean_square([(0.5, 3.0 * unit), (0.5, -4.0 * unit)].into_iter()) / unit;
/// assert!([1e-300, 1.0, 1e300].iter().all(|&unit| (size(unit) - 12.5f64.sqrt()).abs() < 1e-12));
/// ```
#[must_use]
pub fn root_mean_square(terms: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let largest = terms.clone().fold(0f64, |most, (_, value)| most.max(value.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * terms.map(|(weight, value)| weight * (value / largest).powi(2)).sum::<f64>().sqrt()
}
