//! Summaries of layers.

use super::components::{Component, Components};
use crate::{Layer, Network};
use serde::Serialize;

/// Mean share of its neuron's responsibility below which a component counts as dead.
const DEAD_SHARE: f64 = 1e-6;

/// A summary of a layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerSummary {
    /// Number of neurons.
    pub neurons: usize,
    /// Number of inputs, which is the largest number of components per neuron.
    pub inputs: usize,
    /// Number of components with weight in all neurons together; pruning reduces it.
    pub components: usize,
    /// Mean over neurons of exp H(π), the number of equal weights with the same entropy: from 1, where a
    /// neuron uses one input, to the number of inputs.
    pub effective_components: f64,
    /// Number of components with weight whose σ is within one per cent of the layer's floor. `None` for a
    /// layer without floor, such as all but the first of a network trained with standardisation between its
    /// layers.
    pub at_floor: Option<usize>,
    /// The layer's activity on rows, if some were given.
    pub activity: Option<Activity>,
}

/// The activity of a layer on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// Number of components with weight whose mean share of their neuron's responsibility over the rows is
    /// below a millionth.
    pub dead_components: usize,
    /// Smallest activation, a log-density.
    pub least: f64,
    /// Mean activation.
    pub mean: f64,
    /// Largest activation.
    pub greatest: f64,
}

/// Summaries of the layers of a network, first to last, with their activity on the rows of `x`
/// `[rows, inputs]`, row-major, if some are given.
///
/// # Panics
///
/// When `x` does not consist of whole rows of the network's inputs.
#[must_use]
pub fn summarize(network: &Network, x: Option<&[f32]>) -> Vec<LayerSummary> {
    let mut x = x.map(<[f32]>::to_vec);
    let mut summaries = Vec::with_capacity(network.layers.len());
    for (index, layer) in network.layers.iter().enumerate() {
        let components = Components::of(layer);
        let y = x.clone().map(|x| network.layer_forward(index, x));
        let activity = x.as_ref().zip(y.as_ref()).map(|(x, y)| activity(&components, x, y));
        summaries.push(summary(layer, &components, activity));
        x = y;
    }
    summaries
}

/// The summary of a single layer, such as one of a model of another kind, with its activity on the rows `x`
/// `[rows, inputs]` of the layer's inputs, if some are given.
///
/// # Panics
///
/// When `x` does not consist of whole rows of the layer's inputs.
#[must_use]
pub fn summarize_layer(layer: &Layer, x: Option<&[f32]>) -> LayerSummary {
    let network = Network { layers: vec![layer.clone()], standardize: false, missing_values: false };
    summarize(&network, x).remove(0)
}

/// At most `most` components of each neuron of a layer, those with the largest mixing weights, in descending
/// order.
#[must_use]
pub fn leading_components(layer: &Layer, most: usize) -> Vec<Vec<Component>> {
    let components = Components::of(layer);
    let leading = |neuron| {
        let mut all = components.neuron(neuron);
        all.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        all.truncate(most);
        all
    };
    (0..components.neurons).map(leading).collect()
}

fn summary(layer: &Layer, components: &Components, activity: Option<Activity>) -> LayerSummary {
    let (neurons, inputs) = (components.neurons, components.inputs);
    let (mut effective, mut at_floor, mut with_weight) = (0.0, 0, 0);
    for neuron in 0..neurons {
        let all = components.neuron(neuron);
        let entropy = |weight: f64| if weight > 0.0 { -weight * weight.ln() } else { 0.0 };
        effective += all.iter().map(|component| entropy(component.weight)).sum::<f64>().exp();
        let all = || components.with_weight(neuron).map(|input| &all[input]);
        at_floor += all().filter(|component| component.sigma <= 1.01 * layer.config.min_sigma).count();
        with_weight += all().count();
    }
    LayerSummary {
        neurons,
        inputs,
        components: with_weight,
        effective_components: effective / neurons as f64,
        at_floor: (layer.config.min_sigma > 0.0).then_some(at_floor),
        activity,
    }
}

fn activity(components: &Components, x: &[f32], y: &[f32]) -> Activity {
    let (inputs, rows) = (components.inputs, x.len() / components.inputs);
    let mut dead_components = 0;
    let mut responsibilities = vec![0f32; inputs];
    for neuron in 0..components.neurons {
        let mut sums = vec![0f64; inputs];
        for row in x.chunks(inputs) {
            components.responsibilities(neuron, row, &mut responsibilities);
            sums.iter_mut().zip(&responsibilities).for_each(|(sum, r)| *sum += f64::from(*r));
        }
        let is_dead = |input: &usize| sums[*input] < DEAD_SHARE * rows as f64;
        dead_components += components.with_weight(neuron).filter(is_dead).count();
    }
    let values = || y.iter().map(|&value| f64::from(value));
    Activity {
        dead_components,
        least: values().fold(f64::INFINITY, f64::min),
        mean: values().sum::<f64>() / y.len().max(1) as f64,
        greatest: values().fold(f64::NEG_INFINITY, f64::max),
    }
}
