//! The plain feed-forward network that uGMM networks are compared with (the paper's FFNN).

use crate::random::uniform;
use crate::{Check, Predictor, RowWeights, UgmmError};
use ndarray::{ArrayView2, ArrayViewMut2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The sizes and settings of an [`Mlp`].
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
    /// The configuration with layers of these sizes, without dropout or batch normalisation.
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

    /// A network with new parameters: weights and biases ~ U(−1/√inputs, 1/√inputs), as in PyTorch's
    /// `Linear`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when a setting is out of its range, or the memory for the network cannot be reserved.
    pub fn init<R: Rng + ?Sized>(&self, rng: &mut R) -> Result<Mlp, UgmmError> {
        self.check()?;
        super::memory::check(self.weights())?;
        Ok(self.with_values(|inputs| {
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

    pub(crate) fn blank(&self) -> Mlp {
        self.with_values(|_| 0.0)
    }

    fn with_values(&self, mut value: impl FnMut(usize) -> f32) -> Mlp {
        let hidden = &self.sizes[1..self.sizes.len() - 1];
        let mut values = |count: usize, inputs| (0..count).map(|_| value(inputs)).collect::<Vec<_>>();
        let layers = self.sizes.windows(2).map(|pair| Linear {
            inputs: pair[0],
            outputs: pair[1],
            weight: values(pair[0] * pair[1], pair[0]),
            bias: values(pair[1], pair[0]),
        });
        let layers = layers.collect();
        let norms = hidden.iter().filter(|_| self.batch_norm).map(|&size| BatchNorm::new(size)).collect();
        let dropout = (0..hidden.len()).map(|i| self.dropout.get(i).copied().unwrap_or(0.0)).collect();
        Mlp { layers, norms, dropout, input_dropout: self.input_dropout }
    }
}

impl Check for MlpConfig {
    fn check(&self) -> Result<(), UgmmError> {
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
}

/// A layer that computes x · weight + bias.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Weights, row-major `[inputs, outputs]`.
    pub weight: Vec<f32>,
    /// Biases, `[outputs]`.
    pub bias: Vec<f32>,
}

/// A batch normalisation (Ioffe and Szegedy 2015).
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Scale of each unit, `[units]`.
    pub gamma: Vec<f32>,
    /// Shift of each unit, `[units]`.
    pub beta: Vec<f32>,
    /// Exponentially weighted mean of each unit over training batches, `[units]`.
    pub running_mean: Vec<f32>,
    /// Exponentially weighted variance of each unit over training batches, `[units]`.
    pub running_var: Vec<f32>,
}

/// A multilayer perceptron with ReLU between its layers.
///
/// ```
/// use ugmm_network::{MlpConfig, Predictor, Stream, generator};
///
/// let network = MlpConfig::new(&[4, 32, 3]).init(&mut generator(0, Stream::Initialization))?;
/// assert_eq!(network.forward(&[0.0; 8 * 4]).len(), 8 * 3);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The linear layers, first to last.
    pub layers: Vec<Linear>,
    /// One normalisation per hidden layer, or none.
    pub norms: Vec<BatchNorm>,
    /// Dropout probability of each hidden layer.
    pub dropout: Vec<f64>,
    /// Dropout probability of the inputs.
    pub input_dropout: f64,
}

/// Added to a variance before its square root is taken.
pub(crate) const EPSILON: f64 = 1e-5;
/// Weight of a new batch in running means and variances.
const MOMENTUM: f32 = 0.1;

impl BatchNorm {
    fn new(units: usize) -> Self {
        let [zeros, ones] = [0.0, 1.0].map(|value| vec![value; units]);
        Self { gamma: ones.clone(), beta: zeros.clone(), running_mean: zeros, running_var: ones }
    }

    /// 1 / deviation of each unit in prediction, from the running variances.
    #[must_use]
    pub fn inverse_deviations(&self) -> Vec<f32> {
        self.running_var.iter().map(inverse_deviation).collect()
    }

    /// Replaces `x` `[rows, units]` by the normalised values before scale and shift; returns 1 / deviation of
    /// each unit.
    fn normalize(x: &mut [f32], mean: &[f32], variance: &[f32]) -> Vec<f32> {
        let inverses: Vec<f32> = variance.iter().map(inverse_deviation).collect();
        for row in x.chunks_mut(mean.len()) {
            for ((x, mean), inverse) in row.iter_mut().zip(mean).zip(&inverses) {
                *x = (*x - mean) * inverse;
            }
        }
        inverses
    }

    fn scale_and_shift(&self, x: &mut [f32]) {
        for row in x.chunks_mut(self.gamma.len()) {
            row.iter_mut()
                .zip(&self.gamma)
                .zip(&self.beta)
                .for_each(|((x, gamma), beta)| *x = *x * gamma + beta);
        }
    }
}

fn inverse_deviation(variance: &f32) -> f32 {
    (1.0 / (f64::from(*variance) + EPSILON).sqrt()) as f32
}

/// Weighted mean and variance (divisor: the sum of the weights) of each column of row-major `x`.
fn moments(x: &[f32], columns: usize, weights: RowWeights<'_>) -> (Vec<f32>, Vec<f32>) {
    let total = weights.sum(x.len() / columns);
    let column = |column: usize| {
        let values = x.iter().skip(column).step_by(columns).enumerate();
        let values = || values.clone().map(|(row, &x)| (weights.of(row), f64::from(x)));
        let mean = values().map(|(weight, x)| weight * x).sum::<f64>() / total;
        let squares = values().map(|(weight, x)| weight * (x - mean).powi(2)).sum::<f64>();
        (mean as f32, (squares / total) as f32)
    };
    (0..columns).map(column).unzip()
}

impl Linear {
    /// x · weight + bias, `[rows, outputs]`.
    fn forward(&self, x: &[f32]) -> Vec<f32> {
        assert!(x.len().is_multiple_of(self.inputs), "the layer has {} inputs", self.inputs);
        let rows = x.len() / self.inputs;
        let mut y: Vec<f32> = (0..rows).flat_map(|_| self.bias.iter().copied()).collect();
        let weight = view(&self.weight, self.inputs);
        let mut output = ArrayViewMut2::from_shape((rows, self.outputs), &mut y).expect("it was made so");
        ndarray::linalg::general_mat_mul(1.0, &view(x, rows), &weight, 1.0, &mut output);
        y
    }
}

/// A matrix view of row-major values with this number of rows.
fn view(values: &[f32], rows: usize) -> ArrayView2<'_, f32> {
    let columns = values.len().checked_div(rows).unwrap_or(0);
    ArrayView2::from_shape((rows, columns), values).expect("the values make whole rows")
}

/// The matrix product a · b.
fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Vec<f32> {
    let mut values = vec![0.0; a.nrows() * b.ncols()];
    let mut output = ArrayViewMut2::from_shape((a.nrows(), b.ncols()), &mut values).expect("it was made so");
    ndarray::linalg::general_mat_mul(1.0, &a, &b, 0.0, &mut output);
    values
}

impl Mlp {
    /// Number of values that a batch normalisation has per unit: scale, shift, running mean and variance.
    pub(crate) const NORM_TENSORS: usize = 4;

    /// The configuration of this network.
    #[must_use]
    pub fn config(&self) -> MlpConfig {
        let inputs = self.layers.iter().map(|layer| layer.inputs);
        MlpConfig {
            sizes: inputs.chain(self.layers.last().map(|layer| layer.outputs)).collect(),
            dropout: self.dropout.clone(),
            input_dropout: self.input_dropout,
            batch_norm: !self.norms.is_empty(),
        }
    }

    /// Number of parameters, without running means and variances.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.tensors().iter().map(|tensor| tensor.len()).sum()
    }

    /// The trained tensors: weight and bias of each layer, then scale and shift of each normalisation.
    pub(crate) fn tensors(&self) -> Vec<&[f32]> {
        let layers = self.layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
        let norms = self.norms.iter().flat_map(|norm| [&norm.gamma, &norm.beta]);
        layers.chain(norms).map(Vec::as_slice).collect()
    }

    /// All tensors of parameters, in the order of [`Self::tensors`], mutable.
    pub(crate) fn tensors_mut(&mut self) -> Vec<&mut [f32]> {
        let layers = self.layers.iter_mut().flat_map(|layer| [&mut layer.weight, &mut layer.bias]);
        let norms = self.norms.iter_mut().flat_map(|norm| [&mut norm.gamma, &mut norm.beta]);
        layers.chain(norms).map(Vec::as_mut_slice).collect()
    }

    /// A forward pass recorded for the backward pass; with `rng` it is a training pass, which draws every
    /// random choice from it. Statistics of the batch are weighted.
    pub(crate) fn recorded<'m>(
        &'m self,
        mut x: Vec<f32>,
        mut rng: Option<&mut ChaCha8Rng>,
        weights: RowWeights<'m>,
    ) -> RecordedMlp<'m> {
        let last = self.layers.len() - 1;
        let mut layers = Vec::with_capacity(self.layers.len());
        let input_mask = drop_units(&mut x, self.input_dropout, rng.as_deref_mut());
        for (index, layer) in self.layers.iter().enumerate() {
            let mut y = layer.forward(&x);
            let mut recorded = RecordedLinear { x, norm: None, active: Vec::new() };
            if index < last {
                match self.norms.get(index) {
                    Some(norm) if rng.is_some() => {
                        let (mean, variance) = moments(&y, layer.outputs, weights);
                        let inverses = BatchNorm::normalize(&mut y, &mean, &variance);
                        recorded.norm =
                            Some(RecordedNorm { normalized: y.clone(), inverses, mean, variance });
                        norm.scale_and_shift(&mut y);
                    }
                    _ => self.normalize_as_learned(index, &mut y),
                }
                // The derivative of ReLU, and the factor of dropout.
                let mask: Vec<f32> = y.iter().map(|&y| if y > 0.0 { 1.0 } else { 0.0 }).collect();
                y.iter_mut().for_each(|y| *y = y.max(0.0));
                let dropped = drop_units(&mut y, self.dropout[index], rng.as_deref_mut());
                recorded.active = match dropped.is_empty() {
                    true => mask,
                    false => mask.iter().zip(dropped).map(|(mask, scale)| mask * scale).collect(),
                };
            }
            layers.push(recorded);
            x = y;
        }
        RecordedMlp { network: self, layers, input_mask, outputs: x, weights }
    }

    /// Normalises the outputs of a hidden layer with the running mean and variance.
    fn normalize_as_learned(&self, index: usize, y: &mut [f32]) {
        if let Some(norm) = self.norms.get(index) {
            BatchNorm::normalize(y, &norm.running_mean, &norm.running_var);
            norm.scale_and_shift(y);
        }
    }

    /// Updates the running means and variances with those of a batch.
    pub(crate) fn remember(&mut self, moments: Vec<(Vec<f32>, Vec<f32>)>) {
        for (norm, (mean, variance)) in self.norms.iter_mut().zip(moments) {
            let pairs = [(&mut norm.running_mean, mean), (&mut norm.running_var, variance)];
            for (running, new) in pairs {
                for (running, new) in running.iter_mut().zip(new) {
                    *running = *running * (1.0 - MOMENTUM) + new * MOMENTUM;
                }
            }
        }
    }
}

