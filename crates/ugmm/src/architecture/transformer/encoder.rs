//! The encoder of a transformer.

use super::{
    FeedForward, OrdinaryFeedForward, Projection, UgmmAttention, UgmmAttentionInput, UgmmFeedForward, dropout,
};
use crate::Init;
use crate::architecture::seeded::{Draw, redrawn};
use crate::architecture::{UgmmDense, UgmmDenseConfig};
use crate::random::{Stream, generator_of_device};
use crate::{UgmmError, UgmmLayer};
use burn::config::Config;
use burn::module::Module;
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Bool, Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// What a [`UgmmTransformerEncoder`] is made of; as Burn's
/// [`TransformerEncoderConfig`](burn::nn::transformer::TransformerEncoderConfig), where that applies.
#[derive(Config, Debug, PartialEq)]
pub struct UgmmTransformerEncoderConfig {
    /// Number of features of a step.
    pub d_model: usize,
    /// Neurons between the two layers of a feed-forward sub-layer.
    pub d_ff: usize,
    /// Number of heads; d_model is a multiple of it.
    pub n_heads: usize,
    /// Number of layers.
    pub n_layers: usize,
    /// Dropout probability of attention weights, in feed-forward sub-layers and of what sub-layers add.
    #[config(default = 0.1)]
    pub dropout: f64,
    /// Whether sub-layers are normalised before rather than after. Then a uGMM layer reads what was just normalised, the
    /// inputs that it is made for.
    #[config(default = true)]
    pub norm_first: bool,
    /// Whether heads may attend to nothing; see Burn's `MultiHeadAttentionConfig`.
    #[config(default = false)]
    pub quiet_softmax: bool,
    /// Added to the variance in layer normalisation.
    #[config(default = 1e-5)]
    pub layer_norm_eps: f64,
    /// Whether feed-forward sub-layers are uGMM layers. Without them, and with ordinary projections, it is Burn's encoder.
    #[config(default = true)]
    pub ugmm_feed_forward: bool,
    /// Whether queries, keys and values come from uGMM layers.
    #[config(default = false)]
    pub ugmm_projections: bool,
    /// Lower bound of every σ, in the units of normalised features; see
    /// [`UgmmLayerConfig::min_sigma`](crate::UgmmLayerConfig::min_sigma).
    #[config(default = 1.0)]
    pub min_sigma: f64,
    /// How layers begin; see [`Init`].
    #[config(default = "Init::Wide")]
    pub init: Init,
    /// Standard deviation, at first, of what a uGMM feed-forward sub-layer adds to each feature of a step.
    #[config(default = 0.3)]
    pub residual_gain: f64,
}

