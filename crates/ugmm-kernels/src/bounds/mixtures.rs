//! A layer's parameters in the form that bounds are computed from.

use super::rounding;
use crate::oracle::{HALF_LOG_TWO_PI, log_mixing_weights};
use crate::simd::exp::exp;
use crate::{KernelError, LayerArguments, LayerShape, NO_LOG_WEIGHT};

/// Bound on |z|, equal to the oracle's.
const LARGEST_Z: f64 = 1e150;

/// Bound on |log σ| where σ is taken, equal to the oracle's.
const LARGEST_LOG_SIGMA: f64 = 300.0;

/// An exponential this many nats under the largest is 0.
const NEGLIGIBLE: f64 = 800.0;

/// A box of a layer's inputs.
#[derive(Clone, Copy, Debug)]
pub struct InputBox<'a> {
    /// Lower ends, `[inputs]`.
    pub low: &'a [f64],
    /// Upper ends, `[inputs]`, none below its lower end.
    pub high: &'a [f64],
    /// Inputs that take only the two end values, `[inputs]`, such as those of a category. Empty if there are
    /// none.
    pub ends_only: &'a [bool],
}

impl InputBox<'_> {
    pub(super) fn ends_only(&self, input: usize) -> bool {
        self.ends_only.get(input).is_some_and(|&only| only)
    }
}

/// The mixtures of a layer. Each component has the log of its peak, log π − log σ − ½ log 2π, its mean and
/// its 1/σ. Each neuron has the log of a constant term of its sum, which stands for inputs with known values.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixtures {
    inputs: usize,
    neurons: usize,
    /// `[neurons]`; −∞ where there is no constant term.
    pub(super) constants: Vec<f64>,
    /// Bound on the rounding error of each constant, `[neurons]`.
    pub(super) constant_roundings: Vec<f64>,
    /// log π, `[neurons, inputs]`; −∞ for a dropped component.
    log_weights: Vec<f64>,
    /// `[neurons, inputs]`; −∞ for a dropped component.
    pub(super) log_peaks: Vec<f64>,
    /// Sums of the magnitudes that the peaks were computed from, `[neurons, inputs]`; 1 for a dropped
    /// component.
    pub(super) magnitudes: Vec<f64>,
    pub(super) means: Vec<f64>,
    pub(super) inverse_sigmas: Vec<f64>,
}

impl Mixtures {
    /// The mixtures of a layer's parameters, each `[neurons, inputs]`; `arguments.x` is ignored.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` requires.
    pub fn new(shape: LayerShape, arguments: LayerArguments<'_>) -> Result<Self, KernelError> {
        Self::with_floor(shape, arguments, 0.0)
    }

    /// The mixtures of a layer whose standard deviations have a floor: `arguments.log_sigmas` holds ρ, and σ
    /// = √(min_sigma² + exp(2ρ)) is computed in `f64`.
    ///
    /// # Errors
    ///
    /// [`KernelError`] when the layer is empty or a slice does not have the length that `shape` requires.
    pub fn with_floor(
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        min_sigma: f64,
    ) -> Result<Self, KernelError> {
        let LayerShape { inputs, neurons, .. } = shape;
        shape.check_not_empty()?;
        shape.check_parameter("means", arguments.means.len())?;
        shape.check_parameter("log_sigmas", arguments.log_sigmas.len())?;
        shape.check_parameter("mixing_logits", arguments.mixing_logits.len())?;
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
        let logits = wide(arguments.mixing_logits);
        let log_weights: Vec<f64> = logits.chunks_exact(inputs).flat_map(log_mixing_weights).collect();
        // Returns 1/σ and log σ.
        let deviation = |&raw: &f32| {
            let raw = f64::from(raw);
            let bounded = raw.clamp(-LARGEST_LOG_SIGMA, LARGEST_LOG_SIGMA);
            if min_sigma == 0.0 {
                return ((-bounded).exp(), raw);
            }
            let sigma = min_sigma.hypot(bounded.exp());
            (1.0 / sigma, if raw > LARGEST_LOG_SIGMA { raw } else { sigma.ln() })
        };
        let (inverse_sigmas, log_sigmas): (Vec<f64>, Vec<f64>) =
            arguments.log_sigmas.iter().map(deviation).unzip();
        let peaks =
            log_weights.iter().zip(&log_sigmas).map(|(weight, log_sigma)| Peak::of(*weight, *log_sigma));
        let (log_peaks, magnitudes) = peaks.map(|peak| (peak.log, peak.magnitude)).unzip();
        Ok(Self {
            inputs,
            neurons,
            constants: vec![f64::NEG_INFINITY; neurons],
            constant_roundings: vec![0.0; neurons],
            log_peaks,
            magnitudes,
            log_weights,
            means: wide(arguments.means),
            inverse_sigmas,
        })
    }