/// Drops values with this probability and scales the others up, which keeps the expected activation
/// (Srivastava et al. 2014). Returns the factor of each value; empty where nothing can be dropped, as outside
/// of training.
fn drop_units(x: &mut [f32], probability: f64, rng: Option<&mut ChaCha8Rng>) -> Vec<f32> {
    let Some(rng) = rng.filter(|_| probability > 0.0) else { return Vec::new() };
    let scale = (1.0 / (1.0 - probability)) as f32;
    let mask: Vec<f32> = x.iter().map(|_| if uniform(rng) < probability { 0.0 } else { scale }).collect();
    x.iter_mut().zip(&mask).for_each(|(x, mask)| *x *= mask);
    mask
}

impl Predictor for Mlp {
    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    fn forward(&self, x: &[f32]) -> Vec<f32> {
        let mut x = self.layers[0].forward(x);
        for (index, layer) in self.layers.iter().skip(1).enumerate() {
            self.normalize_as_learned(index, &mut x);
            x.iter_mut().for_each(|x| *x = x.max(0.0));
            x = layer.forward(&x);
        }
        x
    }
}

/// A forward pass with all values that the backward pass needs.
pub(crate) struct RecordedMlp<'n> {
    network: &'n Mlp,
    layers: Vec<RecordedLinear>,
    input_mask: Vec<f32>,
    /// `[rows, outputs]`
    pub outputs: Vec<f32>,
    weights: RowWeights<'n>,
}

