//! Plans of which components are kept and which are removed.

use super::merging::Merge;
use crate::UgmmError;
use crate::inspect::components::Components;
use crate::softmax::log_sum_exp;
use serde::{Deserialize, Serialize};

/// Fraction of its weights that a neuron can lose without a replacement.
const NOTHING_LEFT: f64 = 1e-4;

/// The number of components to keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// This fraction of all components of the network, in (0, 1], backgrounds included; each neuron keeps at
    /// least one.
    Share(f64),
    /// Components whose importance by the criterion is at least this.
    AtLeast(f64),
}

impl Keep {
    pub(super) fn check(self) -> Result<(), UgmmError> {
        match self {
            Self::Share(share) if !(share > 0.0 && share <= 1.0) => Err(UgmmError::setting(
                "the share of components to keep",
                share,
                "greater than 0 and at most 1",
            )),
            Self::AtLeast(least) if !(least >= 0.0 && least.is_finite()) => {
                Err(UgmmError::setting("the least importance to keep", least, "at least 0 and finite"))
            }
            _ => Ok(()),
        }
    }
}

/// The effect of pruning on a layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrunedLayer {
    /// Number of components with weight before pruning.
    pub components_before: usize,
    /// Number of components with weight after pruning, backgrounds included.
    pub components: usize,
    /// Number of components that were merged into similar ones.
    pub merged: usize,
    /// Number of neurons before pruning.
    pub neurons_before: usize,
    /// Number of neurons after pruning; neurons that no component uses are removed.
    pub neurons: usize,
}

/// The plan for a layer.
pub(super) struct LayerPlan {
    /// Whether each component is kept unchanged, `[neurons, inputs]`.
    pub(super) kept: Vec<bool>,
    /// The input of each neuron's background, if it has one.
    pub(super) backgrounds: Vec<Option<usize>>,
    /// Whether each neuron is removed, `[neurons]`.
    pub(super) is_removed: Vec<bool>,
}

impl LayerPlan {
    /// Number of components with weight, backgrounds included.
    fn components(&self, layer: &Components) -> usize {
        let of_neuron = |&neuron: &usize| {
            let place = neuron * layer.inputs..(neuron + 1) * layer.inputs;
            let kept = self.kept[place].iter().filter(|kept| **kept).count();
            kept + usize::from(self.backgrounds[neuron].is_some())
        };
        self.neurons().iter().map(of_neuron).sum()
    }

    /// The indices of the neurons that are kept.
    pub(super) fn neurons(&self) -> Vec<usize> {
        (0..self.is_removed.len()).filter(|&neuron| !self.is_removed[neuron]).collect()
    }
}

/// The data of which plans of any size are made.
pub(super) struct Planner<'a> {
    pub(super) layers: &'a [Components],
    /// The standard deviation of each layer's inputs.
    pub(super) deviations: &'a [Vec<f64>],
    pub(super) importances: &'a [Vec<f64>],
    pub(super) merges: &'a [Vec<Merge>],
}

pub(super) struct Plan {
    pub(super) layers: Vec<LayerPlan>,
}

