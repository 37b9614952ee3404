//! Merging of components of a neuron that have equal effects.

use crate::inspect::components::Components;
use crate::softmax::log_sum_exp;
use rayon::prelude::*;

/// Number of components of a neuron that are compared: the most important ones; the others are likely to be
/// pruned.
const MOST_COMPARED: usize = 32;

/// A component that another one replaces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    /// Index of the replaced component in `[neurons, inputs]`.
    pub(super) component: usize,
    /// Index of the replacing component, of the same neuron.
    pub(super) into: usize,
    /// The replaced component's weighted density as a multiple of the other's.
    pub(super) ratio: f64,
}

/// The merges of each layer. Two components are merged if the logarithms of their weighted densities differ
/// by a constant, up to a standard deviation of `tolerance` over rows weighted by their responsibilities.
pub(super) fn merges(
    layers: &[Components],
    activations: &[Vec<f32>],
    importances: &[Vec<f64>],
    tolerance: f64,
) -> Vec<Vec<Merge>> {
    let layers = layers.iter().zip(activations).zip(importances);
    layers
        .map(|((layer, x), importances)| {
            let of_neuron = |neuron| of_neuron(layer, x, importances, neuron, tolerance);
            (0..layer.neurons).into_par_iter().flat_map_iter(of_neuron).collect()
        })
        .collect()
}

/// A component on the sampled rows.
struct Candidate {
    input: usize,
    log_weight: f64,
    /// Logarithms of its weighted density, `[rows]`; NaN where its input is missing.
    exponents: Vec<f64>,
    /// Its responsibilities for its neuron, `[rows]`.
    responsibilities: Vec<f64>,
    /// Mean of `exponents` less the logarithm of its weight.
    efficiency: f64,
}

fn of_neuron(
    layer: &Components,
    x: &[f32],
    importances: &[f64],
    neuron: usize,
    tolerance: f64,
) -> Vec<Merge> {
    let first = neuron * layer.inputs;
    let mut inputs: Vec<usize> = layer.with_weight(neuron).collect();
    inputs.sort_by(|a, b| importances[first + b].total_cmp(&importances[first + a]));
    inputs.truncate(MOST_COMPARED);
    let rows: Vec<&[f32]> = x.chunks(layer.inputs).collect();
    let activation = |x: &&[f32]| {
        log_sum_exp(layer.with_weight(neuron).map(|input| layer.exponent(neuron, input, x[input])))
    };
    let activations: Vec<f64> = rows.iter().map(activation).collect();
    let candidate = |&input: &usize| {
        let exponents: Vec<f64> = rows.iter().map(|x| layer.exponent(neuron, input, x[input])).collect();
        let known = || exponents.iter().filter(|exponent| exponent.is_finite());
        let mean = known().sum::<f64>() / known().count().max(1) as f64;
        let log_weight = layer.logit(neuron, input);
        let responsibilities =
            exponents.iter().zip(&activations).map(|(exponent, y)| (exponent - y).exp()).collect();
        Candidate { input, log_weight, efficiency: mean - log_weight, exponents, responsibilities }
    };
    let mut candidates: Vec<Candidate> = inputs.iter().map(candidate).collect();
    // With the weight of another component, the one of higher density explains at least as much.
    candidates.sort_by(|a, b| b.efficiency.total_cmp(&a.efficiency));
    let mut leaders: Vec<&Candidate> = Vec::new();
    let mut merges = Vec::new();
    for candidate in &candidates {
        let found = leaders.iter().find_map(|leader| {
            let ratio = log_ratio(leader, candidate, tolerance)?;
            (ratio <= candidate.log_weight - leader.log_weight).then_some((leader.input, ratio.exp()))
        });
        match found {
            Some((into, ratio)) => {
                merges.push(Merge { component: first + candidate.input, into: first + into, ratio });
            }
            None => leaders.push(candidate),
        }
    }
    merges
}

/// The mean difference of the second's exponents from the first's, if its standard deviation is at most
/// `tolerance`.
fn log_ratio(first: &Candidate, second: &Candidate, tolerance: f64) -> Option<f64> {
    let (mut total, mut sum, mut squares) = (0.0, 0.0, 0.0);
    let weights = first.responsibilities.iter().zip(&second.responsibilities).map(|(a, b)| a + b);
    for ((a, b), weight) in first.exponents.iter().zip(&second.exponents).zip(weights) {
        if a.is_nan() || b.is_nan() {
            // If the input of only one component is missing, neither can replace the other.
            if a.is_nan() != b.is_nan() {
                return None;
            }
            continue;
        }
        let difference = b - a;
        if weight > 0.0 {
            total += weight;
            sum += weight * difference;
            squares += weight * difference * difference;
        }
    }
    if total == 0.0 {
        return None;
    }
    let mean = sum / total;
    let variance = (squares / total - mean * mean).max(0.0);
    (variance.sqrt() <= tolerance).then_some(mean)
}
