//! A stack of uGMM layers, and the interface of trainable networks.

mod mlp;
mod model;

pub use mlp::Mlp;
pub use model::{InitOn, Model};

use crate::UgmmLayer;
use crate::neuron::missing::with_unknown_outputs;
use crate::neuron::standardization::Units;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// A Burn module that the training loop and the objectives of this library accept. Implement it for your own module to train
/// it.
pub trait Network: Module {
    /// Number of input columns.
    fn inputs(&self) -> usize;

    /// Number of output columns.
    fn outputs(&self) -> usize;

    /// Number of output rows for each row of inputs: 1, or the number of steps of a sequence with a prediction for each step.
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Outputs `[batch × predictions per row, outputs]` of `x` `[batch, inputs]`.
    fn forward(&self, x: Tensor<2>) -> Tensor<2>;

    /// The outputs in a training pass. Random choices (dropout) are drawn from `rng`. Statistics of the batch are weighted by
    /// `shares` `[batch, 1]`, which sum to 1; `None` for equal shares.
    fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        rng: &mut R,
    ) -> Tensor<2>;

    /// The network for use after training. Statistics that training took from each batch are now those of `sample`
    /// `[rows, inputs]`, which holds typical rows, weighted by `shares` `[rows, 1]`, which sum to 1; `None` for equal
    /// shares. Most networks stay unchanged.
    #[must_use]
    fn settled(self, _sample: &Tensor<2>, _shares: Option<&Tensor<2>>) -> Self {
        self
    }

    /// Whether [`Self::settled`] changes the network, so that training needs a sample for it.
    fn needs_settling(&self) -> bool {
        false
    }

    /// Whether the network accepts NaN in `x` as missing values.
    fn takes_missing_values(&self) -> bool {
        false
    }
}

/// A feed-forward stack of [`UgmmLayer`]s (paper §3.3): the activations of one layer, which are log-densities, are the
/// inputs of the next.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{Init, InitOn, Network, NetworkConfig, Stream, generator};
///
/// let device = Device::flex();
/// let config = NetworkConfig::new(&[4, 16, 3]).with_init(Init::Paper);
/// let network = config.init_on(None, &mut generator(0, Stream::Initialization), &device)?;
/// assert_eq!(network.forward(Tensor::zeros([8, 4], &device)).dims(), [8, 3]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct UgmmNetwork {
    /// The layers, first to last.
    pub layers: Vec<UgmmLayer>,
    /// See [`NetworkConfig::standardize`](ugmm_network::NetworkConfig::standardize). While it is on, [`Network::forward`]
    /// standardises over the rows it is given.
    pub standardize: bool,
    /// See [`NetworkConfig::missing_values`](ugmm_network::NetworkConfig::missing_values).
    pub missing_values: bool,
}

impl UgmmNetwork {
    /// This network on a device.
    #[must_use]
    pub fn of(network: &ugmm_network::Network, device: &Device) -> Self {
        Self {
            layers: network.layers.iter().map(|layer| UgmmLayer::of(layer, device)).collect(),
            standardize: network.standardize,
            missing_values: network.missing_values,
        }
    }

    /// This network in plain lists; see [`UgmmLayer::to_layer`].
    #[must_use]
    pub fn to_network(&self) -> ugmm_network::Network {
        ugmm_network::Network {
            layers: self.layers.iter().map(UgmmLayer::to_layer).collect(),
            standardize: self.standardize,
            missing_values: self.missing_values,
        }
    }

    fn pass<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        mut rng: Option<&mut R>,
    ) -> Tensor<2> {
        let layers = self.layers.iter().enumerate();
        layers.fold(x, |x, (index, layer)| match (self.standardize && index > 0, rng.as_deref_mut()) {
            (true, rng) => {
                let units = Units::of(&x, shares);
                layer.forward_in_units(x, &units, rng)
            }
            (false, rng) => self.layer_pass(index, x, rng),
        })
    }

    /// The pass of one layer, a training pass when there is an `rng`, of a network that does not standardise between its
    /// layers.
    pub(crate) fn layer_pass<R: Rng + ?Sized>(
        &self,
        index: usize,
        x: Tensor<2>,
        rng: Option<&mut R>,
    ) -> Tensor<2> {
        let y = self.layers[index].pass_with_missing(x, self.missing_values, rng);
        if self.missing_values && index + 1 == self.layers.len() { with_unknown_outputs(y) } else { y }
    }
}

impl Network for UgmmNetwork {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, UgmmLayer::inputs)
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, UgmmLayer::neurons)
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.pass::<ChaCha8Rng>(x, None, None)
    }

    fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        rng: &mut R,
    ) -> Tensor<2> {
        self.pass(x, shares, Some(rng))
    }

    fn settled(self, sample: &Tensor<2>, shares: Option<&Tensor<2>>) -> Self {
        if !self.standardize {
            return self;
        }
        let mut x = sample.clone().without_autodiff();
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.into_iter().enumerate() {
            let layer = if index > 0 { layer.in_units(&Units::of(&x, shares)) } else { layer };
            let missing_values = self.missing_values && index == 0;
            x = layer.valid().pass_with_missing::<ChaCha8Rng>(x, missing_values, None);
            layers.push(layer);
        }
        Self { layers, standardize: false, missing_values: self.missing_values }
    }

    fn needs_settling(&self) -> bool {
        self.standardize
    }

    fn takes_missing_values(&self) -> bool {
        self.missing_values
    }
}
