//! The uGMM layer: every neuron is a univariate Gaussian mixture with one component per input.

mod dropout;
pub(crate) mod missing;
pub(crate) mod op;
mod parameters;
pub(crate) mod standardization;

pub(crate) use parameters::Parameters;

use crate::host::{generator_of_device, host_values, matrix};
use burn::module::{Flag, Module, Param};
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Tensor};
use dropout::{add_noise, drop_components, drop_inputs, log_surviving_weight};
use missing::Missing;
use rand::Rng;
use standardization::Units;
use ugmm_network::dropout::draw_dropped;
use ugmm_network::{Layer, LayerConfig, Means, Stream};

/// A layer of univariate-Gaussian-mixture neurons (paper §3.1). Neuron j maps an input row x to the log-density
///
/// y_j = log Σ_k π_jk N(x_k; μ_jk, σ_jk²), with π_j = softmax(mixing logits of j).
///
/// Like Burn's own modules it drops components only on an autodiff device and while its training flag is on.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{Init, InitOn, LayerConfig, Stream, generator};
///
/// let device = Device::flex();
/// let config = LayerConfig { init: Init::Paper, ..LayerConfig::new(4, 3) };
/// let layer = config.init_on(None, &mut generator(0, Stream::Initialization), &device)?;
/// let y = layer.forward(Tensor::zeros([8, 4], &device));
/// assert_eq!(y.dims(), [8, 3]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmLayer {
    /// μ: `[neurons, inputs]`, or `[neurons, 1]` when tied.
    pub means: Param<Tensor<2>>,
    /// ρ: `[neurons, inputs]`, the learned parameter of σ = √(min_sigma² + exp(2ρ)); log σ when min_sigma is 0.
    pub raw_log_sigmas: Param<Tensor<2>>,
    /// ℓ: `[neurons, inputs]`, with π_j = softmax(ℓ_j).
    pub mixing_logits: Param<Tensor<2>>,
    /// See [`LayerConfig::dropout`].
    pub dropout: f64,
    /// See [`LayerConfig::input_dropout`].
    pub input_dropout: f64,
    /// See [`LayerConfig::input_noise`].
    pub input_noise: f64,
    /// See [`LayerConfig::renormalize`].
    pub renormalize: bool,
    /// See [`LayerConfig::min_sigma`].
    pub min_sigma: f64,
    /// Whether dropout is on in training passes; cleared by Burn's `freeze`.
    pub training: Param<Flag>,
}

impl UgmmLayer {
    /// This layer on a device.
    #[must_use]
    pub fn of(layer: &Layer, device: &Device) -> Self {
        let LayerConfig { inputs, neurons, means, .. } = layer.config;
        let parameter =
            |values: &[f32], columns| Param::from_tensor(matrix(values.to_vec(), columns, device));
        debug_assert_eq!(layer.mixing_logits.len(), neurons * inputs);
        Self {
            means: parameter(&layer.means, means.per_neuron(inputs)),
            raw_log_sigmas: parameter(&layer.raw_log_sigmas, inputs),
            mixing_logits: parameter(&layer.mixing_logits, inputs),
            dropout: layer.config.dropout,
            input_dropout: layer.config.input_dropout,
            input_noise: layer.config.input_noise,
            renormalize: layer.config.renormalize,
            min_sigma: layer.config.min_sigma,
            training: Param::from_bool(true),
        }
    }

    /// This layer in plain lists, which `ugmm_network` inspects, prunes and saves. Its setting of initialisation is the
    /// default, because the module does not keep it.
    #[must_use]
    pub fn to_layer(&self) -> Layer {
        let (inputs, neurons) = (self.inputs(), self.neurons());
        let means = self.means.val();
        let tied = means.dims()[1] == 1 && inputs > 1;
        Layer {
            config: LayerConfig {
                means: if tied { Means::Tied } else { Means::Free },
                dropout: self.dropout,
                input_dropout: self.input_dropout,
                input_noise: self.input_noise,
                renormalize: self.renormalize,
                min_sigma: self.min_sigma,
                ..LayerConfig::new(inputs, neurons)
            },
            means: host_values(&means),
            raw_log_sigmas: host_values(&self.raw_log_sigmas.val()),
            mixing_logits: host_values(&self.mixing_logits.val()),
        }
    }

