//! The layers of a mixed network.

use super::config::MixedLayerConfig;
use super::shape::{Shape, Signal, padding_of};
use crate::architecture::seeded::{Draw, redrawn};
use crate::architecture::transformer::dropout;
use crate::architecture::{
    UgmmConv2d, UgmmConv2dConfig, UgmmDense, UgmmDenseConfig, UgmmGru, UgmmGruConfig, UgmmLstm,
    UgmmLstmConfig, UgmmTransformerEncoder, UgmmTransformerEncoderConfig, UgmmTransformerEncoderInput,
};
use crate::{InitOn, LayerConfig, UgmmError, UgmmLayer};
use burn::module::{Module, RunningState};
use burn::nn::attention::generate_autoregressive_mask;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Embedding, EmbeddingConfig, Gru, GruConfig, LayerNorm, LayerNormConfig,
    Linear, LinearConfig, Lstm, LstmConfig, PositionalEncoding, PositionalEncodingConfig,
};
use burn::tensor::activation::{gelu, relu, sigmoid};
use burn::tensor::{Device, Tensor};
use rand::Rng;

/// A layer of a [`MixedNetwork`](super::MixedNetwork).
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there are a few of them in a network")]
pub enum MixedLayer {
    /// Log-densities.
    Ugmm(UgmmLayer),
    /// uGMM, scaled.
    UgmmDense(UgmmDense),
    /// uGMM convolution.
    UgmmConv2d(UgmmConv2d),
    /// uGMM gates.
    UgmmLstm(UgmmLstm),
    /// uGMM gates.
    UgmmGru(UgmmGru),
    /// With or without uGMM layers.
    TransformerEncoder(MaskedEncoder),
    /// Burn's.
    Linear(Linear),
    /// Burn's.
    Conv2d(Conv2d),
    /// Burn's.
    Lstm(Lstm),
    /// Burn's.
    Gru(Gru),
    /// Burn's.
    Embedding(Embedding),
    /// Burn's.
    PositionalEncoding(PositionalEncoding),
    /// Burn's.
    BatchNorm(BatchNorm),
    /// Burn's.
    LayerNorm(LayerNorm),
    /// Burn's.
    MaxPool2d(MaxPool2d),
    /// Without parameters.
    Function(Function),
}

/// An encoder whose steps may attend to all steps, or to none that come later.
#[derive(Module, Debug)]
pub struct MaskedEncoder {
    /// The encoder.
    pub encoder: UgmmTransformerEncoder,
    /// Whether steps attend only to themselves and those before.
    pub causal: bool,
}

/// A layer without parameters.
#[derive(Module, Debug)]
pub struct Function {
    #[module(skip)]
    kind: FunctionKind,
}

#[derive(Clone, Copy, Debug)]
enum FunctionKind {
    Relu,
    Gelu,
    Sigmoid,
    Tanh,
    Dropout(f64),
    Flatten,
    MeanOfPixels,
    LastStep,
    MeanOfSteps,
}

