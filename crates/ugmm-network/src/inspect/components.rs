//! The components of a layer in a form for individual evaluation.

use crate::{Layer, Means};
use serde::Serialize;
use ugmm_kernels::DROPPED_LOGIT;

/// A component of a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Component {
    /// Index of its input, from 0.
    pub input: usize,
    /// Its mixing weight π; the weights of a neuron sum to 1.
    pub weight: f64,
    /// Its mean μ, in the units of the layer's input.
    pub mean: f64,
    /// Its standard deviation σ, in the units of the layer's input.
    pub sigma: f64,
}

/// A layer's components, each `[neurons, inputs]`, row-major.
pub(crate) struct Components {
    pub(crate) inputs: usize,
    pub(crate) neurons: usize,
    /// Whether the components of a neuron share one mean.
    pub(crate) tied: bool,
    means: Vec<f32>,
    /// 1 / σ.
    precisions: Vec<f32>,
    /// log π − log σ, up to a constant per neuron.
    log_weights: Vec<f32>,
}

impl Components {
    pub(crate) fn of(layer: &Layer) -> Self {
        let (inputs, neurons) = (layer.inputs(), layer.neurons());
        let log_sigmas = layer.log_sigmas();
        let log_weights = layer.mixing_logits.iter().zip(&*log_sigmas).map(|(l, s)| l - s).collect();
        let tied = layer.config.means == Means::Tied;
        let means = layer.component_means().into_owned();
        let precisions = log_sigmas.iter().map(|log_sigma| (-log_sigma).exp()).collect();
        Self { inputs, neurons, tied, means, precisions, log_weights }
    }

    /// The components of one neuron.
    pub(crate) fn neuron(&self, neuron: usize) -> Vec<Component> {
        let weights = self.weights(neuron);
        let first = neuron * self.inputs;
        let component = |input: usize| Component {
            input,
            weight: weights[input],
            mean: self.means[first + input].into(),
            sigma: f64::from(self.precisions[first + input]).recip(),
        };
        (0..self.inputs).map(component).collect()
    }

    /// The mixing weights π of one neuron.
    pub(super) fn weights(&self, neuron: usize) -> Vec<f64> {
        let logits: Vec<f64> = (0..self.inputs).map(|input| self.logit(neuron, input)).collect();
        let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        logits.into_iter().map(|logit| (logit - largest).exp() / sum).collect()
    }

    /// The inputs of the components of a neuron that have weight, in ascending order.
    pub(crate) fn with_weight(&self, neuron: usize) -> impl Iterator<Item = usize> + Clone {
        let log_weights = &self.log_weights[neuron * self.inputs..(neuron + 1) * self.inputs];
        // A dropped component has no weight if others are not dropped.
        let largest = log_weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let has_weight = move |weight: f32| weight > 0.5 * DROPPED_LOGIT || largest <= 0.5 * DROPPED_LOGIT;
        log_weights.iter().enumerate().filter(move |(_, weight)| has_weight(**weight)).map(|(input, _)| input)
    }

    /// μ of a component.
    pub(crate) fn mean(&self, neuron: usize, input: usize) -> f64 {
        self.means[neuron * self.inputs + input].into()
    }

    /// log π of a component, up to a constant per neuron.
    pub(crate) fn logit(&self, neuron: usize, input: usize) -> f64 {
        let place = neuron * self.inputs + input;
        f64::from(self.log_weights[place]) - f64::from(self.precisions[place]).ln()
    }

    /// log (π N(x; μ, σ²)) of a component, up to the constant per neuron and ½ log 2π; NaN where x is
    /// missing.
    pub(crate) fn exponent(&self, neuron: usize, input: usize, x: f32) -> f64 {
        let place = neuron * self.inputs + input;
        let z = (f64::from(x) - f64::from(self.means[place])) * f64::from(self.precisions[place]);
        f64::from(self.log_weights[place]) - 0.5 * z * z
    }

    /// z / σ of a component, which is minus the derivative of its log-density.
    pub(crate) fn slope(&self, neuron: usize, input: usize, x: f32) -> f64 {
        let place = neuron * self.inputs + input;
        let precision = f64::from(self.precisions[place]);
        (f64::from(x) - f64::from(self.means[place])) * precision * precision
    }

    /// The responsibilities r_jk of one neuron for one row; 0 for a neuron that sees no input with weight.
    pub(crate) fn responsibilities(&self, neuron: usize, x: &[f32], result: &mut [f32]) {
        let place = neuron * self.inputs..(neuron + 1) * self.inputs;
        let components = self.means[place.clone()].iter().zip(&self.precisions[place.clone()]);
        let mut largest = f32::NEG_INFINITY;
        for (((mean, precision), weight), (x, result)) in
            components.zip(&self.log_weights[place]).zip(x.iter().zip(result.iter_mut()))
        {
            let z = (x - mean) * precision;
            // A component is excluded if its input is missing or if it is dropped; a too distant one has the
            // least exponent.
            let counts = !z.is_nan() && *weight > 0.5 * DROPPED_LOGIT;
            *result = if counts { (weight - 0.5 * z * z).max(f32::MIN) } else { f32::NEG_INFINITY };
            largest = largest.max(*result);
        }
        if largest == f32::NEG_INFINITY {
            result.fill(0.0);
            return;
        }
        let mut sum = 0.0;
        for value in result.iter_mut() {
            *value = (*value - largest).exp();
            sum += *value;
        }
        result.iter_mut().for_each(|value| *value /= sum);
    }

    /// Computes the responsibilities of the components of a neuron in `f64`. Returns y up to a constant that
    /// depends on the neuron and on which inputs are missing.
    pub(super) fn precise_responsibilities(&self, neuron: usize, x: &[f32], result: &mut [f64]) -> f64 {
        let (largest, sum) = self.exponentials(neuron, 0, x, result);
        result.iter_mut().for_each(|value| *value /= sum);
        largest + sum.ln()
    }

    /// Computes π N(x) of the components of one neuron for inputs from `first` on, up to the constant of y,
    /// divided by the largest. Returns the logarithm of the largest and the sum of the quotients; −∞ and 0 if
    /// no input is known.
    pub(super) fn exponentials(
        &self,
        neuron: usize,
        first: usize,
        x: &[f32],
        result: &mut [f64],
    ) -> (f64, f64) {
        let mut largest = f64::NEG_INFINITY;
        for ((input, x), result) in (first..).zip(x).zip(result.iter_mut()) {
            let exponent = self.exponent(neuron, input, *x);
            *result = if exponent.is_nan() { f64::NEG_INFINITY } else { exponent };
            largest = largest.max(*result);
        }
        let mut sum = 0.0;
        for value in result.iter_mut() {
            *value = if *value == f64::NEG_INFINITY { 0.0 } else { (*value - largest).exp() };
            sum += *value;
        }
        (largest, sum)
    }
}
