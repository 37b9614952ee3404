//! The search for counter-examples: projected gradient ascent of the margin (Madry et al. 2018).

use super::{ROWS, RobustnessOptions, moved};
use crate::init::host_values;
use crate::{Model, Task};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// Length of a step, as a share of epsilon.
const STEP: f64 = 0.25;
/// What takes a class out of a maximum.
const OUT: f32 = 1e30;

/// An input for each row, in its box, at which the margin of another class over the decided one is as great as was found.
pub(super) fn attack(
    model: &Model,
    task: &Task,
    features: &[f32],
    classes: &[usize],
    log_weights: &[f64],
    options: &RobustnessOptions,
) -> Vec<f32> {
    let device = Device::flex().autodiff();
    // Frozen: no dropout, and no gradients of parameters.
    let model = model.clone().train().fork(&device).freeze();
    let columns = task.features;
    let rows = features.chunks(ROWS * columns).zip(classes.chunks(ROWS));
    rows.flat_map(|(features, classes)| {
        let mut best = features.to_vec();
        let mut best_margins = vec![f32::NEG_INFINITY; classes.len()];
        let mut now = best.clone();
        for step in 0..=options.attack_steps {
            let (margins, gradients) = margins(&model, task, &now, classes, log_weights, &device);
            for (row, &margin) in margins.iter().enumerate() {
                if margin > best_margins[row] {
                    best_margins[row] = margin;
                    let place = row * columns..(row + 1) * columns;
                    best[place.clone()].copy_from_slice(&now[place]);
                }
            }
            if step == options.attack_steps {
                break;
            }
            // The first step goes to the corner that the gradient points at, the others ever less far.
            let length = options.epsilon * if step == 0 { 1.0 } else { STEP };
            for (at, gradient) in gradients.iter().enumerate() {
                let (start, moves) = (f64::from(features[at]), options.movable[at % columns]);
                if moves && *gradient != 0.0 && !start.is_nan() {
                    let to = f64::from(now[at]) + length * f64::from(gradient.signum());
                    let low = moved(start, -options.epsilon, true, options.limits);
                    let high = moved(start, options.epsilon, true, options.limits);
                    now[at] = inside(to, low, high);
                }
            }
        }
        best
    })
    .collect()
}

/// The number nearest to `x` between two others that `f32` has.
fn inside(x: f64, low: f64, high: f64) -> f32 {
    let x = x.clamp(low, high) as f32;
    if f64::from(x) > high {
        x.next_down()
    } else if f64::from(x) < low {
        x.next_up()
    } else {
        x
    }
}

/// The greatest margin of another class, `[rows]`, and its gradient with respect to the features, `[rows, features]`.
fn margins(
    model: &Model,
    task: &Task,
    features: &[f32],
    classes: &[usize],
    log_weights: &[f64],
    device: &Device,
) -> (Vec<f32>, Vec<f32>) {
    let (rows, count) = (classes.len(), task.classes);
    let x = TensorData::new(features.to_vec(), [rows, task.features]);
    let x = Tensor::<2>::from_data(x, device).require_grad();
    let scores = task.class_scores(model, x.clone());
    let constants = |of: &dyn Fn(usize, usize) -> f32| {
        let values: Vec<f32> = classes
            .iter()
            .flat_map(|&own| (0..count).map(move |class| (own, class)))
            .map(|(a, b)| of(a, b))
            .collect();
        Tensor::<2>::from_data(TensorData::new(values, [rows, count]), device)
    };
    let weights = constants(&|_, class| log_weights[class] as f32);
    let is_own = constants(&|own, class| if own == class { 1.0 } else { 0.0 });
    let scores = scores + weights;
    let own = (scores.clone() * is_own.clone()).sum_dim(1);
    let others = (scores - is_own * OUT).max_dim(1);
    let margin = others - own;
    let gradients = margin.clone().sum().backward();
    let gradient = x.grad(&gradients).map_or_else(|| vec![0.0; features.len()], |g| host_values(&g));
    (host_values(&margin), gradient)
}
