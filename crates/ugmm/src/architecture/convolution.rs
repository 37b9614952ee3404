//! Convolution by uGMM neurons.

use super::patches::Patches;
use super::{UgmmDense, UgmmDenseConfig};
use crate::host::generator_of_device;
use crate::{Check, Init, UgmmError};
use burn::config::Config;
use burn::module::Module;
use burn::nn::PaddingConfig2d;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use ugmm_network::random::{Stream, index};

/// The configuration of a [`UgmmConv2d`], which follows Burn's
/// [`Conv2dConfig`](burn::nn::conv::Conv2dConfig), where that applies.
#[derive(Config, Debug)]
pub struct UgmmConv2dConfig {
    /// Number of input and of output channels.
    pub channels: [usize; 2],
    /// Height and width of a patch.
    pub kernel_size: [usize; 2],
    /// Pixels from one patch to the next, down and across.
    #[config(default = "[1, 1]")]
    pub stride: [usize; 2],
    /// Pixels from one value of a patch to the next, down and across.
    #[config(default = "[1, 1]")]
    pub dilation: [usize; 2],
    /// Pixels around the image. `Same` takes dilation into account.
    #[config(default = "PaddingConfig2d::Valid")]
    pub padding: PaddingConfig2d,
    /// The value of pixels around the image. To an ordinary convolution 0 is nothing; to a uGMM neuron it is a value as any
    /// other, more or less probable, so it should be that of the background: 0 of images whose background is 0, and of
    /// activations of mean 0.
    #[config(default = 0.0)]
    pub padding_value: f64,
    /// Lower bound of every σ, in the units of the inputs; see
    /// [`LayerConfig::min_sigma`](crate::LayerConfig::min_sigma).
    #[config(default = 1.0)]
    pub min_sigma: f64,
    /// How layers begin; see [`Init`].
    #[config(default = "Init::Wide")]
    pub init: Init,
    /// Component dropout; see [`LayerConfig::dropout`](crate::LayerConfig::dropout).
    #[config(default = 0.0)]
    pub dropout: f64,
}

/// Patches that a module is initialised from, at most, and images that they are taken from.
const INITIALIZATION_PATCHES: usize = 8192;
const INITIALIZATION_IMAGES: usize = 128;

impl UgmmConv2dConfig {
    /// A module for inputs of mean 0 and standard deviation 1. Its random numbers come from the device's own generator
    /// (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmConv2d, UgmmError> {
        self.check()?;
        let mut rng = generator_of_device(device, Stream::Initialization);
        let sample = super::dense::reference_rows(self.patches().len(), &mut rng, device);
        Ok(self.with(self.dense().init_from(&sample, &mut rng, device)?))
    }

    /// A module for images such as those of `sample`, `[images, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range, or the sample is empty, of another number of channels, smaller than a patch or
    /// not finite.
    pub fn init_from<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<4>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmConv2d, UgmmError> {
        self.check()?;
        let what = "the sample for initialisation";
        let [images, channels, height, width] = sample.dims();
        if images == 0 || channels != self.channels[0] {
            let (found, unit, expected) = match images {
                0 => (0, "images", 1),
                _ => (channels, "channels", self.channels[0]),
            };
            return Err(UgmmError::Size { what, found, unit, expected });
        }
        if self.patches().positions(&self.padding, [height, width]).is_none() {
            let value = format!("{height} × {width} pixels");
            return Err(UgmmError::setting("the images' size", value, "at least that of a patch"));
        }
        let sample = sample.clone().without_autodiff().narrow(0, 0, images.min(INITIALIZATION_IMAGES));
        let (rows, _) = self.patches().on_rows(sample, &self.padding, self.padding_value, |rows| rows);
        let found = rows.dims()[0];
        let rows = match found > INITIALIZATION_PATCHES {
            true => {
                let chosen: Vec<i32> =
                    (0..INITIALIZATION_PATCHES).map(|_| index(rng, found) as i32).collect();
                rows.clone().select(0, Tensor::from_data(chosen.as_slice(), &rows.device()))
            }
            false => rows,
        };
        Ok(self.with(self.dense().init_from(&rows, rng, device)?))
    }

    /// Height and width of the output for images of this height and width; `None` where a patch does not fit.
    #[must_use]
    pub fn output_size(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        self.patches().positions(&self.padding, size)
    }

    fn patches(&self) -> Patches {
        let Self { channels, kernel_size: kernel, stride, dilation, .. } = *self;
        Patches { channels: channels[0], kernel, stride, dilation }
    }

    fn dense(&self) -> UgmmDenseConfig {
        UgmmDenseConfig::new(self.patches().len(), self.channels[1])
            .with_min_sigma(self.min_sigma)
            .with_init(self.init)
            .with_dropout(self.dropout)
    }

    fn with(&self, dense: UgmmDense) -> UgmmConv2d {
        UgmmConv2d {
            dense,
            channels_in: self.channels[0],
            kernel_size: self.kernel_size,
            stride: self.stride,
            dilation: self.dilation,
            padding: self.padding.clone(),
            padding_value: self.padding_value,
        }
    }
}

