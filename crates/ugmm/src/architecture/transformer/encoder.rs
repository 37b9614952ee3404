//! The encoder of a transformer.

use super::{
    FeedForward, UgmmAttention, UgmmAttentionCache, UgmmAttentionInput,
    UgmmTransformerEncoderAutoregressiveCache, dropout,
};
use crate::UgmmLayer;
use crate::host::generator_of_device;
use burn::module::Module;
use burn::nn::LayerNorm;
use burn::tensor::{Bool, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use ugmm_network::Stream;

/// The input of an encoder, made as Burn's
/// [`TransformerEncoderInput`](burn::nn::transformer::TransformerEncoderInput).
#[derive(Clone, Debug)]
pub struct UgmmTransformerEncoderInput {
    tensor: Tensor<3>,
    mask_pad: Option<Tensor<2, Bool>>,
    mask_attn: Option<Tensor<3, Bool>>,
}

impl UgmmTransformerEncoderInput {
    /// Sequences `[batch, steps, d_model]`.
    #[must_use]
    pub fn new(tensor: Tensor<3>) -> Self {
        Self { tensor, mask_pad: None, mask_attn: None }
    }

    /// Steps that are padding and not attended to: `[batch, steps]`, true for these.
    #[must_use]
    pub fn mask_pad(self, mask_pad: Tensor<2, Bool>) -> Self {
        Self { mask_pad: Some(mask_pad), ..self }
    }

    /// Steps that a step does not attend to: `[batch, steps, steps]`, true for these; of
    /// [`generate_autoregressive_mask`](burn::nn::attention::generate_autoregressive_mask), for example.
    #[must_use]
    pub fn mask_attn(self, mask_attn: Tensor<3, Bool>) -> Self {
        Self { mask_attn: Some(mask_attn), ..self }
    }
}

/// The encoder of a transformer (Vaswani et al. 2017) with uGMM feed-forward sub-layers and, if wanted, uGMM projections,
/// for the place of Burn's [`TransformerEncoder`](burn::nn::transformer::TransformerEncoder). Positions are encoded before
/// it, by Burn's [`PositionalEncoding`](burn::nn::PositionalEncoding), for example.
///
/// ```
/// use burn::nn::attention::generate_autoregressive_mask;
/// use burn::tensor::{Device, Distribution, Tensor};
/// use ugmm::architecture::{UgmmTransformerEncoderConfig, UgmmTransformerEncoderInput};
///
/// let device = Device::flex();
/// let encoder = UgmmTransformerEncoderConfig::new(16, 32, 4, 2).init(&device)?;
/// let x = Tensor::<3>::random([3, 10, 16], Distribution::Normal(0.0, 1.0), &device);
/// let causal = generate_autoregressive_mask(3, 10, &device);
/// let y = encoder.forward(UgmmTransformerEncoderInput::new(x).mask_attn(causal));
/// assert_eq!(y.dims(), [3, 10, 16]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmTransformerEncoder {
    /// First to last.
    pub layers: Vec<UgmmTransformerEncoderLayer>,
}

/// Attention and feed-forward sub-layer, each added to what it reads.
#[derive(Module, Debug)]
pub struct UgmmTransformerEncoderLayer {
    /// Self-attention.
    pub attention: UgmmAttention,
    /// Two layers that all steps share.
    pub feed_forward: FeedForward,
    /// Normalises for the feed-forward sub-layer.
    pub norm_1: LayerNorm,
    /// Normalises for attention or, not `norm_first`, the output; the names are Burn's.
    pub norm_2: LayerNorm,
    /// Dropout probability of what the sub-layers add.
    pub dropout: f64,
    /// See [`UgmmTransformerEncoderConfig::norm_first`](super::UgmmTransformerEncoderConfig::norm_first).
    pub norm_first: bool,
}

