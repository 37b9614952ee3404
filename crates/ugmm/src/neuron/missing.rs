//! Values that are missing from a row: NaN in the inputs of a network that takes them.
//!
//! A neuron whose input k is missing is the mixture of its other components, their weights renormalised: the mixture given
//! that its component is one of the inputs seen,
//!
//! y_j = log Σ_{k seen} π_jk N(x_k; μ_jk, σ_jk²) − log Σ_{k seen} π_jk.
//!
//! It is a definition, and what component dropout does in training; not the marginal of a joint density. Both logarithms
//! come from the layer's own operation, the second one on inputs that all sit on their means, so that neither a small
//! weight nor a wide component is lost.

use super::op::ugmm_log_density;
use crate::host::is_cpu;
use burn::tensor::{Bool, Device, Tensor};
use ugmm_kernels::NO_LOG_WEIGHT;

const HALF_LOG_TWO_PI: f32 = 0.918_938_5;

/// The value that stands for a missing one in the layer's operation: NaN, which the kernels of processors leave out. The kernels
/// of GPUs, whose compilers assume that there is no NaN, get a number beyond the reach of every σ up to 1e23.
pub(crate) fn marker(device: &Device) -> f32 {
    const OUT_OF_REACH: f32 = 1e25;
    if is_cpu(device) { f32::NAN } else { OUT_OF_REACH }
}

/// log Σ π over the components that see a value, `[rows, neurons]`, for `missing` `[rows, inputs]` and `mixing_logits`
/// `[neurons, inputs]`; NaN where none of them has weight (see [`NO_LOG_WEIGHT`]).
pub(crate) fn log_seen_weight(missing: Tensor<2, Bool>, mixing_logits: Tensor<2>) -> Tensor<2> {
    let device = missing.device();
    let x = Tensor::<2>::zeros(missing.dims(), &device).mask_fill(missing, marker(&device));
    let zeros = Tensor::<2>::zeros(mixing_logits.dims(), &device);
    let log_weight = ugmm_log_density(x, zeros.clone(), zeros, mixing_logits) + HALF_LOG_TWO_PI;
    let sees_nothing = log_weight.clone().without_autodiff().lower_equal_elem(NO_LOG_WEIGHT);
    log_weight.mask_fill(sees_nothing, f32::NAN)
}

/// A mask of the missing values of a batch.
pub(crate) struct Missing(Tensor<2, Bool>);

impl Missing {
    /// The missing values of `x` `[rows, inputs]`; `None` if there are none.
    pub(crate) fn of(x: &Tensor<2>) -> Option<Self> {
        let missing = x.clone().without_autodiff().is_nan();
        let any: bool = missing.clone().any().into_scalar();
        any.then_some(Self(missing))
    }

    /// `x` with 0 in place of missing values.
    pub(crate) fn filled(&self, x: Tensor<2>) -> Tensor<2> {
        x.mask_fill(self.0.clone(), 0.0)
    }

    /// `x` with the [`marker`] in place of missing values.
    pub(crate) fn marked(&self, x: Tensor<2>) -> Tensor<2> {
        let marker = marker(&x.device());
        x.mask_fill(self.0.clone(), marker)
    }

    /// Renormalises activations `y` `[rows, neurons]` that were computed without the missing inputs, for `mixing_logits`
    /// `[neurons, inputs]`. The result is NaN, and so missing to the next layer, where a neuron sees no input that has weight.
    pub(crate) fn renormalized(&self, y: Tensor<2>, mixing_logits: Tensor<2>) -> Tensor<2> {
        let log_weight = log_seen_weight(self.0.clone(), mixing_logits);
        let sees_nothing = log_weight.clone().without_autodiff().is_nan();
        (y - log_weight.mask_fill(sees_nothing.clone(), 0.0)).mask_fill(sees_nothing, f32::NAN)
    }
}

/// Outputs `[rows, outputs]` in which unknown ones (NaN: a neuron that sees nothing) are replaced by the mean of the row's known
/// outputs, which is neutral; 0 where none is known.
pub(crate) fn with_unknown_outputs(y: Tensor<2>) -> Tensor<2> {
    let Some(Missing(unknown)) = Missing::of(&y) else { return y };
    let known = unknown.clone().bool_not().float().sum_dim(1).clamp_min(1.0);
    let y = y.mask_fill(unknown.clone(), 0.0);
    let mean = y.clone().sum_dim(1) / known;
    y.clone().mask_where(unknown, mean.expand(y.dims()))
}
