//! What passes between the layers of a mixed network.

use super::config::{MixedConfig, MixedInput, MixedLayerConfig, Padding};
use crate::architecture::{UgmmConv2dConfig, UgmmDenseConfig, UgmmTransformerEncoderConfig};
use crate::{Check, UgmmError};
use burn::nn::PaddingConfig2d;
use burn::tensor::{Int, Tensor};
use std::fmt;

/// The shape of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Features(usize),
    /// Channels, height, width.
    Image(usize, usize, usize),
    /// Steps, features.
    Sequence(usize, usize),
    /// Steps, number of symbols.
    Symbols(usize, usize),
}

/// The rows themselves.
#[derive(Clone)]
pub(super) enum Signal {
    /// `[rows, features]`
    Features(Tensor<2>),
    /// `[rows, channels, height, width]`
    Image(Tensor<4>),
    /// `[rows, steps, features]`
    Sequence(Tensor<3>),
    /// `[rows, steps]`
    Symbols(Tensor<2, Int>),
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Features(features) => write!(f, "{features} features"),
            Self::Image(channels, height, width) => {
                write!(f, "an image of {channels} × {height} × {width} values")
            }
            Self::Sequence(steps, features) => {
                write!(f, "a sequence of {steps} steps of {features} features")
            }
            Self::Symbols(steps, symbols) => write!(f, "a sequence of {steps} of {symbols} symbols"),
        }
    }
}

impl Shape {
    pub(super) fn of(input: MixedInput) -> Self {
        match input {
            MixedInput::Features { features } => Self::Features(features),
            MixedInput::Image { channels, height, width } => Self::Image(channels, height, width),
            MixedInput::Sequence { steps, features } => Self::Sequence(steps, features),
            MixedInput::Symbols { steps, symbols } => Self::Symbols(steps, symbols),
        }
    }

    /// Number of columns of a row.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Features(features) => features,
            Self::Image(channels, height, width) => channels * height * width,
            Self::Sequence(steps, features) => steps * features,
            Self::Symbols(steps, _) => steps,
        }
    }

    pub(super) fn check(self) -> Result<(), UgmmError> {
        let empty = self.len() == 0 || matches!(self, Self::Symbols(_, 0));
        match empty {
            true => Err(UgmmError::setting("the input", self, "of sizes that are at least 1")),
            false => Ok(()),
        }
    }

    /// Rows `[rows, len]` as what they are.
    pub(super) fn signal(self, x: Tensor<2>) -> Signal {
        let rows = x.dims()[0];
        match self {
            Self::Features(_) => Signal::Features(x),
            Self::Image(channels, height, width) => Signal::Image(x.reshape([rows, channels, height, width])),
            Self::Sequence(steps, features) => Signal::Sequence(x.reshape([rows, steps, features])),
            // A number that no symbol has is taken for the nearest: the data set checks what it holds.
            Self::Symbols(_, symbols) => {
                Signal::Symbols(x.without_autodiff().clamp(0.0, symbols as f64 - 1.0).int())
            }
        }
    }

    /// The shape after a layer.
    pub(super) fn after(self, layer: &MixedLayerConfig) -> Result<Self, UgmmError> {
        use MixedLayerConfig as Layer;
        let misplaced = |layer: &'static str, expected: &'static str| {
            Err(UgmmError::setting(layer, format!("a layer after {self}"), expected))
        };
        let of_steps = |outputs: usize, name: &'static str| match self {
            Self::Features(_) => Ok(Self::Features(outputs)),
            Self::Sequence(steps, _) => Ok(Self::Sequence(steps, outputs)),
            _ => misplaced(name, "after features or a sequence of them"),
        };
        let recurrent = |hidden: usize, name: &'static str| match self {
            Self::Sequence(steps, _) => Ok(Self::Sequence(steps, hidden)),
            _ => misplaced(name, "after a sequence"),
        };
        let at_least_one = |setting: &'static str, value: usize| match value {
            0 => Err(UgmmError::setting(setting, 0, "at least 1")),
            _ => Ok(()),
        };
        let convolved = |channels, kernel, stride, dilation, padding, name| {
            let Self::Image(channels_in, height, width) = self else {
                return misplaced(name, "after an image");
            };
            let config = UgmmConv2dConfig::new([channels_in, channels], kernel)
                .with_stride(stride)
                .with_dilation(dilation)
                .with_padding(padding_of(padding, kernel, dilation, stride)?);
            config.check()?;
            match config.output_size([height, width]) {
                Some([height, width]) => Ok(Self::Image(channels, height, width)),
                None => misplaced(name, "after an image that is no smaller than a patch"),
            }
        };
        let components = |min_sigma, dropout, input_dropout| {
            let config = UgmmDenseConfig::new(1, 1).with_min_sigma(min_sigma);
            config.with_dropout(dropout).with_input_dropout(input_dropout).check()
        };
        match *layer {
            Layer::Ugmm { neurons, min_sigma, dropout, input_dropout, .. } => {
                at_least_one("neurons", neurons)?;
                components(min_sigma, dropout, input_dropout)?;
                of_steps(neurons, "ugmm")
            }
            Layer::UgmmDense { outputs, min_sigma, dropout, input_dropout, .. } => {
                at_least_one("outputs", outputs)?;
                components(min_sigma, dropout, input_dropout)?;
                of_steps(outputs, "ugmm_dense")
            }
            Layer::Linear { outputs } => {
                at_least_one("outputs", outputs)?;
                of_steps(outputs, "linear")
            }
            Layer::UgmmConv2d { channels, kernel, stride, dilation, padding, min_sigma, dropout, .. } => {
                components(min_sigma, dropout, 0.0)?;
                convolved(channels, kernel, stride, dilation, padding, "ugmm_conv2d")
            }
            Layer::Conv2d { channels, kernel, stride, dilation, padding } => {
                convolved(channels, kernel, stride, dilation, padding, "conv2d")
            }
            Layer::UgmmLstm { hidden, min_sigma, dropout, .. }
            | Layer::UgmmGru { hidden, min_sigma, dropout, .. } => {
                at_least_one("hidden", hidden)?;
                components(min_sigma, dropout, 0.0)?;
                recurrent(hidden, "a recurrent layer")
            }
            Layer::Lstm { hidden } | Layer::Gru { hidden } => {
                at_least_one("hidden", hidden)?;
                recurrent(hidden, "a recurrent layer")
            }
            Layer::TransformerEncoder { d_ff, heads, layers, dropout, min_sigma, .. } => match self {
                Self::Sequence(_, features) => {
                    let config = UgmmTransformerEncoderConfig::new(features, d_ff, heads, layers);
                    config.with_dropout(dropout).with_min_sigma(min_sigma).check()?;
                    Ok(self)
                }
                _ => misplaced("transformer_encoder", "after a sequence"),
            },
            Layer::Embedding { features } => {
                at_least_one("features", features)?;
                match self {
                    Self::Symbols(steps, _) => Ok(Self::Sequence(steps, features)),
                    _ => misplaced("embedding", "after symbols"),
                }
            }
            Layer::PositionalEncoding => match self {
                Self::Sequence(_, features) if features.is_multiple_of(2) => Ok(self),
                _ => misplaced("positional_encoding", "after a sequence with an even number of features"),
            },
            Layer::LayerNorm => match self {
                Self::Features(_) | Self::Sequence(..) => Ok(self),
                _ => misplaced("layer_norm", "after features or a sequence of them"),
            },
            Layer::MaxPool2d { kernel } => match self {
                Self::Image(channels, height, width)
                    if !kernel.contains(&0) && kernel[0] <= height && kernel[1] <= width =>
                {
                    Ok(Self::Image(channels, height / kernel[0], width / kernel[1]))
                }
                _ => misplaced("max_pool2d", "after an image that is no smaller than its kernel"),
            },
            Layer::Dropout { probability } if !(0.0..1.0).contains(&probability) => {
                Err(UgmmError::setting("probability", probability, "at least 0 and less than 1"))
            }
            Layer::BatchNorm
            | Layer::Relu
            | Layer::Gelu
            | Layer::Sigmoid
            | Layer::Tanh
            | Layer::Dropout { .. } => match self {
                Self::Symbols(..) => misplaced("a layer of numbers", "behind an embedding"),
                _ => Ok(self),
            },
            Layer::Flatten => match self {
                Self::Symbols(..) => misplaced("flatten", "behind an embedding"),
                _ => Ok(Self::Features(self.len())),
            },
            Layer::MeanOfPixels => match self {
                Self::Image(channels, ..) => Ok(Self::Features(channels)),
                _ => misplaced("mean_of_pixels", "after an image"),
            },
            Layer::LastStep | Layer::MeanOfSteps => match self {
                Self::Sequence(_, features) => Ok(Self::Features(features)),
                _ => misplaced("last_step or mean_of_steps", "after a sequence"),
            },
        }
    }
}

