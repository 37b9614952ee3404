//! The plain feed-forward network that uGMM networks are compared with (the paper's FFNN).

use crate::random::uniform;
use crate::{Network, UgmmError};
use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// What an [`Mlp`] is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MlpConfig {
    /// Layer sizes, inputs first: `[784, 128, 64, 10]` is three layers.
    pub sizes: Vec<usize>,
    /// Dropout probability of each hidden layer's units, in [0, 1); missing entries are 0.
    #[serde(default)]
    pub dropout: Vec<f64>,
    /// Dropout probability of the inputs, in [0, 1).
    #[serde(default)]
    pub input_dropout: f64,
    /// Whether each hidden layer is batch-normalised before its activation function.
    #[serde(default)]
    pub batch_norm: bool,
}

impl MlpConfig {
    /// Layers of these sizes without dropout or batch normalisation.
    #[must_use]
    pub fn new(sizes: &[usize]) -> Self {
        Self { sizes: sizes.to_vec(), dropout: Vec::new(), input_dropout: 0.0, batch_norm: false }
    }

    /// Sets the dropout of each hidden layer, first to last.
    #[must_use]
    pub fn with_dropout(mut self, probabilities: &[f64]) -> Self {
        self.dropout = probabilities.to_vec();
        self
    }

    /// Sets the dropout of the inputs.
    #[must_use]
    pub fn with_input_dropout(mut self, probability: f64) -> Self {
        self.input_dropout = probability;
        self
    }

    /// Switches batch normalisation of the hidden layers on or off.
    #[must_use]
    pub fn with_batch_norm(mut self, batch_norm: bool) -> Self {
        self.batch_norm = batch_norm;
        self
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        if self.sizes.len() < 2 {
            return Err(UgmmError::setting("the number of layer sizes", self.sizes.len(), "at least 2"));
        }
        if self.sizes.contains(&0) {
            return Err(UgmmError::setting("a layer's size", 0, "at least 1"));
        }
        if self.dropout.len() > self.sizes.len() - 2 {
            let expected = "no longer than the number of hidden layers";
            return Err(UgmmError::setting(
                "the list of dropout probabilities",
                self.dropout.len(),
                expected,
            ));
        }
        let all = self.dropout.iter().map(|&p| ("dropout", p)).chain([("input_dropout", self.input_dropout)]);
        match all.into_iter().find(|(_, p)| !(0.0..1.0).contains(p)) {
            Some((setting, p)) => Err(UgmmError::setting(setting, p, "at least 0 and less than 1")),
            None => Ok(()),
        }
    }

    /// A network with new parameters: weights and biases ~ U(−1/√inputs, 1/√inputs), as PyTorch's `Linear`.
    ///
    /// # Errors
    ///
    /// When a setting is out of its range.
    pub fn init<R: Rng + ?Sized>(&self, rng: &mut R, device: &Device) -> Result<Mlp, UgmmError> {
        self.validate()?;
        crate::memory::check(self.weights())?;
        Ok(self.with_values(device, |inputs| {
            let limit = 1.0 / (inputs as f64).sqrt();
            ((2.0 * uniform(rng) - 1.0) * limit) as f32
        }))
    }

    /// Number of weights, or `None` where it overflows.
    pub(crate) fn weights(&self) -> Option<usize> {
        let linear = self.sizes.windows(2).map(|pair| pair[0].checked_add(1)?.checked_mul(pair[1]));
        let hidden = &self.sizes[1..self.sizes.len() - 1];
        let norms = hidden.iter().filter(|_| self.batch_norm).map(|size| size.checked_mul(Mlp::NORM_TENSORS));
        linear.chain(norms).try_fold(0usize, |sum, count| sum.checked_add(count?))
    }

    pub(crate) fn blank(&self, device: &Device) -> Mlp {
        self.with_values(device, |_| 0.0)
    }

    fn with_values(&self, device: &Device, mut value: impl FnMut(usize) -> f32) -> Mlp {
        let hidden = &self.sizes[1..self.sizes.len() - 1];
        let mut values = |count: usize, inputs| (0..count).map(|_| value(inputs)).collect::<Vec<_>>();
        let layers = self
            .sizes
            .windows(2)
            .map(|pair| {
                let weight = TensorData::new(values(pair[0] * pair[1], pair[0]), [pair[0], pair[1]]);
                let bias = TensorData::new(values(pair[1], pair[0]), [pair[1]]);
                Linear {
                    weight: Param::from_data(weight, device),
                    bias: Some(Param::from_data(bias, device)),
                }
            })
            .collect();
        let norms = hidden.iter().filter(|_| self.batch_norm);
        Mlp {
            layers,
            norms: norms.map(|&size| BatchNormConfig::new(size).init(device)).collect(),
            dropout: hidden
                .iter()
                .enumerate()
                .map(|(i, _)| self.dropout.get(i).copied().unwrap_or(0.0))
                .collect(),
            input_dropout: self.input_dropout,
        }
    }
}

/// A multilayer perceptron with ReLU between its layers.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{MlpConfig, Network, Stream, generator};
///
/// let device = Device::flex();
/// let network = MlpConfig::new(&[4, 32, 3]).init(&mut generator(0, Stream::Initialization), &device)?;
/// assert_eq!(network.forward(Tensor::zeros([8, 4], &device)).dims(), [8, 3]);
/// # Ok::<(), ugmm::UgmmError>(())
/// ```
#[derive(Module, Debug)]
pub struct Mlp {
    /// First to last.
    pub layers: Vec<Linear>,
    /// One per hidden layer, or none.
    pub norms: Vec<BatchNorm>,
    /// Dropout probability of each hidden layer.
    pub dropout: Vec<f64>,
    /// Dropout probability of the inputs.
    pub input_dropout: f64,
}

impl Mlp {
    /// Tensors that one batch normalisation keeps per unit: scale, shift, running mean and variance.
    pub(crate) const NORM_TENSORS: usize = 4;

    /// The network with `drop` applied to the inputs and to each hidden layer's units.
    fn pass(&self, x: Tensor<2>, mut drop: impl FnMut(Tensor<2>, f64) -> Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        let mut x = drop(x, self.input_dropout);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if index < last {
                if let Some(norm) = self.norms.get(index) {
                    x = norm.forward(x);
                }
                x = drop(relu(x), self.dropout[index]);
            }
        }
        x
    }
}

impl Network for Mlp {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.weight.dims()[0])
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.weight.dims()[1])
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.pass(x, |x, _| x)
    }

    fn forward_training<R: Rng + ?Sized>(&self, x: Tensor<2>, rng: &mut R) -> Tensor<2> {
        self.pass(x, |x, probability| {
            if probability == 0.0 {
                return x;
            }
            // Survivors are scaled up, so that the expected activation stays (Srivastava et al. 2014).
            let scale = (1.0 / (1.0 - probability)) as f32;
            let [rows, units] = x.dims();
            let mask = (0..rows * units).map(|_| if uniform(rng) < probability { 0.0 } else { scale });
            let mask = TensorData::new(mask.collect::<Vec<f32>>(), [rows, units]);
            let device = x.device();
            x * Tensor::from_data(mask, &device)
        })
    }
}
