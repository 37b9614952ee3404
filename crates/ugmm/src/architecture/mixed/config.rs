//! The configuration of a mixed network.

use crate::Init;
use serde::{Deserialize, Serialize};

/// The kind of rows of a [`MixedNetwork`](super::MixedNetwork).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MixedInput {
    /// Features.
    Features {
        /// Their number.
        features: usize,
    },
    /// The pixels of an image by channel, row and column, the last one fastest.
    Image {
        /// Number of channels.
        channels: usize,
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
    },
    /// A sequence of steps, each with features, which follow each other.
    Sequence {
        /// Number of steps.
        steps: usize,
        /// Features of each.
        features: usize,
    },
    /// A sequence of symbols, as their numbers: whole, from 0.
    Symbols {
        /// Number of steps.
        steps: usize,
        /// How many symbols there are.
        symbols: usize,
    },
}

/// Padding of an image before a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// As many pixels of value 0 as keep its size (divided by the stride).
    #[default]
    Same,
    /// Nothing.
    Valid,
}

/// One layer of a [`MixedNetwork`](super::MixedNetwork). Its inputs are what the layer before it gives.
///
/// What is said of uGMM layers: `min_sigma`, in the units of the inputs, `dropout` of components and `input_dropout` are those
/// of [`LayerConfig`](crate::LayerConfig), as is `init` (`data` of a `ugmm` layer, `wide` of the others, if left out). A layer "of each step" also takes rows of features, and then has one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of the modules")]
pub enum MixedLayerConfig {
    /// Log-densities, as they are, of each step: what a classifier should end with, or an ordinary uGMM network be made of.
    Ugmm {
        neurons: usize,
        #[serde(default = "one")]
        min_sigma: f64,
        #[serde(default)]
        init: Init,
        #[serde(default)]
        dropout: f64,
        #[serde(default)]
        input_dropout: f64,
    },
    /// A [`UgmmDense`](crate::architecture::UgmmDense), of each step.
    UgmmDense {
        outputs: usize,
        #[serde(default = "one")]
        min_sigma: f64,
        #[serde(default = "wide")]
        init: Init,
        #[serde(default)]
        dropout: f64,
        #[serde(default)]
        input_dropout: f64,
    },
    /// A [`UgmmConv2d`](crate::architecture::UgmmConv2d).
    UgmmConv2d {
        channels: usize,
        kernel: [usize; 2],
        #[serde(default = "ones")]
        stride: [usize; 2],
        #[serde(default = "ones")]
        dilation: [usize; 2],
        #[serde(default)]
        padding: Padding,
        #[serde(default = "one")]
        min_sigma: f64,
        #[serde(default = "wide")]
        init: Init,
        #[serde(default)]
        dropout: f64,
    },
    /// A [`UgmmLstm`](crate::architecture::UgmmLstm).
    UgmmLstm {
        hidden: usize,
        #[serde(default = "half")]
        min_sigma: f64,
        #[serde(default = "wide")]
        init: Init,
        #[serde(default)]
        dropout: f64,
    },
    /// A [`UgmmGru`](crate::architecture::UgmmGru).
    UgmmGru {
        hidden: usize,
        #[serde(default = "half")]
        min_sigma: f64,
        #[serde(default = "wide")]
        init: Init,
        #[serde(default)]
        dropout: f64,
        #[serde(default = "one")]
        update_shift: f64,
        #[serde(default = "yes")]
        scale_states: bool,
    },
    /// A [`UgmmTransformerEncoder`](crate::architecture::UgmmTransformerEncoder) with uGMM layers where it says so; with
    /// neither it is Burn's `TransformerEncoder`.
    TransformerEncoder {
        d_ff: usize,
        heads: usize,
        layers: usize,
        #[serde(default)]
        dropout: f64,
        /// Whether steps attend only to themselves and those before.
        #[serde(default)]
        causal: bool,
        #[serde(default)]
        ugmm_feed_forward: bool,
        #[serde(default)]
        ugmm_projections: bool,
        #[serde(default = "one")]
        min_sigma: f64,
        #[serde(default = "wide")]
        init: Init,
    },
    /// Burn's `Linear`, of each step.
    Linear { outputs: usize },
    /// Burn's `Conv2d`.
    Conv2d {
        channels: usize,
        kernel: [usize; 2],
        #[serde(default = "ones")]
        stride: [usize; 2],
        #[serde(default = "ones")]
        dilation: [usize; 2],
        #[serde(default)]
        padding: Padding,
    },
    /// Burn's `Lstm`.
    Lstm { hidden: usize },
    /// Burn's `Gru`.
    Gru { hidden: usize },
    /// Burn's `Embedding` of symbols.
    Embedding { features: usize },
    /// Burn's `PositionalEncoding`; the number of features must be even.
    PositionalEncoding,
    /// Burn's `BatchNorm`, of channels or features.
    BatchNorm,
    /// Burn's `LayerNorm`, of the features of each step.
    LayerNorm,
    /// Burn's `MaxPool2d`.
    MaxPool2d { kernel: [usize; 2] },
    /// Rectified linear units.
    Relu,
    /// Gaussian error linear units.
    Gelu,
    /// σ
    Sigmoid,
    /// tanh
    Tanh,
    /// Values are 0 in training with this probability, and the others scaled up.
    Dropout { probability: f64 },
    /// An image or a sequence as features.
    Flatten,
    /// The mean of each channel, as features.
    MeanOfPixels,
    /// The last step of a sequence, as features.
    LastStep,
    /// The mean over the steps of a sequence, as features.
    MeanOfSteps,
}

fn wide() -> Init {
    Init::Wide
}

fn one() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

fn half() -> f64 {
    0.5
}

fn ones() -> [usize; 2] {
    [1, 1]
}

/// The configuration of a [`MixedNetwork`](super::MixedNetwork).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixedConfig {
    /// The kind of rows.
    pub input: MixedInput,
    /// First to last. The last one gives features: one for each class, of each row or, of a sequence, of each step.
    pub layers: Vec<MixedLayerConfig>,
}

impl MixedConfig {
    /// These layers for rows of this kind.
    #[must_use]
    pub fn new(input: MixedInput, layers: Vec<MixedLayerConfig>) -> Self {
        Self { input, layers }
    }
}
