//! One type for both kinds of network, which a model file holds.

use super::RecordedNetwork;
use super::mlp::RecordedMlp;
use crate::{Check, LayerConfig, Mlp, MlpConfig, Network, NetworkConfig, Predictor, RowWeights, UgmmError};
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
    /// A model with new parameters; `sample` as in [`NetworkConfig::init`].
    ///
    /// # Errors
    ///
    /// The errors of [`NetworkConfig::init`] and [`MlpConfig::init`].
    pub fn init<R: Rng + ?Sized>(&self, sample: Option<&[f32]>, rng: &mut R) -> Result<Model, UgmmError> {
        Ok(match self {
            Self::Ugmm(config) => Model::Ugmm(config.init(sample, rng)?),
            Self::Mlp(config) => Model::Mlp(config.init(rng)?),
        })
    }

    /// Number of pairs of a neuron and one of its inputs, over all layers.
    #[must_use]
    pub fn connections(&self) -> usize {
        match self {
            Self::Ugmm(config) => config.layers.iter().map(|layer| layer.inputs * layer.neurons).sum(),
            Self::Mlp(config) => config.sizes.windows(2).map(|pair| pair[0] * pair[1]).sum(),
        }
    }

    /// Number of inputs and number of outputs.
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

impl Check for ModelConfig {
    fn check(&self) -> Result<(), UgmmError> {
        match self {
            Self::Ugmm(config) => config.check(),
            Self::Mlp(config) => config.check(),
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
    /// The configuration of this model.
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

    /// The trained tensors, row-major, in the order of their gradients: means, ρ and mixing logits of each
    /// layer; or weight and bias of each layer, then scale and shift of each normalisation.
    #[must_use]
    pub fn tensors(&self) -> Vec<&[f32]> {
        match self {
            Self::Ugmm(network) => network.layers.iter().flat_map(|layer| layer.tensors()).collect(),
            Self::Mlp(network) => network.tensors(),
        }
    }

    /// All tensors of parameters, in the order of [`Self::tensors`], mutable.
    pub fn tensors_mut(&mut self) -> Vec<&mut [f32]> {
        match self {
            Self::Ugmm(network) => network.layers.iter_mut().flat_map(|layer| layer.tensors_mut()).collect(),
            Self::Mlp(network) => network.tensors_mut(),
        }
    }

    /// This network's parameters with the settings of the configuration that training began with, as far as
    /// they outlast training. It serves engines whose networks do not keep their initialisation.
    #[must_use]
    pub fn with_config_of(mut self, config: &ModelConfig) -> Self {
        if let (Self::Ugmm(network), ModelConfig::Ugmm(config)) = (&mut self, config) {
            for (layer, config) in network.layers.iter_mut().zip(&config.layers) {
                layer.config = LayerConfig { min_sigma: layer.config.min_sigma, ..config.clone() };
            }
        }
        self
    }

    /// [`Self::tensors`], followed by the running means and variances of batch normalisations.
    pub(crate) fn state(&self) -> Vec<&[f32]> {
        let mut state = self.tensors();
        if let Self::Mlp(network) = self {
            let norms = network.norms.iter().flat_map(|norm| [&norm.running_mean, &norm.running_var]);
            state.extend(norms.map(Vec::as_slice));
        }
        state
    }

    /// A model of the same kind and sizes with these values in the order of [`Self::state`]; `None` if their
    /// number differs.
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

    /// The network for use after training; see [`Network::settled`].
    #[must_use]
    pub fn settled(self, sample: &[f32], weights: Option<&[f64]>) -> Self {
        match self {
            Self::Ugmm(network) => Self::Ugmm(network.settled(sample, weights)),
            Self::Mlp(network) => Self::Mlp(network),
        }
    }

    /// Whether [`Self::settled`] changes the model, so that training needs a sample for it.
    #[must_use]
    pub fn needs_settling(&self) -> bool {
        matches!(self, Self::Ugmm(network) if network.standardize)
    }

    /// A forward pass recorded for the backward pass; with `rng` it is a training pass. Statistics of the batch are
    /// weighted.
    pub(crate) fn recorded<'m>(
        &'m self,
        x: Vec<f32>,
        rng: Option<&mut ChaCha8Rng>,
        weights: RowWeights<'m>,
    ) -> RecordedModel<'m> {
        match self {
            Self::Ugmm(network) => RecordedModel::Ugmm(network.recorded(x, rng, weights)),
            Self::Mlp(network) => RecordedModel::Mlp(network.recorded(x, rng, weights)),
        }
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

/// A forward pass with all values that the backward pass needs.
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

    /// Fills `gradients`, which must be 0, with the gradients of Σ outputs · `cotangent` with respect to
    /// [`Model::tensors`]. Returns the gradient with respect to the inputs, if it is wanted.
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

    /// Mean and variance of the batch at each batch normalisation.
    pub(crate) fn moments(self) -> Vec<(Vec<f32>, Vec<f32>)> {
        match self {
            Self::Ugmm(_) => Vec::new(),
            Self::Mlp(pass) => pass.moments(),
        }
    }
}
