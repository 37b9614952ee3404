//! The parameters in the form that the other kernels read, once per pass.

// Of NaN a kernel makes a number, where `clamp` does not say.
#![allow(clippy::manual_clamp)]

use super::twofold::{clamped, inverse_sigma, power_of_two};
use cubecl::prelude::*;
use ugmm_kernels::DROPPED_LOGIT as DROPPED;

/// What there is of every component, as planes of `[neurons, inputs]`: the mean, √½/σ, the natural exponent of the
/// component's peak relative to the largest of its neuron, and then the parameters as they are.
pub(super) const PLANES: usize = 6;
const MEAN: usize = 0;
const SCALE: usize = 1;
const OFFSET: usize = 2;
/// The mean again: the first three planes are those of the fast path, which leaves out components that it cannot take.
pub(super) const OWN_MEAN: usize = 3;
pub(super) const OWN_LOG_SIGMA: usize = 4;
pub(super) const OWN_LOGIT: usize = 5;

/// What there is of every neuron, as planes of `[neurons]`: the largest exponent, the largest logit, and what is taken off
/// logits relative to it for densities (the logarithm of the softmax's denominator, and ½ log 2π).
pub(super) const NEURON_PLANES: usize = 3;
pub(super) const LARGEST_EXPONENT: usize = 0;
pub(super) const LARGEST_LOGIT: usize = 1;
pub(super) const NORMALIZER: usize = 2;

/// Units that work on a neuron.
pub(super) const UNITS: usize = 64;

/// Offset of a component without weight: its exponential is 0.
const NO_WEIGHT: f32 = -1e4;
/// Below any logit.
const LOWEST: f32 = -3.4e38;
/// Inputs beyond this are taken as this by the fast path, which sees a component of weight 0 either way.
const LARGEST_INPUT: f32 = 1e25;

/// The fast path takes neurons whose parameters are inside these bounds: inputs up to [`LARGEST_INPUT`] are then
/// seen as far as they are, and nothing overflows that is not multiplied by 0.
const LARGEST_MEAN: f32 = 1e24;
const LOWEST_LOG_SIGMA: f32 = -27.6;
const HIGHEST_LOG_SIGMA: f32 = 46.0;

/// A component as the fast path takes it.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct FastComponent {
    pub(super) mean: f32,
    pub(super) scale: f32,
    pub(super) offset: f32,
}

/// One of a neuron and an input; one without weight where the layer has none.
#[cube]
pub(super) fn fast_component(prepared: &Tensor<f32>, neuron: usize, k: usize) -> FastComponent {
    let (neurons, inputs) = (prepared.shape(1), prepared.shape(2));
    let components = neurons * inputs;
    let mut mean = 0.0f32.runtime();
    let mut scale = 0.0f32.runtime();
    let mut offset = NO_WEIGHT.runtime();
    if neuron < neurons && k < inputs {
        let index = neuron * inputs + k;
        mean = prepared[MEAN * components + index];
        scale = prepared[SCALE * components + index];
        offset = prepared[OFFSET * components + index];
    }
    FastComponent { mean, scale, offset }
}

/// An input value as the fast path takes it; 0 from the row `end` on and beyond the last input.
#[cube]
pub(super) fn fast_input(x: &Tensor<f32>, row: usize, k: usize, end: usize) -> f32 {
    let mut value = 0.0f32.runtime();
    if row < end && k < x.shape(1) {
        value = clamped(x[row * x.stride(0) + k * x.stride(1)], LARGEST_INPUT);
    }
    value
}

pub(super) const HALF_LOG_TWO_PI: f32 = 0.918_938_5;
const ROOT_OF_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// The largest of all units' values.
#[cube]
fn largest_of(values: &mut Shared<[f32]>, own: f32) -> f32 {
    sync_cube();
    values[UNIT_POS as usize] = own;
    sync_cube();
    let mut largest = values[0];
    for unit in 1..UNITS {
        largest = largest.max(values[unit]);
    }
    largest
}