impl MixedLayer {
    /// A layer with new parameters behind what gives `signal`, of this shape.
    pub(super) fn new<R: Rng + ?Sized>(
        config: &MixedLayerConfig,
        shape: Shape,
        signal: &Signal,
        rng: &mut R,
        device: &Device,
    ) -> Result<Self, UgmmError> {
        use MixedLayerConfig as Config;
        // `Shape::after` has checked that the layer fits.
        let features = match shape {
            Shape::Features(features) | Shape::Sequence(_, features) => features,
            Shape::Image(channels, ..) => channels,
            Shape::Symbols(_, symbols) => symbols,
        };
        Ok(match *config {
            Config::Ugmm { neurons, min_sigma, init, dropout, input_dropout } => {
                let base = LayerConfig::new(features, neurons);
                let config = LayerConfig { init, min_sigma, dropout, input_dropout, ..base };
                Self::Ugmm(config.init_on(Some(&signal.steps()), rng, device)?)
            }
            Config::UgmmDense { outputs, min_sigma, init, dropout, input_dropout } => {
                let config = UgmmDenseConfig::new(features, outputs)
                    .with_min_sigma(min_sigma)
                    .with_init(init)
                    .with_dropout(dropout)
                    .with_input_dropout(input_dropout);
                Self::UgmmDense(config.init_from(&signal.steps(), rng, device)?)
            }
            Config::UgmmConv2d { channels, kernel, stride, dilation, padding, min_sigma, init, dropout } => {
                let config = UgmmConv2dConfig::new([features, channels], kernel)
                    .with_stride(stride)
                    .with_dilation(dilation)
                    .with_padding(padding_of(padding, kernel, dilation, stride)?)
                    .with_min_sigma(min_sigma)
                    .with_init(init)
                    .with_dropout(dropout);
                Self::UgmmConv2d(config.init_from(&signal.image(), rng, device)?)
            }
            Config::UgmmLstm { hidden, min_sigma, init, dropout } => {
                let config = UgmmLstmConfig::new(features, hidden)
                    .with_min_sigma(min_sigma)
                    .with_init(init)
                    .with_dropout(dropout);
                Self::UgmmLstm(config.init_from(&signal.sequence(), rng, device)?)
            }
            Config::UgmmGru { hidden, min_sigma, init, dropout, update_shift, scale_states } => {
                let config = UgmmGruConfig::new(features, hidden)
                    .with_min_sigma(min_sigma)
                    .with_init(init)
                    .with_dropout(dropout)
                    .with_update_shift(update_shift)
                    .with_scale_states(scale_states);
                Self::UgmmGru(config.init_from(&signal.sequence(), rng, device)?)
            }
            Config::TransformerEncoder {
                d_ff,
                heads,
                layers,
                dropout,
                causal,
                ugmm_feed_forward,
                ugmm_projections,
                min_sigma,
                init,
            } => {
                let config = UgmmTransformerEncoderConfig::new(features, d_ff, heads, layers)
                    .with_dropout(dropout)
                    .with_ugmm_feed_forward(ugmm_feed_forward)
                    .with_ugmm_projections(ugmm_projections)
                    .with_min_sigma(min_sigma)
                    .with_init(init);
                let encoder = config.init_with(rng, device)?;
                Self::TransformerEncoder(MaskedEncoder { encoder, causal })
            }
            Config::Linear { outputs } => {
                Self::Linear(redrawn(LinearConfig::new(features, outputs).init(device), Draw::FanIn, rng))
            }
            Config::Conv2d { channels, kernel, stride, dilation, padding } => {
                let config = Conv2dConfig::new([features, channels], kernel)
                    .with_stride(stride)
                    .with_dilation(dilation)
                    .with_padding(padding_of(padding, kernel, dilation, stride)?);
                Self::Conv2d(redrawn(config.init(device), Draw::FanIn, rng))
            }
            Config::Lstm { hidden } => {
                Self::Lstm(redrawn(LstmConfig::new(features, hidden, true).init(device), Draw::Xavier, rng))
            }
            Config::Gru { hidden } => {
                Self::Gru(redrawn(GruConfig::new(features, hidden, true).init(device), Draw::Xavier, rng))
            }
            Config::Embedding { features: size } => {
                let config = EmbeddingConfig::new(features, size);
                Self::Embedding(redrawn(config.init(device), Draw::Normal, rng))
            }
            Config::PositionalEncoding => {
                let steps = if let Shape::Sequence(steps, _) = shape { steps } else { 1 };
                let config = PositionalEncodingConfig::new(features).with_max_sequence_size(steps);
                Self::PositionalEncoding(config.init(device))
            }
            Config::BatchNorm => Self::BatchNorm(BatchNormConfig::new(features).init(device)),
            Config::LayerNorm => Self::LayerNorm(LayerNormConfig::new(features).init(device)),
            Config::MaxPool2d { kernel } => Self::MaxPool2d(MaxPool2dConfig::new(kernel).init()),
            Config::Relu => FunctionKind::Relu.into(),
            Config::Gelu => FunctionKind::Gelu.into(),
            Config::Sigmoid => FunctionKind::Sigmoid.into(),
            Config::Tanh => FunctionKind::Tanh.into(),
            Config::Dropout { probability } => FunctionKind::Dropout(probability).into(),
            Config::Flatten => FunctionKind::Flatten.into(),
            Config::MeanOfPixels => FunctionKind::MeanOfPixels.into(),
            Config::LastStep => FunctionKind::LastStep.into(),
            Config::MeanOfSteps => FunctionKind::MeanOfSteps.into(),
        })
    }

