//! Either kind of network behind one type: what a model file holds.

use crate::mlp::RecordedMlp;
use crate::network::RecordedNetwork;
use crate::{LayerConfig, Mlp, MlpConfig, Network, NetworkConfig, Predictor, UgmmError};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The configuration of a [`Model`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelConfig {
    /// A uGMM network.
    Ugmm(NetworkConfig),
    /// A plain feed-forward network.
    Mlp(MlpConfig),
}

impl ModelConfig {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        match self {
            Self::Ugmm(config) => config.validate(),
            Self::Mlp(config) => config.validate(),
        }
    }

    /// A model with new parameters; `sample` as in [`NetworkConfig::init`].
    ///
    /// # Errors
    ///
    /// As [`NetworkConfig::init`] and [`MlpConfig::init`].
    pub fn init<R: Rng + ?Sized>(&self, sample: Option<&[f32]>, rng: &mut R) -> Result<Model, UgmmError> {
        Ok(match self {
            Self::Ugmm(config) => Model::Ugmm(config.init(sample, rng)?),
            Self::Mlp(config) => Model::Mlp(config.init(rng)?),
        })
    }

    /// Number of inputs and outputs.
    #[must_use]
    pub fn width(&self) -> (usize, usize) {
        match self {
            Self::Ugmm(config) => (
                config.layers.first().map_or(0, |layer| layer.inputs),
                config.layers.last().map_or(0, |layer| layer.neurons),
            ),
            Self::Mlp(config) => {
                (config.sizes.first().copied().unwrap_or(0), config.sizes.last().copied().unwrap_or(0))
            }
        }
    }

    /// The configuration of such a model after training; see [`NetworkConfig::settled`].
    #[must_use]
    pub fn settled(&self) -> Self {
        match self {
            Self::Ugmm(config) => Self::Ugmm(config.settled()),
            Self::Mlp(config) => Self::Mlp(config.clone()),
        }
    }

    /// Number of weights in the file of such a model, or `None` where it overflows.
    pub(crate) fn weights(&self) -> Option<usize> {
        match self {
            Self::Ugmm(config) => config.weights(),
            Self::Mlp(config) => config.weights(),
        }
    }

    pub(crate) fn blank(&self) -> Model {
        match self {
            Self::Ugmm(config) => Model::Ugmm(config.blank()),
            Self::Mlp(config) => Model::Mlp(config.blank()),
        }
    }
}

/// A network of either kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// A uGMM network.
    Ugmm(Network),
    /// A plain feed-forward network.
    Mlp(Mlp),
}

impl Model {
    /// What it is made of.
    #[must_use]
    pub fn config(&self) -> ModelConfig {
        match self {
            Self::Ugmm(network) => ModelConfig::Ugmm(network.config()),
            Self::Mlp(network) => ModelConfig::Mlp(network.config()),
        }
    }

