//! Whether a row is like the training rows.

use serde::{Deserialize, Serialize};
use ugmm_network::RowWeights;

/// Number of inputs up to which correlations are considered; with more inputs, each is measured
/// independently.
const CORRELATED_INPUTS: usize = 64;
/// Weight of the unit matrix in the covariance, without which redundant inputs make it singular.
const SHRINKAGE: f64 = 0.1;
/// Fraction of the training rows that are not flagged.
const ORDINARY_SHARE: f64 = 0.99;

/// Distance of a row from the training rows: the Mahalanobis distance of its inputs, per input, with a
/// covariance shrunk towards the unit matrix. A missing value counts as the mean. One training row in a
/// hundred has a distance above the threshold.
///
/// It measures the inputs, not the network, and is not a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Novelty {
    /// Mean of each input.
    means: Vec<f64>,
    /// The transformation that makes inputs uncorrelated with variance 1: the lower triangle, by rows, of the
    /// inverse of the covariance's Cholesky factor; for many inputs, the reciprocal standard deviation of
    /// each.
    whitening: Vec<f64>,
    /// The distance above which a row is flagged.
    threshold: f64,
}

impl Novelty {
    /// Fits the measure to training rows, `[rows, inputs]`, row-major, with `weights` `[rows]`; NaN is a missing value,
    /// and `None` stands for equal weights.
    pub(crate) fn fit(values: &[f32], inputs: usize, weights: Option<&[f64]>) -> Self {
        let of_rows = RowWeights(weights);
        let rows = || values.chunks(inputs).enumerate().map(|(row, values)| (of_rows.of(row), values));
        let mut means = vec![0f64; inputs];
        for (input, mean) in means.iter_mut().enumerate() {
            let all = || rows().map(|(weight, row)| (weight, f64::from(row[input])));
            let known = || all().filter(|(_, value)| !value.is_nan());
            let total: f64 = known().map(|(weight, _)| weight).sum();
            let sum = known().map(|(weight, value)| weight * value).sum::<f64>();
            *mean = if total > 0.0 { sum / total } else { 0.0 };
        }
        let deviations = |row: &[f32]| -> Vec<f64> {
            row.iter().zip(&means).map(|(&value, mean)| known_or_zero(f64::from(value) - mean)).collect()
        };
        let total = of_rows.sum((values.len() / inputs).max(1));
        let deviations_of_rows = || rows().map(|(weight, row)| (weight, deviations(row)));
        let whitening = if inputs <= CORRELATED_INPUTS {
            let mut covariance = vec![0f64; inputs * inputs];
            for (weight, row) in deviations_of_rows() {
                for (a, left) in row.iter().enumerate() {
                    for (b, right) in row[..=a].iter().enumerate() {
                        covariance[a * inputs + b] += weight * (left * right / total);
                    }
                }
            }
            for a in 0..inputs {
                for b in 0..=a {
                    let unit = if a == b { SHRINKAGE } else { 0.0 };
                    covariance[a * inputs + b] = (1.0 - SHRINKAGE) * covariance[a * inputs + b] + unit;
                }
            }
            inverse_cholesky(&mut covariance, inputs)
        } else {
            let mut variances = vec![0f64; inputs];
            for (weight, row) in deviations_of_rows() {
                variances
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += weight * (value * value / total));
            }
            variances.iter().map(|v| ((1.0 - SHRINKAGE) * v + SHRINKAGE).sqrt().recip()).collect()
        };
        let mut novelty = Self { means, whitening, threshold: f64::MAX };
        let mut distances: Vec<(f64, f64)> =
            rows().map(|(weight, row)| (novelty.distance(row), weight)).collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (needed, mut reached) = (ORDINARY_SHARE * of_rows.sum(distances.len()), 0.0);
        let threshold = distances.iter().find(|(_, weight)| {
            reached += weight;
            reached >= needed
        });
        novelty.threshold = threshold.or(distances.last()).map_or(f64::MAX, |&(distance, _)| distance);
        novelty
    }

    /// Mean of each input over the training rows in which it is not missing.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// The distance of a row, in standard deviations per input; about 1 for an ordinary row.
    #[must_use]
    pub fn distance(&self, row: &[f32]) -> f64 {
        let deviation = |(&value, mean): (&f32, &f64)| known_or_zero(f64::from(value) - mean);
        let deviations: Vec<f64> = row.iter().zip(&self.means).map(deviation).collect();
        let inputs = deviations.len();
        let squares: f64 = if self.whitening.len() == inputs && inputs != 1 {
            deviations.iter().zip(&self.whitening).map(|(value, scale)| (value * scale).powi(2)).sum()
        } else {
            let mut rest = self.whitening.as_slice();
            (1..=inputs)
                .map(|length| {
                    let (factors, others) = rest.split_at(length);
                    rest = others;
                    factors.iter().zip(&deviations).map(|(a, b)| a * b).sum::<f64>().powi(2)
                })
                .sum()
        };
        (squares / inputs as f64).sqrt().min(f64::MAX)
    }

    /// Whether a distance is larger than that of 99 % of the training rows.
    #[must_use]
    pub fn is_beyond(&self, distance: f64) -> bool {
        distance > self.threshold
    }

    /// Whether the distance of a row is larger than that of 99 % of the training rows.
    #[must_use]
    pub fn is_unusual(&self, row: &[f32]) -> bool {
        self.is_beyond(self.distance(row))
    }

    /// Checks a measure from a file; the error is a clause that says what is wrong.
    pub(crate) fn check(&self, inputs: usize) -> Result<(), String> {
        let factors = if inputs <= CORRELATED_INPUTS { inputs * (inputs + 1) / 2 } else { inputs };
        let finite = self.means.iter().chain(&self.whitening).all(|value| value.is_finite());
        match self.means.len() == inputs && self.whitening.len() == factors && finite && self.threshold >= 0.0
        {
            true => Ok(()),
            false => Err(format!("the measure of novelty does not have {inputs} inputs")),
        }
    }
}

