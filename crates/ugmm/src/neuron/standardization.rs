//! Standardisation between layers in training (batch normalisation, Ioffe and Szegedy 2015, without scale and shift, whose role
//! means and σ have), and its folding into plain parameters.
//!
//! A layer with standardised inputs (x − m) / s and parameters (μ, σ, ℓ) is a plain layer: its components are Gaussians of x
//! itself with mean m + sμ and deviation sσ. Once m and s are constants instead of a batch's statistics, a plain layer remains.

use super::parameters::Parameters;
use burn::tensor::{Tensor, activation::log_softmax};

/// Added to the variance of each input, so that an input that does not vary has a scale. It is small relative to the variance of
/// activations even where 784 components average each other out (4e-4).
const VARIANCE_OFFSET: f64 = 1e-6;

/// The mean and the standard deviation of each input of a layer, `[1, inputs]`.
pub(crate) struct Units {
    mean: Tensor<2>,
    deviation: Tensor<2>,
}

impl Units {
    /// Mean and deviation of the columns of `x` `[rows, inputs]`, with gradient, weighted by `shares` `[rows, 1]`, which sum
    /// to 1; `None` for equal shares.
    pub(crate) fn of(x: &Tensor<2>, shares: Option<&Tensor<2>>) -> Self {
        let mean_of = |values: Tensor<2>| match shares {
            Some(shares) => (values * shares.clone()).sum_dim(0),
            None => values.mean_dim(0),
        };
        let mean = mean_of(x.clone());
        let variance = mean_of((x.clone() - mean.clone()).square());
        Self { mean, deviation: (variance + VARIANCE_OFFSET).sqrt() }
    }

    /// Mean and standard deviation, each `[1, inputs]`.
    pub(crate) fn into_parts(self) -> (Tensor<2>, Tensor<2>) {
        (self.mean, self.deviation)
    }

    /// Converts inputs to these units.
    pub(crate) fn standardize(&self, x: Tensor<2>) -> Tensor<2> {
        (x - self.mean.clone()) / self.deviation.clone()
    }

    /// The differences between log-densities per unit of the standardised inputs and those of [`Self::apply`]'s parameters,
    /// `[1, neurons]`: the log of the mean deviation, weighted by softmax(`mixing_logits`), `[neurons, inputs]`.
    pub(crate) fn log_scale(&self, mixing_logits: Tensor<2>) -> Tensor<2> {
        let in_plain_units = mixing_logits.clone() + self.deviation.clone().log();
        // Both softmax denominators from the same component.
        let difference = log_softmax(mixing_logits, 1) - log_softmax(in_plain_units, 1);
        (difference + self.deviation.clone().log()).narrow(1, 0, 1).transpose()
    }

    /// Plain parameters, each `[neurons, inputs]`, of a layer whose parameters are in these units. A density per unit of
    /// (x − m)/s is s times the density per unit of x. The logits therefore gain log s, which keeps the responsibilities and
    /// changes the activation by a constant only.
    pub(crate) fn apply(&self, parameters: Parameters) -> Parameters {
        let Parameters { means, log_sigmas, mixing_logits } = parameters;
        let log_deviation = self.deviation.clone().log();
        Parameters {
            means: means * self.deviation.clone() + self.mean.clone(),
            log_sigmas: log_sigmas + log_deviation.clone(),
            mixing_logits: mixing_logits + log_deviation,
        }
    }
}