    /// Number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        match self {
            Self::Ugmm(network) => network.parameter_count(),
            Self::Mlp(network) => network.parameter_count(),
        }
    }

    /// All that is trained, row-major, in the order in which gradients have it: means, ρ and mixing logits of each layer; or
    /// weight and bias of each layer, then scale and shift of each normalisation.
    #[must_use]
    pub fn tensors(&self) -> Vec<&[f32]> {
        match self {
            Self::Ugmm(network) => network.layers.iter().flat_map(|layer| layer.tensors()).collect(),
            Self::Mlp(network) => network.tensors(),
        }
    }

    /// All tensors of parameters, in the order of [`Self::tensors`], to be changed.
    pub fn tensors_mut(&mut self) -> Vec<&mut [f32]> {
        match self {
            Self::Ugmm(network) => network.layers.iter_mut().flat_map(|layer| layer.tensors_mut()).collect(),
            Self::Mlp(network) => network.tensors_mut(),
        }
    }

    /// This network's parameters under the settings of the network that training began with, as far as these outlast
    /// training: for engines whose networks do not keep how they were initialised.
    #[must_use]
    pub fn with_config_of(mut self, config: &ModelConfig) -> Self {
        if let (Self::Ugmm(network), ModelConfig::Ugmm(config)) = (&mut self, config) {
            for (layer, config) in network.layers.iter_mut().zip(&config.layers) {
                layer.config = LayerConfig { min_sigma: layer.config.min_sigma, ..config.clone() };
            }
        }
        self
    }

    /// [`Self::tensors`], and what batch normalisations remember.
    pub(crate) fn state(&self) -> Vec<&[f32]> {
        let mut state = self.tensors();
        if let Self::Mlp(network) = self {
            let norms = network.norms.iter().flat_map(|norm| [&norm.running_mean, &norm.running_var]);
            state.extend(norms.map(Vec::as_slice));
        }
        state
    }

    /// A model of the same kind and sizes with these numbers in the order of [`Self::state`]; none of another length.
    pub(crate) fn with_state(&self, mut values: impl ExactSizeIterator<Item = f32>) -> Option<Self> {
        if values.len() != self.state().iter().map(|tensor| tensor.len()).sum::<usize>() {
            return None;
        }
        let mut changed = self.clone();
        let mut fill = |tensor: &mut [f32]| {
            tensor.iter_mut().zip(&mut values).for_each(|(place, value)| *place = value);
        };
        changed.tensors_mut().into_iter().for_each(&mut fill);
        if let Self::Mlp(network) = &mut changed {
            for norm in &mut network.norms {
                fill(&mut norm.running_mean);
                fill(&mut norm.running_var);
            }
        }
        Some(changed)
    }

    /// The network as it is to be used after training; see [`Network::settled`].
    #[must_use]
    pub fn settled(self, sample: &[f32]) -> Self {
        match self {
            Self::Ugmm(network) => Self::Ugmm(network.settled(sample)),
            Self::Mlp(network) => Self::Mlp(network),
        }
    }

    /// Whether [`Self::settled`] changes something, so that training needs a sample for it.
    #[must_use]
    pub fn needs_settling(&self) -> bool {
        matches!(self, Self::Ugmm(network) if network.standardize)
    }

    /// A pass that can be gone back: one of training if there is an `rng`.
    pub(crate) fn recorded(&self, x: Vec<f32>, rng: Option<&mut ChaCha8Rng>) -> RecordedModel<'_> {
        match self {
            Self::Ugmm(network) => RecordedModel::Ugmm(network.recorded(x, rng)),
            Self::Mlp(network) => RecordedModel::Mlp(network.recorded(x, rng)),
        }
    }

    /// Empty gradients of [`Self::tensors`].
    pub(crate) fn zero_gradients(&self) -> Vec<Vec<f32>> {
        self.tensors().iter().map(|tensor| vec![0.0; tensor.len()]).collect()
    }
}

impl Predictor for Model {
    fn inputs(&self) -> usize {
        match self {
            Self::Ugmm(network) => network.inputs(),
            Self::Mlp(network) => network.inputs(),
        }
    }

    fn outputs(&self) -> usize {
        match self {
            Self::Ugmm(network) => network.outputs(),
            Self::Mlp(network) => network.outputs(),
        }
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        match self {
            Self::Ugmm(network) => network.forward(x),
            Self::Mlp(network) => network.forward(x),
        }
    }

    fn takes_missing_values(&self) -> bool {
        match self {
            Self::Ugmm(network) => network.takes_missing_values(),
            Self::Mlp(network) => network.takes_missing_values(),
        }
    }
}

/// A pass through a network with all that the way back needs.
pub(crate) enum RecordedModel<'m> {
    Ugmm(RecordedNetwork<'m>),
    Mlp(RecordedMlp<'m>),
}

impl RecordedModel<'_> {
    /// `[rows, outputs]`
    pub(crate) fn outputs(&self) -> &[f32] {
        match self {
            Self::Ugmm(pass) => &pass.outputs,
            Self::Mlp(pass) => &pass.outputs,
        }
    }

    /// Fills `gradients`, which are 0 before, with those of Σ outputs · `cotangent` with respect to [`Model::tensors`]; returns
    /// that with respect to the inputs, if it is wanted.
    pub(crate) fn backward(
        &self,
        cotangent: Vec<f32>,
        gradients: &mut [Vec<f32>],
        want_x: bool,
    ) -> Option<Vec<f32>> {
        match self {
            Self::Ugmm(pass) => pass.backward(cotangent, gradients, want_x),
            Self::Mlp(pass) => pass.backward(cotangent, gradients, want_x),
        }
    }

    /// The gradient of Σ outputs · `cotangent` with respect to the inputs alone, `[rows, inputs]`.
    pub(crate) fn input_gradient(&self, cotangent: Vec<f32>) -> Vec<f32> {
        match self {
            Self::Ugmm(pass) => pass.input_gradient(cotangent),
            Self::Mlp(pass) => pass.input_gradient(cotangent),
        }
    }

    /// What batch normalisations met.
    pub(crate) fn moments(self) -> Vec<(Vec<f32>, Vec<f32>)> {
        match self {
            Self::Ugmm(_) => Vec::new(),
            Self::Mlp(pass) => pass.moments(),
        }
    }
}
