//! A stack of uGMM layers, and what every trainable network of this library can do.

use crate::missing::with_unknown_outputs;
use crate::standardization::Units;
use crate::{Init, Means, UgmmError, UgmmLayer, UgmmLayerConfig};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A network that the training loop and the objectives of this library work with. Implement it for a Burn module of
/// your own to train that.
pub trait Network: Module {
    /// Number of input columns.
    fn inputs(&self) -> usize;

    /// Number of output columns.
    fn outputs(&self) -> usize;

    /// Rows of outputs that it gives for each row of inputs: 1, or the steps of a sequence, where something is predicted of
    /// each.
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Outputs `[batch × predictions per row, outputs]` of `x` `[batch, inputs]`.
    fn forward(&self, x: Tensor<2>) -> Tensor<2>;

    /// The same in a training pass, every random choice (dropout) drawn from `rng`.
    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2>;

    /// The network as it is to be used after training: whatever it took from each batch is now fixed, to what it is on
    /// `sample` `[rows, inputs]`, typical rows. Most networks stay as they are.
    #[must_use]
    fn settled(self, _sample: &Tensor<2>) -> Self {
        self
    }

    /// Whether [`Self::settled`] changes something, so that training needs a sample for it.
    fn needs_settling(&self) -> bool {
        false
    }

    /// Whether NaN in `x` is a missing value that the network knows how to do without.
    fn takes_missing_values(&self) -> bool {
        false
    }
}

/// The layers of a [`UgmmNetwork`], first to last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UgmmNetworkConfig {
    /// One entry per layer; each layer has as many inputs as the one before it has neurons.
    pub layers: Vec<UgmmLayerConfig>,
    /// Whether the inputs of every layer but the first are standardised in training, over the batch; means, σ and σ
    /// floors of these layers are then in units of their inputs' standard deviation. After training all this is
    /// folded into the parameters ([`Self::settled`]), and a plain network remains. Not with tied means.
    #[serde(default)]
    pub standardize: bool,
    /// Whether NaN in the network's inputs means that the value is missing: the components of the first layer that would
    /// see it are then left out, and the weights of the others renormalised. Not with component dropout in the first
    /// layer.
    #[serde(default)]
    pub missing_values: bool,
}

impl UgmmNetworkConfig {
    /// Layers of these sizes, inputs first: `[784, 128, 64, 10]` is three layers. Everything else as in
    /// [`UgmmLayerConfig::new`].
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        let layers = sizes.windows(2).map(|pair| UgmmLayerConfig::new(pair[0], pair[1])).collect();
        Self { layers, standardize: false, missing_values: false }
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
    pub fn with_min_sigma(self, min_sigma: f64) -> Self {
        self.with_min_sigmas(&[min_sigma])
    }

    /// Sets the σ floor of each layer, first layer first; layers beyond the end of the list get its last one.
    #[must_use]
    pub fn with_min_sigmas(mut self, min_sigmas: &[f64]) -> Self {
        let last = min_sigmas.last().copied();
        for (index, layer) in self.layers.iter_mut().enumerate() {
            layer.min_sigma = min_sigmas.get(index).copied().or(last).unwrap_or(layer.min_sigma);
        }
        self
    }

    /// Sets input dropout, first layer first; layers beyond the end of the list keep theirs.
    #[must_use]
    pub fn with_input_dropout(self, probabilities: &[f64]) -> Self {
        self.with_each(probabilities, |layer| &mut layer.input_dropout)
    }

    /// Sets the noise on the inputs, first layer first; layers beyond the end of the list keep theirs.
    #[must_use]
    pub fn with_input_noise(self, deviations: &[f64]) -> Self {
        self.with_each(deviations, |layer| &mut layer.input_noise)
    }

    /// Sets whether the inputs of later layers are standardised in training.
    #[must_use]
    pub fn with_standardize(mut self, standardize: bool) -> Self {
        self.standardize = standardize;
        self
    }

    /// Sets whether NaN means a missing value.
    #[must_use]
    pub fn with_missing_values(mut self, missing_values: bool) -> Self {
        self.missing_values = missing_values;
        self
    }