    /// Number of inputs that have not been turned into constants.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of neurons.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// z of component `at` for the input value `x`, as the oracle computes it.
    #[inline(always)]
    pub(super) fn z(&self, at: usize, x: f64) -> f64 {
        ((x - self.means[at]) * self.inverse_sigmas[at]).clamp(-LARGEST_Z, LARGEST_Z)
    }

    /// Bound on the rounding error of [`Self::z`] for inputs of this magnitude.
    #[inline(always)]
    pub(super) fn z_rounding(&self, at: usize, magnitude: f64) -> f64 {
        8.0 * f64::EPSILON * (magnitude + self.means[at].abs()) * self.inverse_sigmas[at]
    }

    /// The exponent of a component for the input value `x`: its log peak − ½ z².
    #[must_use]
    pub fn exponent(&self, neuron: usize, input: usize, x: f64) -> f64 {
        let at = neuron * self.inputs + input;
        let z = self.z(at, x);
        self.log_peaks[at] - 0.5 * z * z
    }

    /// Log of the constant term of each neuron's sum, `[neurons]`; −∞ where there is none.
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

    /// Log of the peak of a component, log π − log σ − ½ log 2π; −∞ for a dropped component.
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

    /// The mixtures without the inputs that are `missing`, `[inputs]`, and without the neurons that then see
    /// nothing. The weights of the other inputs are renormalised. The second value marks the removed neurons,
    /// `[neurons]`: their activations are unknown, so that the next layer must be computed without them.
    ///
    /// # Panics
    ///
    /// When [`Self::given`] has turned inputs into constants before.
    #[must_use]
    pub fn without(&self, missing: &[bool]) -> (Self, Vec<bool>) {
        assert!(
            self.constants.iter().all(|constant| *constant == f64::NEG_INFINITY),
            "no input is known yet"
        );
        assert_eq!(missing.len(), self.inputs, "one entry for each input");
        if !missing.contains(&true) {
            return (self.clone(), vec![false; self.neurons]);
        }
        let seen: Vec<usize> = (0..self.inputs).filter(|&input| !missing[input]).collect();
        let weight = |neuron: usize| {
            let row = &self.log_weights[neuron * self.inputs..(neuron + 1) * self.inputs];
            log_sum(&seen.iter().map(|&input| row[input]).collect::<Vec<f64>>(), f64::NEG_INFINITY)
        };
        let log_seen: Vec<f64> = (0..self.neurons).map(weight).collect();
        let unknown: Vec<bool> = log_seen.iter().map(|&weight| weight <= f64::from(NO_LOG_WEIGHT)).collect();
        let neurons: Vec<usize> = (0..self.neurons).filter(|&neuron| !unknown[neuron]).collect();
        let mut reduced = self.selected(&neurons, &seen);
        for (place, &neuron) in neurons.iter().enumerate() {
            for at in place * seen.len()..(place + 1) * seen.len() {
                reduced.log_weights[at] -= log_seen[neuron];
                reduced.log_peaks[at] -= log_seen[neuron];
                reduced.magnitudes[at] += log_seen[neuron].abs();
            }
        }
        (reduced, unknown)
    }

    /// The mixtures after the inputs with known `values`, `[inputs]`, have been turned into constant terms of
    /// the neurons' sums.
    ///
    /// # Panics
    ///
    /// When `values` does not have one entry for each input.
    #[must_use]
    pub fn given(&self, values: &[Option<f64>]) -> Self {
        assert_eq!(values.len(), self.inputs, "one entry for each input");
        let all: Vec<usize> = (0..self.neurons).collect();
        let free: Vec<usize> = (0..self.inputs).filter(|&input| values[input].is_none()).collect();
        let mut reduced = self.selected(&all, &free);
        for neuron in 0..self.neurons {
            let known = values.iter().enumerate().filter_map(|(input, value)| value.map(|x| (input, x)));
            // Rounding moves the logarithm of a sum by no more than it moves the exponents.
            let mut moved = self.constant_roundings[neuron];
            let mut exponents = Vec::new();
            for (input, x) in known {
                let at = neuron * self.inputs + input;
                let z = self.z(at, x);
                let exponent = self.exponent(neuron, input, x);
                if exponent > f64::NEG_INFINITY {
                    let of_z = (z.abs() + self.z_rounding(at, x.abs())) * self.z_rounding(at, x.abs());
                    moved = moved.max(of_z + rounding(4, self.magnitudes[at] + z * z));
                }
                exponents.push(exponent);
            }
            if exponents.iter().any(|exponent| *exponent > f64::NEG_INFINITY) {
                let constant = log_sum(&exponents, self.constants[neuron]);
                reduced.constants[neuron] = constant;
                reduced.constant_roundings[neuron] = moved + rounding(exponents.len(), constant.abs() + 1.0);
            }
        }
        reduced
    }