impl UgmmTransformerEncoder {
    /// Encoded sequences `[batch, steps, d_model]`; dropout, in training, is seeded by the device's own generator.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward(&self, input: UgmmTransformerEncoderInput) -> Tensor<3> {
        let device = input.tensor.device();
        let mut rng = device.is_autodiff().then(|| generator_of_device(&device, Stream::Dropout));
        self.pass(input, rng.as_mut())
    }

    /// The outputs of all steps in a training pass, with everything random drawn from `rng`.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(
        &self,
        input: UgmmTransformerEncoderInput,
        rng: &mut R,
    ) -> Tensor<3> {
        self.pass(input, Some(rng))
    }

    /// A cache for [`Self::forward_autoregressive_inference`] that knows no step yet.
    #[must_use]
    pub fn new_autoregressive_cache(&self) -> UgmmTransformerEncoderAutoregressiveCache {
        UgmmTransformerEncoderAutoregressiveCache::empty(self.layers.len())
    }

    /// Encoded sequences `[batch, steps, d_model]` of sequences that grow: only steps that the cache does not know are
    /// computed. They attend to all that masks do not hide; steps before them are as they were, so that
    /// one new step at a time gives what [`forward`](Self::forward) gives with a causal mask. As of Burn's encoder, `input` is
    /// the sequence from its first step on, with masks for all of it; unlike there, several steps may be new. Nothing is
    /// random.
    ///
    /// # Panics
    ///
    /// When the shapes do not fit, no step is new, or the cache is that of another batch or of an encoder of another size.
    ///
    /// ```
    /// use burn::tensor::{Device, Distribution, Tensor};
    /// use ugmm::architecture::{UgmmTransformerEncoderConfig, UgmmTransformerEncoderInput};
    ///
    /// let device = Device::flex();
    /// let encoder = UgmmTransformerEncoderConfig::new(16, 32, 4, 2).init(&device)?;
    /// let mut cache = encoder.new_autoregressive_cache();
    /// let mut sequence = Tensor::<3>::zeros([1, 1, 16], &device);
    /// for _ in 0..5 {
    ///     let input = UgmmTransformerEncoderInput::new(sequence.clone());
    ///     let encoded = encoder.forward_autoregressive_inference(input, &mut cache);
    ///     let last = encoded.narrow(1, cache.steps() - 1, 1);
    ///     let next = last + Tensor::random([1, 1, 16], Distribution::Normal(0.0, 1.0), &device); // a decoder's choice
    ///     sequence = Tensor::cat(vec![sequence, next], 1);
    /// }
    /// assert_eq!(cache.steps(), 5);
    /// # Ok::<(), ugmm::UgmmError>(())
    /// ```
    #[must_use]
    pub fn forward_autoregressive_inference(
        &self,
        input: UgmmTransformerEncoderInput,
        cache: &mut UgmmTransformerEncoderAutoregressiveCache,
    ) -> Tensor<3> {
        let UgmmTransformerEncoderInput { tensor, mask_pad, mask_attn } = input;
        let (steps, known) = (tensor.dims()[1], cache.steps());
        assert!(
            steps > known,
            "a sequence of {steps} steps, of which the cache knows {known}, has no new step"
        );
        assert_eq!(self.layers.len(), cache.layers.len(), "layers of the encoder and of the cache");
        let new = steps - known;
        let masks = (&mask_pad, &mask_attn.map(|mask| mask.narrow(1, known, new)));
        let layers = self.layers.iter().zip(&mut cache.layers);
        let encoded = layers.fold(tensor.narrow(1, known, new), |x, (layer, cache)| {
            layer.pass::<ChaCha8Rng>(x, masks, Some(cache), None)
        });
        cache.extend(encoded)
    }

    /// All uGMM layers with the names of their places, such as "0.feed_forward.inner".
    #[must_use]
    pub fn ugmm_layers(&self) -> Vec<(String, &UgmmLayer)> {
        let mut all = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let attention = &layer.attention;
            let projections =
                [("query", &attention.query), ("key", &attention.key), ("value", &attention.value)];
            for (name, projection) in projections {
                all.extend(
                    projection.as_ugmm().map(|dense| (format!("{number}.attention.{name}"), &dense.layer)),
                );
            }
            if let Some(layers) = layer.feed_forward.as_ugmm() {
                all.push((format!("{number}.feed_forward.inner"), &layers.inner.layer));
                all.push((format!("{number}.feed_forward.outer"), &layers.outer.layer));
            }
        }
        all
    }

    /// The inputs of the sub-layers of each layer, each `[batch × steps, d_model]` by sequence and step, for
    /// [`inspect`](ugmm_network::inspect) and [`pruning`](ugmm_network::pruning).
    ///
    /// # Panics
    ///
    /// When the shapes do not fit.
    #[must_use]
    pub fn sub_layer_inputs(&self, input: UgmmTransformerEncoderInput) -> Vec<SubLayerInputs> {
        let encoder = self.valid();
        let UgmmTransformerEncoderInput { tensor, mask_pad, mask_attn } = input;
        let mut x = tensor.without_autodiff();
        let mut all = Vec::with_capacity(encoder.layers.len());
        for layer in &encoder.layers {
            let read = layer.read_by_attention(&x);
            let (x_between, read_between) =
                layer.after_attention::<ChaCha8Rng>(x, (&mask_pad, &mask_attn), None, None);
            let rows = |x: Tensor<3>| {
                let [batch, steps, features] = x.dims();
                x.reshape([batch * steps, features])
            };
            all.push(SubLayerInputs { attention: rows(read), feed_forward: rows(read_between.clone()) });
            x = layer.after_feed_forward::<ChaCha8Rng>(x_between, read_between, None);
        }
        all
    }

    pub(crate) fn pass<R: Rng + ?Sized>(
        &self,
        input: UgmmTransformerEncoderInput,
        mut rng: Option<&mut R>,
    ) -> Tensor<3> {
        let UgmmTransformerEncoderInput { tensor, mask_pad, mask_attn } = input;
        let masks = (&mask_pad, &mask_attn);
        self.layers.iter().fold(tensor, |x, layer| layer.pass(x, masks, None, rng.as_deref_mut()))
    }
}

