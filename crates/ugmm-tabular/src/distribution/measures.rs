//! Measures of predicted classes and numbers.

use crate::distribution::{ClassPredictions, Predictions};
use crate::network::outputs::Outputs;
use crate::target::TargetValues;
use serde::Serialize;
use std::borrow::Cow;
use ugmm_network::Metrics;
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::metrics::{NumberMetrics, decisions};

/// Measures of predicted classes or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Measures {
    /// Measures of class probabilities.
    Classes(Metrics),
    /// Measures of densities of numbers.
    Numbers(NumberMetrics),
}

impl Measures {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(metrics) => metrics.rows,
            Self::Numbers(metrics) => metrics.rows,
        }
    }

    /// Mean of −log P(class | x) or −log p(number | x), including numbers outside the range. Settings are
    /// chosen by it.
    #[must_use]
    pub fn loss(&self) -> f64 {
        match self {
            Self::Classes(metrics) => metrics.log_loss,
            // The loss of an impossible number is the largest one that f64 has.
            Self::Numbers(metrics) => {
                let outside = metrics.outside_share;
                -(1.0 - outside) * metrics.log_density - outside * f64::MIN_POSITIVE.ln()
            }
        }
    }

    /// The measures of predictions, where `right` has the true value of the target for each row. Means are weighted
    /// by `weights` `[rows]`; `None` for equal weights.
    ///
    /// # Panics
    ///
    /// Panics if there are no rows.
    #[must_use]
    pub fn of_predictions(predictions: &Predictions, right: &[f64], weights: Option<&[f64]>) -> Self {
        match predictions {
            Predictions::Classes(found) => {
                let labels: Vec<usize> = right.iter().map(|&class| class as usize).collect();
                let ClassPredictions { log_probabilities, decisions, .. } = found;
                Self::Classes(Metrics::of_decisions(log_probabilities, &labels, decisions, weights))
            }
            Predictions::Numbers(found) => Self::Numbers(NumberMetrics::of(found, right, weights)),
        }
    }

    /// The measures of a network's outputs for the rows at `places` of the targets, with these weights. Each of the
    /// outputs, which follow one another, has its own range of numbers.
    pub(crate) fn of(
        outputs: &[Outputs],
        targets: &TargetValues,
        places: &[usize],
        class_weights: Option<&[f64]>,
        weights: Option<&[f64]>,
    ) -> Self {
        match targets {
            TargetValues::Classes(classes, labels) => {
                let labels: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
                let values: Cow<'_, [f32]> = match outputs {
                    [one] => (&one.values).into(),
                    several => several.iter().flat_map(|outputs| &outputs.values).copied().collect(),
                };
                let decisions = decisions(&values, classes.len(), class_weights);
                Self::Classes(Metrics::of_decisions(&values, &labels, &decisions, weights))
            }
            TargetValues::Numbers(numbers) => {
                let numbers: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
                let densities: Vec<ConditionalDensity> =
                    outputs.iter().flat_map(Outputs::densities).collect();
                Self::Numbers(NumberMetrics::of(&densities, &numbers, weights))
            }
        }
    }
}
