//! What stays and what leaves.

use super::merging::{Merge, log_sum_exp};
use super::{Keep, PrunedLayer};
use crate::inspect::components::Components;
use crate::missing::mean_and_deviation;

/// Share of its weights that a neuron can lose without anything in its place.
const NOTHING_LEFT: f64 = 1e-4;

/// What stays of a layer.
pub(super) struct LayerPlan {
    /// Which components stay as they are, `[neurons, inputs]`.
    pub(super) kept: Vec<bool>,
    /// For each neuron the input of its background, if it has one.
    pub(super) backgrounds: Vec<Option<usize>>,
    /// Which neurons leave the network.
    pub(super) is_removed: Vec<bool>,
}

impl LayerPlan {
    /// The neurons that stay.
    pub(super) fn neurons(&self) -> Vec<usize> {
        (0..self.is_removed.len()).filter(|&neuron| !self.is_removed[neuron]).collect()
    }
}

pub(super) struct Plan {
    pub(super) layers: Vec<LayerPlan>,
}

impl Plan {
    pub(super) fn new(
        layers: &[Components],
        activations: &[Vec<f32>],
        importances: &[Vec<f64>],
        merges: &[Vec<Merge>],
        keep: Keep,
    ) -> Self {
        let mut kept = kept(layers, importances, merges, keep);
        let mut plans = Vec::with_capacity(layers.len());
        // From the last layer down: what nothing looks at need not be there.
        let mut is_removed = vec![false; layers.last().map_or(0, |layer| layer.neurons)];
        for (index, layer) in layers.iter().enumerate().rev() {
            let kept = kept.pop().unwrap_or_default();
            let plan =
                LayerPlan::new(layer, &activations[index], index > 0, &merges[index], kept, is_removed);
            is_removed = plan.unused_inputs(layer);
            plans.push(plan);
        }
        plans.reverse();
        Self { layers: plans }
    }

    pub(super) fn report(&self, layers: &[Components], merges: &[Vec<Merge>], index: usize) -> PrunedLayer {
        let (layer, plan) = (&layers[index], &self.layers[index]);
        let neurons = plan.neurons();
        let of_neuron = |&neuron: &usize| {
            let place = neuron * layer.inputs..(neuron + 1) * layer.inputs;
            let kept = plan.kept[place].iter().filter(|kept| **kept).count();
            kept + usize::from(plan.backgrounds[neuron].is_some())
        };
        PrunedLayer {
            components_before: (0..layer.neurons).map(|neuron| layer.with_weight(neuron).count()).sum(),
            components: neurons.iter().map(of_neuron).sum(),
            merged: merges[index].len(),
            neurons_before: layer.neurons,
            neurons: neurons.len(),
        }
    }
}

/// Which components are important enough; of each neuron the most important one.
fn kept(
    layers: &[Components],
    importances: &[Vec<f64>],
    merges: &[Vec<Merge>],
    keep: Keep,
) -> Vec<Vec<bool>> {
    let mut importances = importances.to_vec();
    for (importances, merges) in importances.iter_mut().zip(merges) {
        for merge in merges {
            // It lives on in the other.
            importances[merge.into] = importances[merge.into].max(importances[merge.component]);
            importances[merge.component] = f64::NEG_INFINITY;
        }
    }
    let mut kept: Vec<Vec<bool>> = importances.iter().map(|layer| vec![false; layer.len()]).collect();
    for ((layer, importances), kept) in layers.iter().zip(&importances).zip(&mut kept) {
        for neuron in 0..layer.neurons {
            let first = neuron * layer.inputs;
            let best = layer.with_weight(neuron).max_by(|a, b| {
                // The earlier of two that are alike.
                importances[first + a].total_cmp(&importances[first + b]).then(b.cmp(a))
            });
            best.into_iter().for_each(|best| kept[first + best] = true);
        }
    }
    let with_weight = |(index, layer): (usize, &Components)| {
        (0..layer.neurons)
            .flat_map(|neuron| layer.with_weight(neuron).map(move |input| neuron * layer.inputs + input))
            .map(|component| (index, component))
            .collect::<Vec<_>>()
    };
    let mut all: Vec<(usize, usize)> = layers.iter().enumerate().flat_map(with_weight).collect();
    let importance = |&(layer, component): &(usize, usize)| importances[layer][component];
    let is_merged = |place: &(usize, usize)| importance(place) == f64::NEG_INFINITY;
    let count = match keep {
        Keep::Share(1.0) => all.len(),
        Keep::Share(share) => {
            let backgrounds: usize = layers.iter().map(|layer| layer.neurons).sum();
            ((share * all.len() as f64).round() as usize).saturating_sub(backgrounds)
        }
        Keep::AtLeast(least) => all.iter().filter(|place| importance(place) >= least).count(),
    };
    all.sort_by(|a, b| importance(b).total_cmp(&importance(a)));
    // The best ones of the neurons are kept already, and count.
    let mut left = count.saturating_sub(all.iter().filter(|(layer, one)| kept[*layer][*one]).count());
    for place in all.iter().filter(|place| !is_merged(place)) {
        let kept = &mut kept[place.0][place.1];
        if left > 0 && !*kept {
            *kept = true;
            left -= 1;
        }
    }
    kept
}