struct RecordedLinear {
    x: Vec<f32>,
    norm: Option<RecordedNorm>,
    /// The derivative of the operations after the layer: ReLU and dropout.
    active: Vec<f32>,
}

struct RecordedNorm {
    normalized: Vec<f32>,
    inverses: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl RecordedMlp<'_> {
    /// Mean and variance of the batch at each normalisation.
    pub(crate) fn moments(self) -> Vec<(Vec<f32>, Vec<f32>)> {
        let norms = self.layers.into_iter().filter_map(|layer| layer.norm);
        norms.map(|norm| (norm.mean, norm.variance)).collect()
    }

    /// The gradient of Σ outputs · `cotangent` with respect to the inputs alone, `[rows, inputs]`, for a pass
    /// outside of training.
    pub(crate) fn input_gradient(&self, cotangent: Vec<f32>) -> Vec<f32> {
        let mut unwanted = vec![Vec::new(); self.network.tensors().len()];
        self.backward(cotangent, &mut unwanted, true).expect("it is wanted")
    }

    /// Adds the gradients of Σ outputs · `cotangent` with respect to [`Mlp::tensors`] to `gradients`; an
    /// empty entry skips its tensor. Returns the gradient with respect to the inputs, if it is wanted.
    pub(crate) fn backward(
        &self,
        mut cotangent: Vec<f32>,
        gradients: &mut [Vec<f32>],
        want_x: bool,
    ) -> Option<Vec<f32>> {
        let count = self.network.layers.len();
        for (index, (recorded, layer)) in self.layers.iter().zip(&self.network.layers).enumerate().rev() {
            if !recorded.active.is_empty() {
                cotangent.iter_mut().zip(&recorded.active).for_each(|(g, active)| *g *= active);
                if let Some(norm) = self.network.norms.get(index) {
                    let [gamma, beta] = &mut gradients[2 * count + 2 * index..][..2] else {
                        unreachable!("a normalisation has two tensors")
                    };
                    match &recorded.norm {
                        Some(found) => found.backward(&mut cotangent, self.weights, norm, gamma, beta),
                        None => norm.backward_as_learned(&mut cotangent),
                    }
                }
            }
            let rows = cotangent.len() / layer.outputs;
            let g = view(&cotangent, rows);
            if !gradients[2 * index].is_empty() {
                let weight = product(view(&recorded.x, rows).reversed_axes(), g);
                gradients[2 * index].iter_mut().zip(weight).for_each(|(sum, gradient)| *sum += gradient);
            }
            for row in cotangent.chunks(layer.outputs) {
                gradients[2 * index + 1].iter_mut().zip(row).for_each(|(sum, gradient)| *sum += gradient);
            }
            if index == 0 && !want_x {
                return None;
            }
            cotangent = product(g, view(&layer.weight, layer.inputs).reversed_axes());
        }
        if !self.input_mask.is_empty() {
            cotangent.iter_mut().zip(&self.input_mask).for_each(|(g, mask)| *g *= mask);
        }
        Some(cotangent)
    }
}

