//! A layer's parameters in the form that bounds are computed from.

use super::{InputBox, rounding};
use crate::exp::exp;
use crate::oracle::{HALF_LOG_TWO_PI, inverse_sigma, log_mixing_weights};
use crate::{KernelError, LayerArguments, LayerShape};

/// Bound on |z|, as in the oracle.
const LARGEST_Z: f64 = 1e150;

/// Weights of the seen components of a neuron that `f32` takes as none, and the smallest that they count as; both as in the
/// network's own treatment of missing values.
const NO_WEIGHT: f64 = 1e-45;
const SMALLEST_WEIGHT: f64 = 1e-30;

/// The mixtures of a layer: log of the peak of each component, log π − log σ − ½ log 2π, its mean and 1/σ; and for each
/// neuron the log of a constant share of its sum, which stands for inputs whose values are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixtures {
    inputs: usize,
    neurons: usize,
    /// `[neurons]`, −∞ for none.
    pub(super) constants: Vec<f64>,
    /// `[neurons, inputs]`, −∞ for a component that was taken out.
    pub(super) log_peaks: Vec<f64>,
    pub(super) means: Vec<f64>,
    pub(super) inverse_sigmas: Vec<f64>,
}

impl Mixtures {
    /// The mixtures of a layer's parameters, each `[neurons, inputs]`; `arguments.x` is not looked at.
    ///
    /// # Errors
    ///
    /// When the layer is empty or a slice does not have the length that `shape` asks for.
    pub fn new(shape: LayerShape, arguments: LayerArguments<'_>) -> Result<Self, KernelError> {
        let LayerShape { inputs, neurons, .. } = shape;
        shape.check_not_empty()?;
        shape.check_parameter("means", arguments.means.len())?;
        shape.check_parameter("log_sigmas", arguments.log_sigmas.len())?;
        shape.check_parameter("mixing_logits", arguments.mixing_logits.len())?;
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
        let log_sigmas = wide(arguments.log_sigmas);
        let log_weights = wide(arguments.mixing_logits);
        let log_weights = log_weights.chunks_exact(inputs).flat_map(log_mixing_weights);
        Ok(Self {
            inputs,
            neurons,
            constants: vec![f64::NEG_INFINITY; neurons],
            log_peaks: log_weights.zip(&log_sigmas).map(|(w, s)| w - s - HALF_LOG_TWO_PI).collect(),
            means: wide(arguments.means),
            inverse_sigmas: log_sigmas.into_iter().map(inverse_sigma).collect(),
        })
    }

    /// Number of inputs that are not yet known.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of neurons.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// z of a component at `x`, as the oracle computes it.
    #[inline(always)]
    pub(super) fn z(&self, at: usize, x: f64) -> f64 {
        ((x - self.means[at]) * self.inverse_sigmas[at]).clamp(-LARGEST_Z, LARGEST_Z)
    }

    /// By how much rounding can move [`Self::z`] for inputs of this magnitude.
    #[inline(always)]
    pub(super) fn z_rounding(&self, at: usize, magnitude: f64) -> f64 {
        8.0 * f64::EPSILON * (magnitude + self.means[at].abs()) * self.inverse_sigmas[at]
    }

    /// The exponent of a component at `x`.
    #[must_use]
    pub fn exponent(&self, neuron: usize, input: usize, x: f64) -> f64 {
        let at = neuron * self.inputs + input;
        let z = self.z(at, x);
        self.log_peaks[at] - 0.5 * z * z
    }

    /// Log of the constant share of each neuron's sum, `[neurons]`; −∞ for none.
    #[must_use]
    pub fn constants(&self) -> &[f64] {
        &self.constants
    }

    /// Mean of a component.
    #[must_use]
    pub fn mean(&self, neuron: usize, input: usize) -> f64 {
        self.means[neuron * self.inputs + input]
    }

    /// 1/σ of a component.
    #[must_use]
    pub fn inverse_sigma(&self, neuron: usize, input: usize) -> f64 {
        self.inverse_sigmas[neuron * self.inputs + input]
    }

    /// Log of the peak of a component; −∞ for one that was taken out.
    #[must_use]
    pub fn log_peak(&self, neuron: usize, input: usize) -> f64 {
        self.log_peaks[neuron * self.inputs + input]
    }

    /// The activations, `[neurons]`, of one row `[inputs]`.
    #[must_use]
    pub fn activations(&self, x: &[f64]) -> Vec<f64> {
        let mut exponents = vec![0.0; self.inputs];
        (0..self.neurons)
            .map(|neuron| {
                for (k, exponent) in exponents.iter_mut().enumerate() {
                    *exponent = self.exponent(neuron, k, x[k]);
                }
                log_sum(&exponents, self.constants[neuron])
            })
            .collect()
    }

