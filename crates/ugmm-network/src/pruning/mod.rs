//! Leaving out components that a network does not need.
//!
//! A component may take much of its neuron's responsibility and yet say nothing, because it takes the same on every row:
//! what matters to the layer above is what changes. So the components that leave a neuron are merged into one, its
//! *background*: it has their weights together and is so wide that it hardly depends on its input, with the density that
//! keeps the neuron's mean activation. Without it the activations would shift out of the reach of the next layer's
//! components.

mod background;
mod importance;
mod merging;
mod plan;
mod saved;

pub use importance::Criterion;
pub use saved::ModelPruner;

use crate::inspect::activations;
use crate::inspect::components::Components;
use crate::missing::mean_and_deviation;
use crate::{Layer, Means, Network, Predictor, Task, UgmmError};
use merging::Merge;
use plan::{Plan, Planner};
use serde::{Deserialize, Serialize};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// This share of all components of the network, in (0, 1], backgrounds included; each neuron keeps one.
    Share(f64),
    /// Components that are at least so important, by the criterion.
    AtLeast(f64),
}

impl Keep {
    fn validate(self) -> Result<(), UgmmError> {
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

/// What became of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrunedLayer {
    /// Components with weight before.
    pub components_before: usize,
    /// Components with weight now, backgrounds included.
    pub components: usize,
    /// Components that were merged into others that are much like them.
    pub merged: usize,
    /// Neurons before.
    pub neurons_before: usize,
    /// Neurons now: one that no component looks at any more has left.
    pub neurons: usize,
}

/// A network with fewer components.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The network. Its components without weight have the logit [`ugmm_kernels::DROPPED_LOGIT`], cost nothing, and stay
    /// without weight if it is trained on.
    pub network: Network,
    /// First to last.
    pub layers: Vec<PrunedLayer>,
}

impl Pruned {
    /// Share of the components that had weight before that are left.
    #[must_use]
    pub fn share(&self) -> f64 {
        let sum = |part: fn(&PrunedLayer) -> usize| self.layers.iter().map(part).sum::<usize>();
        sum(|layer| layer.components) as f64 / sum(|layer| layer.components_before) as f64
    }
}

/// What is known of a network's components, from which it can be pruned to any size.
pub struct Pruner {
    network: Network,
    layers: Vec<Components>,
    /// What each layer reads, and what the last one gives.
    activations: Vec<Vec<f32>>,
    /// The standard deviation of each layer's inputs.
    deviations: Vec<Vec<f64>>,
    sensitivities: Vec<Vec<f64>>,
    importances: Vec<Vec<f64>>,
    merges: Vec<Vec<Merge>>,
}