/// The padding that Burn's and our convolution know. Burn's `Same` does not look at dilation, so that it is spelt out.
pub(super) fn padding_of(
    padding: Padding,
    kernel: [usize; 2],
    dilation: [usize; 2],
    stride: [usize; 2],
) -> Result<PaddingConfig2d, UgmmError> {
    match padding {
        Padding::Valid => Ok(PaddingConfig2d::Valid),
        Padding::Same if dilation == [1, 1] => Ok(PaddingConfig2d::Same),
        Padding::Same if stride == [1, 1] => {
            let added = |side: usize| (kernel[side].max(1) - 1) * dilation[side];
            let (rows, columns) = (added(0), added(1));
            Ok(PaddingConfig2d::Explicit(rows / 2, columns / 2, rows - rows / 2, columns - columns / 2))
        }
        Padding::Same => {
            let expected = "valid where there are both strides and dilation";
            Err(UgmmError::setting("padding", "same", expected))
        }
    }
}

impl Check for MixedConfig {
    fn check(&self) -> Result<(), UgmmError> {
        self.shapes().map(|_| ())
    }
}

impl MixedConfig {
    /// Number of columns of a row.
    #[must_use]
    pub fn inputs(&self) -> usize {
        Shape::of(self.input).len()
    }

    /// Number of outputs, for each row or for each step of one.
    ///
    /// # Errors
    ///
    /// The errors of [`Check::check`].
    pub fn outputs(&self) -> Result<usize, UgmmError> {
        self.shapes().map(|shape| match shape {
            Shape::Sequence(_, features) => features,
            other => other.len(),
        })
    }

    /// The shape after the last layer.
    ///
    /// # Errors
    ///
    /// The errors of [`Check::check`].
    pub(super) fn shapes(&self) -> Result<Shape, UgmmError> {
        let first = Shape::of(self.input);
        first.check()?;
        let last = self.layers.iter().try_fold(first, |shape, layer| shape.after(layer))?;
        match last {
            Shape::Features(_) | Shape::Sequence(..) => Ok(last),
            Shape::Image(..) | Shape::Symbols(..) => {
                let value = last.to_string();
                let expected = "features, of each row or of each step; flatten what is an image";
                Err(UgmmError::setting("what the last layer gives", value, expected))
            }
        }
    }
}
