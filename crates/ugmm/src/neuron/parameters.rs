//! The parameters of a layer's mixtures on a device.

use super::op::ugmm_log_density;
use burn::tensor::Tensor;

/// The parameters of a layer's mixtures, each `[neurons, inputs]`.
#[derive(Clone)]
pub(crate) struct Parameters {
    pub means: Tensor<2>,
    /// Logarithms of the effective σ.
    pub log_sigmas: Tensor<2>,
    pub mixing_logits: Tensor<2>,
}

impl Parameters {
    /// The neurons of several layers with the same inputs as one layer.
    pub(crate) fn joined(layers: Vec<Self>) -> Self {
        let (mut means, mut log_sigmas, mut mixing_logits) = (Vec::new(), Vec::new(), Vec::new());
        for layer in layers {
            means.push(layer.means);
            log_sigmas.push(layer.log_sigmas);
            mixing_logits.push(layer.mixing_logits);
        }
        let join = |parts| Tensor::cat(parts, 0);
        Self { means: join(means), log_sigmas: join(log_sigmas), mixing_logits: join(mixing_logits) }
    }

    /// The activations `[rows, neurons]` of `x` `[rows, inputs]`.
    pub(crate) fn mixtures(self, x: Tensor<2>) -> Tensor<2> {
        let inputs = self.mixing_logits.dims()[1];
        assert_eq!(x.dims()[1], inputs, "the layer has {inputs} inputs");
        ugmm_log_density(x, self.means, self.log_sigmas, self.mixing_logits)
    }
}
