//! What passes from layer to layer.

use crate::Network;

/// What each layer reads of the rows of `x` `[rows, inputs]`, first layer first, and at the end what the last one
/// gives: each `[rows, width]`, row-major. A missing input is NaN.
///
/// # Panics
///
/// When `x` is not made of whole rows of the network's inputs.
#[must_use]
pub fn activations(network: &Network, x: &[f32]) -> Vec<Vec<f32>> {
    let mut all = vec![x.to_vec()];
    for index in 0..network.layers.len() {
        all.push(network.layer_forward(index, all[index].clone()));
    }
    all
}