    /// Batch normalisation with the mean and the variance of this signal in place of running ones.
    pub(super) fn settle(&mut self, signal: &Signal) {
        let Self::BatchNorm(norm) = self else { return };
        let rows = match signal {
            Signal::Image(x) => {
                let [_, channels, ..] = x.dims();
                x.clone().swap_dims(0, 1).reshape([channels, x.shape().num_elements() / channels]).transpose()
            }
            signal => signal.steps(),
        };
        let mean = rows.clone().mean_dim(0);
        let variance = (rows - mean.clone()).square().mean_dim(0);
        let [_, features] = mean.dims();
        norm.running_mean = RunningState::new(mean.reshape([features]));
        norm.running_var = RunningState::new(variance.reshape([features]));
    }

    /// The layer's output for a signal; with an `rng` it is a training pass.
    pub(super) fn pass<R: Rng + ?Sized>(&self, signal: Signal, rng: Option<&mut R>) -> Signal {
        match self {
            Self::Ugmm(layer) => signal.of_each_step(|x| match rng {
                Some(rng) => layer.forward_training(x, rng),
                None => layer.valid_pass(x),
            }),
            Self::UgmmDense(dense) => signal.of_each_step(|x| dense.pass(x, rng)),
            Self::UgmmConv2d(convolution) => Signal::Image(convolution.pass(signal.image(), rng)),
            Self::UgmmLstm(lstm) => Signal::Sequence(lstm.pass(signal.sequence(), None, rng).0),
            Self::UgmmGru(gru) => Signal::Sequence(gru.pass(signal.sequence(), None, rng).0),
            Self::TransformerEncoder(MaskedEncoder { encoder, causal }) => {
                let x = signal.sequence();
                let ([rows, steps, _], device) = (x.dims(), x.device());
                let input = UgmmTransformerEncoderInput::new(x);
                let input = match causal {
                    true => input.mask_attn(generate_autoregressive_mask(rows, steps, &device)),
                    false => input,
                };
                Signal::Sequence(encoder.pass(input, rng))
            }
            Self::Linear(linear) => signal.of_each_step(|x| linear.forward(x)),
            Self::Conv2d(convolution) => Signal::Image(convolution.forward(signal.image())),
            Self::Lstm(lstm) => Signal::Sequence(lstm.forward(signal.sequence(), None).0),
            Self::Gru(gru) => Signal::Sequence(gru.forward(signal.sequence(), None)),
            Self::Embedding(embedding) => match signal {
                Signal::Symbols(symbols) => Signal::Sequence(embedding.forward(symbols)),
                signal => signal,
            },
            Self::PositionalEncoding(encoding) => Signal::Sequence(encoding.forward(signal.sequence())),
            Self::BatchNorm(norm) => match signal {
                Signal::Image(x) => Signal::Image(norm.forward(x)),
                signal => signal.of_each_step(|x| norm.forward(x)),
            },
            Self::LayerNorm(norm) => signal.of_each_step(|x| norm.forward(x)),
            Self::MaxPool2d(pool) => Signal::Image(pool.forward(signal.image())),
            Self::Function(function) => function.kind.pass(signal, rng),
        }
    }
}

