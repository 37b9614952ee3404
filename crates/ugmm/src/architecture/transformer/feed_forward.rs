//! The feed-forward sub-layer of a transformer, by either kind of layer.

use super::dropout;
use crate::architecture::UgmmDense;
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Tensor, activation::gelu};
use rand::Rng;

/// Two layers that all steps of a sequence share.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a few handles to tensors each, and a model has few of these")]
pub enum FeedForward {
    /// Linear, GELU, linear: as in Burn's `PositionWiseFeedForward`.
    Ordinary(OrdinaryFeedForward),
    /// Two uGMM layers, with nothing between them: they are not linear themselves.
    Ugmm(UgmmFeedForward),
}

/// Linear, GELU, linear.
#[derive(Module, Debug)]
pub struct OrdinaryFeedForward {
    /// d_model to d_ff.
    pub linear_inner: Linear,
    /// d_ff to d_model.
    pub linear_outer: Linear,
    /// Dropout probability between the two.
    pub dropout: f64,
}

/// Two uGMM layers.
#[derive(Module, Debug)]
pub struct UgmmFeedForward {
    /// d_model to d_ff.
    pub inner: UgmmDense,
    /// d_ff to d_model.
    pub outer: UgmmDense,
    /// Probability that an activation between the two is replaced by 0, its mean at first.
    pub dropout: f64,
}

impl FeedForward {
    /// The uGMM layers, if it has some.
    #[must_use]
    pub fn as_ugmm(&self) -> Option<&UgmmFeedForward> {
        match self {
            Self::Ordinary(_) => None,
            Self::Ugmm(feed_forward) => Some(feed_forward),
        }
    }

    pub(super) fn pass<R: Rng + ?Sized>(&self, x: Tensor<3>, mut rng: Option<&mut R>) -> Tensor<3> {
        match self {
            Self::Ordinary(layers) => {
                let x = gelu(layers.linear_inner.forward(x));
                layers.linear_outer.forward(dropout(x, layers.dropout, rng))
            }
            Self::Ugmm(layers) => {
                let x = layers.inner.pass(x, rng.as_deref_mut());
                // What remains is not scaled up: to a mixture a value twice as large is another value, not more of it.
                let scale = 1.0 - layers.dropout;
                let x = match &mut rng {
                    Some(_) if layers.dropout > 0.0 && x.device().is_autodiff() => {
                        dropout(x, layers.dropout, rng.as_deref_mut()) * scale
                    }
                    _ => x,
                };
                layers.outer.pass(x, rng)
            }
        }
    }
}
