//! Probabilities that are neither too sure nor too careful: temperature scaling of classes (Guo et al. 2017), and stretching
//! of densities.

use crate::inference::conditional::ConditionalDensity;
use crate::{Preset, UgmmError};

/// Smallest and largest temperature that [`temperature`] gives; rows that are all right have no best one.
pub const TEMPERATURE_RANGE: (f64, f64) = (1e-2, 1e2);
/// Halvings of the interval of log-temperatures: more than f64 can tell apart.
const HALVINGS: usize = 60;

/// The temperature T that makes the log-loss of softmax(s / T) smallest, for `scores` s `[rows, classes]`, row-major
/// (log-probabilities will do) and the right class of each row. Take rows that were held out of training.
///
/// Of n rows one more is imagined to be wrong, so that few rows that all happen to be right do not make the
/// probabilities certain: the right class counts (n + 1)/(n + 2), the others share the rest (Platt 1999).
///
/// # Errors
///
/// When there are no rows, the sizes do not fit or a class is not below the number of classes.
///
/// ```
/// // Twice as sure as it should be: 9 of 10 rows right at a probability of 0.9879.
/// let scores = [2.0 * 9f32.ln(), 0.0].repeat(10_000);
/// let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(1000);
/// let temperature = ugmm::calibration::temperature(&scores, &labels)?;
/// assert!((temperature - 2.0).abs() < 1e-3);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
pub fn temperature(scores: &[f32], labels: &[usize]) -> Result<f64, UgmmError> {
    let what = "the sample for calibration";
    if labels.is_empty() {
        return Err(UgmmError::Size { what, found: 0, unit: "rows", expected: 1 });
    }
    let classes = scores.len() / labels.len();
    if classes * labels.len() != scores.len() || classes == 0 {
        let expected = classes.max(1) * labels.len();
        return Err(UgmmError::Size { what, found: scores.len(), unit: "scores", expected });
    }
    if let Some(row) = labels.iter().position(|&label| label >= classes) {
        return Err(UgmmError::Class { row, class: labels[row], last: classes - 1 });
    }
    let rows = labels.len() as f64;
    let right = if classes == 1 { 1.0 } else { (rows + 1.0) / (rows + 2.0) };
    let other = (1.0 - right) / (classes.max(2) - 1) as f64;
    let target_score = |row: &[f32], label: usize| {
        let all: f64 = row.iter().map(|&score| f64::from(score)).sum();
        other * all + (right - other) * f64::from(row[label])
    };
    // The log-loss is convex in 1/T: its slope there, mean over rows of E[s] − the target's s, grows with 1/T.
    let too_cold = |temperature: f64| {
        let rows = scores.chunks(classes).zip(labels);
        rows.map(|(row, &label)| expected_score(row, temperature) - target_score(row, label)).sum::<f64>()
            > 0.0
    };
    let (mut low, mut high) = (TEMPERATURE_RANGE.0.ln(), TEMPERATURE_RANGE.1.ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if too_cold(middle.exp()) { low = middle } else { high = middle }
    }
    Ok((0.5 * (low + high)).exp())
}

