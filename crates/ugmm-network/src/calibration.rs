//! Calibration of predictions: temperature scaling of class probabilities (Guo et al. 2017), and stretching
//! of densities.

use crate::golden_section::golden_section;
use crate::inference::conditional::ConditionalDensity;
use crate::softmax::log_sum_exp;
use crate::{RowWeights, UgmmError};

/// Smallest and largest temperature that [`temperature`] returns; there is no best one if every prediction is
/// right.
pub const TEMPERATURE_RANGE: (f64, f64) = (1e-2, 1e2);
/// Number of temperatures tried first, evenly spaced in their logarithm: the bounded loss may have several
/// minima.
const TEMPERATURES: usize = 49;
/// Steps of the golden-section search around the best temperature, for a relative precision of about 1e-6.
const TEMPERATURE_STEPS: usize = 26;

/// The temperature T that minimises the log-loss of softmax(s / T) for `scores` s `[rows, classes]`,
/// row-major, and the true class of each row, `labels` `[rows]`. Scores may be log-probabilities. Pass
/// held-out rows. If the network was trained with `class_weights` w, the scores are its log-probabilities as
/// [`crate::metrics::unweighted`] returns them, and T is the temperature of [`scale`] with these weights. The loss is
/// a mean weighted by `row_weights` `[rows]`; `None` for equal weights.
///
/// A pseudo-row keeps few rows that all happen to be right from making the probabilities certain: with n rows
/// the true class has the target (n + 1)/(n + 2), and the other classes share the rest (Platt 1999). The loss
/// of a row is bounded by that of probability 1 / (classes · (n + 1)) for the true class, so that one outlier
/// does not decide.
///
/// # Errors
///
/// [`UgmmError`] when there are no rows, the sizes do not fit or a class is not below the number of classes.
///
/// ```
/// // The probabilities are overconfident: 9 of 10 rows are right at a probability of 0.9879.
/// let scores = [2.0 * 9f32.ln(), 0.0].repeat(10_000);
/// let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1].repeat(1000);
/// let temperature = ugmm_network::calibration::temperature(&scores, &labels, None, None)?;
/// assert!((temperature - 2.0).abs() < 1e-3);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
pub fn temperature(
    scores: &[f32],
    labels: &[usize],
    class_weights: Option<&[f64]>,
    row_weights: Option<&[f64]>,
) -> Result<f64, UgmmError> {
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
    let log_weights = log_weights(classes, class_weights);
    let rows = labels.len() as f64;
    let right = if classes == 1 { 1.0 } else { (rows + 1.0) / (rows + 2.0) };
    let other = (1.0 - right) / (classes.max(2) - 1) as f64;
    let most = (classes as f64 * (rows + 1.0)).ln();
    let mut logs = vec![0.0; classes];
    let mut loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp();
        let of_row = |(row, (scores, &label)): (usize, (&[f32], &usize))| {
            scaled(scores, temperature, &log_weights, &mut logs);
            let all: f64 = logs.iter().sum();
            RowWeights(row_weights).of(row) * (-other * all - (right - other) * logs[label]).min(most)
        };
        scores.chunks(classes).zip(labels).enumerate().map(of_row).sum()
    };
    let (low, high) = (TEMPERATURE_RANGE.0.ln(), TEMPERATURE_RANGE.1.ln());
    let step = (high - low) / (TEMPERATURES - 1) as f64;
    let tried = (0..TEMPERATURES).map(|index| low + index as f64 * step).map(|at| (at, loss(at)));
    let best = tried.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(at, _)| at);
    let (low, high) = ((best - step).max(low), (best + step).min(high));
    Ok(golden_section((low, high), TEMPERATURE_STEPS, loss).exp())
}

/// Turns `log_probabilities` s `[rows, classes]`, row-major, into log softmax(s / T). If the network was
/// trained with `class_weights` w, and s does not contain them, the logarithms of the weighted probabilities
/// are divided: log softmax((s + log w) / T − log w). The class of the largest weight × probability then
/// stays the same.
///
/// # Panics
///
/// When the number of weights differs from the number of classes.
pub fn scale(log_probabilities: &mut [f32], classes: usize, temperature: f64, class_weights: Option<&[f64]>) {
    let log_weights = log_weights(classes, class_weights);
    let mut logs = vec![0.0; classes];
    for row in log_probabilities.chunks_mut(classes) {
        scaled(row, temperature, &log_weights, &mut logs);
        row.iter_mut().zip(&logs).for_each(|(score, &log)| *score = log as f32);
    }
}

