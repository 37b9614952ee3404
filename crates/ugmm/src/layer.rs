//! The uGMM layer: every neuron is a univariate Gaussian mixture with one component per input.

use crate::dropout::{add_noise, draw_dropped, drop_components, drop_inputs, log_surviving_weight};
use crate::init::{self, Init, InitialValues};
use crate::standardization::Units;
use crate::{UgmmError, random, ugmm_log_density};
use burn::module::{Flag, Module, Param};
use burn::tensor::activation::softplus;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Whether the components of a neuron have means of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// One mean per component (paper §3.1).
    #[default]
    Free,
    /// One mean per neuron, shared by its components (paper §5): the paper centres component k at input x_k and
    /// evaluates it at the neuron's point y_j; since N(y; x, σ²) = N(x; y, σ²), that point is one learned mean.
    Tied,
}

impl Means {
    pub(crate) fn per_neuron(self, inputs: usize) -> usize {
        match self {
            Self::Free => inputs,
            Self::Tied => 1,
        }
    }
}

/// What a [`UgmmLayer`] is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UgmmLayerConfig {
    /// Number of inputs, and so of components of each neuron; at least 1.
    pub inputs: usize,
    /// Number of neurons; at least 1.
    pub neurons: usize,
    /// Own or shared means.
    #[serde(default)]
    pub means: Means,
    /// Initialisation.
    #[serde(default)]
    pub init: Init,
    /// Component dropout: the probability that a component leaves its mixture in a training pass; in [0, 1).
    #[serde(default)]
    pub dropout: f64,
    /// Input dropout: the probability that an input value of a row is replaced by 0 in a training pass; in [0, 1).
    /// Drawn for each row by itself, and nothing is scaled up: 0 is the background of an image, and the mean of
    /// standardised inputs. (Masking noise, Vincent et al. 2010.)
    #[serde(default)]
    pub input_dropout: f64,
    /// Standard deviation of the Gaussian noise that is added to the inputs in a training pass, in the units of the means;
    /// finite and at least 0. For a function of the inputs this is a penalty on its slopes (Bishop 1995).
    #[serde(default)]
    pub input_noise: f64,
    /// Whether the weights of the components that survive dropout are renormalised to sum to 1, as the paper's
    /// published code does (true), or stay as they are, as in its formula (false).
    #[serde(default = "renormalize_by_default")]
    pub renormalize: bool,
    /// Lower bound of every σ: σ = √(min_sigma² + exp(2ρ)) with ρ the learned parameter. Finite and at least 0;
    /// 0 means none, and then ρ = log σ.
    #[serde(default)]
    pub min_sigma: f64,
}

fn renormalize_by_default() -> bool {
    true
}

