//! The posterior over labels of a generative network.

use crate::{LabelEncoding, Network};
use burn::tensor::{Tensor, activation::log_softmax};

/// Each row of `x` `[rows, features]` with each label, `[rows · classes, inputs]`: the labels of the first row first.
pub(crate) fn joint_inputs(x: Tensor<2>, encoding: LabelEncoding, classes: usize) -> Tensor<2> {
    let [rows, features] = x.dims();
    let device = x.device();
    let labels: Vec<usize> = (0..classes).collect();
    let columns = encoding.columns(classes);
    let labels =
        encoding.encode(&labels, classes, &device).unsqueeze_dim::<3>(0).expand([rows, classes, columns]);
    let x = x.unsqueeze_dim::<3>(1).expand([rows, classes, features]);
    Tensor::cat(vec![x, labels], 2).reshape([rows * classes, features + columns])
}

/// Joint scores `[rows, classes]` of each row of `x` `[rows, features]` with each label: the network's root evaluated
/// at (x, label). Natural logarithms of something that is not normalised over x.
#[must_use]
pub fn joint_scores<N: Network>(
    network: &N,
    x: Tensor<2>,
    encoding: LabelEncoding,
    classes: usize,
) -> Tensor<2> {
    let rows = x.dims()[0];
    network.forward(joint_inputs(x, encoding, classes)).reshape([rows, classes])
}

/// log P(label | x), `[rows, classes]`: the joint score normalised over the labels (paper §3.5), which is well defined
/// although the score is no density.
#[must_use]
pub fn log_posterior<N: Network>(
    network: &N,
    x: Tensor<2>,
    encoding: LabelEncoding,
    classes: usize,
) -> Tensor<2> {
    log_softmax(joint_scores(network, x, encoding, classes), 1)
}
