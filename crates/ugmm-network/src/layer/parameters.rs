//! The parameters of a layer's mixtures, as the kernels take them.

use std::borrow::Cow;
use ugmm_kernels::{Forward, LayerArguments, LayerShape, Saved, backward, forward};

/// Parameters of a layer's mixtures, each row-major `[neurons, inputs]`.
#[derive(Clone, Debug)]
pub(crate) struct Parameters<'a> {
    pub inputs: usize,
    pub means: Cow<'a, [f32]>,
    /// Logarithms of the effective σ.
    pub log_sigmas: Cow<'a, [f32]>,
    pub mixing_logits: Cow<'a, [f32]>,
}

impl Parameters<'_> {
    pub(super) fn shape(&self, x: &[f32]) -> LayerShape {
        let inputs = self.inputs;
        assert!(x.len().is_multiple_of(inputs), "the layer has {inputs} inputs");
        LayerShape { batch: x.len() / inputs, inputs, neurons: self.mixing_logits.len() / inputs }
    }

    pub(super) fn arguments<'x>(&'x self, x: &'x [f32]) -> LayerArguments<'x> {
        LayerArguments {
            x,
            means: &self.means,
            log_sigmas: &self.log_sigmas,
            mixing_logits: &self.mixing_logits,
        }
    }

    /// The activations of the mixtures, and the values that the backward pass needs.
    pub(crate) fn recorded(&self, x: &[f32]) -> Forward {
        // The slices have the lengths of the shape.
        forward(self.shape(x), self.arguments(x)).unwrap_or_else(|error| panic!("uGMM layer: {error}"))
    }

    /// The activations `[rows, neurons]`. Components of missing inputs (NaN) are left out, and the weights of
    /// the others do not change.
    pub(crate) fn mixtures(&self, x: &[f32]) -> Vec<f32> {
        self.recorded(x).y
    }

    /// Gradients of Σ activations · `cotangent` with respect to means, log σ and mixing logits.
    pub(crate) fn backward(&self, x: &[f32], saved: &Saved, cotangent: &[f32]) -> ugmm_kernels::Gradients {
        backward(self.shape(x), self.arguments(x), saved, cotangent, false)
            .unwrap_or_else(|error| panic!("uGMM layer: {error}"))
    }
}