    /// Number of inputs, which is the number of components of each neuron.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.mixing_logits.dims()[1]
    }

    /// Number of neurons.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.mixing_logits.dims()[0]
    }

    /// Activations `[batch, neurons]` (log-densities) of `x` `[batch, inputs]`. In training there is dropout, whose masks come
    /// from the device's own generator (`Device::seed`), as in Burn's modules.
    ///
    /// # Panics
    ///
    /// When `x` does not have [`Self::inputs`] columns.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        if self.is_random(&x) {
            let mut rng = generator_of_device(&x.device(), Stream::Dropout);
            return self.forward_training(x, &mut rng);
        }
        self.parameters().mixtures(x)
    }

    /// The activations `[batch, neurons]` of `x` `[batch, inputs]`, with dropout masks drawn from `rng`, for a repeatable
    /// training loop. Without dropout, or outside of training, `rng` is not used.
    ///
    /// # Panics
    ///
    /// When `x` does not have [`Self::inputs`] columns.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        self.pass(x, Some(rng))
    }

    /// The activations on inputs that are first standardised to `units`, in which parameters, noise and dropout of inputs are.
    /// A layer of several neurons returns the log-densities of the plain layer [`Self::in_units`]; a layer of one neuron
    /// returns log-densities per unit of the standardised inputs, which differ by a constant.
    pub(crate) fn forward_in_units<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        units: &Units,
        rng: Option<&mut R>,
    ) -> Tensor<2> {
        let y = self.pass(units.standardize(x), rng);
        match self.neurons() {
            // A joint score per unit of the original inputs could be increased without bound by scaling them down.
            1 => y,
            _ => y - units.log_scale(self.mixing_logits.val()),
        }
    }

    /// The layer without σ floor whose activations on inputs are those of this one on inputs standardised by `units`, up to a
    /// constant.
    pub(crate) fn in_units(self, units: &Units) -> Self {
        let Parameters { means, log_sigmas, mixing_logits } = units.apply(self.parameters());
        let replace = |old: Param<Tensor<2>>, new: Tensor<2>| old.map(|_| new.detach());
        Self {
            means: replace(self.means, means),
            raw_log_sigmas: replace(self.raw_log_sigmas, log_sigmas),
            mixing_logits: replace(self.mixing_logits, mixing_logits),
            min_sigma: 0.0,
            ..self
        }
    }

    /// log σ `[neurons, inputs]` of the effective standard deviations, which include the floor.
    #[must_use]
    pub fn log_sigmas(&self) -> Tensor<2> {
        let raw_log_sigmas = self.raw_log_sigmas.val();
        if self.min_sigma == 0.0 {
            return raw_log_sigmas;
        }
        // ½ log(m² + e^2ρ) = log m + ½ log(1 + e^2(ρ − log m)); the derivative of the softplus is exp(2ρ)/σ².
        let log_floor = self.min_sigma.ln();
        softplus((raw_log_sigmas - log_floor) * 2.0, 1.0) * 0.5 + log_floor
    }

    /// A pass without dropout and noise.
    pub(crate) fn valid_pass(&self, x: Tensor<2>) -> Tensor<2> {
        self.parameters().mixtures(x)
    }

    /// A pass, which is a training pass with an `rng`. If `missing_values`, NaN in the inputs is a missing value; see
    /// `missing.rs`.
    pub(crate) fn pass_with_missing<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        missing_values: bool,
        rng: Option<&mut R>,
    ) -> Tensor<2> {
        let missing = if missing_values { Missing::of(&x) } else { None };
        let Some(missing) = missing else { return self.pass(x, rng) };
        let x = missing.filled(x);
        let x = match rng {
            Some(rng) if self.is_random(&x) => self.disturbed(x, rng),
            _ => x,
        };
        let y = self.parameters().mixtures(missing.marked(x));
        missing.renormalized(y, self.mixing_logits.val())
    }

    /// The inputs after noise and dropout of a training pass.
    fn disturbed<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        let x = if self.input_noise > 0.0 { add_noise(x, self.input_noise, rng) } else { x };
        if self.input_dropout > 0.0 { drop_inputs(x, self.input_dropout, rng) } else { x }
    }

    fn is_random(&self, x: &Tensor<2>) -> bool {
        let random = self.dropout > 0.0 || self.input_dropout > 0.0 || self.input_noise > 0.0;
        random && self.is_training(&x.device())
    }

    /// Whether a pass on this device is one of training, in which dropout is on.
    pub(crate) fn is_training(&self, device: &Device) -> bool {
        self.training.is_enabled() && device.is_autodiff()
    }

    /// The parameters of several passes that share their dropped components, such as the steps of a sequence. The weights of
    /// the other components are renormalised; there is no noise or dropout of inputs.
    pub(crate) fn parameters_for_passes<R: Rng + ?Sized>(&self, rng: Option<&mut R>) -> Parameters {
        let parameters = self.parameters();
        let device = parameters.mixing_logits.device();
        let Some(rng) = rng.filter(|_| self.dropout > 0.0 && self.is_training(&device)) else {
            return parameters;
        };
        let dropped = draw_dropped([self.neurons(), self.inputs()], self.dropout, rng);
        let mixing_logits = drop_components(parameters.mixing_logits.clone(), dropped, &device);
        Parameters { mixing_logits, ..parameters }
    }

    fn parameters(&self) -> Parameters {
        let mixing_logits = self.mixing_logits.val();
        let means = self.means.val();
        let shape = mixing_logits.dims();
        let means = if means.dims() == shape { means } else { means.expand(shape) };
        Parameters { means, log_sigmas: self.log_sigmas(), mixing_logits }
    }

    /// A pass, which is a training pass with an `rng`.
    fn pass<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: Option<&mut R>) -> Tensor<2> {
        let parameters = self.parameters();
        let rng = match rng {
            Some(rng) if self.is_random(&x) => rng,
            _ => return parameters.mixtures(x),
        };
        let x = self.disturbed(x, rng);
        if self.dropout == 0.0 {
            return parameters.mixtures(x);
        }
        let device = x.device();
        let dropped = draw_dropped([self.neurons(), self.inputs()], self.dropout, rng);
        let Parameters { means, log_sigmas, mixing_logits } = parameters;
        let kept_logits = drop_components(mixing_logits.clone(), dropped, &device);
        let y = Parameters { means, log_sigmas, mixing_logits: kept_logits.clone() }.mixtures(x);
        if self.renormalize { y } else { y + log_surviving_weight(mixing_logits, kept_logits) }
    }
}
