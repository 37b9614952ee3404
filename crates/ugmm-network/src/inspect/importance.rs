//! What the mixing weights alone say of neurons and inputs.

use super::components::Components;
use crate::{Network, Predictor};

/// How much of the outputs, all alike, goes through each neuron by the mixing weights alone: for each layer, first to
/// last, `[neurons]`; those of a layer sum to 1.
#[must_use]
pub fn importances(network: &Network) -> Vec<Vec<f64>> {
    let outputs = network.outputs();
    let mut all = followed_weights(network, &vec![1.0 / outputs as f64; outputs]);
    all.remove(0);
    all
}

/// Where shares of the outputs come from by the mixing weights alone: `outputs` `[outputs]` followed down, each neuron's
/// share divided among its inputs by π. The result begins with the shares of the network's inputs, and ends with
/// `outputs` themselves.
///
/// # Panics
///
/// When there is not one share for each output.
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
