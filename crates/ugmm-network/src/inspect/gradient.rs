//! Gradients of class scores with respect to the inputs.

use crate::{Classification, Model, RowWeights};

/// ∂ log P(class | x) / ∂ x for each feature of each row of `x` `[rows, features]`, with the class of each
/// row in `classes` `[rows]`: `[rows, features]`, row-major. It is 0 for a missing feature (NaN). Multiplied
/// by the feature, or by its difference from a baseline, it is the attribution called gradient × input.
///
/// # Panics
///
/// When the sizes or the classes do not fit the task.
#[must_use]
pub fn log_probability_gradient(
    model: &Model,
    task: &Classification,
    x: &[f32],
    classes: &[usize],
) -> Vec<f32> {
    assert_eq!(x.len(), classes.len() * task.features(), "there is one class for each row");
    let mut factors = task.log_probabilities(model, x);
    factors.iter_mut().for_each(|value| *value = -value.exp());
    for (row, &class) in classes.iter().enumerate() {
        factors[row * task.classes()..][..task.classes()][class] += 1.0;
    }
    score_gradient(model, task, x, factors)
}

/// The gradient `[rows, features]` of the sum of class scores weighted by `factors` `[rows, classes]`.
pub(crate) fn score_gradient(model: &Model, task: &Classification, x: &[f32], factors: Vec<f32>) -> Vec<f32> {
    let (features, inputs, copies) = (task.features(), task.inputs(), task.inputs_of_a_row());
    let shown = task.prediction_inputs(x);
    // The scores of a row are the outputs of all its copies, one after the other.
    let of_inputs = model.recorded(shown, None, RowWeights::default()).input_gradient(factors);
    let mut gradient = vec![0f32; x.len()];
    for (gradient, copies) in gradient.chunks_mut(features).zip(of_inputs.chunks(copies * inputs)) {
        for copy in copies.chunks(inputs) {
            gradient.iter_mut().zip(copy).for_each(|(sum, value)| *sum += value);
        }
    }
    for (gradient, x) in gradient.iter_mut().zip(x) {
        *gradient = if x.is_nan() { 0.0 } else { *gradient };
    }
    gradient
}