    /// The mixtures of the given neurons and inputs.
    fn selected(&self, neurons: &[usize], inputs: &[usize]) -> Self {
        let pick = |values: &[f64]| -> Vec<f64> {
            let of_neuron = |&neuron: &usize| inputs.iter().map(move |&k| values[neuron * self.inputs + k]);
            neurons.iter().flat_map(of_neuron).collect()
        };
        let of_neurons = |values: &[f64]| neurons.iter().map(|&neuron| values[neuron]).collect();
        Self {
            inputs: inputs.len(),
            neurons: neurons.len(),
            constants: of_neurons(&self.constants),
            constant_roundings: of_neurons(&self.constant_roundings),
            log_weights: pick(&self.log_weights),
            log_peaks: pick(&self.log_peaks),
            magnitudes: pick(&self.magnitudes),
            means: pick(&self.means),
            inverse_sigmas: pick(&self.inverse_sigmas),
        }
    }

    /// Lower and upper bounds of the activations over a box, each `[neurons]`; exact up to rounding.
    #[must_use]
    pub fn intervals(&self, inputs: InputBox<'_>) -> (Vec<f64>, Vec<f64>) {
        let mut low = Vec::with_capacity(self.neurons);
        let mut high = Vec::with_capacity(self.neurons);
        let mut least = vec![0.0; self.inputs];
        let mut greatest = vec![0.0; self.inputs];
        for neuron in 0..self.neurons {
            for k in 0..self.inputs {
                let at = neuron * self.inputs + k;
                let (from, to) = self.z_interval(at, inputs.low[k], inputs.high[k]);
                let (near, far) = (nearest(from, to), from.abs().max(to.abs()));
                least[k] = self.log_peaks[at] - 0.5 * far * far;
                greatest[k] = self.log_peaks[at] - 0.5 * near * near;
            }
            let bound = |exponents: &[f64]| {
                let y = log_sum(exponents, self.constants[neuron]);
                (y, self.log_sum_rounding(neuron, exponents, y))
            };
            let ((y_low, below), (y_high, above)) = (bound(&least), bound(&greatest));
            low.push(y_low - below);
            high.push(y_high + above);
        }
        (low, high)
    }

    /// Bound on the rounding error of `y`, the logarithm of a neuron's sum of these exponents and its
    /// constant, without the part that comes from rounding z.
    fn log_sum_rounding(&self, neuron: usize, exponents: &[f64], y: f64) -> f64 {
        let magnitudes = &self.magnitudes[neuron * self.inputs..(neuron + 1) * self.inputs];
        let counts = |(exponent, _): &(&f64, &f64)| **exponent >= y - NEGLIGIBLE;
        let magnitude =
            exponents.iter().zip(magnitudes).filter(counts).fold(0.0, |most: f64, (_, m)| most.max(*m));
        let of_constant =
            if self.constants[neuron] >= y - NEGLIGIBLE { self.constant_roundings[neuron] } else { 0.0 };
        rounding(self.inputs, 1.0 + y.abs() + magnitude) + of_constant
    }

    /// The interval of z over an interval of x, widened by the rounding error.
    #[inline(always)]
    pub(super) fn z_interval(&self, at: usize, low: f64, high: f64) -> (f64, f64) {
        (self.z(at, low) - self.z_rounding(at, low.abs()), self.z(at, high) + self.z_rounding(at, high.abs()))
    }
}

/// The logarithm of a component's greatest density, its weight included, and the magnitude of its terms.
struct Peak {
    log: f64,
    magnitude: f64,
}

impl Peak {
    fn of(log_weight: f64, log_sigma: f64) -> Self {
        let log = log_weight - log_sigma - HALF_LOG_TWO_PI;
        let is_there = log_weight > f64::NEG_INFINITY;
        Self { log, magnitude: if is_there { 1.0 + log_weight.abs() + log_sigma.abs() } else { 1.0 } }
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

/// log Σ exp of the exponents and `constant`, saturated as in the oracle.
pub(super) fn log_sum(exponents: &[f64], constant: f64) -> f64 {
    let largest = exponents.iter().copied().fold(constant, f64::max);
    if !largest.is_finite() {
        return -f64::MAX;
    }
    let sum: f64 = exponents.iter().map(|exponent| exp(exponent - largest)).sum();
    largest + (sum + exp(constant - largest)).ln()
}
