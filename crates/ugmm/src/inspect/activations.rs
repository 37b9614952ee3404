//! What passes from layer to layer.

use crate::UgmmNetwork;
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
pub fn activations(network: &UgmmNetwork, x: Tensor<2>) -> Vec<Vec<f32>> {
    let network = network.valid();
    let mut x = x.without_autodiff();
    let mut all = vec![host_values(&x)];
    for (index, layer) in network.layers.iter().enumerate() {
        x = layer.pass_with_missing::<ChaCha8Rng>(x, network.missing_values && index == 0, None);
        all.push(host_values(&x));
    }
    all
}
