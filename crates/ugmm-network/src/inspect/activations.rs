//! What passes from layer to layer.

use crate::Network;
use crate::init::host_values;
use burn::module::Module;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;

/// What each layer reads of the rows of `x` `[rows, inputs]`, first layer first, and at the end what the last one
/// gives: each `[rows, width]`, row-major. A missing input is NaN.
///
/// # Panics
///
/// When `x` does not have the network's number of inputs.
#[must_use]
pub fn activations(network: &Network, x: Tensor<2>) -> Vec<Vec<f32>> {
    let network = network.valid();
    let mut x = x.without_autodiff();
    let mut all = vec![host_values(&x)];
    for index in 0..network.layers.len() {
        x = network.layer_pass::<ChaCha8Rng>(index, x, None);
        all.push(host_values(&x));
    }
    all
}
