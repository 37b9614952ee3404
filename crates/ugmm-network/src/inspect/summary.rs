//! A layer at a glance.

use super::components::{Component, Components};
use crate::{Layer, Network};
use serde::Serialize;

/// Share of its neuron's responsibility, on average over rows, under which a component does nothing.
const DEAD_SHARE: f64 = 1e-6;

/// A layer at a glance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerSummary {
    /// Number of neurons.
    pub neurons: usize,
    /// Number of inputs, and so of components that each neuron can have.
    pub inputs: usize,
    /// Components with weight, of all neurons together: all there can be, or fewer after pruning.
    pub components: usize,
    /// Mean over neurons of exp H(π), the number of equal weights that would be as uncertain: from 1, where a neuron looks
    /// at one input, to the number of inputs.
    pub effective_components: f64,
    /// Components with weight whose σ is within one per cent of the layer's floor; `None` of a layer without one, as all but the first
    /// of a network that was trained with standardisation between its layers.
    pub at_floor: Option<usize>,
    /// What the layer does on rows, where some were given.
    pub activity: Option<Activity>,
}

/// What a layer does on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Activity {
    /// Components with weight that take less than a millionth of their neuron's responsibility, on average over the rows.
    pub dead_components: usize,
    /// Smallest activation: a log-density.
    pub least: f64,
    /// Mean activation.
    pub mean: f64,
    /// Largest activation.
    pub greatest: f64,
}

/// The layers of a network, first to last, and what they do on the rows of `x` `[rows, inputs]`, row-major, if some are
/// given.
///
/// # Panics
///
/// When `x` is not made of whole rows of the network's inputs.
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

/// Summary of a single layer, such as one of a model of another kind, and of what it does on the rows `x` `[rows, inputs]`
/// that it reads there.
///
/// # Panics
///
/// When `x` is not made of whole rows of the layer's inputs.
#[must_use]
pub fn summarize_layer(layer: &Layer, x: Option<&[f32]>) -> LayerSummary {
    let network = Network { layers: vec![layer.clone()], standardize: false, missing_values: false };
    summarize(&network, x).remove(0)
}

/// The components of each neuron of a layer that have the largest mixing weights, at most so many, largest first.
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