impl From<FunctionKind> for MixedLayer {
    fn from(kind: FunctionKind) -> Self {
        Self::Function(Function { kind })
    }
}

impl FunctionKind {
    fn pass<R: Rng + ?Sized>(self, signal: Signal, rng: Option<&mut R>) -> Signal {
        match self {
            Self::Relu => signal.of_each_value(relu, relu, relu),
            Self::Gelu => signal.of_each_value(gelu, gelu, gelu),
            Self::Sigmoid => signal.of_each_value(sigmoid, sigmoid, sigmoid),
            Self::Tanh => signal.of_each_value(Tensor::tanh, Tensor::tanh, Tensor::tanh),
            Self::Dropout(probability) => match signal {
                Signal::Features(x) => Signal::Features(dropout(x, probability, rng)),
                Signal::Image(x) => Signal::Image(dropout(x, probability, rng)),
                Signal::Sequence(x) => Signal::Sequence(dropout(x, probability, rng)),
                symbols @ Signal::Symbols(_) => symbols,
            },
            Self::Flatten => Signal::Features(match signal {
                Signal::Features(x) => x,
                Signal::Image(x) => x.flatten(1, 3),
                Signal::Sequence(x) => x.flatten(1, 2),
                Signal::Symbols(x) => x.float(),
            }),
            Self::MeanOfPixels => {
                let x = signal.image();
                let [rows, channels, height, width] = x.dims();
                Signal::Features(
                    x.reshape([rows, channels, height * width]).mean_dim(2).reshape([rows, channels]),
                )
            }
            Self::LastStep => {
                let x = signal.sequence();
                let [rows, steps, features] = x.dims();
                Signal::Features(x.narrow(1, steps - 1, 1).reshape([rows, features]))
            }
            Self::MeanOfSteps => {
                let x = signal.sequence();
                let [rows, _, features] = x.dims();
                Signal::Features(x.mean_dim(1).reshape([rows, features]))
            }
        }
    }
}

impl Signal {
    /// The features of each step of each row, `[rows × steps, features]`.
    fn steps(&self) -> Tensor<2> {
        match self.clone() {
            Self::Features(x) => x,
            Self::Sequence(x) => {
                let [rows, steps, features] = x.dims();
                x.reshape([rows * steps, features])
            }
            Self::Image(x) => x.flatten(1, 3),
            Self::Symbols(x) => x.float(),
        }
    }

    fn of_each_step(self, map: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Self {
        let steps = self.steps();
        match self {
            Self::Sequence(x) => {
                let [rows, steps_of_row, _] = x.dims();
                let y = map(steps);
                let features = y.dims()[1];
                Self::Sequence(y.reshape([rows, steps_of_row, features]))
            }
            _ => Self::Features(map(steps)),
        }
    }

    fn of_each_value(
        self,
        of_features: impl FnOnce(Tensor<2>) -> Tensor<2>,
        of_image: impl FnOnce(Tensor<4>) -> Tensor<4>,
        of_sequence: impl FnOnce(Tensor<3>) -> Tensor<3>,
    ) -> Self {
        match self {
            Self::Features(x) => Self::Features(of_features(x)),
            Self::Image(x) => Self::Image(of_image(x)),
            Self::Sequence(x) => Self::Sequence(of_sequence(x)),
            symbols @ Self::Symbols(_) => symbols,
        }
    }

    fn image(&self) -> Tensor<4> {
        match self {
            Self::Image(x) => x.clone(),
            _ => unreachable!("the configuration was checked: the layer is behind an image"),
        }
    }

    fn sequence(&self) -> Tensor<3> {
        match self {
            Self::Sequence(x) => x.clone(),
            _ => unreachable!("the configuration was checked: the layer is behind a sequence"),
        }
    }

    /// Outputs of the network: the features of each row, or of each step of each row one after the other.
    pub(super) fn outputs(self) -> Tensor<2> {
        self.steps()
    }
}