    /// The configuration of a network after training, when standardisation is folded into its parameters: none between
    /// its layers, and no σ floor where there was one in units of it.
    #[must_use]
    pub fn settled(&self) -> Self {
        let mut config = self.clone();
        if self.standardize {
            config.standardize = false;
            config.layers.iter_mut().skip(1).for_each(|layer| layer.min_sigma = 0.0);
        }
        config
    }

    /// Sets component dropout, first layer first; layers beyond the end of the list keep theirs.
    #[must_use]
    pub fn with_dropout(self, probabilities: &[f64]) -> Self {
        self.with_each(probabilities, |layer| &mut layer.dropout)
    }

    /// Sets a setting, first layer first; layers beyond the end of the list keep theirs.
    fn with_each(mut self, values: &[f64], setting: impl Fn(&mut UgmmLayerConfig) -> &mut f64) -> Self {
        for (layer, &value) in self.layers.iter_mut().zip(values) {
            *setting(layer) = value;
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
        if self.standardize && self.layers.iter().skip(1).any(|layer| layer.means == Means::Tied) {
            let expected = "false where means are tied, which have no unit of their own for each input";
            return Err(UgmmError::setting("standardize", true, expected));
        }
        if self.missing_values && self.layers[0].dropout > 0.0 {
            let expected = "false where components of the first layer are dropped in training";
            return Err(UgmmError::setting("missing_values", true, expected));
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
        crate::memory::check(self.weights())?;
        // The sample passes through the new layers without gradient, so without dropout.
        let mut sample = sample.map(|sample| sample.clone().without_autodiff());
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, config) in self.layers.iter().enumerate() {
            if self.standardize && index > 0 {
                sample = sample.map(|sample| Units::of(&sample).standardize(sample));
            }
            let missing_values = self.missing_values && index == 0;
            let layer = config.init_with_missing(sample.as_ref(), missing_values, rng, device)?;
            sample = sample
                .map(|sample| layer.valid().pass_with_missing::<ChaCha8Rng>(sample, missing_values, None));
            layers.push(layer);
        }
        Ok(UgmmNetwork { layers, standardize: self.standardize, missing_values: self.missing_values })
    }

    /// Number of weights, or `None` where it overflows.
    pub(crate) fn weights(&self) -> Option<usize> {
        let mut layers = self.layers.iter().map(|layer| {
            let per_neuron =
                layer.inputs.checked_mul(2)?.checked_add(layer.means.per_neuron(layer.inputs))?;
            layer.neurons.checked_mul(per_neuron)
        });
        layers.try_fold(0usize, |sum, count| sum.checked_add(count?))
    }

    pub(crate) fn blank(&self, device: &Device) -> UgmmNetwork {
        let layers = self.layers.iter().map(|layer| layer.blank(device)).collect();
        UgmmNetwork { layers, standardize: self.standardize, missing_values: self.missing_values }
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
    /// See [`UgmmNetworkConfig::standardize`]. While it is on, [`Network::forward`] standardises by the rows it is given.
    pub standardize: bool,
    /// See [`UgmmNetworkConfig::missing_values`].
    pub missing_values: bool,
}

impl UgmmNetwork {
    fn pass<R: Rng + ?Sized>(&self, x: Tensor<2>, mut rng: Option<&mut R>) -> Tensor<2> {
        let layers = self.layers.iter().enumerate();
        layers.fold(x, |x, (index, layer)| match (self.standardize && index > 0, rng.as_deref_mut()) {
            (true, rng) => {
                let units = Units::of(&x);
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
        self.pass::<ChaCha8Rng>(x, None)
    }

    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        self.pass(x, Some(rng))
    }

    fn settled(self, sample: &Tensor<2>) -> Self {
        if !self.standardize {
            return self;
        }
        let mut x = sample.clone().without_autodiff();
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.into_iter().enumerate() {
            let layer = if index > 0 { layer.in_units(&Units::of(&x)) } else { layer };
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
