//! What is kept of the steps of a sequence that grows, so that none is computed twice.

use burn::tensor::Tensor;

/// Keys and values of the steps that a [`UgmmAttention`](super::UgmmAttention) has processed.
#[derive(Clone, Debug, Default)]
pub struct UgmmAttentionCache {
    /// Each `[batch, heads, steps, d_model / heads]`.
    keys_and_values: Option<(Tensor<4>, Tensor<4>)>,
}

impl UgmmAttentionCache {
    /// One that knows no step.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Number of steps that it knows.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.keys_and_values.as_ref().map_or(0, |(keys, _)| keys.dims()[2])
    }

    /// All keys and values, the new ones among them.
    pub(super) fn extend(&mut self, keys: Tensor<4>, values: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let all = match self.keys_and_values.take() {
            Some((old_keys, old_values)) => {
                (Tensor::cat(vec![old_keys, keys], 2), Tensor::cat(vec![old_values, values], 2))
            }
            None => (keys, values),
        };
        self.keys_and_values.insert(all).clone()
    }
}

/// The state of a [`UgmmTransformerEncoder`](super::UgmmTransformerEncoder) for sequences that grow, in place of Burn's
/// [`TransformerEncoderAutoregressiveCache`](burn::nn::transformer::TransformerEncoderAutoregressiveCache).
#[derive(Clone, Debug)]
pub struct UgmmTransformerEncoderAutoregressiveCache {
    /// The caches of the layers, first to last.
    pub(super) layers: Vec<UgmmAttentionCache>,
    /// `[batch, steps, d_model]`
    encoded: Option<Tensor<3>>,
}

impl UgmmTransformerEncoderAutoregressiveCache {
    pub(super) fn empty(layers: usize) -> Self {
        Self { layers: vec![UgmmAttentionCache::empty(); layers], encoded: None }
    }

    /// Number of steps that it knows.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.encoded.as_ref().map_or(0, |encoded| encoded.dims()[1])
    }

    /// All encoded steps, the new ones among them.
    pub(super) fn extend(&mut self, encoded: Tensor<3>) -> Tensor<3> {
        let all = match self.encoded.take() {
            Some(old) => Tensor::cat(vec![old, encoded], 1),
            None => encoded,
        };
        self.encoded.insert(all).clone()
    }
}