    /// These mixtures without the inputs that are `missing` `[inputs]`, the weights of the others renormalised; and which
    /// neurons see nothing then, whose activations are unknown and must be taken out of the next layer in the same way.
    #[must_use]
    pub fn without(&self, missing: &[bool]) -> (Self, Vec<bool>) {
        let mut reduced = self.selected(|input| !missing[input]);
        let mut unknown = vec![false; self.neurons];
        if reduced.inputs == self.inputs {
            return (reduced, unknown);
        }
        for neuron in 0..self.neurons {
            let row = neuron * reduced.inputs..(neuron + 1) * reduced.inputs;
            let peaks = &reduced.log_peaks[row.clone()];
            let weights = peaks.iter().zip(&reduced.inverse_sigmas[row.clone()]);
            let weight: f64 =
                weights.map(|(peak, inverse)| (peak - inverse.ln() + HALF_LOG_TWO_PI).exp()).sum();
            unknown[neuron] = weight < NO_WEIGHT;
            let log_weight = weight.max(SMALLEST_WEIGHT).ln();
            reduced.log_peaks[row].iter_mut().for_each(|peak| *peak -= log_weight);
        }
        (reduced, unknown)
    }

    /// These mixtures with the inputs that have `values` `[inputs]` turned into the constant share of their neurons.
    #[must_use]
    pub fn given(&self, values: &[Option<f64>]) -> Self {
        let mut reduced = self.selected(|input| values[input].is_none());
        for neuron in 0..self.neurons {
            let known = values.iter().enumerate().filter_map(|(k, value)| value.map(|x| (k, x)));
            let exponents: Vec<f64> = known.map(|(k, x)| self.exponent(neuron, k, x)).collect();
            reduced.constants[neuron] = log_sum(&exponents, self.constants[neuron]);
        }
        reduced
    }

    fn selected(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.inputs).filter(|&input| keep(input)).collect();
        let pick = |values: &[f64]| -> Vec<f64> {
            values.chunks_exact(self.inputs.max(1)).flat_map(|row| kept.iter().map(|&k| row[k])).collect()
        };
        Self {
            inputs: kept.len(),
            neurons: self.neurons,
            constants: self.constants.clone(),
            log_peaks: pick(&self.log_peaks),
            means: pick(&self.means),
            inverse_sigmas: pick(&self.inverse_sigmas),
        }
    }

    /// Lower and upper bounds, each `[neurons]`, of the activations over a box; exact up to rounding.
    #[must_use]
    pub fn intervals(&self, inputs: InputBox<'_>) -> (Vec<f64>, Vec<f64>) {
        let mut low = Vec::with_capacity(self.neurons);
        let mut high = Vec::with_capacity(self.neurons);
        let mut least = vec![0.0; self.inputs];
        let mut greatest = vec![0.0; self.inputs];
        for neuron in 0..self.neurons {
            let mut largest_peak = 0.0f64;
            for k in 0..self.inputs {
                let at = neuron * self.inputs + k;
                let (from, to) = self.z_interval(at, inputs.low[k], inputs.high[k]);
                let (near, far) = (nearest(from, to), from.abs().max(to.abs()));
                least[k] = self.log_peaks[at] - 0.5 * far * far;
                greatest[k] = self.log_peaks[at] - 0.5 * near * near;
                if self.log_peaks[at] > f64::NEG_INFINITY {
                    largest_peak = largest_peak.max(self.log_peaks[at].abs());
                }
            }
            let slack = |y: f64| rounding(self.inputs, 1.0 + y.abs() + largest_peak);
            let (y_low, y_high) =
                (log_sum(&least, self.constants[neuron]), log_sum(&greatest, self.constants[neuron]));
            low.push(y_low - slack(y_low));
            high.push(y_high + slack(y_high));
        }
        (low, high)
    }

    /// The interval of z over one of x, rounding included.
    #[inline(always)]
    pub(super) fn z_interval(&self, at: usize, low: f64, high: f64) -> (f64, f64) {
        (self.z(at, low) - self.z_rounding(at, low.abs()), self.z(at, high) + self.z_rounding(at, high.abs()))
    }
}

/// The smallest magnitude in an interval.
#[inline(always)]
pub(super) fn nearest(from: f64, to: f64) -> f64 {
    if from > 0.0 {
        from
    } else if to < 0.0 {
        -to
    } else {
        0.0
    }
}

/// log Σ exp, saturated as the oracle's; `constant` is one more exponent.
pub(super) fn log_sum(exponents: &[f64], constant: f64) -> f64 {
    let largest = exponents.iter().copied().fold(constant, f64::max);
    if !largest.is_finite() {
        return -f64::MAX;
    }
    let sum: f64 = exponents.iter().map(|exponent| exp(exponent - largest)).sum();
    largest + (sum + exp(constant - largest)).ln()
}
