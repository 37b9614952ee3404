//! The baseline that a model must beat: predictions that do not look at the features.

use crate::distribution::measures::Measures;
use crate::target::TargetValues;
use serde::Serialize;
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
    /// The baseline of rows with these classes; `None` without rows.
    #[must_use]
    pub fn of(names: &[String], labels: &[usize]) -> Option<Self> {
        let mut counts = vec![0usize; names.len()];
        labels.iter().for_each(|&label| counts[label] += 1);
        let most = counts.iter().copied().max().filter(|&most| most > 0)?;
        let class = names[counts.iter().position(|&count| count == most)?].clone();
        let share = |count: usize| count as f64 / labels.len() as f64;
        let known = counts.iter().filter(|&&count| count > 0);
        let log_loss = known.map(|&count| -share(count) * share(count).ln()).sum();
        Some(Self { class, accuracy: share(most), log_loss })
    }
}

impl NumberBaseline {
    /// The baseline of rows with these numbers, of which there must be at least one.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Self {
        let (mean, rmse) = mean_and_deviation(numbers);
        // Both are means of formulas for a normal distribution; the second assumes normally distributed
        // numbers.
        let log_density = -0.5 * (std::f64::consts::TAU.ln() + 1.0) - rmse.ln();
        Self { mean, rmse, log_density, crps: rmse / std::f64::consts::PI.sqrt() }
    }
}

impl Baseline {
    /// The baseline of the rows at `places`, of which there must be at least one.
    pub(crate) fn of(values: &TargetValues, places: &[usize]) -> Option<Self> {
        match values {
            TargetValues::Classes(classes, labels) => {
                let labels: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
                ClassBaseline::of(classes.names(), &labels).map(Self::Class)
            }
            TargetValues::Numbers(numbers) if !places.is_empty() => {
                let numbers: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
                Some(Self::Number(NumberBaseline::of(&numbers)))
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