/// What merges leave of the weights of each neuron, as a share of all: the density of what went takes less of them where
/// it is now.
fn weights_left(layer: &Components, kept: &[bool], merges: &[Merge]) -> Vec<f64> {
    let mut left = vec![0.0; layer.neurons];
    for merge in merges.iter().filter(|merge| kept[merge.into]) {
        let neuron = merge.component / layer.inputs;
        let total = log_sum_exp(layer.with_weight(neuron).map(|input| layer.logit(neuron, input)));
        let weight = |component: usize| (layer.logit(neuron, component % layer.inputs) - total).exp();
        left[neuron] += weight(merge.component) - merge.ratio * weight(merge.into);
    }
    left
}

impl LayerPlan {
    /// For inputs `x` `[rows, inputs]`, which are neurons that may leave or not.
    fn new(
        layer: &Components,
        x: &[f32],
        of_neurons: bool,
        merges: &[Merge],
        mut kept: Vec<bool>,
        is_removed: Vec<bool>,
    ) -> Self {
        let inputs = layer.inputs;
        let mut is_merged = vec![false; kept.len()];
        merges.iter().filter(|merge| kept[merge.into]).for_each(|merge| is_merged[merge.component] = true);
        let left = weights_left(layer, &kept, merges);
        let deviations: Vec<f64> = (0..inputs).map(|input| mean_and_deviation(x, inputs, input).1).collect();
        let neurons = || (0..layer.neurons).filter(|&neuron| !is_removed[neuron]);
        let mut is_used = vec![false; inputs];
        for neuron in neurons() {
            let kept = &kept[neuron * inputs..(neuron + 1) * inputs];
            is_used.iter_mut().zip(kept).for_each(|(used, kept)| *used |= kept);
        }
        let mut backgrounds = vec![None; layer.neurons];
        for neuron in neurons() {
            let first = neuron * inputs;
            let dropped: Vec<usize> =
                layer.with_weight(neuron).filter(|input| !kept[first + input]).collect();
            match dropped.as_slice() {
                [] => {}
                merged
                    if merged.iter().all(|input| is_merged[first + input]) && left[neuron] < NOTHING_LEFT => {
                }
                // A background in its place would save nothing.
                [single] if !is_merged[first + single] => {
                    kept[first + single] = true;
                    is_used[*single] = true;
                }
                _ => {
                    // Where the input hardly changes, neither does the background; an input that nothing else looks at
                    // would have to stay for it.
                    let steadiest = dropped.iter().copied().min_by(|&a, &b| {
                        let steadiness = |input: usize| (of_neurons && !is_used[input], deviations[input]);
                        let ((a_unused, a_deviation), (b_unused, b_deviation)) =
                            (steadiness(a), steadiness(b));
                        a_unused.cmp(&b_unused).then(a_deviation.total_cmp(&b_deviation))
                    });
                    backgrounds[neuron] = steadiest;
                    steadiest.into_iter().for_each(|input| is_used[input] = true);
                }
            }
        }
        Self { kept, backgrounds, is_removed }
    }

    /// Which inputs no component looks at.
    fn unused_inputs(&self, layer: &Components) -> Vec<bool> {
        let mut is_unused = vec![true; layer.inputs];
        for neuron in self.neurons() {
            let kept = &self.kept[neuron * layer.inputs..(neuron + 1) * layer.inputs];
            is_unused.iter_mut().zip(kept).for_each(|(unused, kept)| *unused &= !kept);
            self.backgrounds[neuron].into_iter().for_each(|input| is_unused[input] = false);
        }
        is_unused
    }
}
