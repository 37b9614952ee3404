//! The neuron in plain `f64`, one pair of row and neuron after the other. It is slow and short, and the
//! reference for every fast path.
//!
//! It follows the formulas at the top of this crate (arXiv 2509.07569, section 3; the gradients are their
//! derivatives) and subtracts the largest exponent of each pair before it takes exponentials. Results beyond
//! `f64` are saturated at `±f64::MAX`.

use crate::{DROPPED_LOGIT, KernelError, LayerShape};

pub(crate) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// Bound on |z|, so that z² is a number.
const LARGEST_Z: f64 = 1e150;

/// Bound on |log σ| where 1/σ is taken, so that 1/σ and its products with finite `f32` values are numbers.
const LARGEST_LOG_SIGMA: f64 = 300.0;

/// Borrowed arguments of a layer in `f64`, all row-major; see [`crate::LayerArguments`].
#[derive(Clone, Copy, Debug)]
pub struct LayerArguments64<'a> {
    /// Inputs, `[batch, inputs]`; NaN where a value is missing.
    pub x: &'a [f64],
    /// Component means, `[neurons, inputs]`.
    pub means: &'a [f64],
    /// Natural logarithms of the component standard deviations, `[neurons, inputs]`.
    pub log_sigmas: &'a [f64],
    /// Logits of the mixing weights, `[neurons, inputs]`; see [`DROPPED_LOGIT`].
    pub mixing_logits: &'a [f64],
}

/// Gradients of `sum(y * cotangent)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients64 {
    /// With respect to the inputs, `[batch, inputs]`.
    pub x: Vec<f64>,
    /// With respect to the means, `[neurons, inputs]`.
    pub means: Vec<f64>,
    /// With respect to the log standard deviations, `[neurons, inputs]`.
    pub log_sigmas: Vec<f64>,
    /// With respect to the mixing logits, `[neurons, inputs]`.
    pub mixing_logits: Vec<f64>,
}

/// The activations y, `[batch, neurons]`.
///
/// # Errors
///
/// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` requires.
pub fn forward(shape: LayerShape, arguments: LayerArguments64<'_>) -> Result<Vec<f64>, KernelError> {
    arguments.check(shape)?;
    let mut y = Vec::with_capacity(shape.batch * shape.neurons);
    for row in 0..shape.batch {
        for neuron in 0..shape.neurons {
            y.push(saturate(Pair::of(shape, arguments, row, neuron).y));
        }
    }
    Ok(y)
}

/// The responsibilities r of one row, `[neurons, inputs]`. Those of a neuron sum to 1; they are all 0 where
/// no component with weight sees a value.
///
/// # Errors
///
/// [`KernelError`] as for [`forward`], and when `row` is not less than the batch.
pub fn responsibilities(
    shape: LayerShape,
    arguments: LayerArguments64<'_>,
    row: usize,
) -> Result<Vec<f64>, KernelError> {
    arguments.check(shape)?;
    if row >= shape.batch {
        return Err(KernelError::RowOutOfRange { row, batch: shape.batch });
    }
    let pairs = (0..shape.neurons).map(|neuron| Pair::of(shape, arguments, row, neuron));
    Ok(pairs.flat_map(|pair| pair.responsibilities).collect())
}

/// The gradients of `sum(y * cotangent)`; `cotangent` is `[batch, neurons]`.
///
/// # Errors
///
/// [`KernelError`] as for [`forward`].
pub fn backward(
    shape: LayerShape,
    arguments: LayerArguments64<'_>,
    cotangent: &[f64],
) -> Result<Gradients64, KernelError> {
    arguments.check(shape)?;
    shape.check_pairs("cotangent", cotangent.len())?;
    let LayerShape { batch, inputs, neurons } = shape;
    let mut gradients = Gradients64 {
        x: vec![0.0; batch * inputs],
        means: vec![0.0; neurons * inputs],
        log_sigmas: vec![0.0; neurons * inputs],
        mixing_logits: vec![0.0; neurons * inputs],
    };
    for neuron in 0..neurons {
        let weights = mixing_weights(parameter_row(arguments.mixing_logits, neuron, inputs));
        for row in 0..batch {
            let g = cotangent[row * neurons + neuron];
            let pair = Pair::of(shape, arguments, row, neuron);
            for (k, weight) in weights.iter().enumerate() {
                let at = neuron * inputs + k;
                let w = g * pair.responsibilities[k];
                let wz = saturate(w * pair.z[k]);
                let wz_over_sigma = saturate(wz * inverse_sigma(arguments.log_sigmas[at]));
                accumulate(&mut gradients.mixing_logits[at], w - g * weight);
                accumulate(&mut gradients.log_sigmas[at], saturate(wz * pair.z[k]) - w);
                accumulate(&mut gradients.means[at], wz_over_sigma);
                accumulate(&mut gradients.x[row * inputs + k], -wz_over_sigma);
            }
        }
    }
    Ok(gradients)
}