impl UgmmLayerConfig {
    /// A layer with free means, [`Init::Data`], no dropout and no σ floor.
    #[must_use]
    pub fn new(inputs: usize, neurons: usize) -> Self {
        Self {
            inputs,
            neurons,
            means: Means::Free,
            init: Init::Data,
            dropout: 0.0,
            input_dropout: 0.0,
            input_noise: 0.0,
            renormalize: true,
            min_sigma: 0.0,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        let at_least_one = |setting, value: usize| match value {
            0 => Err(UgmmError::setting(setting, value, "at least 1")),
            _ => Ok(()),
        };
        at_least_one("the number of inputs", self.inputs)?;
        at_least_one("the number of neurons", self.neurons)?;
        for (setting, probability) in [("dropout", self.dropout), ("input_dropout", self.input_dropout)] {
            if !(0.0..1.0).contains(&probability) {
                return Err(UgmmError::setting(setting, probability, "at least 0 and less than 1"));
            }
        }
        if !(0.0..=1e30).contains(&self.input_noise) {
            return Err(UgmmError::setting("input_noise", self.input_noise, "between 0 and 1e30"));
        }
        if !(0.0..=1e30).contains(&self.min_sigma) {
            return Err(UgmmError::setting("min_sigma", self.min_sigma, "between 0 and 1e30"));
        }
        Ok(())
    }

    /// A layer with new parameters. `sample` `[rows, inputs]` holds typical inputs of the layer; [`Init::Data`] needs
    /// it, [`Init::Paper`] does not look at it.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range, or the sample is missing, of the wrong width or not finite.
    pub fn init<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmLayer, UgmmError> {
        self.validate()?;
        let values = match (self.init, sample) {
            (Init::Paper, _) => init::paper(self.inputs, self.neurons, self.means, rng),
            (Init::Data, None) => {
                let expected = "\"paper\" where no sample of the inputs is given (\"data\" needs one)";
                return Err(UgmmError::setting("init", "\"data\"", expected));
            }
            (Init::Data, Some(sample)) => {
                let found = sample.dims()[1];
                if found != self.inputs {
                    let what = "the sample for initialisation";
                    return Err(UgmmError::Size { what, found, unit: "columns", expected: self.inputs });
                }
                init::from_data(sample, self.neurons, self.means, rng)?
            }
        };
        Ok(self.with_values(values, device))
    }

    /// A layer of these values; its ρ are such that the effective σ are the given ones, or just above the floor.
    fn with_values(&self, values: InitialValues, device: &Device) -> UgmmLayer {
        let raw_log_sigmas = values
            .log_sigmas
            .into_iter()
            .map(|log_sigma| raw_log_sigma_of(log_sigma, self.min_sigma))
            .collect();
        let parameter = |values: Vec<f32>| {
            let columns = values.len() / self.neurons;
            Param::from_data(TensorData::new(values, [self.neurons, columns]), device)
        };
        UgmmLayer {
            means: parameter(values.means),
            raw_log_sigmas: parameter(raw_log_sigmas),
            mixing_logits: parameter(values.mixing_logits),
            dropout: self.dropout,
            input_dropout: self.input_dropout,
            input_noise: self.input_noise,
            renormalize: self.renormalize,
            min_sigma: self.min_sigma,
            training: Param::from_bool(true),
        }
    }

    /// A layer of the right shapes whose values are about to be replaced by those of a file.
    pub(crate) fn blank(&self, device: &Device) -> UgmmLayer {
        let components = self.neurons * self.inputs;
        let zeros = InitialValues {
            means: vec![0.0; self.neurons * self.means.per_neuron(self.inputs)],
            log_sigmas: vec![0.0; components],
            mixing_logits: vec![0.0; components],
        };
        self.with_values(zeros, device)
    }
}

/// The ρ with √(min_sigma² + exp(2ρ)) = exp(log_sigma); a σ at or below the floor gets one a little above it, where
/// ρ still has a gradient.
fn raw_log_sigma_of(log_sigma: f32, min_sigma: f64) -> f32 {
    /// Smallest share of σ² that comes from ρ.
    const SMALLEST_SHARE: f64 = 1e-2;
    if min_sigma == 0.0 {
        return log_sigma;
    }
    let log_sigma = f64::from(log_sigma);
    let share = -(2.0 * (min_sigma.ln() - log_sigma)).exp_m1(); // 1 − (min_sigma / σ)²
    let rho = if share > SMALLEST_SHARE {
        log_sigma + 0.5 * share.ln()
    } else {
        min_sigma.ln() + 0.5 * SMALLEST_SHARE.ln()
    };
    rho as f32
}

/// A layer of univariate-Gaussian-mixture neurons (paper §3.1). Neuron j maps an input row x to the log-density
///
/// y_j = log Σ_k π_jk N(x_k; μ_jk, σ_jk²), with π_j = softmax(mixing logits of j).
///
/// Like Burn's own modules it drops components only on an autodiff device and while its training flag is on.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{Init, Stream, UgmmLayerConfig, generator};
///
/// let device = Device::flex();
/// let config = UgmmLayerConfig { init: Init::Paper, ..UgmmLayerConfig::new(4, 3) };
/// let layer = config.init(None, &mut generator(0, Stream::Initialization), &device)?;
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
    /// See [`UgmmLayerConfig::dropout`].
    pub dropout: f64,
    /// See [`UgmmLayerConfig::input_dropout`].
    pub input_dropout: f64,
    /// See [`UgmmLayerConfig::input_noise`].
    pub input_noise: f64,
    /// See [`UgmmLayerConfig::renormalize`].
    pub renormalize: bool,
    /// See [`UgmmLayerConfig::min_sigma`].
    pub min_sigma: f64,
    /// Whether dropout is on in training passes; cleared by Burn's `freeze`.
    pub training: Param<Flag>,
}