impl Check for UgmmConv2dConfig {
    fn check(&self) -> Result<(), UgmmError> {
        let sizes = [
            ("channels", self.channels),
            ("kernel_size", self.kernel_size),
            ("stride", self.stride),
            ("dilation", self.dilation),
        ];
        if let Some((setting, value)) = sizes.into_iter().find(|(_, value)| value.contains(&0)) {
            return Err(UgmmError::setting(setting, format!("{value:?}"), "at least 1, both"));
        }
        if !self.padding_value.is_finite() {
            return Err(UgmmError::setting("padding_value", self.padding_value, "finite"));
        }
        self.dense().check()
    }
}

/// A convolution whose output channels are uGMM neurons that look at the values of a patch, for the place of Burn's
/// [`Conv2d`](burn::nn::conv::Conv2d).
///
/// The patches are rows of a tensor, batch × positions × patch values: as many times larger than the images as patches
/// overlap (9 times for 3 × 3 patches side by side), and as many times smaller than what the fused operation never
/// writes, batch × positions × channels × patch values. Outside training they are made in portions of at most 16 MiB. In
/// training all of them are kept for the backward pass, as the inputs of any layer are: 14 MiB of 128 images of 16 × 14 ×
/// 14, for 3 × 3 patches.
///
/// ```
/// use burn::nn::PaddingConfig2d;
/// use burn::tensor::{Device, Tensor};
/// use ugmm::architecture::UgmmConv2dConfig;
///
/// let device = Device::flex();
/// let convolution =
///     UgmmConv2dConfig::new([1, 8], [3, 3]).with_stride([2, 2]).with_padding(PaddingConfig2d::Same).init(&device)?;
/// assert_eq!(convolution.forward(Tensor::zeros([2, 1, 28, 28], &device)).dims(), [2, 8, 14, 14]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmConv2d {
    /// Patches to channels; its inputs are the values of a patch by channel, row and column, the last one fastest.
    pub dense: UgmmDense,
    /// Number of input channels.
    pub channels_in: usize,
    /// Height and width of a patch.
    pub kernel_size: [usize; 2],
    /// See [`UgmmConv2dConfig::stride`].
    pub stride: [usize; 2],
    /// See [`UgmmConv2dConfig::dilation`].
    pub dilation: [usize; 2],
    /// See [`UgmmConv2dConfig::padding`].
    #[module(skip)]
    pub padding: PaddingConfig2d,
    /// See [`UgmmConv2dConfig::padding_value`].
    pub padding_value: f64,
}

impl UgmmConv2d {
    /// Activations `[batch, channels_out, height_out, width_out]` of images `[batch, channels_in, height, width]`; component
    /// dropout, in training, is seeded by the device's own generator.
    ///
    /// # Panics
    ///
    /// When the images have another number of channels, or are smaller than a patch.
    #[must_use]
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let mut rng =
            (self.dense.layer.dropout > 0.0).then(|| generator_of_device(&x.device(), Stream::Dropout));
        self.pass::<ChaCha8Rng>(x, rng.as_mut())
    }

    /// The outputs in a training pass, with everything random drawn from `rng`.
    ///
    /// # Panics
    ///
    /// When the images have another number of channels, or are smaller than a patch.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<4>, rng: &mut R) -> Tensor<4> {
        self.pass(x, Some(rng))
    }

    /// The patches of images that the neurons look at, `[batch × positions, patch values]`, by image and position: what
    /// [`inspect`](ugmm_network::inspect) and [`pruning`](ugmm_network::pruning) take as the rows of the layer.
    ///
    /// # Panics
    ///
    /// When the images have another number of channels, or are smaller than a patch.
    #[must_use]
    pub fn patches(&self, x: Tensor<4>) -> Tensor<2> {
        self.cut().on_rows(x, &self.padding, self.padding_value, |rows| rows).0
    }

    fn cut(&self) -> Patches {
        let Self { channels_in: channels, kernel_size: kernel, stride, dilation, .. } = *self;
        Patches { channels, kernel, stride, dilation }
    }

    pub(crate) fn pass<R: Rng + ?Sized>(&self, x: Tensor<4>, mut rng: Option<&mut R>) -> Tensor<4> {
        let batch = x.dims()[0];
        let (y, [height, width]) = self
            .cut()
            .on_rows(x, &self.padding, self.padding_value, |rows| self.dense.pass(rows, rng.as_deref_mut()));
        let channels = y.dims()[1];
        y.reshape([batch, height, width, channels]).permute([0, 3, 1, 2])
    }
}
