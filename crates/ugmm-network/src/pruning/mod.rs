//! Pruning: removing components that a network does not need.
//!
//! A component may have much of its neuron's responsibility and yet carry no information, because its
//! responsibility is equal on every row; the layer above depends on changes only. The components that leave a
//! neuron are therefore merged into one, its *background*. It has their total weight and is so wide that it
//! hardly depends on its input; its density keeps the neuron's mean activation. Without a background the
//! activations would shift out of the reach of the next layer's components.

mod background;
mod importance;
mod merging;
mod plan;
mod saved;

pub use importance::Criterion;
pub use plan::{Keep, PrunedLayer};
pub use saved::ModelPruner;

use crate::inspect::activations;
use crate::inspect::components::Components;
use crate::values::mean_and_deviation;
use crate::{Layer, Means, Network, Predictor, Task, UgmmError};
use merging::Merge;
use plan::{Plan, Planner};

/// A pruned network.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The network. Its components without weight have the logit [`ugmm_kernels::DROPPED_LOGIT`], cost
    /// nothing, and keep no weight in further training.
    pub network: Network,
    /// The effect on each layer, first to last.
    pub layers: Vec<PrunedLayer>,
}

impl Pruned {
    /// Fraction of the components with weight that remain.
    #[must_use]
    pub fn share(&self) -> f64 {
        let sum = |part: fn(&PrunedLayer) -> usize| self.layers.iter().map(part).sum::<usize>();
        sum(|layer| layer.components) as f64 / sum(|layer| layer.components_before) as f64
    }
}

/// The analysis of a network's components, from which it can be pruned to any size.
pub struct Pruner {
    network: Network,
    layers: Vec<Components>,
    /// The inputs of each layer, and the outputs of the last one.
    activations: Vec<Vec<f32>>,
    /// The standard deviation of each layer's inputs.
    deviations: Vec<Vec<f64>>,
    sensitivities: Vec<Vec<f64>>,
    importances: Vec<Vec<f64>>,
    merges: Vec<Vec<Merge>>,
}

impl Pruner {
    /// Analyses a network for its task on the rows `x` `[rows, features]`, row-major: training rows or
    /// similar ones, of which a few thousand suffice. With `merge`, components of a neuron are merged if the
    /// logarithms of their densities differ by a constant up to this standard deviation over rows, at least
    /// 0; one of them then replaces both, with a larger weight. `None` merges nothing.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the tolerance is out of its range, there is no row, the sizes do not fit, or the
    /// network still standardises over the rows it is given.
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
        check_sample(x, task.features())?;
        task.check_width((network.inputs(), network.outputs()))?;
        let (x, group) = task.prediction_inputs(x);
        Self::of_outputs(network.clone(), &x, group, criterion, merge)
    }

    /// Analyses a single layer, such as one of a model of another kind, on the rows `x` `[rows, inputs]` of
    /// its inputs. All outputs have equal sensitivities, because their use is unknown.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the tolerance is out of its range, there is no row, or the sizes do not fit.
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

    /// Analyses a network in which each `group` of consecutive outputs has its own softmax.
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

    /// The network with the components that `keep` selects.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] when `keep` is out of its range.
    pub fn prune(&self, keep: Keep) -> Result<Pruned, UgmmError> {
        keep.check()?;
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

    /// The network after the plan.
    fn carry_out(&self, plan: &Plan) -> Network {
        let mut pruned = self.network.clone();
        let mut x = self.activations[0].clone();
        for index in 0..self.layers.len() {
            // The layers before it are pruned already, so that this layer can compensate for their changes.
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

/// Prunes a single layer, such as one of a model of another kind, to the components that `keep` selects.
/// Returns the layer and the effect of pruning; see [`Pruner::of_layer`].
///
/// # Errors
///
/// The errors of [`Pruner::of_layer`], and [`UgmmError::Setting`] when `keep` is out of its range.
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

/// The given rows, and if `columns` are given only these columns, of row-major `values`.
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
