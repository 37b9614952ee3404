//! Measures of conditional densities of numbers.

use crate::RowWeights;
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
    /// Fraction of the rows' weights that these rows have, in [0, 1].
    #[serde(skip)]
    pub outside_share: f64,
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
    /// The measures of one distribution per row against the true numbers `[rows]`. Means are weighted by `weights`
    /// `[rows]`, not all of which are 0; `None` for equal weights.
    ///
    /// # Panics
    ///
    /// When there are no rows, or the numbers of densities and of `numbers` differ.
    #[must_use]
    pub fn of<D: NumberDistribution>(distributions: &[D], numbers: &[f64], weights: Option<&[f64]>) -> Self {
        assert!(!numbers.is_empty(), "there are no rows");
        assert_eq!(distributions.len(), numbers.len(), "as many numbers as distributions");
        let of_rows = RowWeights(weights);
        let total = of_rows.sum(numbers.len());
        let rows = || {
            let pairs = distributions.iter().zip(numbers.iter().copied()).enumerate();
            pairs.map(|(row, (distribution, number))| (of_rows.of(row), distribution, number))
        };
        let mean = |value: &dyn Fn(&D, f64) -> f64| {
            rows().map(|(weight, found, number)| weight * value(found, number)).sum::<f64>() / total
        };
        // Quantiles are found by searches, so that they are computed once.
        let intervals = |share: f64| -> Vec<(f64, f64)> {
            let tail = 0.5 * (1.0 - share);
            distributions.iter().map(|one| (one.quantile(tail), one.quantile(1.0 - tail))).collect()
        };
        // Rows that are not counted add 0, because the sum of nothing is −0.
        let share = |are_counted: &mut dyn Iterator<Item = bool>| {
            let weights =
                rows().zip(are_counted).map(|((weight, ..), counts)| if counts { weight } else { 0.0 });
            weights.sum::<f64>() / total
        };
        let inside = |intervals: &[(f64, f64)]| {
            let pairs = intervals.iter().zip(numbers);
            share(&mut pairs.map(|((low, high), number)| (*low..=*high).contains(number)))
        };
        let (half, nine_tenths) = (intervals(0.5), intervals(0.9));
        let possible = || rows().filter(|(_, found, number)| found.is_possible(*number));
        let of_possible: f64 = possible().map(|(weight, ..)| weight).sum();
        let logs = possible().map(|(weight, found, number)| weight * found.log_density(number));
        let log_density = if of_possible > 0.0 { logs.sum::<f64>() / of_possible } else { 0.0 };
        let errors = rows().map(|(weight, found, number)| (weight / total, found.mean() - number));
        let rmse = root_mean_square(errors);
        Self {
            rows: numbers.len(),
            rmse,
            mae: mean(&|distribution, number| (distribution.quantile(0.5) - number).abs()),
            r2: explained_variance(rmse, numbers, weights),
            log_density,
            outside: numbers.len() - possible().count(),
            outside_share: share(&mut rows().map(|(_, found, number)| !found.is_possible(number))),
            crps: mean(&|distribution, number| distribution.crps(number)),
            coverage_50: inside(&half),
            coverage_90: inside(&nine_tenths),
            width_90: rows()
                .zip(&nine_tenths)
                .map(|((weight, ..), (low, high))| weight * (high - low))
                .sum::<f64>()
                / total,
        }
    }
}

/// The share of the numbers' variance that predictions with this root mean squared error explain; `None` where there is none, or
/// `f64` cannot hold it.
fn explained_variance(rmse: f64, numbers: &[f64], weights: Option<&[f64]>) -> Option<f64> {
    let (_, deviation) = mean_and_deviation(numbers, weights);
    Some(1.0 - (rmse / deviation).powi(2)).filter(|share| deviation > 0.0 && share.is_finite())
}

/// Mean and standard deviation (divisor n) of numbers of any size, weighted by `weights` of the same length, `None`
/// for equal weights; not a number of none.
#[must_use]
pub fn mean_and_deviation(numbers: &[f64], weights: Option<&[f64]>) -> (f64, f64) {
    let of_rows = RowWeights(weights);
    let share = of_rows.sum(numbers.len()).recip();
    let shares = || numbers.iter().enumerate().map(|(row, number)| (of_rows.of(row) * share, number));
    let mean = shares().map(|(share, number)| number * share).sum::<f64>();
    (mean, root_mean_square(shares().map(|(share, number)| (share, number - mean))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests the uniform density on [0, 10] with evenly spaced numbers.
    #[test]
    fn measures_of_a_uniform_density_are_those_of_the_formulas() {
        let uniform = ConditionalDensity::new((0.0, 10.0), vec![0.0; 40]);
        let numbers: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 100.0).collect();
        let metrics = NumberMetrics::of(&vec![uniform; 1000], &numbers, None);
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
    }

    #[test]
    fn numbers_outside_of_the_range_are_counted() {
        let density = ConditionalDensity::new((0.0, 1.0), vec![0.0; 4]);
        let metrics = NumberMetrics::of(&vec![density; 3], &[0.5, 1.0, 3.0], None);
        assert_eq!((metrics.outside, metrics.log_density), (1, 0.0));
        assert!((metrics.coverage_90 - 1.0 / 3.0).abs() < 1e-9, "{metrics:?}");
    }
}
