//! The configuration of a layer.

use crate::{Check, UgmmError};
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

/// The initialisation of a layer's parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// The initialisation of the paper's published code: μ ~ N(0, 1), σ ~ U(0, 1) (but at least 1e-3, since U
    /// can return 0), mixing logits ~ U(0, 1).
    Paper,
    /// From a sample of the layer's inputs: each mean is the value of its input in a row drawn at random, σ
    /// is log-normal around a fraction of that input's standard deviation, and mixing logits ~ N(0, 1). Every
    /// component then responds to some of the data from the start, whatever the data's scale.
    #[default]
    Data,
    /// From a sample of the layer's inputs, with components three times as wide as each input's standard
    /// deviation (sd) and means spread as far: μ ~ N(mean, (3 sd)²), log σ ~ N(log 3 sd, 0.1²), mixing logits
    /// ~ N(0, 1). Such a neuron starts as a nearly linear function of its inputs, Σ_k π_k μ_k x_k / σ_k²,
    /// different for each neuron. Under [`Init::Data`] the neurons of a wide layer are strongly correlated,
    /// because all respond to the distance of the inputs from their mean; behind activations that are scaled
    /// to unit variance they learn slowly (docs/results/architectures.md). This is the default of uGMM
    /// neurons in other architectures.
    Wide,
}

/// The sizes and settings of a [`Layer`](super::Layer).
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
}

impl Check for LayerConfig {
    fn check(&self) -> Result<(), UgmmError> {
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
}
