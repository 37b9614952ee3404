//! Optimisers, with the defaults of PyTorch rather than Burn's (whose ε for Adam is 1e-5).

use super::adam::FusedAdam;
use crate::UgmmError;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{ModuleOptimizer, SgdConfig};
use serde::{Deserialize, Serialize};

/// An optimiser and its settings; the learning rate is the [`Schedule`](super::Schedule)'s.
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
        /// As Adam's.
        beta_1: f32,
        /// As Adam's.
        beta_2: f32,
        /// As Adam's.
        epsilon: f32,
        /// Share of each parameter removed per step and unit of learning rate; at least 0.
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
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
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
            Self::Adam { beta_1, beta_2, epsilon } => {
                decay_rate("beta_1", beta_1.into())?;
                decay_rate("beta_2", beta_2.into())?;
                positive(epsilon)
            }
            Self::AdamW { beta_1, beta_2, epsilon, weight_decay } => {
                Self::Adam { beta_1, beta_2, epsilon }.validate()?;
                not_negative(weight_decay)
            }
            Self::Sgd { momentum, weight_decay } => {
                decay_rate("momentum", momentum)?;
                not_negative(weight_decay)
            }
        }
    }

    pub(crate) fn init(&self) -> ModuleOptimizer {
        let penalty = |weight_decay| (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay));
        match *self {
            Self::Adam { beta_1, beta_2, epsilon } => FusedAdam::new(beta_1, beta_2, epsilon, 0.0).into(),
            Self::AdamW { beta_1, beta_2, epsilon, weight_decay } => {
                FusedAdam::new(beta_1, beta_2, epsilon, weight_decay).into()
            }
            Self::Sgd { momentum, weight_decay } => SgdConfig::new()
                .with_momentum(
                    (momentum > 0.0)
                        .then(|| MomentumConfig::new().with_momentum(momentum).with_dampening(0.0)),
                )
                .with_weight_decay(penalty(weight_decay))
                .init(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::nn::Linear;
    use burn::optim::GradientsParams;
    use burn::tensor::{Device, Tensor};

    /// The first step of Adam moves each parameter by the learning rate against the sign of its gradient, as long as the
    /// gradient is large against ε: a wrong ε (Burn's 1e-5 against 1e-8) shows with gradients of 1e-6.
    #[test]
    fn adam_has_pytorchs_epsilon() {
        let device = Device::flex().autodiff();
        let weight = Param::from_tensor(Tensor::<2>::from_floats([[0.5]], &device).require_grad());
        let linear = Linear { weight, bias: None };
        let loss = linear.forward(Tensor::<2>::from_floats([[1e-6]], &device)).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &linear);
        let mut optimizer = OptimizerConfig::default().init();
        let stepped = optimizer.step(1e-2, linear, gradients);
        let moved = 0.5 - stepped.weight.val().into_scalar::<f32>();
        let expected: f32 = 1e-2 * 1e-6 / (1e-6 + 1e-8);
        assert!((moved - expected).abs() < 1e-6, "{moved} instead of {expected}");
    }
}
