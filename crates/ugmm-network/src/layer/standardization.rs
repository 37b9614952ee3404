//! Standardisation between layers in training (batch normalisation, Ioffe and Szegedy 2015, without scale and
//! shift, whose role means and σ have), and its folding into plain parameters.
//!
//! A layer with standardised inputs (x − m) / s and parameters (μ, σ, ℓ) is a plain layer: its components are
//! Gaussians of x itself with mean m + sμ and deviation sσ. Once m and s are constants instead of a batch's
//! statistics, a plain layer remains.

use super::parameters::Parameters;
use super::{Layer, LayerConfig};
use crate::RowWeights;
use std::borrow::Cow;

/// Added to the variance of each input, so that an input that does not vary has a scale. It is small relative
/// to the variance of activations even where 784 components average each other out (4e-4).
const VARIANCE_OFFSET: f64 = 1e-6;

/// The mean and the standard deviation of each input of a layer, `[inputs]`.
pub(crate) struct Units {
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

impl Units {
    /// Weighted mean and deviation of the columns of row-major `x` `[rows, inputs]`.
    pub(crate) fn of(x: &[f32], inputs: usize, weights: RowWeights<'_>) -> Self {
        let total = weights.sum(x.len() / inputs);
        let mut mean = vec![0.0_f64; inputs];
        for (row, x) in x.chunks(inputs).enumerate() {
            let weight = weights.of(row);
            mean.iter_mut().zip(x).for_each(|(sum, &x)| *sum += weight * f64::from(x));
        }
        mean.iter_mut().for_each(|sum| *sum /= total);
        let mut variance = vec![0.0_f64; inputs];
        for (row, x) in x.chunks(inputs).enumerate() {
            let weight = weights.of(row);
            for ((sum, &mean), &x) in variance.iter_mut().zip(&mean).zip(x) {
                *sum += weight * (f64::from(x) - mean).powi(2);
            }
        }
        let deviation = variance.iter().map(|sum| (sum / total + VARIANCE_OFFSET).sqrt() as f32).collect();
        Self { mean: mean.into_iter().map(|mean| mean as f32).collect(), deviation }
    }

    /// Converts inputs `[rows, inputs]` to these units.
    pub(crate) fn standardize(&self, x: &mut [f32]) {
        for row in x.chunks_mut(self.mean.len()) {
            for ((x, mean), deviation) in row.iter_mut().zip(&self.mean).zip(&self.deviation) {
                *x = (*x - mean) / deviation;
            }
        }
    }

    /// The differences between log-densities per unit of the standardised inputs and those of
    /// [`Self::apply`]'s parameters: for each neuron the log of the mean deviation, weighted by
    /// softmax(`mixing_logits`), `[neurons, inputs]`.
    pub(crate) fn log_scale(&self, mixing_logits: &[f32]) -> LogScale {
        let mut weights = Vec::with_capacity(mixing_logits.len());
        let of_neuron = |logits: &[f32]| {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut own, mut scaled) = (0.0_f64, 0.0_f64);
            for (logit, &deviation) in logits.iter().zip(&self.deviation) {
                let weight = (logit - largest).exp();
                own += f64::from(weight);
                scaled += f64::from(weight) * f64::from(deviation);
                weights.push(weight);
            }
            [own, scaled]
        };
        let sums: Vec<[f64; 2]> = mixing_logits.chunks(self.mean.len()).map(of_neuron).collect();
        LogScale { weights, sums }
    }

    /// Adds the gradients of Σ_j `totals`[j] · log scale[j] with respect to the mixing logits `[neurons, inputs]` and to the
    /// logarithms of the deviations `[inputs]`.
    pub(crate) fn log_scale_gradients(
        &self,
        scale: &LogScale,
        totals: &[f64],
        logits: &mut [f32],
        log_deviations: &mut [f64],
    ) {
        let inputs = self.mean.len();
        let neurons =
            scale.weights.chunks(inputs).zip(&scale.sums).zip(totals).zip(logits.chunks_mut(inputs));
        for (((weights, [own, scaled]), &total), gradients) in neurons {
            let (of_own, of_scaled) = (total / own, total / scaled);
            let components =
                weights.iter().zip(&self.deviation).zip(gradients.iter_mut().zip(&mut *log_deviations));
            for ((&weight, &deviation), (gradient, sum)) in components {
                let of_scaled = of_scaled * f64::from(weight) * f64::from(deviation);
                *gradient += (of_scaled - of_own * f64::from(weight)) as f32;
                *sum += of_scaled;
            }
        }
    }

