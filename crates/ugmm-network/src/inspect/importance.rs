//! Importances of neurons and inputs by mixing weights alone.

use super::components::Components;
use crate::{Network, Predictor};

/// Share of the outputs, with equal parts, that mixing weights assign to each neuron: for each layer, first
/// to last, `[neurons]`. The shares of a layer sum to 1.
#[must_use]
pub fn importances(network: &Network) -> Vec<Vec<f64>> {
    let outputs = network.outputs();
    let mut all = followed_weights(network, &vec![1.0 / outputs as f64; outputs]);
    all.remove(0);
    all
}

/// Shares of the outputs that mixing weights assign to inputs and neurons. `outputs` `[outputs]` is followed
/// to the inputs: each neuron's share is divided among its inputs by π. The result has the shares of the
/// network's inputs first, then those of the neurons of each layer; the last entry is `outputs`.
///
/// # Panics
///
/// When `outputs` does not have one share for each output.
#[must_use]
pub fn followed_weights(network: &Network, outputs: &[f64]) -> Vec<Vec<f64>> {
    let mut all = vec![outputs.to_vec()];
    for layer in network.layers.iter().rev() {
        let components = Components::of(layer);
        let shares = &all[all.len() - 1];
        assert_eq!(shares.len(), components.neurons, "a share for each output");
        let mut below = vec![0.0; components.inputs];
        for (neuron, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            components.neuron(neuron).iter().for_each(|one| below[one.input] += share * one.weight);
        }
        all.push(below);
    }
    all.reverse();
    all
}
