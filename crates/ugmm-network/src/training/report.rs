//! Reports of a training.

use crate::Metrics;
use serde::{Deserialize, Serialize};

/// The report after a step.
#[derive(Clone, Copy, Debug)]
pub struct BatchReport {
    /// Number of finished steps, over all epochs.
    pub step: usize,
    /// Expected number of steps of the whole training.
    pub total_steps: usize,
    /// Loss of this batch; on a GPU, the latest loss that has been read.
    pub loss: f32,
}

/// The report after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReport {
    /// Number of finished epochs.
    pub epoch: usize,
    /// Learning rate of the epoch's last step.
    pub learning_rate: f64,
    /// Mean training loss over the epoch's rows (with dropout).
    pub training_loss: f64,
    /// Measures on the validation rows, if there are any and they have classes.
    pub validation: Option<Metrics>,
    /// Mean of −log P(class | x), or of −log p(number | x), over the validation rows, if there are any.
    pub validation_loss: Option<f64>,
}
