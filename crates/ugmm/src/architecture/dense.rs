//! A uGMM layer in the place of Burn's `Linear`.

use super::output_scale::OutputScale;
use crate::host::generator_of_device;
use crate::neuron::Parameters;
use crate::{Check, Init, InitOn, LayerConfig, UgmmError, UgmmLayer};
use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use ugmm_network::random::{Stream, normal};

/// The configuration of a [`UgmmDense`].
#[derive(Config, Debug, PartialEq)]
pub struct UgmmDenseConfig {
    /// Number of input features; at least 1.
    pub d_input: usize,
    /// Number of output features, one neuron for each; at least 1.
    pub d_output: usize,
    /// See [`LayerConfig::min_sigma`]; in the units of the inputs, whose spread should be about 1. Wide components make
    /// smooth functions.
    #[config(default = 1.0)]
    pub min_sigma: f64,
    /// See [`LayerConfig::dropout`]; weights are renormalised.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// See [`LayerConfig::input_dropout`].
    #[config(default = 0.0)]
    pub input_dropout: f64,
    /// See [`Init`]; of [`Init::Paper`] only the parameters of the layer are the paper's.
    #[config(default = "Init::Wide")]
    pub init: Init,
    /// Mean of the activations at first.
    #[config(default = 0.0)]
    pub shift: f64,
}

/// Standard normal rows that a module is initialised from where no others are given.
const REFERENCE_ROWS: usize = 512;

impl UgmmDenseConfig {
    /// A layer for inputs of mean 0 and standard deviation 1, such as a `LayerNorm` gives. Its random numbers come from
    /// the device's own generator (`Device::seed`), as those of Burn's modules.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init(&self, device: &Device) -> Result<UgmmDense, UgmmError> {
        let mut rng = generator_of_device(device, Stream::Initialization);
        let sample = reference_rows(self.d_input, &mut rng, device);
        self.init_from(&sample, &mut rng, device)
    }

    /// A layer for inputs such as the rows of `sample`, `[rows, d_input]`: every component begins where it answers to
    /// some of them, and the activations on them have standard deviation 1.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range, or the sample is empty, of the wrong width or not finite.
    pub fn init_from<R: Rng + ?Sized>(
        &self,
        sample: &Tensor<2>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmDense, UgmmError> {
        self.check()?;
        let sample = sample.clone().without_autodiff();
        let layer = self.layer().init_on(Some(&sample), rng, device)?;
        let valid = layer.valid();
        let typical = sample.clone().mean_dim(0);
        let scale = OutputScale::of(&(valid.forward(sample) - valid.forward(typical.clone())), device);
        let reference = Tensor::<1>::from_data(typical.reshape([self.d_input]).into_data(), device);
        Ok(UgmmDense {
            layer,
            scale: scale.with_shift(self.shift),
            reference: Param::from_tensor(reference).set_require_grad(false),
        })
    }

    fn layer(&self) -> LayerConfig {
        LayerConfig {
            init: self.init,
            dropout: self.dropout,
            input_dropout: self.input_dropout,
            min_sigma: self.min_sigma,
            ..LayerConfig::new(self.d_input, self.d_output)
        }
    }
}

impl Check for UgmmDenseConfig {
    fn check(&self) -> Result<(), UgmmError> {
        if !self.shift.is_finite() {
            return Err(UgmmError::setting("shift", self.shift, "finite"));
        }
        self.layer().check()
    }
}

/// Rows of independent standard normal values, `[rows, columns]`.
pub(super) fn reference_rows<R: Rng + ?Sized>(columns: usize, rng: &mut R, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..REFERENCE_ROWS * columns).map(|_| normal(rng) as f32).collect();
    Tensor::<2>::from_data(TensorData::new(values, [REFERENCE_ROWS, columns]), device)
}

/// A [`UgmmLayer`] for the place of Burn's [`Linear`](burn::nn::Linear) in a model: the last dimension of a tensor of
/// any rank in, the same with another last dimension out. Its log-densities are scaled to activations about 0
/// ([`OutputScale`]), as other modules expect them.
///
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use ugmm::architecture::UgmmDenseConfig;
///
/// let device = Device::flex();
/// let dense = UgmmDenseConfig::new(16, 8).init(&device)?;
/// let x = Tensor::<3>::random([4, 10, 16], Distribution::Normal(0.0, 1.0), &device);
/// assert_eq!(dense.forward(x).dims(), [4, 10, 8]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmDense {
    /// The neurons.
    pub layer: UgmmLayer,
    /// The map from log-densities to activations.
    pub scale: OutputScale,
    /// `[d_input]`: a typical input, whose log-densities are the level of the others. The mean of the rows that the layer is
    /// initialised from; fixed.
    pub reference: Param<Tensor<1>>,
}

impl UgmmDense {
    /// Activations `[…, d_output]` of `x` `[…, d_input]`, as a Burn module does it: with dropout in training, its masks
    /// seeded by the device's own generator.
    ///
    /// # Panics
    ///
    /// When the last dimension of `x` is not d_input.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.on_rows(x, |x| self.layer.forward(x))
    }

    /// The outputs in a training pass, with everything random drawn from `rng`.
    ///
    /// # Panics
    ///
    /// When the last dimension of `x` is not d_input.
    #[must_use]
    pub fn forward_training<const D: usize, R: Rng + ?Sized>(&self, x: Tensor<D>, rng: &mut R) -> Tensor<D> {
        self.on_rows(x, |x| self.layer.forward_training(x, rng))
    }

    /// Either, by whether there is an `rng`; without one nothing is random.
    pub(super) fn pass<const D: usize, R: Rng + ?Sized>(
        &self,
        x: Tensor<D>,
        rng: Option<&mut R>,
    ) -> Tensor<D> {
        match rng {
            Some(rng) => self.forward_training(x, rng),
            None => self.on_rows(x, |x| self.layer.valid_pass(x)),
        }
    }

    fn on_rows<const D: usize>(
        &self,
        x: Tensor<D>,
        densities: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<D> {
        let mut shape = x.dims();
        let rows = shape[..D - 1].iter().product();
        let y = densities(x.reshape([rows, shape[D - 1]]));
        shape[D - 1] = self.layer.neurons();
        let scale = self.scale.affine(self.layer.valid_pass(self.reference.val().unsqueeze()));
        scale.forward(y).reshape(shape)
    }
}

/// Layers initialised from the same rows that are evaluated together, with the same dropped components in every pass.
pub(super) struct Joined {
    parameters: Parameters,
    scale: super::output_scale::Affine,
}

impl Joined {
    /// The neurons of these layers, one layer after the other.
    pub(super) fn of<R: Rng + ?Sized>(layers: &[&UgmmDense], mut rng: Option<&mut R>) -> Self {
        let parameters =
            layers.iter().map(|dense| dense.layer.parameters_for_passes(rng.as_deref_mut())).collect();
        let parameters = Parameters::joined(parameters);
        let reference = parameters.clone().mixtures(layers[0].reference.val().unsqueeze());
        let mut first = 0;
        let scales = layers.iter().map(|dense| {
            let neurons = dense.layer.neurons();
            first += neurons;
            dense.scale.affine(reference.clone().narrow(1, first - neurons, neurons))
        });
        let scale = super::output_scale::Affine::joined(scales.collect());
        Self { parameters, scale }
    }

    /// Activations `[rows, neurons of all layers]` of `x` `[rows, inputs]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.scale.forward(self.parameters.clone().mixtures(x))
    }
}
