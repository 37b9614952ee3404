//! Maps of each class over the features: mixing weights, means and responsibilities.

use super::components::Components;
use super::importance::followed_weights;
use super::paths::paths;
use crate::{Classification, Network, Predictor};
use serde::Serialize;

/// Number of rows whose paths are held in memory at a time.
const PORTION: usize = 256;

/// Values of one class, one for each feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassMaps {
    /// Number of rows of the class.
    pub rows: usize,
    /// Share of the class's output that mixing weights π assign to each feature, `[features]`. Together with
    /// the share of the target, where it is an input, they sum to 1.
    pub weights: Vec<f64>,
    /// Mean μ of the first layer's components of each feature, `[features]`, averaged with these weights, in
    /// the network's units; NaN where the weight is 0.
    pub means: Vec<f64>,
    /// Mean responsibility of each feature for the class, over its rows, `[features]`; they sum to 1 if there
    /// are rows.
    pub responsibilities: Vec<f64>,
}

/// The maps of each class, from rows `x` `[rows, features]`, row-major, and their classes `labels` `[rows]`,
/// by which they are grouped.
///
/// In a network with an output for each class, π is followed from the class's output to the inputs. A network
/// with one root has equal weights for all classes; there π is followed from the first-layer neurons that are
/// responsible for rows of the class.
///
/// # Panics
///
/// When the sizes or the labels do not fit the task.
#[must_use]
pub fn class_maps(network: &Network, task: &Classification, x: &[f32], labels: &[usize]) -> Vec<ClassMaps> {
    let first = Components::of(&network.layers[0]);
    let classes = task.classes();
    let (features, hidden, inputs) = (task.features(), first.neurons, first.inputs);
    let (mut of_inputs, mut of_neurons) = (vec![0f64; classes * inputs], vec![0f64; classes * hidden]);
    let mut rows = vec![0usize; classes];
    assert_eq!(x.len(), labels.len() * features, "there is one class for each row");
    for (x, labels) in x.chunks((PORTION * features).max(1)).zip(labels.chunks(PORTION)) {
        let x = task.network_input(x, labels);
        let roots = vec![0; labels.len()];
        let outputs = if network.outputs() == 1 { &roots[..] } else { labels };
        for (path, &label) in paths(network, &x, outputs, 0).iter().zip(labels) {
            rows[label] += 1;
            let sums = of_inputs[label * inputs..][..inputs].iter_mut();
            sums.zip(&path.shares[0]).for_each(|(sum, share)| *sum += f64::from(*share));
            let sums = of_neurons[label * hidden..][..hidden].iter_mut();
            sums.zip(&path.shares[1]).for_each(|(sum, share)| *sum += f64::from(*share));
        }
    }
    let maps = |class: usize| {
        let count = rows[class].max(1) as f64;
        let neurons: Vec<f64> = if network.outputs() == 1 {
            of_neurons[class * hidden..][..hidden].iter().map(|sum| sum / count).collect()
        } else {
            let mut output = vec![0.0; network.outputs()];
            output[class] = 1.0;
            followed_weights(network, &output).swap_remove(1)
        };
        let (mut weights, mut means) = (vec![0f64; features], vec![0f64; features]);
        for (neuron, share) in neurons.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            for component in first.neuron(neuron).iter().filter(|component| component.input < features) {
                weights[component.input] += share * component.weight;
                means[component.input] += share * component.weight * component.mean;
            }
        }
        means.iter_mut().zip(&weights).for_each(|(mean, weight)| *mean /= weight);
        let of_inputs = &of_inputs[class * inputs..][..features];
        let sum: f64 = of_inputs.iter().sum();
        let responsibilities =
            of_inputs.iter().map(|share| if sum > 0.0 { share / sum } else { 0.0 }).collect();
        ClassMaps { rows: rows[class], weights, means, responsibilities }
    };
    (0..classes).map(maps).collect()
}
