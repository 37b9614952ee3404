//! The plain feed-forward network that uGMM networks are compared with (the paper's FFNN).

use crate::Network;
use crate::host::{host_values, matrix};
use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::Rng;
use ugmm_network::random::uniform;

/// A multilayer perceptron with ReLU between its layers.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use ugmm::{InitOn, MlpConfig, Network, Stream, generator};
///
/// let device = Device::flex();
/// let network = MlpConfig::new(&[4, 32, 3]).init_on(None, &mut generator(0, Stream::Initialization), &device)?;
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
    /// This network on a device.
    #[must_use]
    pub fn of(network: &ugmm_network::Mlp, device: &Device) -> Self {
        let list = |values: &[f32]| Tensor::<1>::from_data(TensorData::from(values), device);
        let norm = |norm: &ugmm_network::BatchNorm| BatchNorm {
            gamma: Param::from_tensor(list(&norm.gamma)),
            beta: Param::from_tensor(list(&norm.beta)),
            running_mean: RunningState::new(list(&norm.running_mean)),
            running_var: RunningState::new(list(&norm.running_var)),
            ..BatchNormConfig::new(norm.gamma.len()).init(device)
        };
        let layer = |layer: &ugmm_network::Linear| Linear {
            weight: Param::from_tensor(matrix(layer.weight.clone(), layer.outputs, device)),
            bias: Some(Param::from_tensor(list(&layer.bias))),
        };
        Self {
            layers: network.layers.iter().map(layer).collect(),
            norms: network.norms.iter().map(norm).collect(),
            dropout: network.dropout.clone(),
            input_dropout: network.input_dropout,
        }
    }

    /// This network in plain lists.
    #[must_use]
    pub fn to_mlp(&self) -> ugmm_network::Mlp {
        let layer = |layer: &Linear| {
            let [inputs, outputs] = layer.weight.dims();
            let bias = layer.bias.as_ref().map_or(vec![0.0; outputs], |bias| host_values(&bias.val()));
            ugmm_network::Linear { inputs, outputs, weight: host_values(&layer.weight.val()), bias }
        };
        let norm = |norm: &BatchNorm| ugmm_network::BatchNorm {
            gamma: host_values(&norm.gamma.val()),
            beta: host_values(&norm.beta.val()),
            running_mean: host_values(&norm.running_mean.value_sync()),
            running_var: host_values(&norm.running_var.value_sync()),
        };
        ugmm_network::Mlp {
            layers: self.layers.iter().map(layer).collect(),
            norms: self.norms.iter().map(norm).collect(),
            dropout: self.dropout.clone(),
            input_dropout: self.input_dropout,
        }
    }

    /// The network with `drop` applied to the inputs and to each hidden layer's units, and batch normalisation by
    /// moments of the batch weighted by `shares`.
    fn pass(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        mut drop: impl FnMut(Tensor<2>, f64) -> Tensor<2>,
    ) -> Tensor<2> {
        let last = self.layers.len() - 1;
        let mut x = drop(x, self.input_dropout);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if index < last {
                if let Some(norm) = self.norms.get(index) {
                    x = match shares {
                        Some(shares) => normalized_by_shares(norm, x, shares),
                        None => norm.forward(x),
                    };
                }
                x = drop(relu(x), self.dropout[index]);
            }
        }
        x
    }
}

/// A training pass of a batch normalisation by the moments of `x` `[rows, units]`, weighted by `shares` `[rows, 1]`, which
/// sum to 1.
fn normalized_by_shares(norm: &BatchNorm, x: Tensor<2>, shares: &Tensor<2>) -> Tensor<2> {
    let mean = (x.clone() * shares.clone()).sum_dim(0);
    let centred = x - mean.clone();
    let variance = (centred.clone().square() * shares.clone()).sum_dim(0);
    for (running, moment) in [(&norm.running_mean, &mean), (&norm.running_var, &variance)] {
        let before = running.value_sync().to_device(&moment.device());
        let moment = moment.clone().detach().squeeze_dim(0);
        running.update((before * (1.0 - norm.momentum) + moment * norm.momentum).detach());
    }
    let normalized = centred / (variance + norm.epsilon).sqrt();
    normalized * norm.gamma.val().unsqueeze() + norm.beta.val().unsqueeze()
}

impl Network for Mlp {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.weight.dims()[0])
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.weight.dims()[1])
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.pass(x, None, |x, _| x)
    }

    fn forward_training<R: Rng + ?Sized>(
        &self,
        x: Tensor<2>,
        shares: Option<&Tensor<2>>,
        rng: &mut R,
    ) -> Tensor<2> {
        self.pass(x, shares, |x, probability| {
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
