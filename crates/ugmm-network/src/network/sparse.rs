//! Networks whose components leave during training.
//!
//! The neurons of a layer form groups of [`GROUP`], as many as the kernels evaluate side by side. The neurons of a
//! group keep components of the same inputs, so that a group is a smaller layer with fewer inputs, and a step takes
//! time, and its optimiser memory, for the remaining components only.

use super::Network;
use crate::layer::missing::{UnknownOutputs, fill_unknown_outputs};
use crate::layer::{Pass, Recorded};
use crate::{Layer, LayerConfig, Predictor, RowWeights};
use rand_chacha::ChaCha8Rng;
use ugmm_kernels::DROPPED_LOGIT;

/// Largest number of neurons in a group.
const GROUP: usize = 32;

/// A network in training, some of whose components have left.
#[derive(Clone, Debug)]
pub(crate) struct SparseNetwork {
    /// The network with all components. Components that left have their last means and σ here; those of the others are
    /// out of date.
    whole: Network,
    layers: Vec<Vec<Group>>,
}

/// Consecutive neurons of a layer, and the inputs of which they have components.
#[derive(Clone, Debug)]
struct Group {
    /// The first of its neurons.
    first: usize,
    /// In ascending order.
    inputs: Vec<usize>,
    /// The neurons, as a layer whose inputs are [`Self::inputs`].
    layer: Layer,
}

/// The number of a layer's inputs that a share of them is, at least one.
pub(crate) fn kept(share: f64, inputs: usize) -> usize {
    ((share * inputs as f64).round() as usize).max(1)
}

impl SparseNetwork {
    /// The groups of a network with free means. Components whose input has weight for no neuron of the group have left.
    pub(crate) fn of(network: Network) -> Self {
        let layers = network.layers.iter().map(groups_of).collect();
        Self { whole: network, layers }
    }

    /// The groups of a network some of whose components have left; `None` if it has all.
    pub(crate) fn of_sparse(network: &Network) -> Option<Self> {
        let sparse = Self::of(network.clone());
        let mut layers = sparse.layers.iter().zip(&network.layers);
        let has_all =
            layers.all(|(groups, layer)| groups.iter().all(|group| group.inputs.len() == layer.inputs()));
        (!has_all).then_some(sparse)
    }

    /// The network with all components, of which those that left have no weight.
    pub(crate) fn network(&self) -> Network {
        let mut network = self.whole.clone();
        for (layer, groups) in network.layers.iter_mut().zip(&self.layers) {
            layer.mixing_logits.fill(DROPPED_LOGIT);
            let inputs = layer.inputs();
            for group in groups {
                let tensors = layer.tensors_mut().into_iter().zip(group.layer.tensors());
                tensors.for_each(|(to, from)| {
                    group.places(inputs).zip(from).for_each(|(place, &value)| to[place] = value);
                });
            }
        }
        network
    }

    /// Positions of [`Self::tensors`], one after the other, in the tensors of the whole network.
    pub(crate) fn positions(&self) -> Vec<usize> {
        let mut positions = Vec::with_capacity(self.parameter_count());
        let mut start = 0;
        for (groups, layer) in self.layers.iter().zip(&self.whole.layers) {
            for group in groups {
                let mut tensor_start = start;
                for tensor in layer.tensors() {
                    positions.extend(group.places(layer.inputs()).map(|place| tensor_start + place));
                    tensor_start += tensor.len();
                }
            }
            start += layer.parameter_count();
        }
        positions
    }

    /// Removes components of the first layer until each of its groups has `share` of the inputs, and at least one. Those
    /// of other layers stay: they are few, and without them predictions get worse (docs/results/sparse.md).
    /// `squares` has the mean squared gradient of each value of [`Self::tensors`]. The inputs leave to whose mixing
    /// logits the loss is least sensitive. Returns the positions of the values that stay.
    pub(crate) fn thin(&mut self, share: f64, squares: &[f32]) -> Vec<usize> {
        self.whole = self.network();
        let mut stay = Vec::new();
        let mut start = 0;
        for (index, (groups, layer)) in self.layers.iter_mut().zip(&self.whole.layers).enumerate() {
            let count = kept(share, layer.inputs());
            for group in groups {
                let (before, neurons) = (group.inputs.len(), group.layer.neurons());
                let tensor = before * neurons;
                let logits = &squares[start + 2 * tensor..start + 3 * tensor];
                let columns =
                    if index == 0 { most_sensitive(logits, before, count) } else { (0..before).collect() };
                // Means, ρ and logits have a row for each neuron.
                for row in 0..3 * neurons {
                    stay.extend(columns.iter().map(|column| start + row * before + column));
                }
                let inputs = columns.into_iter().map(|column| group.inputs[column]).collect();
                *group = Group::of(layer, group.first, neurons, inputs);
                start += 3 * tensor;
            }
        }
        stay
    }

