//! The history of a training, as a model file stores it.

use super::EpochReport;
use serde::{Deserialize, Serialize};

/// Measures after each epoch, one value per epoch; a list is empty if its measure was not taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Mean training loss over the epoch's rows (with dropout).
    pub training_loss: Vec<f32>,
    /// Learning rate of the epoch's last step.
    pub learning_rate: Vec<f32>,
    /// Mean of −log P(class | x), or of −log p(number | x), over the validation rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_loss: Vec<f32>,
    /// Accuracy on the validation rows, in [0, 1].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_accuracy: Vec<f32>,
    /// With early stopping, the epoch of the returned network, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
}

impl History {
    /// The history from the reports of a training.
    #[must_use]
    pub fn of(reports: &[EpochReport], best_epoch: Option<usize>) -> Self {
        let measured = |value: fn(&EpochReport) -> Option<f64>| -> Vec<f32> {
            let values: Option<Vec<f32>> = reports.iter().map(|report| value(report).map(storable)).collect();
            values.unwrap_or_default()
        };
        Self {
            training_loss: measured(|report| Some(report.training_loss)),
            learning_rate: measured(|report| Some(report.learning_rate)),
            validation_loss: measured(|report| report.validation_loss),
            validation_accuracy: measured(|report| report.validation.map(|metrics| metrics.accuracy)),
            best_epoch,
        }
    }

    /// Checks a history from a file; the error says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        let epochs = self.training_loss.len();
        let lists = [&self.learning_rate, &self.validation_loss, &self.validation_accuracy];
        let fits = |list: &&Vec<f32>| list.len() == epochs || list.is_empty();
        let finite =
            lists.iter().flat_map(|list| list.iter()).chain(&self.training_loss).all(|v| v.is_finite());
        let best = self.best_epoch.is_none_or(|best| (1..=epochs).contains(&best));
        match lists.iter().all(fits) && finite && best {
            true => Ok(()),
            false => {
                Err("the history of the training must be lists of finite numbers, one for each epoch".into())
            }
        }
    }
}

/// The nearest value that JSON and f32 can represent, so that an extreme value does not prevent saving a
/// model.
fn storable(value: f64) -> f32 {
    if value.is_nan() { f32::MAX } else { value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32 }
}