fn log_weights(classes: usize, class_weights: Option<&[f64]>) -> Vec<f64> {
    let logs = class_weights.map(|weights| weights.iter().map(|weight| weight.ln()).collect());
    let logs: Vec<f64> = logs.unwrap_or_else(|| vec![0.0; classes]);
    assert_eq!(logs.len(), classes, "as many weights as classes");
    logs
}

/// log softmax((s + log w) / T − log w) of the scores s of one row, `[classes]`.
fn scaled(scores: &[f32], temperature: f64, log_weights: &[f64], logs: &mut [f64]) {
    let places = scores.iter().zip(log_weights);
    let weighted = places.clone().map(|(&score, weight)| f64::from(score) + weight);
    let largest = weighted.fold(f64::NEG_INFINITY, f64::max);
    for (log, (&score, weight)) in logs.iter_mut().zip(places) {
        *log = (f64::from(score) + weight - largest) / temperature - weight;
    }
    let log_sum = log_sum_exp(logs.iter().copied());
    logs.iter_mut().for_each(|log| *log -= log_sum);
}

/// Smallest and largest factor that [`spread`] returns.
pub const SPREAD_RANGE: (f64, f64) = (0.2, 5.0);
/// Probability of the central interval whose coverage [`spread`] calibrates.
const INTERVAL: f64 = 0.9;