impl Planner<'_> {
    pub(super) fn plan(&self, keep: Keep) -> Plan {
        let ranking = self.ranking();
        let all = ranking.len();
        match keep {
            Keep::Share(1.0) => self.of_count(&ranking, all),
            Keep::AtLeast(least) => {
                let important =
                    |&&(layer, component): &&(usize, usize)| self.importances[layer][component] >= least;
                self.of_count(&ranking, ranking.iter().filter(important).count())
            }
            Keep::Share(share) => {
                // The number of remaining components is known only for a whole plan, because removed neurons
                // take theirs with them.
                let most = (share * all as f64).round() as usize;
                let (mut low, mut high) = (0, all);
                while low < high {
                    let middle = (low + high).div_ceil(2);
                    let fits = self.of_count(&ranking, middle).components(self.layers) <= most;
                    (low, high) = if fits { (middle, high) } else { (low, middle - 1) };
                }
                self.of_count(&ranking, low)
            }
        }
    }

    /// All components with weight as (layer, place), in descending order of importance.
    fn ranking(&self) -> Vec<(usize, usize)> {
        let of_layer = |(index, layer): (usize, &Components)| {
            let places =
                |neuron| layer.with_weight(neuron).map(move |input| (index, neuron * layer.inputs + input));
            (0..layer.neurons).flat_map(places).collect::<Vec<_>>()
        };
        let mut all: Vec<(usize, usize)> = self.layers.iter().enumerate().flat_map(of_layer).collect();
        let mut importances = self.importances.to_vec();
        for (importances, merges) in importances.iter_mut().zip(self.merges) {
            for merge in merges {
                // The replacing component inherits the importance.
                importances[merge.into] = importances[merge.into].max(importances[merge.component]);
            }
        }
        let importance = |&(layer, component): &(usize, usize)| importances[layer][component];
        all.sort_by(|a, b| importance(b).total_cmp(&importance(a)));
        all
    }

    /// The plan that keeps `count` components besides backgrounds, and at least one of each neuron.
    fn of_count(&self, ranking: &[(usize, usize)], count: usize) -> Plan {
        let mut kept = self.kept(ranking, count);
        let mut plans = Vec::with_capacity(self.layers.len());
        // Planning goes from the last layer to the first, because neurons that no component uses are removed.
        let mut is_removed = vec![false; self.layers.last().map_or(0, |layer| layer.neurons)];
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let kept = kept.pop().unwrap_or_default();
            let (deviations, merges) = (&self.deviations[index], &self.merges[index]);
            let plan = LayerPlan::new(layer, deviations, index > 0, merges, kept, is_removed);
            is_removed = plan.unused_inputs(layer);
            plans.push(plan);
        }
        plans.reverse();
        Plan { layers: plans }
    }

    /// Whether each component is kept unchanged, for each layer.
    fn kept(&self, ranking: &[(usize, usize)], count: usize) -> Vec<Vec<bool>> {
        let mut kept: Vec<Vec<bool>> =
            self.importances.iter().map(|layer| vec![false; layer.len()]).collect();
        let mut is_merged = kept.clone();
        for (is_merged, merges) in is_merged.iter_mut().zip(self.merges) {
            merges.iter().for_each(|merge| is_merged[merge.component] = true);
        }
        // The best component of each neuron comes first, then the best of all.
        let mut has_one: Vec<Vec<bool>> =
            self.layers.iter().map(|layer| vec![false; layer.neurons]).collect();
        let mut left = count;
        let candidates =
            || ranking.iter().copied().filter(|&(layer, component)| !is_merged[layer][component]);
        for (layer, component) in candidates() {
            let has_one = &mut has_one[layer][component / self.layers[layer].inputs];
            if !std::mem::replace(has_one, true) {
                kept[layer][component] = true;
                left = left.saturating_sub(1);
            }
        }
        for (layer, component) in candidates() {
            if left > 0 && !std::mem::replace(&mut kept[layer][component], true) {
                left -= 1;
            }
        }
        kept
    }
}

impl Plan {
    /// Number of components with weight, backgrounds included.
    fn components(&self, layers: &[Components]) -> usize {
        self.layers.iter().zip(layers).map(|(plan, layer)| plan.components(layer)).sum()
    }

    pub(super) fn report(&self, layers: &[Components], merges: &[Vec<Merge>], index: usize) -> PrunedLayer {
        let (layer, plan) = (&layers[index], &self.layers[index]);
        let neurons = plan.neurons();
        PrunedLayer {
            components_before: (0..layer.neurons).map(|neuron| layer.with_weight(neuron).count()).sum(),
            components: plan.components(layer),
            merged: merges[index].len(),
            neurons_before: layer.neurons,
            neurons: neurons.len(),
        }
    }
}

/// The fraction of each neuron's weight that merges free, `[neurons]`: the density of a replaced component
/// needs less weight at the place of the replacing one.
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
    /// The plan for a layer with inputs of these standard deviations; `of_neurons` says whether the inputs
    /// are removable neurons.
    fn new(
        layer: &Components,
        deviations: &[f64],
        of_neurons: bool,
        merges: &[Merge],
        mut kept: Vec<bool>,
        is_removed: Vec<bool>,
    ) -> Self {
        let inputs = layer.inputs;
        let mut is_merged = vec![false; kept.len()];
        merges.iter().filter(|merge| kept[merge.into]).for_each(|merge| is_merged[merge.component] = true);
        let left = weights_left(layer, &kept, merges);
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
                // A background in place of a single component would save nothing.
                [single] if !is_merged[first + single] => {
                    kept[first + single] = true;
                    is_used[*single] = true;
                }
                _ => {
                    // A background is steady where its input hardly changes. An input that nothing else uses
                    // would have to be kept for it.
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

    /// Whether each input is unused by all components, `[inputs]`.
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
