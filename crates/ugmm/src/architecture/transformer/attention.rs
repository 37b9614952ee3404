//! Multi-head attention whose queries, keys and values may come from uGMM layers.

use super::{Projection, UgmmAttentionCache, dropout};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{
    Bool, Tensor,
    activation::{quiet_softmax, softmax},
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Attention scores of what is masked, as Burn's `min_float` has it by default.
const MASKED_SCORE: f32 = -1.0e4;

/// Multi-head attention (Vaswani et al. 2017), as Burn's
/// [`MultiHeadAttention`](burn::nn::attention::MultiHeadAttention) computes it, with projections of either kind. Where they
/// are uGMM layers, a query or key says how probable its step is under each of d_model mixtures.
#[derive(Module, Debug)]
pub struct UgmmAttention {
    /// To queries.
    pub query: Projection,
    /// To keys.
    pub key: Projection,
    /// To values.
    pub value: Projection,
    /// From the heads back to the features of a step.
    pub output: Linear,
    /// Number of heads.
    pub n_heads: usize,
    /// Dropout probability of attention weights.
    pub dropout: f64,
    /// Whether heads may attend to nothing; see Burn's `MultiHeadAttentionConfig`.
    pub quiet_softmax: bool,
}

/// The input of attention, made as Burn's [`MhaInput`](burn::nn::attention::MhaInput).
#[derive(Clone, Debug)]
pub struct UgmmAttentionInput {
    pub(super) query: Tensor<3>,
    pub(super) key: Tensor<3>,
    pub(super) value: Tensor<3>,
    pub(super) mask_pad: Option<Tensor<2, Bool>>,
    pub(super) mask_attn: Option<Tensor<3, Bool>>,
}

impl UgmmAttentionInput {
    /// A sequence that attends to itself, `[batch, steps, d_model]`.
    #[must_use]
    pub fn self_attn(x: Tensor<3>) -> Self {
        Self::new(x.clone(), x.clone(), x)
    }

    /// An input of queries, `[batch, steps_1, d_model]`, keys and values, both `[batch, steps_2, d_model]`.
    #[must_use]
    pub fn new(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>) -> Self {
        Self { query, key, value, mask_pad: None, mask_attn: None }
    }

    /// Steps that are padding and not attended to: `[batch, steps_2]`, true for these.
    #[must_use]
    pub fn mask_pad(self, mask_pad: Tensor<2, Bool>) -> Self {
        Self { mask_pad: Some(mask_pad), ..self }
    }

    /// Steps that a step does not attend to: `[batch, steps_1, steps_2]`, true for these.
    #[must_use]
    pub fn mask_attn(self, mask_attn: Tensor<3, Bool>) -> Self {
        Self { mask_attn: Some(mask_attn), ..self }
    }
}

/// The output of attention.
#[derive(Clone, Debug)]
pub struct UgmmAttentionOutput {
    /// `[batch, heads, steps_1, steps_2]`; after dropout, in training.
    pub weights: Tensor<4>,
    /// `[batch, steps_1, d_model]`
    pub context: Tensor<3>,
}

impl UgmmAttention {
    /// Attention; in training, with everything random drawn from `rng`. Without one nothing is random.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward<R: Rng + ?Sized>(
        &self,
        input: UgmmAttentionInput,
        rng: Option<&mut R>,
    ) -> UgmmAttentionOutput {
        self.pass(input, None, rng)
    }

    /// Attention of new steps, `[batch, new, d_model]` in queries, keys and values, to themselves and to all steps that the
    /// cache knows, which has the new ones after it. Masks are `[batch, known + new]` and `[batch, new, known + new]`.
    /// Nothing is random.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward_cache(
        &self,
        input: UgmmAttentionInput,
        cache: &mut UgmmAttentionCache,
    ) -> UgmmAttentionOutput {
        self.pass::<ChaCha8Rng>(input, Some(cache), None)
    }

    pub(super) fn pass<R: Rng + ?Sized>(
        &self,
        input: UgmmAttentionInput,
        cache: Option<&mut UgmmAttentionCache>,
        mut rng: Option<&mut R>,
    ) -> UgmmAttentionOutput {
        let [batch, steps, d_model] = input.query.dims();
        let d_head = d_model / self.n_heads;
        let mut heads = |projection: &Projection, x: Tensor<3>| {
            let [batch, steps, _] = x.dims();
            let y = projection.pass(x, rng.as_deref_mut());
            y.reshape([batch, steps, self.n_heads, d_head]).swap_dims(1, 2)
        };
        let query = heads(&self.query, input.query);
        let mut key = heads(&self.key, input.key);
        let mut value = heads(&self.value, input.value);
        if let Some(cache) = cache {
            (key, value) = cache.extend(key, value);
        }
        let others = key.dims()[2];
        let mut scores = query.matmul(key.transpose()) / (d_head as f32).sqrt();
        if let Some(mask) = input.mask_pad {
            scores = scores.mask_fill(mask.reshape([batch, 1, 1, others]), MASKED_SCORE);
        }
        if let Some(mask) = input.mask_attn {
            scores = scores.mask_fill(mask.reshape([batch, 1, steps, others]), MASKED_SCORE);
        }
        let weights = if self.quiet_softmax { quiet_softmax(scores, 3) } else { softmax(scores, 3) };
        let weights = dropout(weights, self.dropout, rng);
        let context = weights.clone().matmul(value).swap_dims(1, 2).reshape([batch, steps, d_model]);
        UgmmAttentionOutput { weights, context: self.output.forward(context) }
    }
}