impl RecordedNorm {
    /// Turns gradients with respect to the outputs into gradients with respect to the inputs, and adds the
    /// gradients of scale and shift.
    fn backward(
        &self,
        g: &mut [f32],
        weights: RowWeights<'_>,
        norm: &BatchNorm,
        gamma: &mut [f32],
        beta: &mut [f32],
    ) {
        let units = self.inverses.len();
        let total = weights.sum(g.len() / units);
        let (mut sums, mut products) = (vec![0.0_f64; units], vec![0.0_f64; units]);
        for (g, x) in g.chunks(units).zip(self.normalized.chunks(units)) {
            for (((sum, product), &g), &x) in sums.iter_mut().zip(&mut products).zip(g).zip(x) {
                *sum += f64::from(g);
                *product += f64::from(g) * f64::from(x);
            }
        }
        for unit in 0..units {
            gamma[unit] += products[unit] as f32;
            beta[unit] += sums[unit] as f32;
        }
        for (row, (g, x)) in g.chunks_mut(units).zip(self.normalized.chunks(units)).enumerate() {
            let weight = weights.of(row) as f32;
            for (unit, (g, &x)) in g.iter_mut().zip(x).enumerate() {
                let (mean, slope) = ((sums[unit] / total) as f32, (products[unit] / total) as f32);
                let centred = *g - weight * mean - weight * x * slope;
                *g = norm.gamma[unit] * self.inverses[unit] * centred;
            }
        }
    }
}

impl BatchNorm {
    /// Turns gradients with respect to the outputs into gradients with respect to the inputs, with the
    /// running mean and variance.
    fn backward_as_learned(&self, g: &mut [f32]) {
        for row in g.chunks_mut(self.gamma.len()) {
            for ((g, gamma), &variance) in row.iter_mut().zip(&self.gamma).zip(&self.running_var) {
                *g *= gamma / (f64::from(variance) + EPSILON).sqrt() as f32;
            }
        }
    }
}