    /// Turns gradients with respect to standardised inputs `[rows, inputs]` into gradients with respect to
    /// the inputs. `log_deviations` are the gradients with respect to the logarithms of the deviations from
    /// all other terms, `weights` those of [`Self::of`].
    pub(crate) fn backward(
        &self,
        gradients: &mut [f32],
        standardized: &[f32],
        log_deviations: &[f64],
        weights: RowWeights<'_>,
    ) {
        let inputs = self.mean.len();
        let total = weights.sum(gradients.len() / inputs);
        let (mut sums, mut products) = (vec![0.0_f64; inputs], vec![0.0_f64; inputs]);
        for (gradients, x) in gradients.chunks(inputs).zip(standardized.chunks(inputs)) {
            for (((sum, product), &g), &x) in sums.iter_mut().zip(&mut products).zip(gradients).zip(x) {
                *sum += f64::from(g);
                *product += f64::from(g) * f64::from(x);
            }
        }
        let constants: Vec<(f32, f32, f32)> = (0..inputs)
            .map(|input| {
                let slope = (products[input] - log_deviations[input]) / total;
                (self.deviation[input], (sums[input] / total) as f32, slope as f32)
            })
            .collect();
        let rows = gradients.chunks_mut(inputs).zip(standardized.chunks(inputs));
        for (row, (gradients, x)) in rows.enumerate() {
            let weight = weights.of(row) as f32;
            for ((g, &x), &(deviation, mean, slope)) in gradients.iter_mut().zip(x).zip(&constants) {
                *g = (*g - weight * mean - weight * x * slope) / deviation;
            }
        }
    }

    /// Plain parameters, each `[neurons, inputs]`, of a layer whose parameters are in these units. A density
    /// per unit of (x − m)/s is s times the density per unit of x. The logits therefore gain log s, which
    /// keeps the responsibilities and changes the activation by a constant only.
    pub(crate) fn apply<'a>(&self, parameters: Parameters<'_>) -> Parameters<'a> {
        let inputs = self.mean.len();
        let each = |values: &[f32], change: &dyn Fn(usize, f32) -> f32| {
            let changed = values.iter().enumerate().map(|(place, &value)| change(place % inputs, value));
            Cow::Owned(changed.collect())
        };
        let plus_log_deviation = |input: usize, value: f32| value + self.deviation[input].ln();
        Parameters {
            inputs,
            means: each(&parameters.means, &|input, mean| mean * self.deviation[input] + self.mean[input]),
            log_sigmas: each(&parameters.log_sigmas, &plus_log_deviation),
            mixing_logits: each(&parameters.mixing_logits, &plus_log_deviation),
        }
    }
}

impl Layer {
    /// The layer without σ floor whose activations on inputs are those of this one on inputs standardised by
    /// `units`, up to a constant.
    pub(crate) fn in_units(self, units: &Units) -> Self {
        let Parameters { means, log_sigmas, mixing_logits, .. } = units.apply(self.parameters());
        let (means, log_sigmas, mixing_logits) =
            (means.into_owned(), log_sigmas.into_owned(), mixing_logits.into_owned());
        let config = LayerConfig { min_sigma: 0.0, ..self.config };
        Self { config, means, raw_log_sigmas: log_sigmas, mixing_logits }
    }
}

/// The log scales of a layer's neurons, and intermediate values for their gradients.
pub(crate) struct LogScale {
    /// exp(ℓ_jk − the largest logit of neuron j), `[neurons, inputs]`.
    weights: Vec<f32>,
    /// For each neuron the sum of `weights`, and their sum times the deviations.
    sums: Vec<[f64; 2]>,
}

impl LogScale {
    /// The log scales, `[neurons]`.
    pub(crate) fn values(&self) -> Vec<f32> {
        self.sums.iter().map(|[own, scaled]| (scaled / own).ln() as f32).collect()
    }
}
