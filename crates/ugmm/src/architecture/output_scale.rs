//! From log-densities to activations about 0.

use crate::neuron::standardization::Units;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// The map from a layer's log-densities y to activations about 0: gain · (y − y₀ − mean) / deviation + shift, neuron by neuron,
/// with y₀ those of a typical input ([`UgmmDense::reference`](crate::architecture::UgmmDense::reference)).
///
/// Gates, attention scores and residual streams need numbers that vary about 0. A log-density does neither: its mean is
/// anything, and where many components average each other out it hardly varies. So it is compared with that of a typical
/// input under the same parameters, since a step that makes all components a little wider would else move it by many times what it
/// varies; and each neuron has a unit of its own:
/// mean and deviation are those of y − y₀ on the rows that the layer is initialised from, and then stay;
/// gain and shift are learned. (For a linear layer this is the data-dependent initialisation of Salimans and Kingma
/// 2016.) Nothing depends on the other rows of a batch, nor on the other steps of a sequence. Fixed units keep the steps
/// of gain and shift in proportion: a deviation of 0.05 that was learned as it is would take steps far too large for it.
///
/// Through a sigmoid with gain = deviation this is p / (p + p₀): the probability that an input comes from the neuron's
/// mixture rather than from a background of constant density p₀ (with log p₀ = y₀ + mean for shift 0).
#[derive(Module, Debug)]
pub struct OutputScale {
    /// `[neurons]`, of log-densities above those of the typical input; fixed.
    pub mean: Param<Tensor<1>>,
    /// `[neurons]`, positive, of the same; fixed.
    pub deviation: Param<Tensor<1>>,
    /// `[neurons]`; 1 at first. Activations have this standard deviation on the rows of initialisation.
    pub gain: Param<Tensor<1>>,
    /// `[neurons]`; 0 at first. Activations have this mean on the rows of initialisation.
    pub shift: Param<Tensor<1>>,
}

impl OutputScale {
    /// One that makes activations of mean 0 and standard deviation 1 of these log-densities, above those of the typical input,
    /// `[rows, neurons]`.
    pub(super) fn of(y: &Tensor<2>, device: &Device) -> Self {
        let neurons = y.dims()[1];
        let (mean, deviation) = Units::of(y, None).into_parts();
        let fixed = |values: Tensor<2>| {
            let values = values.reshape([neurons]).into_data();
            Param::from_tensor(Tensor::from_data(values, device)).set_require_grad(false)
        };
        Self {
            mean: fixed(mean),
            deviation: fixed(deviation),
            gain: Param::from_tensor(Tensor::ones([neurons], device)),
            shift: Param::from_tensor(Tensor::zeros([neurons], device)),
        }
    }

    /// This scale with another shift at first.
    pub(super) fn with_shift(self, shift: f64) -> Self {
        Self { shift: self.shift.map(|zeros| zeros + shift), ..self }
    }

    /// What makes activations of log-densities, `[rows, neurons]`, where those of the typical input are `reference`,
    /// `[1, neurons]`.
    pub(super) fn affine(&self, reference: Tensor<2>) -> Affine {
        let factor = self.gain.val() / self.deviation.val();
        let summand = self.shift.val() - factor.clone() * self.mean.val();
        let factor = factor.unsqueeze();
        let summand = summand.unsqueeze() - factor.clone() * reference;
        Affine { factor, summand }
    }
}

/// y ↦ factor · y + summand, each `[1, neurons]`.
pub(super) struct Affine {
    factor: Tensor<2>,
    summand: Tensor<2>,
}

impl Affine {
    pub(super) fn joined(parts: Vec<Self>) -> Self {
        let (factors, summands) = parts.into_iter().map(|part| (part.factor, part.summand)).unzip();
        Self { factor: Tensor::cat(factors, 1), summand: Tensor::cat(summands, 1) }
    }

    pub(super) fn forward(&self, y: Tensor<2>) -> Tensor<2> {
        y * self.factor.clone() + self.summand.clone()
    }
}
