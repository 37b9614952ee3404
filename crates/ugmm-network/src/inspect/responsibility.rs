//! Responsibilities of inputs for outputs.

use super::activations::activations;
use super::components::Components;
use crate::{Layer, Network, Predictor, TaskTargets};
use rayon::prelude::*;

/// Share of an output below which a neuron's responsibilities are not followed.
pub(super) const NEGLIGIBLE: f32 = 1e-6;

/// The responsibility of each feature of each row for a prediction, `[rows, features]`, row-major; each row
/// sums to 1.
///
/// The responsibility r_jk of component k for the activation of neuron j (paper §3.2) is followed from the
/// output neuron to the inputs: a neuron's share is divided among its inputs by r_jk, layer by layer. The
/// output is that of the predicted class. In a network with one root it is the root, evaluated at the
/// features and the predicted `targets`, and the share of the target is removed at the end. A missing feature
/// (NaN) has responsibility 0.
///
/// # Panics
///
/// When `x` `[rows, features]` has not one row for each target, or the task does not fit the network.
#[must_use]
pub fn feature_responsibilities(network: &Network, x: &[f32], targets: TaskTargets<'_>) -> Vec<f32> {
    let features = targets.features();
    assert_eq!(x.len(), targets.count() * features, "there is one target for each row");
    let roots = vec![0; targets.count()];
    let outputs = match (network.outputs(), targets) {
        (1, _) | (_, TaskTargets::Number { .. }) => &roots[..],
        (_, TaskTargets::Classes { labels, .. }) => labels,
    };
    let all = responsibilities(network, &targets.network_input(x), outputs);
    let share = |row: &[f32]| {
        let features = &row[..features];
        let sum: f32 = features.iter().sum();
        let count = features.len() as f32;
        // If only the target is responsible, all features get equal shares.
        features.iter().map(|value| if sum > 0.0 { value / sum } else { 1.0 / count }).collect::<Vec<_>>()
    };
    all.chunks(network.inputs()).flat_map(share).collect()
}

/// The responsibility of each input of each row of `x` `[rows, inputs]` for the activation of the row's
/// output neuron in `outputs` `[rows]`: `[rows, inputs]`, row-major; each row sums to 1.
///
/// # Panics
///
/// When the sizes do not fit.
#[must_use]
pub fn responsibilities(network: &Network, x: &[f32], outputs: &[usize]) -> Vec<f32> {
    assert_eq!(x.len(), outputs.len() * network.inputs(), "there is one output neuron for each row");
    let read = activations(network, x);
    let neurons = network.outputs();
    let mut shares = vec![0f32; outputs.len() * neurons];
    for (row, &output) in shares.chunks_mut(neurons).zip(outputs) {
        row[output] = 1.0;
    }
    for (layer, x) in network.layers.iter().zip(&read).rev() {
        shares = Components::of(layer).divide(&shares, x);
    }
    shares
}

/// The mean responsibility of each component of a layer for its neuron's activation (paper §3.2) over the
/// rows `x` `[rows, inputs]` of the layer's inputs: `[neurons, inputs]`, row-major. Those of a neuron sum to
/// 1.
///
/// # Panics
///
/// When `x` does not consist of whole rows of the layer's inputs.
#[must_use]
pub fn mean_responsibilities(layer: &Layer, x: &[f32]) -> Vec<f64> {
    let components = Components::of(layer);
    let inputs = components.inputs;
    assert!(x.len().is_multiple_of(inputs), "the layer has {inputs} inputs");
    let rows = (x.len() / inputs).max(1) as f64;
    let of_neuron = |neuron: usize| {
        let mut means = vec![0f64; inputs];
        let mut responsibilities = vec![0f32; inputs];
        for row in x.chunks(inputs) {
            components.responsibilities(neuron, row, &mut responsibilities);
            means.iter_mut().zip(&responsibilities).for_each(|(mean, r)| *mean += f64::from(*r) / rows);
        }
        means
    };
    (0..components.neurons).into_par_iter().flat_map_iter(of_neuron).collect()
}

impl Components {
    /// Divides each neuron's share `[rows, neurons]` among its inputs, given their values `x`
    /// `[rows, inputs]`.
    fn divide(&self, shares: &[f32], x: &[f32]) -> Vec<f32> {
        let mut divided = vec![0f32; x.len()];
        let rows = divided.par_chunks_mut(self.inputs).zip(x.par_chunks(self.inputs));
        rows.zip(shares.par_chunks(self.neurons)).for_each(|((divided, x), shares)| {
            let mut responsibilities = vec![0f32; self.inputs];
            for (neuron, &share) in shares.iter().enumerate().filter(|(_, share)| **share > NEGLIGIBLE) {
                self.responsibilities(neuron, x, &mut responsibilities);
                for (divided, part) in divided.iter_mut().zip(&responsibilities) {
                    *divided += share * part;
                }
            }
            let sum: f32 = divided.iter().sum();
            divided.iter_mut().for_each(|value| *value /= sum.max(f32::MIN_POSITIVE));
        });
        divided
    }
}