fn known_or_zero(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

/// The lower triangle, by rows, of L⁻¹ for a positive definite matrix A = L Lᵀ whose lower triangle is given.
fn inverse_cholesky(matrix: &mut [f64], size: usize) -> Vec<f64> {
    for a in 0..size {
        for b in 0..=a {
            let products = (0..b).map(|k| matrix[a * size + k] * matrix[b * size + k]);
            let left = matrix[a * size + b] - products.sum::<f64>();
            // Keeps the pivot positive in spite of rounding.
            matrix[a * size + b] =
                if a == b { left.max(f64::EPSILON).sqrt() } else { left / matrix[b * size + b] };
        }
    }
    let mut inverse = vec![0f64; size * size];
    for a in 0..size {
        inverse[a * size + a] = matrix[a * size + a].recip();
        for b in 0..a {
            let products = (b..a).map(|k| matrix[a * size + k] * inverse[k * size + b]);
            inverse[a * size + b] = -products.sum::<f64>() / matrix[a * size + a];
        }
    }
    (0..size).flat_map(|a| inverse[a * size..][..=a].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_whitens() {
        // A = [[4, 2], [2, 5]]: L = [[2, 0], [1, 2]], L⁻¹ = [[½, 0], [−¼, ½]].
        assert_eq!(inverse_cholesky(&mut [4.0, 0.0, 2.0, 5.0], 2), [0.5, -0.25, 0.5]);
    }

    /// For two correlated inputs, a row that contradicts the correlation is unusual although each of its
    /// values is ordinary.
    #[test]
    fn what_breaks_a_correlation_is_unusual() {
        let values: Vec<f32> = (0..400)
            .flat_map(|i| {
                let x = (i % 20) as f32 / 10.0 - 0.95;
                [x, x + 0.01 * (i % 7) as f32]
            })
            .collect();
        let novelty = Novelty::fit(&values, 2, None);
        assert!(!novelty.is_unusual(&[0.9, 0.9]) && novelty.is_unusual(&[0.9, -0.9]));
        assert!(!novelty.is_unusual(&[f32::NAN, 0.5]));
        let unusual = values.chunks(2).filter(|row| novelty.is_unusual(row)).count();
        assert!(unusual <= 4, "{unusual}");
        novelty.check(2).unwrap();
        novelty.check(3).unwrap_err();
    }

    #[test]
    fn many_inputs_are_looked_at_one_by_one() {
        let inputs = CORRELATED_INPUTS + 1;
        let values: Vec<f32> = (0..100 * inputs).map(|i| ((i * 7919) % 13) as f32 - 6.0).collect();
        let novelty = Novelty::fit(&values, inputs, None);
        novelty.check(inputs).unwrap();
        assert!(!novelty.is_unusual(&values[..inputs]) && novelty.is_unusual(&vec![30.0; inputs]));
        // A single input has a triangle of one entry.
        let single = Novelty::fit(&[0.0, 1.0, -1.0, 0.5], 1, None);
        single.check(1).unwrap();
        assert!(single.is_unusual(&[5.0]) && single.distance(&[f32::MAX]).is_finite());
    }
}
