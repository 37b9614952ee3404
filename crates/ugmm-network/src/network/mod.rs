//! Networks: stacks of uGMM layers, the feed-forward networks that they are compared with, and either of them.

mod memory;
pub(crate) mod mlp;
pub(crate) mod model;
mod predictor;
pub(crate) mod sparse;

pub use mlp::{BatchNorm, Linear, Mlp, MlpConfig};
pub use model::{Model, ModelConfig};
pub use predictor::Predictor;

use crate::layer::missing::{UnknownOutputs, fill_unknown_outputs, log_seen_weight};
use crate::layer::standardization::Units;
use crate::layer::{Pass, Recorded};
use crate::{Check, Init, Layer, LayerConfig, Means, RowWeights, UgmmError};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The layers of a [`Network`], first to last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// One entry per layer; each layer has as many inputs as the one before it has neurons.
    pub layers: Vec<LayerConfig>,
    /// Whether training standardises the inputs of every layer but the first over the batch; means, σ and σ
    /// floors of these layers are then in units of their inputs' standard deviation. After training,
    /// standardisation is folded into the parameters ([`Self::settled`]), and a plain network remains.
    /// Invalid with tied means.
    #[serde(default)]
    pub standardize: bool,
    /// Whether NaN in the network's inputs means a missing value: the first layer's components of that input
    /// are then left out, and the weights of the others renormalised. Invalid with component dropout in the
    /// first layer.
    #[serde(default)]
    pub missing_values: bool,
}

impl NetworkConfig {
    /// The configuration with layers of these sizes, inputs first: `[784, 128, 64, 10]` is three layers.
    /// Layers have the settings of [`LayerConfig::new`].
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        let layers = sizes.windows(2).map(|pair| LayerConfig::new(pair[0], pair[1])).collect();
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

    /// The configuration of the network after training, when standardisation is folded into its parameters.
    /// It has no standardisation, and no σ floor in layers whose floor was in standardised units.
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

    /// Sets one setting of each layer, first layer first; layers beyond the end of the list keep theirs.
    fn with_each(mut self, values: &[f64], setting: impl Fn(&mut LayerConfig) -> &mut f64) -> Self {
        for (layer, &value) in self.layers.iter_mut().zip(values) {
            *setting(layer) = value;
        }
        self
    }

    /// A network with new parameters. `sample`, row-major `[rows, inputs]`, holds typical rows; each layer is
    /// initialised from the activations of the layers before it on them.
    ///
    /// # Errors
    ///
    /// The errors of [`LayerConfig::init`], and [`UgmmError`] when the memory for the network cannot be
    /// reserved.
    pub fn init<R: Rng + ?Sized>(&self, sample: Option<&[f32]>, rng: &mut R) -> Result<Network, UgmmError> {
        self.check()?;
        memory::check(self.weights())?;
        let mut sample = sample.map(<[f32]>::to_vec);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, config) in self.layers.iter().enumerate() {
            if let (Some(sample), true) = (&mut sample, self.standardize && index > 0) {
                Units::of(sample, config.inputs, RowWeights::default()).standardize(sample);
            }
            let missing_values = self.missing_values && index == 0;
            let layer = config.init_checked(sample.as_deref(), missing_values, rng)?;
            sample = sample.map(|sample| activations(&layer, &sample, missing_values));
            layers.push(layer);
        }
        Ok(Network { layers, standardize: self.standardize, missing_values: self.missing_values })
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

    pub(crate) fn blank(&self) -> Network {
        let layers = self.layers.iter().map(LayerConfig::blank).collect();
        Network { layers, standardize: self.standardize, missing_values: self.missing_values }
    }
}

impl Check for NetworkConfig {
    fn check(&self) -> Result<(), UgmmError> {
        if self.layers.is_empty() {
            return Err(UgmmError::setting("the number of layers", 0, "at least 1"));
        }
        for layer in &self.layers {
            layer.check()?;
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
}

/// A feed-forward stack of [`Layer`]s (paper §3.3): the activations of one layer, which are log-densities, are the
/// inputs of the next.
///
/// ```
/// use ugmm_network::{Init, NetworkConfig, Predictor, Stream, generator};
///
/// let config = NetworkConfig::new(&[4, 16, 3]).with_init(Init::Paper);
/// let network = config.init(None, &mut generator(0, Stream::Initialization))?;
/// assert_eq!(network.forward(&[0.0; 8 * 4]).len(), 8 * 3);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers, first to last.
    pub layers: Vec<Layer>,
    /// See [`NetworkConfig::standardize`]. While it is on, [`Predictor::forward`] standardises over the rows
    /// it is given.
    pub standardize: bool,
    /// See [`NetworkConfig::missing_values`].
    pub missing_values: bool,
}

/// Activations `[rows, neurons]` of a layer without dropout or noise; with `missing_values`, NaN in `x`
/// `[rows, inputs]` is missing.
fn activations(layer: &Layer, x: &[f32], missing_values: bool) -> Vec<f32> {
    let mut y = layer.forward(x);
    if missing_values && x.iter().any(|x| x.is_nan()) {
        let log_weight = log_seen_weight(x, &layer.mixing_logits, layer.inputs());
        y.iter_mut().zip(log_weight).for_each(|(y, log_weight)| *y -= log_weight);
    }
    y
}

impl Network {
    /// The configuration of this network.
    #[must_use]
    pub fn config(&self) -> NetworkConfig {
        NetworkConfig {
            layers: self.layers.iter().map(|layer| layer.config.clone()).collect(),
            standardize: self.standardize,
            missing_values: self.missing_values,
        }
    }

