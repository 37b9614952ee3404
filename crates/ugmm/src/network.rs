//! A stack of uGMM layers, and what every trainable network of this library can do.

use crate::{Init, Means, UgmmError, UgmmLayer, UgmmLayerConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// A network that the training loop and the objectives of this library work with. Implement it for a Burn module of
/// your own to train that.
pub trait Network: Module {
    /// Number of input columns.
    fn inputs(&self) -> usize;

    /// Number of output columns.
    fn outputs(&self) -> usize;

    /// Outputs `[batch, outputs]` of `x` `[batch, inputs]`.
    fn forward(&self, x: Tensor<2>) -> Tensor<2>;

    /// The same in a training pass, every random choice (dropout) drawn from `rng`.
    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2>;
}

/// The layers of a [`UgmmNetwork`], first to last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UgmmNetworkConfig {
    /// One entry per layer; each layer has as many inputs as the one before it has neurons.
    pub layers: Vec<UgmmLayerConfig>,
}

impl UgmmNetworkConfig {
    /// Layers of these sizes, inputs first: `[784, 128, 64, 10]` is three layers. Everything else as in
    /// [`UgmmLayerConfig::new`].
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        let layers = sizes.windows(2).map(|pair| UgmmLayerConfig::new(pair[0], pair[1])).collect();
        Self { layers }
    }

    /// Sets the initialisation of every layer.
    #[must_use]
    pub fn with_init(mut self, init: Init) -> Self {
        self.layers.iter_mut().for_each(|layer| layer.init = init);
        self
    }

    /// Sets free or tied means in every layer.
    #[must_use]
    pub fn with_means(mut self, means: Means) -> Self {
        self.layers.iter_mut().for_each(|layer| layer.means = means);
        self
    }

    /// Sets the σ floor of every layer.
    #[must_use]
    pub fn with_min_sigma(mut self, min_sigma: f64) -> Self {
        self.layers.iter_mut().for_each(|layer| layer.min_sigma = min_sigma);
        self
    }

    /// Sets component dropout, first layer first; layers beyond the end of the list keep theirs.
    #[must_use]
    pub fn with_dropout(mut self, probabilities: &[f64]) -> Self {
        for (layer, &probability) in self.layers.iter_mut().zip(probabilities) {
            layer.dropout = probability;
        }
        self
    }

    /// Checks every layer, and that they fit together.
    ///
    /// # Errors
    ///
    /// Names the first setting that is wrong.
    pub fn validate(&self) -> Result<(), UgmmError> {
        if self.layers.is_empty() {
            return Err(UgmmError::setting("the number of layers", 0, "at least 1"));
        }
        for layer in &self.layers {
            layer.validate()?;
        }
        for pair in self.layers.windows(2) {
            if pair[0].neurons != pair[1].inputs {
                return Err(UgmmError::Size {
                    what: "a layer",
                    found: pair[1].inputs,
                    unit: "inputs",
                    expected: pair[0].neurons,
                });
            }
        }
        Ok(())
    }

    /// A network with new parameters. `sample` `[rows, inputs]` holds typical rows; each layer is initialised from
    /// what the layers before it make of them.
    ///
    /// # Errors
    ///
    /// As [`UgmmLayerConfig::init`].
    pub fn init<R: Rng + ?Sized>(
        &self,
        sample: Option<&Tensor<2>>,
        rng: &mut R,
        device: &Device,
    ) -> Result<UgmmNetwork, UgmmError> {
        self.validate()?;
        // The sample passes through the new layers without gradient, so without dropout.
        let mut sample = sample.map(|sample| sample.clone().without_autodiff());
        let mut layers = Vec::with_capacity(self.layers.len());
        for config in &self.layers {
            let layer = config.init(sample.as_ref(), rng, device)?;
            sample = sample.map(|sample| layer.valid().forward(sample));
            layers.push(layer);
        }
        Ok(UgmmNetwork { layers })
    }

    pub(crate) fn blank(&self, device: &Device) -> UgmmNetwork {
        UgmmNetwork { layers: self.layers.iter().map(|layer| layer.blank(device)).collect() }
    }
}

/// A feed-forward stack of [`UgmmLayer`]s (paper §3.3): the activations of one layer, which are log-densities, are the
/// inputs of the next.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{Init, Network, Stream, UgmmNetworkConfig, generator};
///
/// let device = Device::flex();
/// let config = UgmmNetworkConfig::new(&[4, 16, 3]).with_init(Init::Paper);
/// let network = config.init(None, &mut generator(0, Stream::Initialization), &device)?;
/// assert_eq!(network.forward(Tensor::zeros([8, 4], &device)).dims(), [8, 3]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmNetwork {
    /// First to last.
    pub layers: Vec<UgmmLayer>,
}

impl Network for UgmmNetwork {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, UgmmLayer::inputs)
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, UgmmLayer::neurons)
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers.iter().fold(x, |x, layer| layer.forward(x))
    }

    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        self.layers.iter().fold(x, |x, layer| layer.forward_training(x, rng))
    }
}