    /// Largest number of inputs of a group of the first layer.
    pub(crate) fn most_inputs(&self) -> usize {
        self.layers[0].iter().map(|group| group.inputs.len()).max().unwrap_or(0)
    }

    /// Number of inputs of the network.
    pub(crate) fn inputs(&self) -> usize {
        self.whole.inputs()
    }

    fn groups(&self) -> impl Iterator<Item = &Group> {
        self.layers.iter().flatten()
    }

    /// Number of parameters of the components that have not left.
    pub(crate) fn parameter_count(&self) -> usize {
        self.groups().map(|group| group.layer.parameter_count()).sum()
    }

    /// Means, ρ and mixing logits of each group of each layer, row-major.
    pub(crate) fn tensors(&self) -> Vec<&[f32]> {
        self.groups().flat_map(|group| group.layer.tensors()).collect()
    }

    /// [`Self::tensors`], mutable.
    pub(crate) fn tensors_mut(&mut self) -> Vec<&mut [f32]> {
        self.layers.iter_mut().flatten().flat_map(|group| group.layer.tensors_mut()).collect()
    }

    /// A forward pass recorded for the backward pass, as [`super::Model::recorded`].
    pub(crate) fn recorded<'n>(
        &'n self,
        x: Vec<f32>,
        mut rng: Option<&mut ChaCha8Rng>,
        weights: RowWeights<'n>,
    ) -> RecordedSparse<'n> {
        let mut layers = Vec::with_capacity(self.layers.len());
        let mut y = x;
        for (index, (groups, whole)) in self.layers.iter().zip(&self.whole.layers).enumerate() {
            let mut recorded = RecordedGroups {
                groups,
                recorded: Vec::new(),
                inputs: whole.inputs(),
                neurons: whole.neurons(),
            };
            let mut activations = vec![0.0; y.len() / whole.inputs() * whole.neurons()];
            for group in groups {
                let pass = self.whole.way(index, rng.as_deref_mut(), weights);
                recorded.add(group, &y, pass, &mut activations);
            }
            layers.push(recorded);
            y = activations;
        }
        let unknown = self.whole.missing_values.then(|| fill_unknown_outputs(&mut y, self.whole.outputs()));
        RecordedSparse { layers, unknown, outputs: y }
    }
}

impl Group {
    /// Neurons of a layer from `first` on, with the components of these inputs.
    fn of(layer: &Layer, first: usize, neurons: usize, inputs: Vec<usize>) -> Self {
        let config = LayerConfig { inputs: inputs.len(), neurons, ..layer.config.clone() };
        let empty = || Vec::with_capacity(inputs.len() * neurons);
        let mut group = Self {
            first,
            layer: Layer { config, means: empty(), raw_log_sigmas: empty(), mixing_logits: empty() },
            inputs,
        };
        let places: Vec<usize> = group.places(layer.inputs()).collect();
        let Layer { means, raw_log_sigmas, mixing_logits, .. } = &mut group.layer;
        for (to, from) in [means, raw_log_sigmas, mixing_logits].into_iter().zip(layer.tensors()) {
            to.extend(places.iter().map(|&place| from[place]));
        }
        group
    }

    /// Places of its components in tensors of the whole layer, which has this number of inputs.
    fn places(&self, inputs: usize) -> impl Iterator<Item = usize> {
        let neurons = self.first..self.first + self.layer.neurons();
        neurons.flat_map(move |neuron| self.inputs.iter().map(move |&input| neuron * inputs + input))
    }
}

fn groups_of(layer: &Layer) -> Vec<Group> {
    let firsts = (0..layer.neurons()).step_by(GROUP);
    let group = |first: usize| {
        let neurons = GROUP.min(layer.neurons() - first);
        let logits = &layer.mixing_logits[first * layer.inputs()..(first + neurons) * layer.inputs()];
        let has_weight = |input: &usize| {
            logits.iter().skip(*input).step_by(layer.inputs()).any(|&logit| logit > DROPPED_LOGIT)
        };
        Group::of(layer, first, neurons, (0..layer.inputs()).filter(has_weight).collect())
    };
    firsts.map(group).collect()
}

/// The `count` columns of row-major mean squared gradients with the largest sums of root mean squares, in ascending
/// order.
fn most_sensitive(squares: &[f32], columns: usize, count: usize) -> Vec<usize> {
    let mut sums = vec![0.0; columns];
    for row in squares.chunks(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, &square)| *sum += f64::from(square).sqrt());
    }
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|&a, &b| sums[b].total_cmp(&sums[a]));
    order.truncate(count);
    order.sort_unstable();
    order
}

/// A forward pass through the groups of a layer with all values that the backward pass needs.
struct RecordedGroups<'n> {
    groups: &'n [Group],
    recorded: Vec<Recorded<'n>>,
    inputs: usize,
    neurons: usize,
}

