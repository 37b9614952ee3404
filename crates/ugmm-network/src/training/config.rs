//! Settings of a training.

use super::{Augmentation, EarlyStopping, OptimizerConfig, Schedule, Sparsity};
use crate::{Check, LossOptions, UgmmError};
use serde::{Deserialize, Serialize};

/// Settings of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Seed of every random choice.
    pub seed: u64,
    /// Number of epochs, which are passes over the training rows.
    pub epochs: usize,
    /// Number of rows per step; the last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// The optimiser.
    pub optimizer: OptimizerConfig,
    /// The learning-rate schedule.
    pub schedule: Schedule,
    /// Largest Euclidean norm of all gradients together; larger gradients are scaled down. `None` for no
    /// limit.
    pub max_gradient_norm: Option<f64>,
    /// Label smoothing: the fraction of a cross-entropy's target that is spread evenly over all classes; in
    /// [0, 1).
    #[serde(default)]
    pub label_smoothing: f64,
    /// Weight of the rows of each class in the loss, `[classes]`, positive; `None` for equal weights. A
    /// network trained with weights predicts probabilities proportional to weight × P(class | x);
    /// [`unweighted`](crate::metrics::unweighted) recovers P(class | x).
    #[serde(default)]
    pub class_weights: Option<Vec<f64>>,
    /// Augmentation of the rows of each batch.
    #[serde(default)]
    pub augmentation: Option<Augmentation>,
    /// Early stopping by the loss on validation rows, which returns the best network instead of the last one.
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    /// Removal of components during training.
    #[serde(default)]
    pub sparsity: Option<Sparsity>,
}

impl TrainingConfig {
    /// Adam with a constant learning rate of 1e-3, batches of 32, no clipping.
    #[must_use]
    pub fn new(seed: u64, epochs: usize) -> Self {
        Self {
            seed,
            epochs,
            batch_size: 32,
            optimizer: OptimizerConfig::default(),
            schedule: Schedule::Constant { learning_rate: 1e-3 },
            max_gradient_norm: None,
            label_smoothing: 0.0,
            class_weights: None,
            augmentation: None,
            early_stopping: None,
            sparsity: None,
        }
    }

    /// The options of the loss in these settings.
    #[must_use]
    pub fn loss_options(&self) -> LossOptions {
        let Self { label_smoothing, class_weights, .. } = self.clone();
        LossOptions { label_smoothing, class_weights, row_weights: None }
    }
}

impl Check for TrainingConfig {
    fn check(&self) -> Result<(), UgmmError> {
        if self.batch_size == 0 {
            return Err(UgmmError::setting("batch_size", 0, "at least 1"));
        }
        if let Some(norm) = self.max_gradient_norm
            && !(norm > 0.0 && norm.is_finite())
        {
            return Err(UgmmError::setting("max_gradient_norm", norm, "positive and finite"));
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let expected = "at least 0 and less than 1";
            return Err(UgmmError::setting("label_smoothing", self.label_smoothing, expected));
        }
        self.optimizer.check()?;
        let positive = |weight: &f64| *weight > 0.0 && weight.is_finite();
        if let Some(weight) = self.class_weights.iter().flatten().find(|weight| !positive(weight)) {
            return Err(UgmmError::setting("a class weight", weight, "positive and finite"));
        }
        if let Some(EarlyStopping { patience: 0 }) = self.early_stopping {
            return Err(UgmmError::setting("patience", 0, "at least 1 epoch"));
        }
        if let Some(sparsity) = self.sparsity {
            sparsity.check()?;
            if let OptimizerConfig::Sgd { .. } = self.optimizer {
                let expected =
                    "left out with SGD, which has no mean of squared gradients to choose components by";
                return Err(UgmmError::setting("keep_components", sparsity.keep_components, expected));
            }
        }
        self.schedule.check()
    }
}