impl UgmmLayer {
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

    /// Activations `[batch, neurons]` (log-densities) of `x` `[batch, inputs]`, as a Burn module does it: with
    /// dropout in training, its masks seeded by the device's own generator (`Device::seed`).
    ///
    /// # Panics
    ///
    /// When `x` does not have [`Self::inputs`] columns.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        if self.is_random(&x) {
            let seed = Tensor::<1, Int>::random(
                [1],
                burn::tensor::Distribution::Uniform(0.0, i32::MAX.into()),
                &x.device(),
            );
            let seed: i64 = seed.into_scalar();
            let mut rng = random::generator(seed.unsigned_abs(), random::Stream::Dropout);
            return self.forward_training(x, &mut rng);
        }
        self.parameters().mixtures(x)
    }

    /// The same, with dropout masks drawn from `rng`: what a training loop that must be repeatable calls. Without
    /// dropout, or outside training, `rng` is not touched.
    ///
    /// # Panics
    ///
    /// When `x` does not have [`Self::inputs`] columns.
    #[must_use]
    pub fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        self.pass(x, self.parameters(), Some(rng))
    }

    /// The same on inputs that are standardised to `units` first, which the parameters (and noise and dropout of inputs)
    /// refer to. A layer of several neurons returns the log-densities of the plain layer [`Self::in_units`]; one of a
    /// single neuron, those per unit of the standardised inputs, which differ from them by a constant.
    pub(crate) fn forward_in_units<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        units: &Units,
        rng: Option<&mut R>,
    ) -> Tensor<2> {
        let y = self.pass(units.standardize(x), self.parameters(), rng);
        match self.neurons() {
            // A joint score per unit of the inputs as they are could be raised without end by making them small.
            1 => y,
            _ => y - units.log_scale(self.mixing_logits.val()),
        }
    }

    /// The layer of plain parameters that computes what this one does on inputs standardised to `units`; without σ floor.
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

    /// log σ `[neurons, inputs]` of the effective standard deviations, the floor included.
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

    fn is_random(&self, x: &Tensor<2>) -> bool {
        let random = self.dropout > 0.0 || self.input_dropout > 0.0 || self.input_noise > 0.0;
        random && self.training.is_enabled() && x.device().is_autodiff()
    }

    fn parameters(&self) -> Parameters {
        let mixing_logits = self.mixing_logits.val();
        let means = self.means.val();
        let shape = mixing_logits.dims();
        let means = if means.dims() == shape { means } else { means.expand(shape) };
        Parameters { means, log_sigmas: self.log_sigmas(), mixing_logits }
    }

    /// One pass with these parameters; a training pass when there is an `rng`.
    fn pass<R: Rng + ?Sized>(&self, x: Tensor<2>, parameters: Parameters, rng: Option<&mut R>) -> Tensor<2> {
        let rng = match rng {
            Some(rng) if self.is_random(&x) => rng,
            _ => return parameters.mixtures(x),
        };
        let x = if self.input_noise > 0.0 { add_noise(x, self.input_noise, rng) } else { x };
        let x = if self.input_dropout > 0.0 { drop_inputs(x, self.input_dropout, rng) } else { x };
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

/// What a layer's mixtures are made of, each `[neurons, inputs]`.
pub(crate) struct Parameters {
    pub means: Tensor<2>,
    /// log σ, of the effective σ.
    pub log_sigmas: Tensor<2>,
    pub mixing_logits: Tensor<2>,
}

impl Parameters {
    fn mixtures(self, x: Tensor<2>) -> Tensor<2> {
        let inputs = self.mixing_logits.dims()[1];
        assert_eq!(x.dims()[1], inputs, "the layer has {inputs} inputs");
        ugmm_log_density(x, self.means, self.log_sigmas, self.mixing_logits)
    }
}
