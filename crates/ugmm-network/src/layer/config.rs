//! The configuration of a layer.

use super::Layer;
use super::init::{self, Init, InitialValues};
use crate::UgmmError;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Whether each component of a neuron has its own mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// One mean per component (paper §3.1).
    #[default]
    Free,
    /// One mean per neuron, shared by its components (paper §5). The paper centres component k at input x_k
    /// and evaluates it at the neuron's point y_j; since N(y; x, σ²) = N(x; y, σ²), that point is one learned
    /// mean.
    Tied,
}

impl Means {
    /// Number of means of a neuron with `inputs` inputs.
    #[must_use]
    pub fn per_neuron(self, inputs: usize) -> usize {
        match self {
            Self::Free => inputs,
            Self::Tied => 1,
        }
    }
}

/// The sizes and settings of a [`Layer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerConfig {
    /// Number of inputs, which is also the number of components of each neuron; at least 1.
    pub inputs: usize,
    /// Number of neurons; at least 1.
    pub neurons: usize,
    /// Own or shared means of components.
    #[serde(default)]
    pub means: Means,
    /// Initialisation.
    #[serde(default)]
    pub init: Init,
    /// Component dropout: the probability that a component leaves its mixture in a training pass; in [0, 1).
    #[serde(default)]
    pub dropout: f64,
    /// Input dropout: the probability that an input value of a row is replaced by 0 in a training pass; in
    /// [0, 1). It is drawn independently for each row, and other values are not scaled up: 0 is the
    /// background of an image and the mean of standardised inputs. (Masking noise, Vincent et al. 2010.)
    #[serde(default)]
    pub input_dropout: f64,
    /// Standard deviation of the Gaussian noise that is added to the inputs in a training pass, in the units
    /// of the means; finite and at least 0. It acts as a penalty on the slopes of the network's function
    /// (Bishop 1995).
    #[serde(default)]
    pub input_noise: f64,
    /// Whether the weights of the components that survive dropout are renormalised to sum to 1, as in the
    /// paper's published code (true), or left unchanged, as in its formula (false).
    #[serde(default = "renormalize_by_default")]
    pub renormalize: bool,
    /// Lower bound of every σ: σ = √(min_sigma² + exp(2ρ)) with the parameter ρ. Finite and at least 0; with
    /// 0 there is no bound, and ρ = log σ.
    #[serde(default)]
    pub min_sigma: f64,
}

fn renormalize_by_default() -> bool {
    true
}

impl LayerConfig {
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
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
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

    /// A layer with new parameters. `sample`, row-major `[rows, inputs]`, holds typical inputs of the layer;
    /// [`Init::Data`] and [`Init::Wide`] need it, [`Init::Paper`] ignores it.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when a setting is out of its range, or the sample is missing, of the wrong width or not
    /// finite.
    pub fn init<R: Rng + ?Sized>(&self, sample: Option<&[f32]>, rng: &mut R) -> Result<Layer, UgmmError> {
        self.init_with_missing(sample, false, rng)
    }

    /// A new layer, initialised from a sample in which NaN means a missing value if `missing_values` is set.
    pub(crate) fn init_with_missing<R: Rng + ?Sized>(
        &self,
        sample: Option<&[f32]>,
        missing_values: bool,
        rng: &mut R,
    ) -> Result<Layer, UgmmError> {
        self.validate()?;
        let values = match (self.init, sample) {
            (Init::Paper, _) => init::paper(self.inputs, self.neurons, self.means, rng),
            (init @ (Init::Data | Init::Wide), None) => {
                let value = if init == Init::Data { "\"data\"" } else { "\"wide\"" };
                let expected = "\"paper\" where no sample of the inputs is given (the others need one)";
                return Err(UgmmError::setting("init", value, expected));
            }
            (init @ (Init::Data | Init::Wide), Some(sample)) => {
                if !sample.len().is_multiple_of(self.inputs) {
                    let (what, found) = ("the sample for initialisation", sample.len());
                    let unit = "values, which make no whole rows,";
                    return Err(UgmmError::Size { what, found, unit, expected: self.inputs });
                }
                let draw = if init == Init::Data { init::from_data } else { init::wide };
                draw(sample, missing_values, [self.neurons, self.inputs], self.means, rng)?
            }
        };
        Ok(self.with_values(values))
    }

    /// A layer with these values. Its ρ give the effective σ of `values`, or a σ just above the floor.
    fn with_values(&self, values: InitialValues) -> Layer {
        let floored = |log_sigma| raw_log_sigma_of(log_sigma, self.min_sigma);
        Layer {
            config: self.clone(),
            means: values.means,
            raw_log_sigmas: values.log_sigmas.into_iter().map(floored).collect(),
            mixing_logits: values.mixing_logits,
        }
    }

    /// A layer of the right shapes, whose values the weights of a file replace.
    pub(crate) fn blank(&self) -> Layer {
        let components = self.neurons * self.inputs;
        Layer {
            config: self.clone(),
            means: vec![0.0; self.neurons * self.means.per_neuron(self.inputs)],
            raw_log_sigmas: vec![0.0; components],
            mixing_logits: vec![0.0; components],
        }
    }
}

/// The ρ with √(min_sigma² + exp(2ρ)) = exp(log_sigma). If σ is at or below the floor, the result belongs to
/// a σ slightly above it, where ρ still has a gradient.
pub(crate) fn raw_log_sigma_of(log_sigma: f32, min_sigma: f64) -> f32 {
    /// Smallest fraction of σ² that comes from ρ.
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
