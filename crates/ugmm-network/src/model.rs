//! Either kind of network behind one type: what a model file holds.

use crate::{Mlp, MlpConfig, Network, UgmmError, UgmmNetwork, UgmmNetworkConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// The configuration of a [`Model`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ModelConfig {
    /// A uGMM network.
    Ugmm(UgmmNetworkConfig),
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

    /// A model with new parameters; `sample` as in [`UgmmNetworkConfig::init`].
    ///
    /// # Errors
    ///
    /// As [`UgmmNetworkConfig::init`] and [`MlpConfig::init`].
    pub fn init<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<Model, UgmmError> {
        Ok(match self {
            Self::Ugmm(config) => Model::Ugmm(config.init(sample, rng, device)?),
            Self::Mlp(config) => Model::Mlp(config.init(rng, device)?),
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

    /// The configuration of such a model after training; see [`UgmmNetworkConfig::settled`].
    #[must_use]
    pub fn settled(&self) -> Self {
        match self {
            Self::Ugmm(config) => Self::Ugmm(config.settled()),
            Self::Mlp(config) => Self::Mlp(config.clone()),
        }
    }

    pub(crate) fn blank(&self, device: &Device) -> Model {
        match self {
            Self::Ugmm(config) => Model::Ugmm(config.blank(device)),
            Self::Mlp(config) => Model::Mlp(config.blank(device)),
        }
    }
}

/// A network of either kind.
#[derive(Module, Debug)]
pub enum Model {
    /// A uGMM network.
    Ugmm(UgmmNetwork),
    /// A plain feed-forward network.
    Mlp(Mlp),
}

impl Network for Model {
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

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Ugmm(network) => network.forward(x),
            Self::Mlp(network) => network.forward(x),
        }
    }

    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        match self {
            Self::Ugmm(network) => network.forward_training(x, rng),
            Self::Mlp(network) => network.forward_training(x, rng),
        }
    }

    fn settled(self, sample: &Tensor<2>) -> Self {
        match self {
            Self::Ugmm(network) => Self::Ugmm(network.settled(sample)),
            Self::Mlp(network) => Self::Mlp(network.settled(sample)),
        }
    }

    fn needs_settling(&self) -> bool {
        match self {
            Self::Ugmm(network) => network.needs_settling(),
            Self::Mlp(network) => network.needs_settling(),
        }
    }

    fn takes_missing_values(&self) -> bool {
        match self {
            Self::Ugmm(network) => network.takes_missing_values(),
            Self::Mlp(network) => network.takes_missing_values(),
        }
    }
}
