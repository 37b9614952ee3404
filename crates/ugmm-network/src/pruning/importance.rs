//! Importances of components.

use crate::inspect::components::Components;
use crate::softmax::normalized;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The criterion of a component's importance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Its mixing weight π.
    Weight,
    /// Its mean responsibility for its neuron's activation.
    Responsibility,
    /// Its influence on the predictions: the root mean square over rows of s (r − r̄), with its
    /// responsibility r, the mean r̄ of r, and the sensitivity s of the predictions to its neuron. To first
    /// order this is the error of replacing it by a constant.
    #[default]
    Influence,
}

/// Sensitivity of a prediction that is almost certain; without this minimum nothing would remain to rank by.
const LEAST_SENSITIVITY: f64 = 0.01;

/// Sensitivity of the probabilities to each output, `[rows, outputs]`. Each `group` of consecutive outputs
/// has its own softmax, and the sensitivity is the standard deviation √(p (1 − p)) of the class indicator. A
/// group of one has no softmax and sensitivity 1.
pub(super) fn of_outputs(outputs: &[f32], group: usize) -> Vec<f64> {
    if group == 1 {
        return vec![1.0; outputs.len()];
    }
    let of_group = |outputs: &[f32]| {
        normalized(outputs).into_iter().map(|p| (p * (1.0 - p)).sqrt().max(LEAST_SENSITIVITY))
    };
    outputs.chunks(group).flat_map(of_group).collect()
}

/// Sensitivity of the predictions to each output of each layer, `[rows, neurons]`, from the inputs and
/// outputs of the layers (`activations`) and the sensitivities to the last layer's outputs.
pub(super) fn sensitivities(
    layers: &[Components],
    activations: &[Vec<f32>],
    of_outputs: Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut all = vec![of_outputs];
    for (index, layer) in layers.iter().enumerate().skip(1).rev() {
        let below = carried_down(layer, &activations[index], &all[all.len() - 1]);
        all.push(below);
    }
    all.reverse();
    all
}

/// The importance of each component, `[neurons, inputs]` for each layer.
pub(super) fn importances(
    layers: &[Components],
    activations: &[Vec<f32>],
    sensitivities: &[Vec<f64>],
    criterion: Criterion,
) -> Vec<Vec<f64>> {
    let of_layer = |((layer, x), sensitivities): ((&Components, &Vec<f32>), &Vec<f64>)| match criterion {
        Criterion::Weight => {
            let of_neuron = |neuron| layer.neuron(neuron).into_iter().map(|component| component.weight);
            (0..layer.neurons).flat_map(of_neuron).collect()
        }
        Criterion::Responsibility => {
            moments(layer, x, sensitivities).iter().map(|moments| moments.r).collect()
        }
        Criterion::Influence => {
            moments(layer, x, sensitivities).iter().map(|moments| moments.influence()).collect()
        }
    };
    layers.iter().zip(activations).zip(sensitivities).map(of_layer).collect()
}

/// Means over rows of the responsibility r of a component and of its products with the sensitivity s to its
/// neuron.
#[derive(Clone, Copy, Default)]
struct Moments {
    r: f64,
    ss: f64,
    ssr: f64,
    ssrr: f64,
}

impl Moments {
    /// Root mean square of s (r − mean of r).
    fn influence(self) -> f64 {
        (self.ssrr - 2.0 * self.ssr * self.r + self.ss * self.r * self.r).max(0.0).sqrt()
    }
}

fn moments(layer: &Components, x: &[f32], sensitivities: &[f64]) -> Vec<Moments> {
    let share = layer.inputs as f64 / x.len() as f64;
    let of_neuron = |neuron: usize| {
        let mut moments = vec![Moments::default(); layer.inputs];
        let mut responsibilities = vec![0f32; layer.inputs];
        let sensitivities = sensitivities.iter().skip(neuron).step_by(layer.neurons);
        for (x, sensitivity) in x.chunks(layer.inputs).zip(sensitivities) {
            layer.responsibilities(neuron, x, &mut responsibilities);
            let ss = share * sensitivity * sensitivity;
            for (moments, &r) in moments.iter_mut().zip(&responsibilities) {
                let r = f64::from(r);
                moments.r += share * r;
                moments.ss += ss;
                moments.ssr += ss * r;
                moments.ssrr += ss * r * r;
            }
        }
        moments
    };
    (0..layer.neurons).into_par_iter().flat_map_iter(of_neuron).collect()
}

/// An upper bound of the sensitivity of the predictions to each input of a layer, `[rows, inputs]`:
/// |∂y_j/∂x_k| = r |z| / σ, as if all neurons had equal signs.
fn carried_down(layer: &Components, x: &[f32], sensitivities: &[f64]) -> Vec<f64> {
    let mut carried = vec![0f64; x.len()];
    let rows = carried.par_chunks_mut(layer.inputs).zip(x.par_chunks(layer.inputs));
    rows.zip(sensitivities.par_chunks(layer.neurons)).for_each(|((carried, x), sensitivities)| {
        let mut responsibilities = vec![0f32; layer.inputs];
        for (neuron, sensitivity) in sensitivities.iter().enumerate() {
            layer.responsibilities(neuron, x, &mut responsibilities);
            for (input, carried) in carried.iter_mut().enumerate() {
                if responsibilities[input] > 0.0 {
                    let slope = layer.slope(neuron, input, x[input]).abs();
                    *carried += sensitivity * f64::from(responsibilities[input]) * slope;
                }
            }
        }
    });
    carried
}
