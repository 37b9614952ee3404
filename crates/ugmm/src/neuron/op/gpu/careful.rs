//! A component on an input, for any finite numbers: what the rescue of far pairs sums. Exponents are kept as a quarter of
//! what they are, so that none of them is beyond `f32`.

use super::prepare::{LARGEST_EXPONENT, LARGEST_LOGIT, NORMALIZER, OWN_LOG_SIGMA, OWN_LOGIT, OWN_MEAN};
use super::twofold::{Scaled, Twofold, clamped, exact_product, exact_sum, inverse_sigma, product, scaled};
use cubecl::prelude::*;
use ugmm_kernels::DROPPED_LOGIT as DROPPED;

/// Sums of exponentials under this are recomputed with the pair's own largest exponent, as on the CPU.
pub(super) const RESCUE_BELOW: f32 = 1e-30;
/// Largest cotangent, and largest quotient of it and the sum, with which the fast path computes gradients.
const LARGEST_COTANGENT: f32 = 1e20;
const LARGEST_RATIO: f32 = 1e36;

/// Bound on |z|/4 where it is squared: ½z² is then just inside `f32`, and from [`LARGEST_QUARTER`] on.
const LARGEST_QUARTER_Z: f32 = 6.5219e18;
/// What a component loses beyond that bound for each factor of e in its distance: far more than any rounding, and little
/// enough to be inside `f32`.
const BEYOND: f32 = 2e36;
/// Bound on logits and log σ, a quarter each of what is left beside ½z².
const LARGEST_PARAMETER: f32 = 3.2e38;
/// A quarter of the lowest logit relative to the largest.
const LOWEST_WEIGHT: f32 = -0.25 * LARGEST_PARAMETER;
/// A quarter of an exponent as good as -∞: below any other, and still to be computed with.
pub(super) const NOTHING: f32 = -2.5e38;
/// A quarter of how far under the largest exponent an exponential counts as 0; it would be 1e-43.
const NEGLIGIBLE: f32 = -24.75;
/// Where four times a number is beyond `f32`, as nearly as matters.
const LARGEST_QUARTER: f32 = 8.507e37;
const LARGEST: f32 = f32::MAX;

/// A component on an input.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Careful {
    /// A quarter of log π + the normaliser of the neuron - log σ - ½z².
    pub(super) quarter: Twofold,
    /// A quarter of z.
    pub(super) quarter_z: f32,
    pub(super) inverse_sigma: Scaled,
}

#[cube]
pub(super) fn careful(
    x: f32,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    neuron: usize,
    k: usize,
    zero: u32,
) -> Careful {
    let (neurons, inputs) = (prepared.shape(1), prepared.shape(2));
    let components = neurons * inputs;
    let index = neuron * inputs + k;
    let mean = prepared[OWN_MEAN * components + index];
    let log_sigma = prepared[OWN_LOG_SIGMA * components + index];
    let logit = prepared[OWN_LOGIT * components + index];
    let largest_logit = of_neurons[LARGEST_LOGIT * neurons + neuron];

    // A sixteenth of the distance, which is never beyond f32.
    let distance = exact_sum(x * 0.0625, -(mean * 0.0625), zero);
    let inverse = inverse_sigma(log_sigma, zero);
    let z = product(distance, Twofold { high: inverse.high, low: inverse.low }, zero);
    let z = scaled(z, inverse.power + 2, LARGEST_QUARTER);
    let bounded = clamped(z.high, LARGEST_QUARTER_Z);
    let square = exact_product(bounded, bounded, zero);
    let is_inside = z.high == bounded;
    let half_square_low = 2.0 * square.low + select(is_inside, 4.0 * bounded * z.low, 0.0);
    // Beyond the bound the nearest component still is the one that counts.
    let excess = BEYOND * (z.high.abs() / LARGEST_QUARTER_Z).max(1.0).ln();

    let logit_quarter = clamped(logit, LARGEST_PARAMETER) * 0.25;
    let largest_quarter = clamped(largest_logit, LARGEST_PARAMETER) * 0.25;
    let weight = exact_sum(logit_quarter, -largest_quarter, zero);
    let dropped = logit <= DROPPED && largest_logit > DROPPED;
    let bounded_log_sigma = clamped(log_sigma, LARGEST_PARAMETER) * 0.25;
    let peak = exact_sum(weight.high.max(LOWEST_WEIGHT), -bounded_log_sigma, zero);
    let all = exact_sum(peak.high, -(2.0 * square.high + excess), zero);
    let low = all.low + (peak.low + weight.low - half_square_low);
    Careful {
        quarter: Twofold { high: select(dropped, NOTHING, all.high), low: select(dropped, 0.0, low) },
        quarter_z: z.high,
        inverse_sigma: inverse,
    }
}

