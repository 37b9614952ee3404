//! Measures of conditional densities of numbers.

use crate::inference::conditional::ConditionalDensity;
use serde::Serialize;
use ugmm_kernels::root_mean_square;

/// Measures of conditional densities against the true numbers, in their units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberMetrics {
    /// Number of rows.
    pub rows: usize,
    /// Root of the mean squared difference between expected and true number.
    pub rmse: f64,
    /// Mean absolute difference between median and true number.
    pub mae: f64,
    /// Fraction of the numbers' variance that the expected numbers explain, 1 − MSE / variance; at most 1,
    /// and 0 for always predicting their mean. `None` if all numbers are equal.
    pub r2: Option<f64>,
    /// Mean of log p(number | x), the natural logarithm of a density per unit of the number, over the numbers
    /// inside the densities' ranges.
    pub log_density: f64,
    /// Number of rows whose number is outside of the range of its density.
    pub outside: usize,
    /// Mean continuous ranked probability score; see [`ConditionalDensity::crps`].
    pub crps: f64,
    /// Fraction of the numbers in the central interval of probability 50 %, both ends included.
    pub coverage_50: f64,
    /// Fraction of the numbers in the central interval of probability 90 %, both ends included.
    pub coverage_90: f64,
    /// Mean width of the central interval of probability 90 %.
    pub width_90: f64,
}

/// A distribution of a number, as [`NumberMetrics`] measures it. Numbers are in the data's units.
pub trait NumberDistribution {
    /// The mean.
    fn mean(&self) -> f64;
    /// The least number that is exceeded with probability 1 − `probability` at most.
    fn quantile(&self, probability: f64) -> f64;
    /// Whether the number has a density or a probability.
    fn is_possible(&self, number: f64) -> bool;
    /// The natural logarithm of the density per unit of the number, or of the probability of a discrete number.
    fn log_density(&self, number: f64) -> f64;
    /// The continuous ranked probability score of the number.
    fn crps(&self, number: f64) -> f64;
}

impl NumberDistribution for ConditionalDensity {
    fn mean(&self) -> f64 {
        self.mean()
    }

    fn quantile(&self, probability: f64) -> f64 {
        self.quantile(probability)
    }

    fn is_possible(&self, number: f64) -> bool {
        let (low, high) = self.range();
        (low..=high).contains(&number)
    }

    fn log_density(&self, number: f64) -> f64 {
        self.log_density(number)
    }

    fn crps(&self, number: f64) -> f64 {
        self.crps(number)
    }
}

impl NumberMetrics {
    /// The measures of one distribution per row against the true numbers `[rows]`.
    ///
    /// # Panics
    ///
    /// When there are no rows, or the numbers of densities and of `numbers` differ.
    #[must_use]
    pub fn of<D: NumberDistribution>(distributions: &[D], numbers: &[f64]) -> Self {
        assert!(!numbers.is_empty(), "there are no rows");
        assert_eq!(distributions.len(), numbers.len(), "as many numbers as distributions");
        let rows = numbers.len() as f64;
        let pairs = || distributions.iter().zip(numbers.iter().copied());
        let mean = |value: &dyn Fn(&D, f64) -> f64| {
            pairs().map(|(distribution, number)| value(distribution, number)).sum::<f64>() / rows
        };
        // Quantiles are found by searches, so that they are computed once.
        let intervals = |share: f64| -> Vec<(f64, f64)> {
            let tail = 0.5 * (1.0 - share);
            distributions.iter().map(|one| (one.quantile(tail), one.quantile(1.0 - tail))).collect()
        };
        let inside = |intervals: &[(f64, f64)]| {
            let is_inside = |((low, high), number): &(&(f64, f64), &f64)| (*low..=*high).contains(*number);
            intervals.iter().zip(numbers).filter(is_inside).count() as f64 / rows
        };
        let (half, nine_tenths) = (intervals(0.5), intervals(0.9));
        let is_possible = |(distribution, number): &(&D, f64)| distribution.is_possible(*number);
        let possible = pairs().filter(is_possible).count();
        let logs = pairs().filter(is_possible).map(|(distribution, number)| distribution.log_density(number));
        let log_density = logs.sum::<f64>() / possible.max(1) as f64;
        let errors = pairs().map(|(distribution, number)| (rows.recip(), distribution.mean() - number));
        let rmse = root_mean_square(errors);
        Self {
            rows: numbers.len(),
            rmse,
            mae: mean(&|distribution, number| (distribution.quantile(0.5) - number).abs()),
            r2: explained_variance(rmse, numbers),
            log_density,
            outside: numbers.len() - possible,
            crps: mean(&|distribution, number| distribution.crps(number)),
            coverage_50: inside(&half),
            coverage_90: inside(&nine_tenths),
            width_90: nine_tenths.iter().map(|(low, high)| high - low).sum::<f64>() / rows,
        }
    }
}

