//! Paths of predictions through the layers to the inputs that determined them.

use super::activations::activations;
use super::components::Components;
use super::responsibility::NEGLIGIBLE;
use crate::{Network, Predictor};
use rayon::prelude::*;
use serde::Serialize;

/// The part of an output that flows from a neuron to one of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// Index of the input, from 0.
    pub input: usize,
    /// Index of the neuron, from 0.
    pub neuron: usize,
    /// Share of the output, in [0, 1].
    pub share: f32,
}

/// The distribution of responsibility for an output of one row over neurons and inputs. An output neuron's
/// share is divided among its inputs by their responsibilities, the share of each of these among its own
/// inputs, and so on ([`responsibilities`](super::responsibilities)).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowPath {
    /// Shares of the network's inputs, then of the neurons of each layer, first layer first; the shares of a
    /// layer sum to 1.
    pub shares: Vec<Vec<f32>>,
    /// The largest flows of each layer, first layer first, in descending order.
    pub flows: Vec<Vec<Flow>>,
}

/// The paths of the rows of `x` `[rows, inputs]`, row-major, starting at the output neuron of each row in
/// `outputs` `[rows]`, with at most `most_flows` flows per layer.
///
/// # Panics
///
/// When the sizes do not fit.
#[must_use]
pub fn paths(network: &Network, x: &[f32], outputs: &[usize], most_flows: usize) -> Vec<RowPath> {
    assert_eq!(x.len(), outputs.len() * network.inputs(), "an output for each row");
    let read = activations(network, x);
    let layers: Vec<Components> = network.layers.iter().map(Components::of).collect();
    let path = |(row, &output): (usize, &usize)| {
        let mut shares = vec![0f32; layers.last().map_or(0, |layer| layer.neurons)];
        shares[output] = 1.0;
        let mut path = RowPath { shares: vec![shares], flows: Vec::new() };
        for (layer, values) in layers.iter().zip(&read).rev() {
            let x = &values[row * layer.inputs..][..layer.inputs];
            let (below, flows) = layer.flows(&path.shares[path.shares.len() - 1], x, most_flows);
            path.shares.push(below);
            path.flows.push(flows);
        }
        path.shares.reverse();
        path.flows.reverse();
        path
    };
    outputs.par_iter().enumerate().map(path).collect()
}

impl Components {
    /// The shares of the inputs of one row, and the largest flows to them.
    fn flows(&self, shares: &[f32], x: &[f32], most: usize) -> (Vec<f32>, Vec<Flow>) {
        let mut below = vec![0f32; self.inputs];
        let mut flows: Vec<Flow> = Vec::new();
        let mut responsibilities = vec![0f32; self.inputs];
        let largest_first = |a: &Flow, b: &Flow| b.share.total_cmp(&a.share);
        for (neuron, &share) in shares.iter().enumerate().filter(|(_, share)| **share > NEGLIGIBLE) {
            self.responsibilities(neuron, x, &mut responsibilities);
            for (input, responsibility) in responsibilities.iter().enumerate() {
                let share = share * responsibility;
                below[input] += share;
                if most > 0 && share > NEGLIGIBLE {
                    flows.push(Flow { input, neuron, share });
                }
            }
            // Truncation bounds the length of the list for any number of neurons.
            flows.sort_by(largest_first);
            flows.truncate(most);
        }
        let sum: f32 = below.iter().sum();
        below.iter_mut().for_each(|share| *share /= sum.max(f32::MIN_POSITIVE));
        (below, flows)
    }
}