/// The sum of all units' values, in their order.
#[cube]
pub(super) fn sum_of(values: &mut Shared<[f32]>, own: f32) -> f32 {
    sync_cube();
    values[UNIT_POS as usize] = own;
    sync_cube();
    let mut sum = values[0];
    for unit in 1..UNITS {
        sum += values[unit];
    }
    sum
}

/// A cube to each neuron.
#[cube(launch)]
pub(super) fn prepare(
    means: &Tensor<f32>,
    log_sigmas: &Tensor<f32>,
    logits: &Tensor<f32>,
    prepared: &mut Tensor<f32>,
    of_neurons: &mut Tensor<f32>,
    zero: u32,
) {
    let neuron = CUBE_POS;
    let neurons = of_neurons.shape(1);
    if neuron >= neurons {
        terminate!();
    }
    let inputs = prepared.shape(2);
    let components = neurons * inputs;
    let first = UNIT_POS as usize;
    let mut values = Shared::<[f32]>::new_slice(UNITS);

    let logits_of = neuron * logits.stride(0);
    let mut own = LOWEST.runtime();
    for k in range_stepped(first, inputs, UNITS) {
        own = own.max(logits[logits_of + k * logits.stride(1)]);
    }
    let largest_logit = largest_of(&mut values, own);
    // A neuron all of whose components were taken out is the mixture of them all.
    let some_remain = largest_logit > DROPPED;

    let means_of = neuron * means.stride(0);
    let log_sigmas_of = neuron * log_sigmas.stride(0);
    let mut total = 0.0f32.runtime();
    let mut largest = LOWEST.runtime();
    let mut beyond = 0.0f32.runtime();
    for k in range_stepped(first, inputs, UNITS) {
        let logit = logits[logits_of + k * logits.stride(1)];
        let mean = means[means_of + k * means.stride(1)];
        let log_sigma = log_sigmas[log_sigmas_of + k * log_sigmas.stride(1)];
        let index = neuron * inputs + k;
        prepared[OWN_MEAN * components + index] = mean;
        prepared[OWN_LOG_SIGMA * components + index] = log_sigma;
        prepared[OWN_LOGIT * components + index] = logit;
        if !(some_remain && logit <= DROPPED) {
            let difference = logit - largest_logit;
            total += difference.exp();
            let bounded = log_sigma.max(LOWEST_LOG_SIGMA).min(HIGHEST_LOG_SIGMA);
            largest = largest.max(difference - bounded);
            if log_sigma != bounded || mean.abs() > LARGEST_MEAN {
                beyond = 1.0f32.runtime();
            }
        }
    }
    let total = sum_of(&mut values, total);
    let largest = largest_of(&mut values, largest);
    let beyond = largest_of(&mut values, beyond);
    let normalizer = total.ln() + HALF_LOG_TWO_PI;
    if UNIT_POS == 0 {
        of_neurons[LARGEST_EXPONENT * neurons + neuron] = largest - normalizer;
        of_neurons[LARGEST_LOGIT * neurons + neuron] = largest_logit;
        of_neurons[NORMALIZER * neurons + neuron] = normalizer;
    }

    for k in range_stepped(first, inputs, UNITS) {
        let logit = logits[logits_of + k * logits.stride(1)];
        let index = neuron * inputs + k;
        // Without weight, unless the fast path can take it; if no component of a neuron has any, all its pairs are rescued.
        let mut mean = 0.0f32.runtime();
        let mut scale = 0.0f32.runtime();
        let mut offset = NO_WEIGHT.runtime();
        if beyond == 0.0 && !(some_remain && logit <= DROPPED) {
            let log_sigma = log_sigmas[log_sigmas_of + k * log_sigmas.stride(1)];
            let inverse = inverse_sigma(log_sigma, zero);
            mean = means[means_of + k * means.stride(1)];
            scale = inverse.high * ROOT_OF_HALF * power_of_two(inverse.power);
            offset = (((logit - largest_logit) - log_sigma) - largest).max(NO_WEIGHT);
        }
        prepared[MEAN * components + index] = mean;
        prepared[SCALE * components + index] = scale;
        prepared[OFFSET * components + index] = offset;
    }
}