impl<'n> RecordedGroups<'n> {
    /// A forward pass of a group for inputs `x` of the whole layer, whose activations become those of its neurons in
    /// `y`.
    fn add(&mut self, group: &'n Group, x: &[f32], pass: Pass<'_, 'n>, y: &mut [f32]) {
        let own = x.chunks(self.inputs).flat_map(|x| group.inputs.iter().map(|&input| x[input])).collect();
        let (recorded, activations) = Recorded::new(&group.layer, own, pass);
        let width = group.layer.neurons();
        for (y, own) in y.chunks_mut(self.neurons).zip(activations.chunks(width)) {
            y[group.first..group.first + width].copy_from_slice(own);
        }
        self.recorded.push(recorded);
    }

    /// As [`Recorded::backward`], with three tensors for each group.
    fn backward(&self, cotangent: &[f32], gradients: &mut [Vec<f32>], want_x: bool) -> Option<Vec<f32>> {
        let rows = cotangent.len() / self.neurons;
        let mut x = want_x.then(|| vec![0.0; rows * self.inputs]);
        for ((group, recorded), gradients) in
            self.groups.iter().zip(&self.recorded).zip(gradients.chunks_mut(3))
        {
            let [means, rhos, logits] = gradients else { unreachable!("a layer has three tensors") };
            let places = group.first..group.first + group.layer.neurons();
            let own = cotangent.chunks(self.neurons).flat_map(|row| &row[places.clone()]).copied().collect();
            let of_inputs = recorded.backward(own, [means, rhos, logits], want_x);
            if let (Some(x), Some(of_inputs)) = (&mut x, of_inputs) {
                for (x, own) in x.chunks_mut(self.inputs).zip(of_inputs.chunks(group.inputs.len())) {
                    group.inputs.iter().zip(own).for_each(|(&input, &gradient)| x[input] += gradient);
                }
            }
        }
        x
    }
}

/// A forward pass with all values that the backward pass needs.
pub(crate) struct RecordedSparse<'n> {
    layers: Vec<RecordedGroups<'n>>,
    unknown: Option<UnknownOutputs>,
    /// `[rows, outputs]`
    pub outputs: Vec<f32>,
}

impl RecordedSparse<'_> {
    /// Overwrites `gradients` with the gradients of Σ outputs · `cotangent` with respect to
    /// [`SparseNetwork::tensors`].
    pub(crate) fn backward(&self, mut cotangent: Vec<f32>, mut gradients: &mut [Vec<f32>]) {
        if let Some(unknown) = &self.unknown {
            unknown.backward(&mut cotangent);
        }
        for (index, layer) in self.layers.iter().enumerate().rev() {
            let (below, own) = gradients.split_at_mut(gradients.len() - 3 * layer.groups.len());
            gradients = below;
            match layer.backward(&cotangent, own, index > 0) {
                Some(of_inputs) => cotangent = of_inputs,
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Init, NetworkConfig, Stream, generator};

    /// Groups compute the loss and gradients of the network with all components, of which those that left have no weight.
    #[test]
    fn groups_agree_with_the_whole_network() {
        let random = |at: usize| ((at as f64 * 0.618_033_988_7).fract() * 4.0 - 2.0) as f32;
        for (standardize, missing_values) in [(false, false), (true, false), (true, true)] {
            let config = NetworkConfig::new(&[50, 70, 33, 4])
                .with_init(Init::Paper)
                .with_min_sigma(0.3)
                .with_standardize(standardize)
                .with_missing_values(missing_values);
            let network = config.init(None, &mut generator(0, Stream::Initialization)).unwrap();
            let mut sparse = SparseNetwork::of(network);
            let squares: Vec<f32> = (0..sparse.parameter_count()).map(|at| random(at).abs()).collect();
            sparse.thin(0.3, &squares);
            let whole = sparse.network();
            assert!(SparseNetwork::of_sparse(&whole).unwrap().tensors() == sparse.tensors());

            let mut x: Vec<f32> = (0..20 * 50).map(random).collect();
            if missing_values {
                x.iter_mut().step_by(3).for_each(|x| *x = f32::NAN);
            }
            let pass = sparse.recorded(x.clone(), None, RowWeights::default());
            let of_whole = whole.recorded(x, None, RowWeights::default());
            let cotangent: Vec<f32> = (0..20 * 4).map(|at| random(7 * at)).collect();
            let mut found: Vec<Vec<f32>> = sparse.tensors().iter().map(|tensor| tensor.to_vec()).collect();
            pass.backward(cotangent.clone(), &mut found);
            let tensors = whole.layers.iter().flat_map(|layer| layer.tensors());
            let mut expected: Vec<Vec<f32>> = tensors.map(<[f32]>::to_vec).collect();
            of_whole.backward(cotangent, &mut expected, false);
            let expected: Vec<f32> = expected.concat();
            let expected = sparse.positions().into_iter().map(|position| expected[position]);
            let pairs = found
                .concat()
                .into_iter()
                .zip(expected)
                .chain(pass.outputs.iter().copied().zip(of_whole.outputs));
            for (found, expected) in pairs {
                assert!((found - expected).abs() <= 1e-4 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