impl Pruner {
    /// Looks at a network for its task on the rows `x` `[rows, features]`, row-major: those that it was trained on, or
    /// others like them; a thousand or a few are enough. Components of a neuron are merged if the logarithms of their
    /// densities differ by a constant, up to the standard deviation `merge` over rows, at least 0: then one of them, with
    /// more weight, does for both. `None` merges nothing.
    ///
    /// # Errors
    ///
    /// When the tolerance is out of its range, there is no row, the sizes do not fit, or the network still standardises by
    /// the rows it is given.
    pub fn new(
        network: &Network,
        task: &Task,
        x: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<Self, UgmmError> {
        if network.standardize {
            let expected = "false; prune the settled network that training returns";
            return Err(UgmmError::setting("standardize", true, expected));
        }
        check_sample(x, task.features)?;
        task.check_width((network.inputs(), network.outputs()))?;
        let (x, group) = task.prediction_inputs(x);
        Self::of_outputs(network.clone(), &x, group, criterion, merge)
    }

    /// Ranks the components of a single layer, such as one of a model of another kind, by the rows `x` `[rows, inputs]` that it
    /// reads there. Every output counts as much as the others, since what becomes of it is not known.
    ///
    /// # Errors
    ///
    /// When the tolerance is out of its range, there is no row, or the sizes do not fit.
    pub fn of_layer(
        layer: &Layer,
        x: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<Self, UgmmError> {
        check_sample(x, layer.inputs())?;
        let layers = vec![layer.clone()];
        let network = Network { layers, standardize: false, missing_values: false };
        Self::of_outputs(network, x, 1, criterion, merge)
    }

    /// Where each `group` of consecutive outputs has a softmax of its own.
    fn of_outputs(
        network: Network,
        x: &[f32],
        group: usize,
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<Self, UgmmError> {
        if let Some(merge) = merge.filter(|merge| !(*merge >= 0.0 && merge.is_finite())) {
            return Err(UgmmError::setting("the tolerance for merging", merge, "at least 0 and finite"));
        }
        let activations = activations(&network, x);
        let layers: Vec<Components> = network.layers.iter().map(Components::of).collect();
        let deviations = |(layer, x): (&Components, &Vec<f32>)| {
            (0..layer.inputs).map(|input| mean_and_deviation(x, layer.inputs, input).1).collect()
        };
        let deviations = layers.iter().zip(&activations).map(deviations).collect();
        let of_outputs = importance::of_outputs(&activations[network.layers.len()], group);
        let sensitivities = importance::sensitivities(&layers, &activations, of_outputs);
        let importances = importance::importances(&layers, &activations, &sensitivities, criterion);
        let merges = match merge {
            Some(tolerance) => merging::merges(&layers, &activations, &importances, tolerance),
            None => vec![Vec::new(); layers.len()],
        };
        Ok(Self { network, layers, activations, deviations, sensitivities, importances, merges })
    }

    /// The network with so many of its components.
    ///
    /// # Errors
    ///
    /// When `keep` is out of its range.
    pub fn prune(&self, keep: Keep) -> Result<Pruned, UgmmError> {
        keep.validate()?;
        let planner = Planner {
            layers: &self.layers,
            deviations: &self.deviations,
            importances: &self.importances,
            merges: &self.merges,
        };
        let plan = planner.plan(keep);
        let network = self.carry_out(&plan);
        let layers =
            (0..self.layers.len()).map(|layer| plan.report(&self.layers, &self.merges, layer)).collect();
        Ok(Pruned { network, layers })
    }

    /// The network without what the plan leaves out.
    fn carry_out(&self, plan: &Plan) -> Network {
        let mut pruned = self.network.clone();
        let mut x = self.activations[0].clone();
        for index in 0..self.layers.len() {
            // The layers before are pruned already, so that this one can make up for what they have become.
            pruned.layers[index] = background::pruned_layer(
                &self.network.layers[index],
                &self.layers[index],
                &x,
                &self.activations[index + 1],
                &self.sensitivities[index],
                &self.merges[index],
                &plan.layers[index],
            );
            x = pruned.layer_forward(index, x);
        }
        for index in 0..self.layers.len() {
            let rows = plan.layers[index].neurons();
            let columns = (index > 0).then(|| plan.layers[index - 1].neurons());
            let layer = &mut pruned.layers[index];
            let inputs = layer.inputs();
            layer.means = match layer.config.means {
                Means::Free => selected(&layer.means, inputs, &rows, columns.as_deref()),
                Means::Tied => selected(&layer.means, 1, &rows, None),
            };
            layer.raw_log_sigmas = selected(&layer.raw_log_sigmas, inputs, &rows, columns.as_deref());
            layer.mixing_logits = selected(&layer.mixing_logits, inputs, &rows, columns.as_deref());
            layer.config.neurons = rows.len();
            layer.config.inputs = columns.map_or(inputs, |columns| columns.len());
        }
        pruned
    }
}

fn check_sample(x: &[f32], columns: usize) -> Result<(), UgmmError> {
    let what = "the sample to prune by";
    if x.is_empty() {
        return Err(UgmmError::Size { what, found: 0, unit: "rows", expected: 1 });
    }
    match x.len().is_multiple_of(columns) {
        true => Ok(()),
        false => {
            let (found, unit) = (x.len(), "values, which make no whole rows,");
            Err(UgmmError::Size { what, found, unit, expected: columns })
        }
    }
}

/// A single layer, such as one of a model of another kind, with so many of its components, and what became of it; see
/// [`Pruner::of_layer`].
///
/// # Errors
///
/// As [`Pruner::of_layer`], and when `keep` is out of its range.
///
/// ```
/// use ugmm_network::pruning::{Criterion, Keep, prune_layer};
/// use ugmm_network::{LayerConfig, Stream, generator};
///
/// let x: Vec<f32> = (0..200 * 16).map(|at| ((at * at) as f32 * 0.618).sin()).collect();
/// let layer = LayerConfig::new(16, 8).init(Some(&x), &mut generator(0, Stream::Initialization))?;
/// let (layer, pruned) = prune_layer(&layer, &x, Criterion::Influence, None, Keep::Share(0.5))?;
/// assert_eq!((pruned.components_before, pruned.components), (128, 64));
/// assert_eq!(layer.forward(&x).len(), 200 * 8);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
pub fn prune_layer(
    layer: &Layer,
    x: &[f32],
    criterion: Criterion,
    merge: Option<f64>,
    keep: Keep,
) -> Result<(Layer, PrunedLayer), UgmmError> {
    let mut pruned = Pruner::of_layer(layer, x, criterion, merge)?.prune(keep)?;
    let layer = pruned.network.layers.pop().expect("it has one layer");
    Ok((layer, pruned.layers[0]))
}

/// Some rows of row-major `values`, and of these some columns if they are given.
fn selected(values: &[f32], width: usize, rows: &[usize], columns: Option<&[usize]>) -> Vec<f32> {
    let row = |&row: &usize| {
        let values = &values[row * width..(row + 1) * width];
        match columns {
            Some(columns) => columns.iter().map(|&column| values[column]).collect(),
            None => values.to_vec(),
        }
    };
    rows.iter().flat_map(row).collect()
}
