//! Queries, keys and values by either kind of layer.

use crate::architecture::UgmmDense;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use rand::Rng;

/// A map of the features of each step.
#[derive(Module, Debug)]
pub enum Projection {
    /// An affine map.
    Linear(Linear),
    /// A uGMM layer.
    Ugmm(UgmmDense),
}

impl Projection {
    /// The uGMM layer, if it is one.
    #[must_use]
    pub fn as_ugmm(&self) -> Option<&UgmmDense> {
        match self {
            Self::Linear(_) => None,
            Self::Ugmm(dense) => Some(dense),
        }
    }

    pub(super) fn pass<const D: usize, R: Rng + ?Sized>(
        &self,
        x: Tensor<D>,
        rng: Option<&mut R>,
    ) -> Tensor<D> {
        match self {
            Self::Linear(linear) => linear.forward(x),
            Self::Ugmm(dense) => dense.pass(x, rng),
        }
    }
}