impl NumberMetrics {
    /// Combines the measures of disjoint parts of the rows into those of all rows; `numbers` are the true
    /// numbers of all rows. `None` without parts.
    #[must_use]
    pub fn together(parts: &[Self], numbers: &[f64]) -> Option<Self> {
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        if rows == 0 {
            return None;
        }
        let outside: usize = parts.iter().map(|part| part.outside).sum();
        let sum =
            |value: fn(&Self) -> f64| parts.iter().map(|part| part.rows as f64 * value(part)).sum::<f64>();
        let mean = |value: fn(&Self) -> f64| sum(value) / rows as f64;
        let inside = |part: &Self| (part.rows - part.outside) as f64;
        let log_densities: f64 = parts.iter().map(|part| inside(part) * part.log_density).sum();
        let rmse = root_mean_square(parts.iter().map(|part| (part.rows as f64 / rows as f64, part.rmse)));
        Some(Self {
            rows,
            rmse,
            mae: mean(|part| part.mae),
            r2: explained_variance(rmse, numbers),
            log_density: log_densities / (rows - outside).max(1) as f64,
            outside,
            crps: mean(|part| part.crps),
            coverage_50: mean(|part| part.coverage_50),
            coverage_90: mean(|part| part.coverage_90),
            width_90: mean(|part| part.width_90),
        })
    }
}

/// The share of the numbers' variance that predictions with this root mean squared error explain; `None` where there is none, or
/// `f64` cannot hold it.
fn explained_variance(rmse: f64, numbers: &[f64]) -> Option<f64> {
    let (_, deviation) = mean_and_deviation(numbers);
    Some(1.0 - (rmse / deviation).powi(2)).filter(|share| deviation > 0.0 && share.is_finite())
}

/// Mean and standard deviation (divisor n) of numbers of any size; not a number of none.
#[must_use]
pub fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let share = (numbers.len() as f64).recip();
    let mean = numbers.iter().map(|number| number * share).sum::<f64>();
    (mean, root_mean_square(numbers.iter().map(|number| (share, number - mean))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests the uniform density on [0, 10] with evenly spaced numbers.
    #[test]
    fn measures_of_a_uniform_density_are_those_of_the_formulas() {
        let uniform = ConditionalDensity::new((0.0, 10.0), vec![0.0; 40]);
        let numbers: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 100.0).collect();
        let metrics = NumberMetrics::of(&vec![uniform; 1000], &numbers);
        let close =
            |found: f64, expected: f64| assert!((found - expected).abs() < 2e-3, "{found} {expected}");
        close(metrics.rmse, (100.0f64 / 12.0).sqrt());
        close(metrics.mae, 2.5);
        close(metrics.r2.unwrap(), 0.0);
        close(metrics.log_density, -(10f64.ln()));
        // E ∫ (F − 1[t ≥ y])² dt = E|Y − y| − ½ E|Y − Y′| = 10/3 − 5/3.
        close(metrics.crps, 10.0 / 6.0);
        close(metrics.coverage_50, 0.5);
        close(metrics.coverage_90, 0.9);
        close(metrics.width_90, 9.0);
        assert_eq!(metrics.outside, 0);
        // Parts of different sizes combine to the whole.
        let uniform = ConditionalDensity::new((0.0, 10.0), vec![0.0; 40]);
        let part = |numbers: &[f64]| NumberMetrics::of(&vec![uniform.clone(); numbers.len()], numbers);
        let parts = [part(&numbers[..300]), part(&numbers[300..])];
        let together = NumberMetrics::together(&parts, &numbers).unwrap();
        close(together.rmse, metrics.rmse);
        close(together.r2.unwrap(), 0.0);
        close(together.log_density, metrics.log_density);
        close(together.coverage_90, 0.9);
        assert_eq!(NumberMetrics::together(&[], &[]), None);
    }

    #[test]
    fn numbers_outside_of_the_range_are_counted() {
        let density = ConditionalDensity::new((0.0, 1.0), vec![0.0; 4]);
        let metrics = NumberMetrics::of(&vec![density; 3], &[0.5, 1.0, 3.0]);
        assert_eq!((metrics.outside, metrics.log_density), (1, 0.0));
        assert!((metrics.coverage_90 - 1.0 / 3.0).abs() < 1e-9, "{metrics:?}");
    }
}
