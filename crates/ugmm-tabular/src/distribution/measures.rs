//! Measures of predicted classes and numbers.

use crate::distribution::Predictions;
use crate::network::outputs::Outputs;
use crate::target::TargetValues;
use serde::Serialize;
use ugmm_network::Metrics;
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
                let outside = metrics.outside as f64 / metrics.rows.max(1) as f64;
                -(1.0 - outside) * metrics.log_density - outside * f64::MIN_POSITIVE.ln()
            }
        }
    }

    /// The means of the measures of several parts, weighted by their numbers of rows; `numbers` are the true
    /// values of all rows.
    pub(crate) fn together(parts: &[Self], numbers: &[f64]) -> Option<Self> {
        let metrics = |part: &Self| match part {
            Self::Numbers(metrics) => Some(*metrics),
            Self::Classes(_) => None,
        };
        let parts: Vec<NumberMetrics> = parts.iter().map(metrics).collect::<Option<_>>()?;
        NumberMetrics::together(&parts, numbers).map(Self::Numbers)
    }

    /// The measures of predictions, where `right` has the true value of the target for each row.
    ///
    /// # Panics
    ///
    /// Panics if there are no rows.
    #[must_use]
    pub fn of_predictions(predictions: &Predictions, right: &[f64]) -> Self {
        match predictions {
            Predictions::Classes(found) => {
                let labels: Vec<usize> = right.iter().map(|&class| class as usize).collect();
                Self::Classes(Metrics::of_decisions(&found.log_probabilities, &labels, &found.decisions))
            }
            Predictions::Numbers(found) => Self::Numbers(NumberMetrics::of(found, right)),
        }
    }

    /// The measures of a network's outputs for the rows at `places` of the targets.
    pub(crate) fn of(
        outputs: &Outputs,
        targets: &TargetValues,
        places: &[usize],
        class_weights: Option<&[f64]>,
    ) -> Self {
        match targets {
            TargetValues::Classes(classes, labels) => {
                let labels: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
                let decisions = decisions(&outputs.values, classes.len(), class_weights);
                Self::Classes(Metrics::of_decisions(&outputs.values, &labels, &decisions))
            }
            TargetValues::Numbers(numbers) => {
                let numbers: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
                Self::Numbers(NumberMetrics::of(&outputs.densities(), &numbers))
            }
        }
    }
}
