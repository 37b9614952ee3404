//! What a model is worth on rows it has not seen, from every row; and the temperature that makes its probabilities true.

use super::learner::Learner;
use crate::error::CliError;
use crate::output::{percent, percent_and_sd};
use crate::statistics::mean_and_sd;
use serde::Serialize;
use ugmm::Metrics;
use ugmm::calibration::{scale, temperature};
use ugmm_data::Split;

/// Measures of networks that were trained on all folds but one, on that one.
#[derive(Serialize)]
pub struct CrossValidation {
    folds: usize,
    /// Over all rows, each predicted by the network that has not seen it.
    metrics: Metrics,
    /// Fitted on these predictions, and saved with the model.
    pub temperature: f64,
    /// The same with this temperature.
    scaled_metrics: Metrics,
    by_fold: Vec<Metrics>,
}

impl CrossValidation {
    /// Trains a network for each of the folds, which together test every row once.
    pub fn run(learner: &Learner, splits: &[Split]) -> Result<Self, CliError> {
        let (classes, folds) = (learner.classes, splits.len());
        let mut predictions = vec![0f32; learner.labels.len() * classes];
        let mut by_fold = Vec::with_capacity(folds);
        for (number, split) in splits.iter().enumerate() {
            let fitted = learner.fit(&format!("fold {} of {folds}", number + 1), split)?;
            let held_out = fitted.held_out.as_ref().expect("every fold has rows");
            let log_probabilities = fitted.log_probabilities(held_out)?;
            by_fold.push(Metrics::of(&log_probabilities, held_out.labels()));
            for (row, values) in split.test.iter().zip(log_probabilities.chunks(classes)) {
                predictions[row * classes..][..classes].copy_from_slice(values);
            }
        }
        let metrics = Metrics::of(&predictions, learner.labels);
        let temperature = temperature(&predictions, learner.labels)?;
        scale(&mut predictions, classes, temperature);
        let scaled_metrics = Metrics::of(&predictions, learner.labels);
        Ok(Self { folds, metrics, temperature, scaled_metrics, by_fold })
    }

    pub fn text(&self) -> String {
        let accuracies: Vec<f64> = self.by_fold.iter().map(|metrics| metrics.accuracy).collect();
        let Self { folds, metrics, temperature, scaled_metrics: scaled, .. } = self;
        format!(
            "{folds}-fold cross-validation, each row predicted by a model that has not seen it:\n  accuracy {} %, \
             log-loss {:.4}, calibration error {} %\n  with a temperature of {temperature:.3}, which is saved with the \
             model: log-loss {:.4}, calibration error {} %\n",
            percent_and_sd(&mean_and_sd(&accuracies), 2),
            metrics.log_loss,
            percent(metrics.calibration_error, 2),
            scaled.log_loss,
            percent(scaled.calibration_error, 2)
        )
    }
}