    /// Number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.layers.iter().map(Layer::parameter_count).sum()
    }

    /// The activations of the layer at `index` for its inputs `x` `[rows, inputs]`; those of the last layer are the outputs.
    pub(crate) fn layer_forward(&self, index: usize, mut x: Vec<f32>) -> Vec<f32> {
        let layer = &self.layers[index];
        if self.standardize && index > 0 {
            return Recorded::new(layer, x, self.way(index, None, RowWeights::default())).1;
        }
        x = activations(layer, &x, self.missing_values);
        if self.missing_values && index + 1 == self.layers.len() {
            fill_unknown_outputs(&mut x, layer.neurons());
        }
        x
    }

    /// The kind of forward pass through the layer at `index`.
    fn way<'r, 'w>(
        &self,
        index: usize,
        rng: Option<&'r mut ChaCha8Rng>,
        weights: RowWeights<'w>,
    ) -> Pass<'r, 'w> {
        let standardize = self.standardize && index > 0;
        // A missing value has no value in the units of a batch.
        Pass { rng, standardize, missing_values: self.missing_values && !standardize, weights }
    }

    /// A forward pass through all layers recorded for the backward pass; with `rng` it is a training pass. Statistics
    /// of the batch are weighted.
    pub(crate) fn recorded<'n>(
        &'n self,
        x: Vec<f32>,
        mut rng: Option<&mut ChaCha8Rng>,
        weights: RowWeights<'n>,
    ) -> RecordedNetwork<'n> {
        let mut layers = Vec::with_capacity(self.layers.len());
        let mut y = x;
        for (index, layer) in self.layers.iter().enumerate() {
            let (recorded, activations) =
                Recorded::new(layer, y, self.way(index, rng.as_deref_mut(), weights));
            layers.push(recorded);
            y = activations;
        }
        let unknown = self.missing_values.then(|| fill_unknown_outputs(&mut y, self.outputs()));
        RecordedNetwork { layers, unknown, outputs: y }
    }

    /// The gradient of Σ outputs · `cotangent` with respect to `x`, `[rows, inputs]`, for `cotangent`
    /// `[rows, outputs]`, without dropout or noise.
    ///
    /// # Panics
    ///
    /// When the sizes do not fit.
    #[must_use]
    pub fn input_gradient(&self, x: &[f32], cotangent: Vec<f32>) -> Vec<f32> {
        self.recorded(x.to_vec(), None, RowWeights::default()).input_gradient(cotangent)
    }

    /// The network for use after training. Statistics that training took from each batch are now those of
    /// `sample` `[rows, inputs]`, which holds typical rows, with these weights `[rows]`; `None` for equal weights.
    #[must_use]
    pub fn settled(self, sample: &[f32], weights: Option<&[f64]>) -> Self {
        if !self.standardize {
            return self;
        }
        let mut x = sample.to_vec();
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.into_iter().enumerate() {
            let inputs = layer.inputs();
            let layer =
                if index > 0 { layer.in_units(&Units::of(&x, inputs, RowWeights(weights))) } else { layer };
            x = activations(&layer, &x, self.missing_values && index == 0);
            layers.push(layer);
        }
        Self { layers, standardize: false, missing_values: self.missing_values }
    }
}

impl Predictor for Network {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, Layer::inputs)
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, Layer::neurons)
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        (0..self.layers.len()).fold(x.to_vec(), |x, index| self.layer_forward(index, x))
    }

    fn takes_missing_values(&self) -> bool {
        self.missing_values
    }
}

/// A forward pass with all values that the backward pass needs.
pub(crate) struct RecordedNetwork<'n> {
    layers: Vec<Recorded<'n>>,
    unknown: Option<UnknownOutputs>,
    /// `[rows, outputs]`
    pub outputs: Vec<f32>,
}

impl RecordedNetwork<'_> {
    /// The gradient of Σ outputs · `cotangent` with respect to the inputs alone, `[rows, inputs]`.
    pub(crate) fn input_gradient(&self, cotangent: Vec<f32>) -> Vec<f32> {
        let mut unwanted: Vec<Vec<f32>> = self.layers.iter().flat_map(Recorded::zero_gradients).collect();
        self.backward(cotangent, &mut unwanted, true).expect("it is wanted")
    }

    /// Overwrites `gradients` with the gradients of Σ outputs · `cotangent` with respect to the tensors of
    /// all layers, in their order. Returns the gradient with respect to the inputs, if it is wanted.
    pub(crate) fn backward(
        &self,
        mut cotangent: Vec<f32>,
        gradients: &mut [Vec<f32>],
        want_x: bool,
    ) -> Option<Vec<f32>> {
        if let Some(unknown) = &self.unknown {
            unknown.backward(&mut cotangent);
        }
        for (index, (layer, gradients)) in self.layers.iter().zip(gradients.chunks_mut(3)).enumerate().rev() {
            let [means, rhos, logits] = gradients else { unreachable!("a layer has three tensors") };
            cotangent = layer.backward(cotangent, [means, rhos, logits], want_x || index > 0)?;
        }
        Some(cotangent)
    }
}
