//! Optimisers and their settings, with the defaults of PyTorch.

use crate::UgmmError;
use serde::{Deserialize, Serialize};

/// An optimiser and its settings; the [`Schedule`](super::Schedule) determines the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba 2015).
    Adam {
        /// Decay of the mean of gradients, in [0, 1).
        beta_1: f32,
        /// Decay of the mean of squared gradients, in [0, 1).
        beta_2: f32,
        /// Added to the denominator; positive.
        epsilon: f32,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the mean of gradients, in [0, 1).
        beta_1: f32,
        /// Decay of the mean of squared gradients, in [0, 1).
        beta_2: f32,
        /// Added to the denominator; positive.
        epsilon: f32,
        /// Fraction of each parameter that is removed per step and unit of learning rate; at least 0.
        weight_decay: f32,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Heavy-ball momentum in [0, 1); 0 for none.
        momentum: f64,
        /// L2 penalty added to the gradient; at least 0.
        weight_decay: f32,
    },
}

impl Default for OptimizerConfig {
    /// Adam with β = (0.9, 0.999) and ε = 1e-8.
    fn default() -> Self {
        Self::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8 }
    }
}

impl OptimizerConfig {
    /// AdamW with Adam's defaults.
    #[must_use]
    pub fn adam_w(weight_decay: f32) -> Self {
        Self::AdamW { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay }
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
    pub(super) fn check(&self) -> Result<(), UgmmError> {
        let decay_rate = |setting, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(UgmmError::setting(setting, value, "at least 0 and less than 1")),
        };
        let positive = |value: f32| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(UgmmError::setting("epsilon", value, "positive")),
        };
        let not_negative = |value: f32| match value >= 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(UgmmError::setting("weight_decay", value, "at least 0")),
        };
        match *self {
            Self::Adam { beta_1, beta_2, epsilon } | Self::AdamW { beta_1, beta_2, epsilon, .. } => {
                decay_rate("beta_1", beta_1.into())?;
                decay_rate("beta_2", beta_2.into())?;
                positive(epsilon)?;
            }
            Self::Sgd { momentum, .. } => decay_rate("momentum", momentum)?,
        }
        match *self {
            Self::Adam { .. } => Ok(()),
            Self::AdamW { weight_decay, .. } | Self::Sgd { weight_decay, .. } => not_negative(weight_decay),
        }
    }
}
