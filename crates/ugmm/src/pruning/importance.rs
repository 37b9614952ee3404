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
    /// How much the predictions follow it: the standard deviation of its responsibility over rows, times how sensitive
    /// the predictions are to its neuron (root mean square). To first order this is the error of the prediction that
    /// comes from putting a constant in its place.
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

/// The importance of each component, per layer `[neurons, inputs]`, for the inputs and outputs of the layers
/// (`activations`) and the sensitivities of the last one's outputs.
pub(super) fn importances(
    layers: &[Components],
    activations: &[Vec<f32>],
    sensitivities: Vec<f64>,
    criterion: Criterion,
) -> Vec<Vec<f64>> {
    if criterion == Criterion::Weight {
        let of_neuron = |layer: &Components, neuron| layer.neuron(neuron).into_iter().map(|one| one.weight);
        let of_layer =
            |layer: &Components| (0..layer.neurons).flat_map(|neuron| of_neuron(layer, neuron)).collect();
        return layers.iter().map(of_layer).collect();
    }
    let mut sensitivities = sensitivities;
    let mut all = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate().rev() {
        let x = &activations[index];
        let spreads = moments(layer, x);
        all.push(match criterion {
            Criterion::Influence => {
                let by_neuron = root_mean_squares(&sensitivities, layer.neurons);
                let neurons = spreads.chunks(layer.inputs).zip(by_neuron);
                neurons
                    .flat_map(|(spreads, by)| spreads.iter().map(move |moments| moments.deviation() * by))
                    .collect()
            }
            Criterion::Responsibility | Criterion::Weight => {
                spreads.iter().map(|moments| moments.mean).collect()
            }
        });
        if index > 0 && criterion == Criterion::Influence {
            sensitivities = carried_down(layer, x, &sensitivities);
        }
    }
    all.reverse();
    all
}

/// Of a responsibility over rows.
#[derive(Clone, Copy, Default)]
struct Moments {
    mean: f64,
    mean_square: f64,
}

impl Moments {
    fn deviation(self) -> f64 {
        (self.mean_square - self.mean * self.mean).max(0.0).sqrt()
    }
}

fn moments(layer: &Components, x: &[f32]) -> Vec<Moments> {
    let rows = (x.len() / layer.inputs) as f64;
    let of_neuron = |neuron: usize| {
        let mut moments = vec![Moments::default(); layer.inputs];
        let mut responsibilities = vec![0f32; layer.inputs];
        for x in x.chunks(layer.inputs) {
            layer.responsibilities(neuron, x, &mut responsibilities);
            for (moments, &r) in moments.iter_mut().zip(&responsibilities) {
                let r = f64::from(r);
                moments.mean += r / rows;
                moments.mean_square += r * r / rows;
            }
        }
        moments
    };
    (0..layer.neurons).into_par_iter().flat_map_iter(of_neuron).collect()
}

/// Of each column of row-major values.
fn root_mean_squares(values: &[f64], columns: usize) -> Vec<f64> {
    let mut sums = vec![0.0; columns];
    for row in values.chunks(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * value);
    }
    let rows = (values.len() / columns) as f64;
    sums.into_iter().map(|sum| (sum / rows).sqrt()).collect()
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