/// The factor by which to stretch densities about their medians ([`ConditionalDensity::stretched`]) so that
/// their central intervals of 90 % contain 90 % of the true `numbers`. It is the smallest factor that
/// suffices for ⌈0.9 (n + 1)⌉ of n rows (split conformal prediction; Lei et al. 2018), or with `row_weights` `[rows]`
/// for rows with 0.9 (n + 1)/n of all weights. The distances of the other rows have no influence. Pass held-out
/// rows.
///
/// # Errors
///
/// [`UgmmError`] when there are no rows, or the numbers of densities and of `numbers` differ.
pub fn spread(
    densities: &[ConditionalDensity],
    numbers: &[f64],
    row_weights: Option<&[f64]>,
) -> Result<f64, UgmmError> {
    if densities.is_empty() || densities.len() != numbers.len() {
        let (what, expected) = ("the sample for calibration", densities.len().max(1));
        return Err(UgmmError::Size { what, found: numbers.len(), unit: "numbers", expected });
    }
    let weights = RowWeights(row_weights);
    let enough = |(row, (density, &number)): (usize, (&ConditionalDensity, &f64))| {
        let median = density.quantile(0.5);
        let tail = 0.5 * (1.0 - INTERVAL);
        let end = density.quantile(if number < median { tail } else { 1.0 - tail });
        ((number - median).abs() / (end - median).abs().max(f64::MIN_POSITIVE), weights.of(row))
    };
    let mut factors: Vec<(f64, f64)> = densities.iter().zip(numbers).enumerate().map(enough).collect();
    factors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rows = factors.len();
    let needed = INTERVAL * (rows + 1) as f64 * (weights.sum(rows) / rows as f64);
    let mut reached = 0.0;
    let suffices = |&(_, weight): &(f64, f64)| {
        reached += weight;
        reached >= needed
    };
    let place = factors.iter().position(suffices).unwrap_or(rows - 1);
    Ok(factors[place].0.clamp(SPREAD_RANGE.0, SPREAD_RANGE.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;

    #[test]
    fn the_temperature_has_the_smallest_log_loss() {
        let scores: Vec<f32> = (0..300).map(|i| ((i * 7919) % 101) as f32 / 20.0).collect();
        let labels: Vec<usize> = (0..100).map(|i| (i * 31) % 3).collect();
        let found = temperature(&scores, &labels, None, None).unwrap();
        let log_loss = |temperature: f64| {
            let mut logs = scores.clone();
            scale(&mut logs, 3, temperature, None);
            let sums = logs.chunks(3).map(|row| row.iter().map(|log| log.exp()).sum::<f32>());
            assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-5));
            // The loss includes the pseudo-row, which is as wrong as the rows are on average.
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

    /// Calibrated log-probabilities, and one row that is certain and wrong.
    #[test]
    fn one_row_does_not_decide() {
        let (mut scores, mut labels) = ([3f32.ln(), 0.0].repeat(200), [0, 0, 0, 1].repeat(50));
        let before = temperature(&scores, &labels, None, None).unwrap();
        scores.extend([1e6, 0.0]);
        labels.push(1);
        let after = temperature(&scores, &labels, None, None).unwrap();
        assert!((before - 1.0).abs() < 0.05 && (after - before).abs() < 0.05, "{before} {after}");
    }

    #[test]
    fn no_temperature_changes_a_weighted_decision() {
        use crate::metrics::decisions;
        let weights = [0.3, 5.0, 1.0];
        let mut logs: Vec<f32> = (0..3000).map(|i| -((i * 7919 % 1013) as f32) / 100.0).collect();
        scale(&mut logs, 3, 1.0, None);
        let before = decisions(&logs, 3, Some(&weights));
        for temperature in [0.05, 0.5, 2.0, 20.0] {
            let mut scaled = logs.clone();
            scale(&mut scaled, 3, temperature, Some(&weights));
            assert_eq!(decisions(&scaled, 3, Some(&weights)), before, "{temperature}");
            assert!(
                scaled.chunks(3).all(|row| (row.iter().map(|l| l.exp()).sum::<f32>() - 1.0).abs() < 1e-5)
            );
        }
        let mut same = logs.clone();
        scale(&mut same, 3, 1.0, Some(&weights));
        assert!(same.iter().zip(&logs).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    /// Normal densities with half of the standard deviation that the numbers have.
    #[test]
    fn the_spread_makes_densities_as_wide_as_the_numbers() {
        let cells = 200;
        let middle = |cell: usize| -10.0 + 20.0 * (cell as f64 + 0.5) / cells as f64;
        let scores = (0..cells).map(|cell| (-0.5 * (middle(cell) / 0.5).powi(2)) as f32).collect();
        let density = ConditionalDensity::new((-10.0, 10.0), scores);
        // The numbers are quantiles of a standard normal distribution.
        let scores = (0..cells).map(|cell| (-0.5 * middle(cell).powi(2)) as f32).collect();
        let standard = ConditionalDensity::new((-10.0, 10.0), scores);
        let numbers: Vec<f64> = (0..500).map(|i| standard.quantile((f64::from(i) + 0.5) / 500.0)).collect();
        let densities = vec![density; 500];
        let factor = spread(&densities, &numbers, None).unwrap();
        assert!((factor - 2.0).abs() < 0.05, "{factor}");
        assert!(spread(&[], &[], None).is_err() && spread(&densities, &numbers[1..], None).is_err());
    }

    #[test]
    fn rows_that_are_all_right_do_not_become_certain() {
        // 2 right rows of 2 count as 3 of 4, whose log-odds are log 3.
        let found = temperature(&[3f32.ln(), 0.0, 0.0, 3f32.ln()], &[0, 1], None, None).unwrap();
        assert!((found - 1.0).abs() < 1e-6, "{found}");
        let found = temperature(&[1.0, 0.0], &[1], None, None).unwrap();
        assert!((found - TEMPERATURE_RANGE.1).abs() < 1e-3, "{found}");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message = |scores: &[f32], labels: &[usize]| {
            temperature(scores, labels, None, None).unwrap_err().to_string()
        };
        assert_eq!(message(&[], &[]), "the sample for calibration has 0 rows, but 1 are needed");
        assert_eq!(message(&[1.0; 5], &[0, 0]), "the sample for calibration has 5 scores, but 4 are needed");
        let expected = "row 1 (counted from 0) has class 2, but there are only the classes 0 to 1";
        assert_eq!(message(&[1.0; 4], &[0, 2]), expected);
    }
}
