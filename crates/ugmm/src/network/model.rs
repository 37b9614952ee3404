//! One type for both kinds of network, and the transfer of networks to a device.

use crate::host::host_values;
use crate::{Mlp, Network, UgmmLayer, UgmmNetwork};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use ugmm_network::{LayerConfig, MlpConfig, ModelConfig, NetworkConfig, UgmmError};

/// Configurations from which a module on a device is made.
pub trait InitOn {
    /// The module that such a configuration makes.
    type Module;

    /// A module with new parameters. `sample` `[rows, inputs]` holds typical rows; see [`NetworkConfig::init`].
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when a setting is out of its range, or the sample is missing, of the wrong width or not finite.
    fn init_on<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<Self::Module, UgmmError>;
}

/// The values of a sample, which must have `inputs` columns.
fn sample_values(sample: Option<&Tensor<2>>, inputs: usize) -> Result<Option<Vec<f32>>, UgmmError> {
    match sample.map(|sample| sample.dims()[1]) {
        Some(found) if found != inputs => {
            let what = "the sample for initialisation";
            Err(UgmmError::Size { what, found, unit: "columns", expected: inputs })
        }
        _ => Ok(sample.map(host_values)),
    }
}

impl InitOn for LayerConfig {
    type Module = UgmmLayer;

    fn init_on<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmLayer, UgmmError> {
        let sample = sample_values(sample, self.inputs)?;
        Ok(UgmmLayer::of(&self.init(sample.as_deref(), rng)?, device))
    }
}

impl InitOn for NetworkConfig {
    type Module = UgmmNetwork;

    fn init_on<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmNetwork, UgmmError> {
        let inputs = self.layers.first().map_or(0, |layer| layer.inputs);
        let sample = sample_values(sample, inputs)?;
        Ok(UgmmNetwork::of(&self.init(sample.as_deref(), rng)?, device))
    }
}

impl InitOn for MlpConfig {
    type Module = Mlp;

    fn init_on<R: Rng + ?Sized>(
        &self,
        _sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<Mlp, UgmmError> {
        Ok(Mlp::of(&self.init(rng)?, device))
    }
}

impl InitOn for ModelConfig {
    type Module = Model;

    fn init_on<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<Model, UgmmError> {
        Ok(match self {
            Self::Ugmm(config) => Model::Ugmm(config.init_on(sample, rng, device)?),
            Self::Mlp(config) => Model::Mlp(config.init_on(sample, rng, device)?),
        })
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

impl Model {
    /// This network on a device.
    #[must_use]
    pub fn of(model: &ugmm_network::Model, device: &Device) -> Self {
        match model {
            ugmm_network::Model::Ugmm(network) => Self::Ugmm(UgmmNetwork::of(network, device)),
            ugmm_network::Model::Mlp(network) => Self::Mlp(Mlp::of(network, device)),
        }
    }

    /// This network in plain lists.
    #[must_use]
    pub fn to_model(&self) -> ugmm_network::Model {
        match self {
            Self::Ugmm(network) => ugmm_network::Model::Ugmm(network.to_network()),
            Self::Mlp(network) => ugmm_network::Model::Mlp(network.to_mlp()),
        }
    }
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

    fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        rng: &mut R,
    ) -> Tensor<2> {
        match self {
            Self::Ugmm(network) => network.forward_training(x, shares, rng),
            Self::Mlp(network) => network.forward_training(x, shares, rng),
        }
    }

    fn settled(self, sample: &Tensor<2>, shares: Option<&Tensor<2>>) -> Self {
        match self {
            Self::Ugmm(network) => Self::Ugmm(network.settled(sample, shares)),
            Self::Mlp(network) => Self::Mlp(network.settled(sample, shares)),
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
