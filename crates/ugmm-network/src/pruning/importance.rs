//! How important components are.

use crate::inspect::components::Components;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How important a component is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Its mixing weight π.
    Weight,
    /// Its mean responsibility for its neuron's activation.
    Responsibility,
    /// How much the predictions follow it: the root mean square over rows of s (r − r̄), with r its responsibility, r̄ the
    /// mean of that, and s the sensitivity of the predictions to its neuron. To first order this is the error that comes
    /// from putting a constant in its place.
    #[default]
    Influence,
}

/// Sensitivity of a prediction that is as good as certain; it would leave nothing to rank by otherwise.
const LEAST_SENSITIVITY: f64 = 0.01;

/// How sensitive the probabilities are to each output `[rows, outputs]`, where each `group` of consecutive ones has a
/// softmax of its own: the standard deviation √(p (1 − p)) of whether that class occurs. A group of one has no softmax.
pub(super) fn of_outputs(outputs: &[f32], group: usize) -> Vec<f64> {
    if group == 1 {
        return vec![1.0; outputs.len()];
    }
    let of_group = |outputs: &[f32]| {
        let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exponentials: Vec<f64> = outputs.iter().map(|y| f64::from(y - largest).exp()).collect();
        let sum: f64 = exponentials.iter().sum();
        exponentials.into_iter().map(move |e| (e / sum * (1.0 - e / sum)).sqrt().max(LEAST_SENSITIVITY))
    };
    outputs.chunks(group).flat_map(of_group).collect()
}

/// How sensitive the predictions are to each output of each layer, `[rows, neurons]`, for the inputs and outputs of the
/// layers (`activations`) and the sensitivities of the last one's outputs.
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

/// The importance of each component, per layer `[neurons, inputs]`.
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

/// Means over rows of a responsibility r, and with the square of the sensitivity s to its neuron.
#[derive(Clone, Copy, Default)]
struct Moments {
    r: f64,
    ss: f64,
    ssr: f64,
    ssrr: f64,
}

impl Moments {
    /// Root mean square of s (r - its mean).
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

/// How sensitive the predictions are to each input of a layer, `[rows, inputs]`, at most: |∂y_j/∂x_k| = r |z| / σ, with all
/// neurons of one sign.
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