/// exp of four times the difference; exactly 0 far down.
#[cube]
pub(super) fn exponential(quarter: Twofold, largest: Twofold) -> f32 {
    let difference = (quarter.high - largest.high) + (quarter.low - largest.low);
    select(difference < NEGLIGIBLE, 0.0, (4.0 * difference.max(NEGLIGIBLE)).exp())
}

/// Whether a is larger than b.
#[cube]
pub(super) fn is_larger(a: Twofold, b: Twofold) -> bool {
    a.high > b.high || (a.high == b.high && a.low > b.low)
}

/// The activation whose quarter, without the neuron's normaliser, is known.
#[cube]
pub(super) fn activation(quarter: Twofold, normalizer: f32) -> f32 {
    let y = 4.0 * clamped(quarter.high, LARGEST_QUARTER) + (4.0 * quarter.low - normalizer);
    select(quarter.high.abs() >= LARGEST_QUARTER, select(quarter.high < 0.0, -LARGEST, LARGEST), y)
}

/// What is saved of every pair, as planes of `[batch, neurons]`: the sum of the exponentials relative to the neuron's
/// largest exponent, 0 for pairs that were rescued; and of these alone, a quarter of the activation without the
/// neuron's normaliser, as the two halves of a [`Twofold`].
pub(super) const PAIR_PLANES: usize = 3;

/// cotangent / sum of a pair, and 0 if the fast path does not take it.
#[cube]
pub(super) fn fast_ratio(sum: f32, cotangent: f32) -> f32 {
    select(is_fast(sum, cotangent), cotangent / sum.max(RESCUE_BELOW), 0.0)
}

#[cube]
fn is_fast(sum: f32, cotangent: f32) -> bool {
    // In this order NaN is not fast.
    let magnitude = cotangent.abs();
    sum >= RESCUE_BELOW && magnitude <= LARGEST_COTANGENT && magnitude <= LARGEST_RATIO * sum.min(1.0)
}

/// Whether the pair has a gradient that the fast path does not compute.
#[cube]
pub(super) fn is_careful(sum: f32, cotangent: f32) -> bool {
    !is_fast(sum, cotangent) && cotangent != 0.0
}

/// The responsibility of a component for a pair.
#[cube]
pub(super) fn careful_responsibility(
    component: Careful,
    pairs: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    row: usize,
    neuron: usize,
    zero: u32,
) -> f32 {
    exponential(component.quarter, quarter_of_pair(pairs, of_neurons, row, neuron, zero)).min(1.0)
}

/// A quarter of a pair's activation without the neuron's normaliser.
#[cube]
fn quarter_of_pair(
    pairs: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    row: usize,
    neuron: usize,
    zero: u32,
) -> Twofold {
    let (rows, neurons) = (pairs.shape(1), pairs.shape(2));
    let index = row * neurons + neuron;
    let sum = pairs[index];
    let largest = of_neurons[LARGEST_EXPONENT * neurons + neuron];
    let normalizer = of_neurons[NORMALIZER * neurons + neuron];
    let fast = exact_sum(0.25 * (largest + normalizer), 0.25 * sum.max(RESCUE_BELOW).ln(), zero);
    let high = pairs[rows * neurons + index];
    let low = pairs[2 * rows * neurons + index];
    let rescued = sum == 0.0;
    Twofold { high: select(rescued, high, fast.high), low: select(rescued, low, fast.low) }
}

/// a · b, with `f32::MAX` as largest magnitude.
#[cube]
pub(super) fn saturated_product(a: f32, b: f32) -> f32 {
    clamped(a * b, LARGEST)
}

/// a + b of finite numbers, with `f32::MAX` as largest magnitude.
#[cube]
pub(super) fn saturated_sum(a: f32, b: f32) -> f32 {
    clamped(a + b, LARGEST)
}

/// value / σ, with `f32::MAX` as largest magnitude.
#[cube]
pub(super) fn over_sigma(value: f32, inverse: Scaled) -> f32 {
    let value = Twofold { high: clamped(value, 0.5 * LARGEST) * inverse.high, low: 0.0f32.runtime() };
    scaled(value, inverse.power, LARGEST).high
}
