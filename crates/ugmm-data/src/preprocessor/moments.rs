//! Mean and standard deviation.

/// The mean of finite `values` and their standard deviation (of the values themselves, divided by their number), weighted by
/// positive `weights`, as many as values; none for equal weights.
///
/// Where the deviation is lost in the rounding of the values, or there is none, it is 1, so that one can divide by it.
/// Neither a large offset nor values near the largest or smallest `f64` spoil them. 0 and 1 for no values.
pub(super) fn mean_and_deviation(values: &[f64], weights: Option<&[f64]>) -> (f64, f64) {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if largest == 0.0 {
        return (0.0, 1.0);
    }
    // Multiplication by a power of two is exact; squares of what is around 1 neither overflow nor vanish.
    let power = largest.log2().floor().clamp(-1000.0, 1000.0) as i32;
    let (down, up) = (2f64.powi(-power), 2f64.powi(power));
    let total = weights.map_or(values.len() as f64, |weights| weights.iter().sum());
    let weighed = || {
        let of = |(row, value)| (weights.map_or(1.0, |weights| weights[row]), value);
        values.iter().enumerate().map(of)
    };
    let first = weighed().map(|(weight, value)| weight * (value * down)).sum::<f64>() / total;
    // The sum of many values has a rounding error, the sum of their small deviations from about the mean has less.
    let (mut sum, mut squares) = (0.0, 0.0);
    for (weight, value) in weighed() {
        let deviation = value * down - first;
        sum += weight * deviation;
        squares += weight * (deviation * deviation);
    }
    let correction = sum / total;
    let mean = first + correction;
    let deviation = (squares / total - correction * correction).max(0.0).sqrt();
    let lost = deviation <= mean.abs() * f64::EPSILON || deviation * up == 0.0;
    // Rounding must not carry them beyond the largest number.
    let within = |number: f64| (number * up).clamp(-largest, largest);
    (within(mean), if lost { 1.0 } else { within(deviation) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: (f64, f64), expected: (f64, f64)) {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * b.abs();
        assert!(near(found.0, expected.0) && near(found.1, expected.1), "{found:?}, {expected:?}");
    }

    #[test]
    fn a_weight_counts_as_so_many_values() {
        let weights = Some(&[2.0, 1.0, 0.5][..]);
        close(
            mean_and_deviation(&[3.0, 7.0, -1.0], weights),
            mean_and_deviation(&[3.0, 3.0, 3.0, 3.0, 7.0, 7.0, -1.0], None),
        );
    }

    #[test]
    fn of_plain_values() {
        close(mean_and_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], None), (5.0, 2.0));
    }

    #[test]
    fn an_offset_takes_nothing_from_the_deviation() {
        let values: Vec<f64> = (0..100_000).map(|n| 1e9 + f64::from(n % 2) / 1024.0).collect();
        close(mean_and_deviation(&values, None), (1e9 + 0.5 / 1024.0, 0.5 / 1024.0));
        assert_eq!(mean_and_deviation(&values, None).1, 0.5 / 1024.0);
        let values: Vec<f64> = (0..1_000_000).map(|n| 1.1e9 + f64::from(n % 10) / 1000.0).collect();
        let expected = values.iter().map(|value| value - 1.1e9).sum::<f64>() / 1e6;
        let mean = mean_and_deviation(&values, None).0 - 1.1e9;
        assert!((mean - expected).abs() < 3e-7, "{mean}, {expected}");
    }

    #[test]
    fn the_largest_and_the_smallest_numbers() {
        close(mean_and_deviation(&[f64::MAX, f64::MAX, -f64::MAX, -f64::MAX], None), (0.0, f64::MAX));
        let [low, high] = [-f64::MAX, f64::MAX].map(|value| [value; 5]);
        assert_eq!(mean_and_deviation(&[high, low].concat(), None).1, f64::MAX);
        close(mean_and_deviation(&[f64::MAX, f64::MAX / 2.0], None), (f64::MAX * 0.75, f64::MAX * 0.25));
        close(mean_and_deviation(&[1e-300, 3e-300], None), (2e-300, 1e-300));
        let (mean, deviation) = mean_and_deviation(&[0.0, 5e-324], None);
        assert!(mean >= 0.0 && deviation > 0.0);
    }

    #[test]
    fn no_deviation_is_one() {
        assert_eq!(mean_and_deviation(&[], None), (0.0, 1.0));
        assert_eq!(mean_and_deviation(&[0.0, 0.0], None), (0.0, 1.0));
        assert_eq!(mean_and_deviation(&[0.1; 10], None).1, 1.0);
        assert_eq!(mean_and_deviation(&[1e9, f64::from_bits(1e9_f64.to_bits() + 1)], None).1, 1.0);
    }
}
