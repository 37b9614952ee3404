//! The posterior over labels of a generative network.

use crate::objective::log_softmax;
use crate::{LabelEncoding, Predictor};

/// Each row of `x` `[rows, features]` with each label, `[rows · classes, inputs]`, in the order of rows.
pub(crate) fn joint_inputs(x: &[f32], encoding: LabelEncoding, classes: usize, features: usize) -> Vec<f32> {
    let columns = encoding.columns(classes);
    let labels = encoding.encode(&(0..classes).collect::<Vec<_>>(), classes);
    let mut joint = Vec::with_capacity(x.len() / features.max(1) * classes * (features + columns));
    for row in x.chunks(features) {
        for label in labels.chunks(columns) {
            joint.extend_from_slice(row);
            joint.extend_from_slice(label);
        }
    }
    joint
}

/// Joint scores `[rows, classes]` of each row of `x` `[rows, features]` with each label: the network's root
/// evaluated at (x, label). They are natural logarithms that are not normalised over x.
#[must_use]
pub fn joint_scores<N: Predictor + ?Sized>(
    network: &N,
    x: &[f32],
    encoding: LabelEncoding,
    classes: usize,
) -> Vec<f32> {
    let features = network.inputs() - encoding.columns(classes);
    network.forward(&joint_inputs(x, encoding, classes, features))
}

/// log P(label | x), `[rows, classes]`, of `x` `[rows, features]`: the joint score normalised over the labels
/// (paper §3.5), which is well defined although the score is no density.
#[must_use]
pub fn log_posterior<N: Predictor + ?Sized>(
    network: &N,
    x: &[f32],
    encoding: LabelEncoding,
    classes: usize,
) -> Vec<f32> {
    let mut scores = joint_scores(network, x, encoding, classes);
    log_softmax(&mut scores, classes);
    scores
}
