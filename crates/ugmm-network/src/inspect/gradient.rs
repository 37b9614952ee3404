//! How fast class scores change with each input.

use crate::init::host_values;
use crate::{Predictor, Task};
use burn::tensor::{Tensor, TensorData, activation::softmax};

/// ∂ log P(class | x) / ∂ x of each feature of each row, for one class given for each row: `[rows, features]`, row-major. Of a
/// feature that is missing (NaN) it is 0. Times the feature, or its difference from a baseline, it is the attribution called
/// gradient × input.
///
/// # Panics
///
/// When the sizes or the classes do not fit the task, or the task predicts numbers.
#[must_use]
pub fn log_probability_gradient<N: Predictor>(
    network: &N,
    task: &Task,
    x: Tensor<2>,
    classes: &[usize],
) -> Vec<f32> {
    let x = x.without_autodiff();
    let probabilities = host_values(&softmax(task.class_scores(&network.valid(), x.clone()), 1));
    let mut factors: Vec<f32> = probabilities.iter().map(|probability| -probability).collect();
    for (row, &class) in classes.iter().enumerate() {
        factors[row * task.classes..][..task.classes][class] += 1.0;
    }
    score_gradient(network, task, x, factors)
}

/// The gradient of the sum of class scores, each times its factor `[rows, classes]`.
pub(crate) fn score_gradient<N: Predictor>(
    network: &N,
    task: &Task,
    x: Tensor<2>,
    factors: Vec<f32>,
) -> Vec<f32> {
    let x = x.without_autodiff();
    let shape = [x.dims()[0], task.classes];
    let missing = x.clone().is_nan();
    let x = x.autodiff().require_grad();
    let device = x.device();
    // The gradients of the parameters are not asked for.
    let network = network.valid().to_device(&device).no_grad();
    let factors = Tensor::<2>::from_data(TensorData::new(factors, shape), &device);
    let gradients = (task.class_scores(&network, x.clone()) * factors).sum().backward();
    let gradient = x.grad(&gradients).expect("x is tracked");
    host_values(&gradient.without_autodiff().mask_fill(missing, 0.0))
}