/// Σ_c p_c s_c with p = softmax(s / T).
fn expected_score(scores: &[f32], temperature: f64) -> f64 {
    let largest = f64::from(scores.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let (mut weights, mut sum) = (0.0, 0.0);
    for &score in scores {
        let weight = ((f64::from(score) - largest) / temperature).exp();
        weights += weight;
        sum += weight * f64::from(score);
    }
    sum / weights
}

/// Turns `log_probabilities` s `[rows, classes]`, row-major, into log softmax(s / T).
pub fn scale(log_probabilities: &mut [f32], classes: usize, temperature: f64) {
    for row in log_probabilities.chunks_mut(classes) {
        let largest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let scaled = |score: f32| (f64::from(score) - largest) / temperature;
        let log_sum = row.iter().map(|&score| scaled(score).exp()).sum::<f64>().ln();
        row.iter_mut().for_each(|score| *score = (scaled(*score) - log_sum) as f32);
    }
}

/// Smallest and largest factor that [`spread`] gives.
pub const SPREAD_RANGE: (f64, f64) = (0.2, 5.0);
/// Steps of the golden-section search for it: to a relative precision of about 1e-4.
const SPREAD_STEPS: usize = 22;

/// The factor by which to stretch densities about their medians ([`ConditionalDensity::stretched`]) that makes smallest what
/// networks are trained for, by the preset: minus the mean log-density of the right numbers, which minds the tails, and the
/// continuous ranked probability score in deviations of these numbers, which minds the rest. Take rows that were held out
/// of training.
///
/// # Errors
///
/// When there are no rows, or not as many numbers as densities.
pub fn spread(densities: &[ConditionalDensity], numbers: &[f64]) -> Result<f64, UgmmError> {
    if densities.is_empty() || densities.len() != numbers.len() {
        let (what, expected) = ("the sample for calibration", densities.len().max(1));
        return Err(UgmmError::Size { what, found: numbers.len(), unit: "numbers", expected });
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let deviation = (numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count).sqrt();
    let weight = Preset::CRPS_WEIGHT / deviation.max(f64::MIN_POSITIVE);
    let loss = |density: &ConditionalDensity, number: f64| {
        let (low, high) = density.range();
        // What is outside of the range has no density whatever the factor.
        let inside = (low..=high).contains(&number);
        let log_density = if inside { density.log_density(number) } else { 0.0 };
        weight * density.crps(number) - log_density
    };
    let score = |log_factor: f64| -> f64 {
        let factor = log_factor.exp();
        densities.iter().zip(numbers).map(|(density, &number)| loss(&density.stretched(factor), number)).sum()
    };
    // Golden-section search (Kiefer 1953), in the logarithm of the factor.
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let (mut low, mut high) = (SPREAD_RANGE.0.ln(), SPREAD_RANGE.1.ln());
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut at_left, mut at_right) = (score(left), score(right));
    for _ in 0..SPREAD_STEPS {
        if at_left <= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - ratio * (high - low);
            at_left = score(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + ratio * (high - low);
            at_right = score(right);
        }
    }
    Ok((0.5 * (low + high)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;

    #[test]
    fn the_temperature_has_the_smallest_log_loss() {
        let scores: Vec<f32> = (0..300).map(|i| ((i * 7919) % 101) as f32 / 20.0).collect();
        let labels: Vec<usize> = (0..100).map(|i| (i * 31) % 3).collect();
        let found = temperature(&scores, &labels).unwrap();
        let log_loss = |temperature: f64| {
            let mut logs = scores.clone();
            scale(&mut logs, 3, temperature);
            let sums = logs.chunks(3).map(|row| row.iter().map(|log| log.exp()).sum::<f32>());
            assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-5));
            // With the imagined row, which is as wrong as all rows are on average.
            let all: f64 = logs.iter().map(|&log| f64::from(log)).sum();
            let right: f64 = logs.chunks(3).zip(&labels).map(|(row, &label)| f64::from(row[label])).sum();
            assert!((right + 100.0 * Metrics::of(&logs, &labels).log_loss).abs() < 1e-6);
            -(101.0 * right + 0.5 * (all - right)) / 102.0
        };
        let best = log_loss(found);
        for factor in [0.9, 0.99, 1.01, 1.1] {
            assert!(best <= log_loss(found * factor) + 1e-7, "{found}");
        }
    }

    /// Normal densities of half the deviation that the numbers have.
    #[test]
    fn the_spread_makes_densities_as_wide_as_the_numbers() {
        let cells = 200;
        let middle = |cell: usize| -10.0 + 20.0 * (cell as f64 + 0.5) / cells as f64;
        let scores = (0..cells).map(|cell| (-0.5 * (middle(cell) / 0.5).powi(2)) as f32).collect();
        let density = ConditionalDensity::new((-10.0, 10.0), scores);
        // Quantiles of a standard normal distribution, from a density of one.
        let scores = (0..cells).map(|cell| (-0.5 * middle(cell).powi(2)) as f32).collect();
        let standard = ConditionalDensity::new((-10.0, 10.0), scores);
        let numbers: Vec<f64> = (0..500).map(|i| standard.quantile((f64::from(i) + 0.5) / 500.0)).collect();
        let densities = vec![density; 500];
        let factor = spread(&densities, &numbers).unwrap();
        assert!((factor - 2.0).abs() < 0.05, "{factor}");
        assert!(spread(&[], &[]).is_err() && spread(&densities, &numbers[1..]).is_err());
    }

    #[test]
    fn rows_that_are_all_right_do_not_become_certain() {
        // 2 of 2 right count as 3 of 4: log 3 is the score that says so.
        let found = temperature(&[3f32.ln(), 0.0, 0.0, 3f32.ln()], &[0, 1]).unwrap();
        assert!((found - 1.0).abs() < 1e-6, "{found}");
        let found = temperature(&[1.0, 0.0], &[1]).unwrap();
        assert!((found - TEMPERATURE_RANGE.1).abs() < 1e-3, "{found}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message = |scores: &[f32], labels: &[usize]| temperature(scores, labels).unwrap_err().to_string();
        assert_eq!(message(&[], &[]), "the sample for calibration has 0 rows, but 1 are needed");
        assert_eq!(message(&[1.0; 5], &[0, 0]), "the sample for calibration has 5 scores, but 4 are needed");
        let expected = "row 1 (counted from 0) has class 2, but there are only the classes 0 to 1";
        assert_eq!(message(&[1.0; 4], &[0, 2]), expected);
    }
}