/// The two masks of attention.
type Masks<'a> = (&'a Option<Tensor<2, Bool>>, &'a Option<Tensor<3, Bool>>);

impl UgmmTransformerEncoderLayer {
    fn pass<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        masks: Masks,
        cache: Option<&mut UgmmAttentionCache>,
        mut rng: Option<&mut R>,
    ) -> Tensor<3> {
        let (x, read) = self.after_attention(x, masks, cache, rng.as_deref_mut());
        self.after_feed_forward(x, read, rng)
    }

    fn read_by_attention(&self, x: &Tensor<3>) -> Tensor<3> {
        if self.norm_first { self.norm_2.forward(x.clone()) } else { x.clone() }
    }

    /// The residual past the feed-forward sub-layer, and the input of that sub-layer.
    fn after_attention<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        (mask_pad, mask_attn): Masks,
        cache: Option<&mut UgmmAttentionCache>,
        mut rng: Option<&mut R>,
    ) -> (Tensor<3>, Tensor<3>) {
        let mut input = UgmmAttentionInput::self_attn(self.read_by_attention(&x));
        input.mask_pad.clone_from(mask_pad);
        input.mask_attn.clone_from(mask_attn);
        let added = self.attention.pass(input, cache, rng.as_deref_mut()).context;
        let x = x + dropout(added, self.dropout, rng);
        let normalized = self.norm_1.forward(x.clone());
        if self.norm_first { (x, normalized) } else { (normalized.clone(), normalized) }
    }

    fn after_feed_forward<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        read: Tensor<3>,
        mut rng: Option<&mut R>,
    ) -> Tensor<3> {
        let added = self.feed_forward.pass(read, rng.as_deref_mut());
        let x = x + dropout(added, self.dropout, rng);
        if self.norm_first { x } else { self.norm_2.forward(x) }
    }
}

/// The inputs of the two sub-layers of an encoder's layer, each `[batch × steps, d_model]`.
#[derive(Clone, Debug)]
pub struct SubLayerInputs {
    /// Read by the projections to queries, keys and values.
    pub attention: Tensor<2>,
    /// Read by the feed-forward sub-layer.
    pub feed_forward: Tensor<2>,
}