impl LayerArguments64<'_> {
    fn check(&self, shape: LayerShape) -> Result<(), KernelError> {
        shape.check_not_empty()?;
        shape.check_rows("x", self.x.len())?;
        shape.check_parameter("means", self.means.len())?;
        shape.check_parameter("log_sigmas", self.log_sigmas.len())?;
        shape.check_parameter("mixing_logits", self.mixing_logits.len())
    }
}

/// One neuron evaluated on one row.
struct Pair {
    y: f64,
    z: Vec<f64>,
    responsibilities: Vec<f64>,
}

impl Pair {
    fn of(shape: LayerShape, arguments: LayerArguments64<'_>, row: usize, neuron: usize) -> Pair {
        let inputs = shape.inputs;
        let x = parameter_row(arguments.x, row, inputs);
        let means = parameter_row(arguments.means, neuron, inputs);
        let log_sigmas = parameter_row(arguments.log_sigmas, neuron, inputs);
        let log_weights = log_mixing_weights(parameter_row(arguments.mixing_logits, neuron, inputs));

        let mut z = Vec::with_capacity(inputs);
        let mut exponents = Vec::with_capacity(inputs);
        for k in 0..inputs {
            if x[k].is_nan() {
                z.push(0.0);
                exponents.push(f64::NEG_INFINITY);
                continue;
            }
            let z_k = ((x[k] - means[k]) * inverse_sigma(log_sigmas[k])).clamp(-LARGEST_Z, LARGEST_Z);
            z.push(z_k);
            exponents.push(log_weights[k] - log_sigmas[k] - HALF_LOG_TWO_PI - 0.5 * z_k * z_k);
        }
        let largest = largest_of(&exponents);
        if largest == f64::NEG_INFINITY {
            return Pair { y: -f64::MAX, z, responsibilities: vec![0.0; inputs] };
        }
        let unscaled: Vec<f64> = exponents.iter().map(|exponent| (exponent - largest).exp()).collect();
        let total: f64 = unscaled.iter().sum();
        // The quotient by the sum avoids the rounding of y, which exp(exponent - y) would carry.
        let responsibilities = unscaled.iter().map(|value| value / total).collect();
        Pair { y: largest + total.ln(), z, responsibilities }
    }
}

fn parameter_row(values: &[f64], row: usize, inputs: usize) -> &[f64] {
    &values[row * inputs..(row + 1) * inputs]
}

/// log π of one neuron's components, `[inputs]`; -∞ for dropped components.
#[must_use]
pub fn log_mixing_weights(logits: &[f64]) -> Vec<f64> {
    let dropped = f64::from(DROPPED_LOGIT);
    let some_remain = logits.iter().any(|&logit| logit > dropped);
    let remaining: Vec<f64> = logits
        .iter()
        .map(|&logit| if some_remain && logit <= dropped { f64::NEG_INFINITY } else { logit })
        .collect();
    // The largest logit is subtracted first, because a logarithm added to large logits would be lost.
    let largest = largest_of(&remaining);
    let log_total = remaining.iter().map(|logit| (logit - largest).exp()).sum::<f64>().ln();
    remaining.iter().map(|logit| (logit - largest) - log_total).collect()
}

fn mixing_weights(logits: &[f64]) -> Vec<f64> {
    log_mixing_weights(logits).iter().map(|log_weight| log_weight.exp()).collect()
}

pub(crate) fn inverse_sigma(log_sigma: f64) -> f64 {
    (-log_sigma.clamp(-LARGEST_LOG_SIGMA, LARGEST_LOG_SIGMA)).exp()
}

fn largest_of(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn saturate(value: f64) -> f64 {
    value.clamp(-f64::MAX, f64::MAX)
}

fn accumulate(sum: &mut f64, term: f64) {
    *sum = saturate(*sum + saturate(term));
}
