//! What the encoder of a transformer is made of.

use super::{
    FeedForward, OrdinaryFeedForward, Projection, UgmmAttention, UgmmFeedForward, UgmmTransformerEncoder,
    UgmmTransformerEncoderLayer,
};
use crate::architecture::seeded::{Draw, redrawn};
use crate::architecture::{UgmmDense, UgmmDenseConfig};
use crate::host::generator_of_device;
use crate::{Check, Init, UgmmError};
use burn::config::Config;
use burn::nn::{LayerNormConfig, Linear, LinearConfig};
use burn::tensor::Device;
use rand::Rng;
use ugmm_network::Stream;

/// The configuration of a [`UgmmTransformerEncoder`], which follows Burn's
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
    /// [`LayerConfig::min_sigma`](crate::LayerConfig::min_sigma).
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
    /// A new encoder. Its random numbers come from the device's own generator (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmTransformerEncoder, UgmmError> {
        self.init_with(&mut generator_of_device(device, Stream::Initialization), device)
    }

    /// A new encoder whose parameters are drawn from `rng`. No sample of the inputs is needed: every uGMM layer reads features that are
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
        self.check()?;
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

impl Check for UgmmTransformerEncoderConfig {
    fn check(&self) -> Result<(), UgmmError> {
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
        UgmmDenseConfig::new(self.d_model, self.d_ff).with_min_sigma(self.min_sigma).check()
    }
}

fn linear<R: Rng + ?Sized>(d_input: usize, d_output: usize, rng: &mut R, device: &Device) -> Linear {
    redrawn(LinearConfig::new(d_input, d_output).init(device), Draw::FanIn, rng)
}