impl UgmmTransformerEncoderConfig {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        let sizes = [("d_model", self.d_model), ("d_ff", self.d_ff), ("n_heads", self.n_heads)];
        if let Some((setting, _)) = sizes.into_iter().find(|(_, size)| *size == 0) {
            return Err(UgmmError::setting(setting, 0, "at least 1"));
        }
        if !self.d_model.is_multiple_of(self.n_heads) {
            return Err(UgmmError::setting("d_model", self.d_model, "a multiple of n_heads"));
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(UgmmError::setting("dropout", self.dropout, "at least 0 and less than 1"));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps.is_finite()) {
            return Err(UgmmError::setting("layer_norm_eps", self.layer_norm_eps, "positive and finite"));
        }
        if !(self.residual_gain > 0.0 && self.residual_gain.is_finite()) {
            return Err(UgmmError::setting("residual_gain", self.residual_gain, "positive and finite"));
        }
        UgmmDenseConfig::new(self.d_model, self.d_ff).with_min_sigma(self.min_sigma).validate()
    }

    /// A new encoder. Its random numbers come from the device's own generator (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmTransformerEncoder, UgmmError> {
        self.init_with(&mut generator_of_device(device, Stream::Initialization), device)
    }

    /// The same, drawn from `rng`. No sample of the inputs is needed: every uGMM layer reads features that are
    /// normalised, and is initialised for such.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init_with<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmTransformerEncoder, UgmmError> {
        self.validate()?;
        let layers = (0..self.n_layers).map(|_| self.layer(rng, device)).collect::<Result<_, _>>()?;
        Ok(UgmmTransformerEncoder { layers })
    }

    fn layer<R: Rng + ?Sized>(
        &self,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmTransformerEncoderLayer, UgmmError> {
        let norm = || LayerNormConfig::new(self.d_model).with_epsilon(self.layer_norm_eps).init(device);
        let mut projection = || {
            Ok::<_, UgmmError>(match self.ugmm_projections {
                true => Projection::Ugmm(self.dense(self.d_model, self.d_model, rng, device)?),
                false => Projection::Linear(linear(self.d_model, self.d_model, rng, device)),
            })
        };
        let (query, key, value) = (projection()?, projection()?, projection()?);
        let attention = UgmmAttention {
            query,
            key,
            value,
            output: linear(self.d_model, self.d_model, rng, device),
            n_heads: self.n_heads,
            dropout: self.dropout,
            quiet_softmax: self.quiet_softmax,
        };
        let feed_forward = match self.ugmm_feed_forward {
            true => {
                let inner = self.dense(self.d_model, self.d_ff, rng, device)?;
                let mut outer = self.dense(self.d_ff, self.d_model, rng, device)?;
                outer.scale.gain = outer.scale.gain.map(|gain| gain * self.residual_gain);
                FeedForward::Ugmm(UgmmFeedForward { inner, outer, dropout: self.dropout })
            }
            false => FeedForward::Ordinary(OrdinaryFeedForward {
                linear_inner: linear(self.d_model, self.d_ff, rng, device),
                linear_outer: linear(self.d_ff, self.d_model, rng, device),
                dropout: self.dropout,
            }),
        };
        Ok(UgmmTransformerEncoderLayer {
            attention,
            feed_forward,
            norm_1: norm(),
            norm_2: norm(),
            dropout: self.dropout,
            norm_first: self.norm_first,
        })
    }

    fn dense<R: Rng + ?Sized>(
        &self,
        d_input: usize,
        d_output: usize,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmDense, UgmmError> {
        let config =
            UgmmDenseConfig::new(d_input, d_output).with_min_sigma(self.min_sigma).with_init(self.init);
        let sample = crate::architecture::dense::reference_rows(d_input, rng, device);
        config.init_from(&sample, rng, device)
    }
}

fn linear<R: Rng + ?Sized>(d_input: usize, d_output: usize, rng: &mut R, device: &Device) -> Linear {
    redrawn(LinearConfig::new(d_input, d_output).init(device), Draw::FanIn, rng)
}

/// What an encoder reads, made as Burn's
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
/// it, by Burn's [`PositionalEncoding`](burn::nn::PositionalEncoding), for example. There is no cache for the steps of
/// autoregressive generation.
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
    /// The same two layers at every step.
    pub feed_forward: FeedForward,
    /// Normalises for the feed-forward sub-layer.
    pub norm_1: LayerNorm,
    /// Normalises for attention or, not `norm_first`, the output; the names are Burn's.
    pub norm_2: LayerNorm,
    /// Dropout probability of what the sub-layers add.
    pub dropout: f64,
    /// See [`UgmmTransformerEncoderConfig::norm_first`].
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

    /// The same, with everything random drawn from `rng`.
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

    /// What the sub-layers of each layer look at, each `[batch × steps, d_model]` by sequence and step, for
    /// [`inspect`](crate::inspect) and [`pruning`](crate::pruning).
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
                layer.after_attention::<ChaCha8Rng>(x, (&mask_pad, &mask_attn), None);
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
        self.layers.iter().fold(tensor, |x, layer| layer.pass(x, (&mask_pad, &mask_attn), rng.as_deref_mut()))
    }
}

/// The two masks of attention.
type Masks<'a> = (&'a Option<Tensor<2, Bool>>, &'a Option<Tensor<3, Bool>>);

impl UgmmTransformerEncoderLayer {
    fn pass<R: Rng + ?Sized>(&self, x: Tensor<3>, masks: Masks, mut rng: Option<&mut R>) -> Tensor<3> {
        let (x, read) = self.after_attention(x, masks, rng.as_deref_mut());
        self.after_feed_forward(x, read, rng)
    }

    fn read_by_attention(&self, x: &Tensor<3>) -> Tensor<3> {
        if self.norm_first { self.norm_2.forward(x.clone()) } else { x.clone() }
    }

    /// What goes on past the feed-forward sub-layer, and what that reads.
    fn after_attention<R: Rng + ?Sized>(
        &self,
        x: Tensor<3>,
        (mask_pad, mask_attn): Masks,
        mut rng: Option<&mut R>,
    ) -> (Tensor<3>, Tensor<3>) {
        let mut input = UgmmAttentionInput::self_attn(self.read_by_attention(&x));
        input.mask_pad.clone_from(mask_pad);
        input.mask_attn.clone_from(mask_attn);
        let added = self.attention.forward(input, rng.as_deref_mut()).context;
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

/// What the two sub-layers of an encoder's layer look at, each `[batch × steps, d_model]`.
#[derive(Clone, Debug)]
pub struct SubLayerInputs {
    /// Read by the projections to queries, keys and values.
    pub attention: Tensor<2>,
    /// Read by the feed-forward sub-layer.
    pub feed_forward: Tensor<2>,
}
