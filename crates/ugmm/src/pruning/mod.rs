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

use crate::init::host_values;
use crate::inspect::components::Components;
use crate::{Task, UgmmError, UgmmNetwork};
use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use plan::Plan;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// This share of all components of the network, in (0, 1], backgrounds included.
    Share(f64),
    /// Components that are at least so important, by the criterion.
    AtLeast(f64),
}

/// What to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PruningOptions {
    /// How important a component is.
    pub criterion: Criterion,
    /// How many stay. Each neuron keeps its most important one.
    pub keep: Keep,
    /// Components of a neuron are merged first if the logarithms of their densities differ by a constant up to this
    /// standard deviation over rows, at least 0: then one of them, with more weight, does for both. `None` merges nothing.
    pub merge: Option<f64>,
}

impl Default for PruningOptions {
    fn default() -> Self {
        Self { criterion: Criterion::default(), keep: Keep::Share(0.5), merge: Some(0.05) }
    }
}

impl PruningOptions {
    fn validate(&self) -> Result<(), UgmmError> {
        match (self.keep, self.merge) {
            (Keep::Share(share), _) if !(share > 0.0 && share <= 1.0) => Err(UgmmError::setting(
                "the share of components to keep",
                share,
                "greater than 0 and at most 1",
            )),
            (Keep::AtLeast(least), _) if !(least >= 0.0 && least.is_finite()) => {
                Err(UgmmError::setting("the least importance to keep", least, "at least 0 and finite"))
            }
            (_, Some(merge)) if !(merge >= 0.0 && merge.is_finite()) => {
                Err(UgmmError::setting("the tolerance for merging", merge, "at least 0 and finite"))
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
    pub network: UgmmNetwork,
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

/// Prunes a network for its task, looking at the rows `x` `[rows, features]`: those that it was trained on, or others like
/// them; a thousand or a few are enough.
///
/// # Errors
///
/// When a setting is out of its range, there is no row, the sizes do not fit, or the network still standardises by the
/// rows it is given.
pub fn prune(
    network: &UgmmNetwork,
    task: &Task,
    x: Tensor<2>,
    options: &PruningOptions,
) -> Result<Pruned, UgmmError> {
    options.validate()?;
    let network = network.valid();
    if network.standardize {
        let expected = "false; prune the settled network that training returns";
        return Err(UgmmError::setting("standardize", true, expected));
    }
    let [rows, features] = x.dims();
    if rows == 0 || features != task.features {
        let (found, unit, expected) = match rows {
            0 => (0, "rows", 1),
            _ => (features, "columns", task.features),
        };
        return Err(UgmmError::Size { what: "the rows to prune by", found, unit, expected });
    }
    task.check_width((crate::Network::inputs(&network), crate::Network::outputs(&network)))?;
    let (x, group) = task.prediction_inputs(x.without_autodiff());
    let activations = activations(&network, x.clone());
    let sensitivities = importance::of_outputs(&activations[network.layers.len()], group);
    let layers: Vec<Components> = network.layers.iter().map(Components::of).collect();
    let importances = importance::importances(&layers, &activations, sensitivities, options.criterion);
    let merges = match options.merge {
        Some(tolerance) => merging::merges(&layers, &activations, &importances, tolerance),
        None => vec![Vec::new(); layers.len()],
    };
    let plan = Plan::new(&layers, &activations, &importances, &merges, options.keep);
    let pruned = carry_out(&network, &layers, x, &activations, &merges, &plan);
    let report = (0..layers.len()).map(|layer| plan.report(&layers, &merges, layer)).collect();
    Ok(Pruned { network: pruned, layers: report })
}

/// The inputs of each layer, and the outputs of the last, on the host.
fn activations(network: &UgmmNetwork, x: Tensor<2>) -> Vec<Vec<f32>> {
    let mut x = x;
    let mut all = vec![host_values(&x)];
    for index in 0..network.layers.len() {
        x = network.layer_pass::<ChaCha8Rng>(index, x, None);
        all.push(host_values(&x));
    }
    all
}

/// The network without what the plan leaves out.
fn carry_out(
    network: &UgmmNetwork,
    layers: &[Components],
    x: Tensor<2>,
    activations: &[Vec<f32>],
    merges: &[Vec<merging::Merge>],
    plan: &Plan,
) -> UgmmNetwork {
    let mut pruned = network.clone();
    let mut x = x;
    for index in 0..layers.len() {
        // The layers before are pruned already, so that this one can make up for what they have become.
        let inputs = host_values(&x);
        let values = background::pruned_values(
            &network.layers[index],
            &layers[index],
            &inputs,
            &activations[index + 1],
            &merges[index],
            &plan.layers[index],
        );
        let layer = &mut pruned.layers[index];
        let replace = |old: &mut Param<Tensor<2>>, new: Vec<f32>| {
            let (shape, device) = (old.dims(), old.device());
            *old = old.clone().map(|_| Tensor::from_data(TensorData::new(new, shape), &device));
        };
        replace(&mut layer.means, values.means);
        replace(&mut layer.raw_log_sigmas, values.raw_log_sigmas);
        replace(&mut layer.mixing_logits, values.mixing_logits);
        x = pruned.layer_pass::<ChaCha8Rng>(index, x, None);
    }
    for index in 0..layers.len() {
        let rows = plan.layers[index].neurons();
        let columns = if index == 0 { None } else { Some(plan.layers[index - 1].neurons()) };
        let layer = &mut pruned.layers[index];
        let tied = layer.means.dims()[1] == 1;
        let columns_of_means = columns.as_deref().filter(|_| !tied);
        layer.means = selected(&layer.means, &rows, columns_of_means);
        layer.raw_log_sigmas = selected(&layer.raw_log_sigmas, &rows, columns.as_deref());
        layer.mixing_logits = selected(&layer.mixing_logits, &rows, columns.as_deref());
    }
    pruned
}

/// Some rows, and some columns if they are given, of a parameter.
fn selected(parameter: &Param<Tensor<2>>, rows: &[usize], columns: Option<&[usize]>) -> Param<Tensor<2>> {
    let tensor = parameter.val();
    let width = tensor.dims()[1];
    let values = host_values(&tensor);
    let all: Vec<usize> = (0..width).collect();
    let columns = columns.unwrap_or(&all);
    let selected: Vec<f32> = rows
        .iter()
        .flat_map(|row| columns.iter().map(move |column| (row, column)))
        .map(|(row, column)| values[row * width + column])
        .collect();
    Param::from_data(TensorData::new(selected, [rows.len(), columns.len()]), &tensor.device())
}
