//! The activations of all layers.

use crate::Network;

/// The inputs of each layer for the rows of `x` `[rows, inputs]`, first layer first, followed by the outputs
/// of the last layer: each `[rows, width]`, row-major. A missing input is NaN.
///
/// # Panics
///
/// When `x` does not consist of whole rows of the network's inputs.
#[must_use]
pub fn activations(network: &Network, x: &[f32]) -> Vec<Vec<f32>> {
    let mut all = vec![x.to_vec()];
    for index in 0..network.layers.len() {
        all.push(network.layer_forward(index, all[index].clone()));
    }
    all
}
