//! The baseline that a model must beat: predictions that do not look at the features.

use crate::distribution::measures::Measures;
use crate::target::TargetValues;
use serde::Serialize;
use ugmm_network::RowWeights;
use ugmm_network::metrics::mean_and_deviation;

/// Nats, summed over all rows, by which predictions may beat the baseline by chance: the logarithm of a
/// likelihood ratio.
const CHANCE: f64 = 2.0;

/// The measures of the baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Baseline {
    /// The baseline for classes.
    Class(ClassBaseline),
    /// The baseline for numbers.
    Number(NumberBaseline),
}

/// Measures of the class baseline, which always predicts the most frequent class of the compared rows with
/// the frequencies of all classes as probabilities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassBaseline {
    /// The most frequent class; the first of equally frequent ones.
    pub class: String,
    /// Frequency of this class, in [0, 1], which is the baseline's accuracy.
    pub accuracy: f64,
    /// Mean −log of the frequency of each row's class.
    pub log_loss: f64,
}

/// Measures of the number baseline, which always predicts a normal distribution with the mean and standard
/// deviation of the compared numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberBaseline {
    /// Mean of the numbers.
    pub mean: f64,
    /// Standard deviation of the numbers, which is the baseline's root mean squared error.
    pub rmse: f64,
    /// Mean log-density, per unit of the numbers.
    pub log_density: f64,
    /// Mean continuous ranked probability score, computed for normally distributed numbers.
    pub crps: f64,
}

impl ClassBaseline {
    /// The baseline of rows with these classes and `weights` `[rows]`, `None` for equal weights; `None` without rows.
    #[must_use]
    pub fn of(names: &[String], labels: &[usize], weights: Option<&[f64]>) -> Option<Self> {
        let sums = class_sums(names.len(), labels, weights);
        let most = sums.iter().copied().max_by(f64::total_cmp).filter(|&most| most > 0.0)?;
        let class = names[sums.iter().position(|&sum| sum == most)?].clone();
        let total = RowWeights(weights).sum(labels.len());
        let share = |sum: f64| sum / total;
        let known = sums.iter().filter(|&&sum| sum > 0.0);
        let log_loss = known.map(|&sum| -share(sum) * share(sum).ln()).sum();
        Some(Self { class, accuracy: share(most), log_loss })
    }
}

/// Sum of the weights of the rows of each class; their numbers without weights.
pub(crate) fn class_sums(classes: usize, labels: &[usize], weights: Option<&[f64]>) -> Vec<f64> {
    let mut sums = vec![0.0; classes];
    for (row, &label) in labels.iter().enumerate() {
        sums[label] += RowWeights(weights).of(row);
    }
    sums
}

impl NumberBaseline {
    /// The baseline of rows with these numbers, of which there must be at least one, and `weights` `[rows]`; `None`
    /// for equal weights.
    #[must_use]
    pub fn of(numbers: &[f64], weights: Option<&[f64]>) -> Self {
        let (mean, rmse) = mean_and_deviation(numbers, weights);
        // Both are means of formulas for a normal distribution; the second assumes normally distributed
        // numbers.
        let log_density = -0.5 * (std::f64::consts::TAU.ln() + 1.0) - rmse.ln();
        Self { mean, rmse, log_density, crps: rmse / std::f64::consts::PI.sqrt() }
    }
}

impl Baseline {
    /// The baseline of the rows at `places`, of which there must be at least one, with these weights.
    pub(crate) fn of(values: &TargetValues, places: &[usize], weights: Option<&[f64]>) -> Option<Self> {
        match values {
            TargetValues::Classes(classes, labels) => {
                let labels: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
                ClassBaseline::of(classes.names(), &labels, weights).map(Self::Class)
            }
            TargetValues::Numbers(numbers) if !places.is_empty() => {
                let numbers: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
                Some(Self::Number(NumberBaseline::of(&numbers, weights)))
            }
            TargetValues::Numbers(_) => None,
        }
    }

    /// Whether predictions of the same rows with these measures are no better than the baseline by any
    /// measure, beyond chance.
    #[must_use]
    pub fn is_not_beaten_by(&self, measures: &Measures) -> bool {
        let chance = CHANCE / measures.rows().max(1) as f64;
        match (self, measures) {
            (Self::Class(guess), Measures::Classes(found)) => {
                let of_accuracy = (guess.accuracy * (1.0 - guess.accuracy) / found.rows.max(1) as f64).sqrt();
                found.accuracy <= guess.accuracy + of_accuracy && found.log_loss >= guess.log_loss - chance
            }
            // A normal distribution gains as many nats as the logarithm of the ratio of its standard
            // deviations.
            (Self::Number(guess), Measures::Numbers(found)) => {
                found.rmse >= guess.rmse * (-chance).exp() && found.log_density <= guess.log_density + chance
            }
            _ => false,
        }
    }

    /// The baseline's measures in words.
    #[must_use]
    pub fn in_words(&self, target: &str) -> String {
        match self {
            Self::Class(ClassBaseline { class, accuracy, .. }) => {
                format!("always predicting {target} = {class} has an accuracy of {:.2} %", 100.0 * accuracy)
            }
            Self::Number(NumberBaseline { rmse, .. }) => {
                format!("always predicting the mean of {target} has a root mean squared error of {rmse:.4}")
            }
        }
    }
}
