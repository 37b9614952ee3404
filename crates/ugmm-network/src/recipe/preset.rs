//! Complete settings by name: network and training for a task.

use crate::training::{Schedule, TrainingConfig};
use crate::{ClassObjective, Init, LabelEncoding, MlpConfig, ModelConfig, NetworkConfig, Task};
use serde::{Deserialize, Serialize};

/// A named set of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The paper's settings: random initialisation independent of the data, no σ floor; those of its Iris
    /// experiment for the generative objective and of its MNIST experiment for the discriminative one.
    Paper,
    /// The settings that learn best: initialisation from the data, wide σ floors, standardisation between
    /// layers, dropout of inputs and hidden activations, Adam with a cosine schedule. Features should have a
    /// scale of about 1: pixels in [0, 1], or standardised columns. `docs/results/` describes how they were
    /// found.
    #[default]
    Best,
}

/// Hidden neurons of [`Preset::Best`] with the discriminative objective.
const DISCRIMINATIVE_HIDDEN: [usize; 1] = [256];
/// Hidden neurons for many features, such as pixels (docs/results/mnist-quality.md).
const PIXEL_HIDDEN: [usize; 2] = [128, 64];
const GENERATIVE_HIDDEN: [usize; 2] = [32, 16];
const HYBRID_HIDDEN: [usize; 1] = [128];
const CONDITIONAL_HIDDEN: [usize; 2] = [64, 16];
/// Hidden neurons for the density of a number with fewer than [`SEVERAL_ROWS`] rows, on which a second layer
/// overfits.
const CONDITIONAL_HIDDEN_FEW_ROWS: [usize; 1] = [128];
const SEVERAL_ROWS: usize = 1000;
/// Hidden neurons for more than [`FEW_CLASSES`] classes: in a network with one hidden layer a label reaches
/// the root only through sums, which do not suffice for many classes (docs/results/tabular.md).
const HYBRID_HIDDEN_MANY_CLASSES: [usize; 2] = [64, 32];
const FEW_CLASSES: usize = 3;
/// σ floors of [`Preset::Best`]: the first layer's in units of the features, the others' in units of the
/// standard deviation of their inputs. Wide components make smooth functions, which generalise: on MNIST
/// these floors improve accuracy more than all other settings together (docs/results/mnist-quality.md). Those
/// for tables were chosen on twelve tables (docs/results/tabular.md).
const DISCRIMINATIVE_MIN_SIGMAS: [f64; 2] = [2.0, 1.0];
/// σ floors for many features, chosen for pixels in [0, 1].
const PIXEL_MIN_SIGMAS: [f64; 2] = [0.5, 1.0];
/// The σ floor of a network of one layer, which has to separate the classes alone.
const SINGLE_LAYER_MIN_SIGMA: f64 = 0.1;
/// σ floors with the hybrid objective; narrower components let scores of labels differ more.
const HYBRID_MIN_SIGMAS: [f64; 2] = [1.5, 0.3];
const HYBRID_MIN_SIGMAS_MANY_CLASSES: [f64; 2] = [2.0, 0.3];
/// σ floors for the conditional density of a number; the root's is small, so that densities can be narrow.
const CONDITIONAL_MIN_SIGMAS: [f64; 3] = [2.0, 1.0, 0.2];
/// σ floors for the conditional density of a number, with one hidden layer.
const CONDITIONAL_MIN_SIGMAS_SHALLOW: [f64; 2] = [1.5, 0.1];
/// σ floors with the joint score alone, from the first layer to the root, without standardisation between
/// layers. Without floors the score grows without bound as components shrink onto single rows. Small floors
/// in the upper layers let the network map every row to the one point where its root is greatest, so that the
/// score no longer depends on the label.
const GENERATIVE_MIN_SIGMAS: [f64; 3] = [0.2, 0.5, 1.0];
/// Number of features from which [`Preset::Best`] treats them as pixels, which are many and redundant.
const MANY_FEATURES: usize = 100;
/// Input dropout of [`Preset::Best`] for that many features, of the first layer and of the second.
const PIXEL_INPUT_DROPOUT: [f64; 2] = [0.3, 0.2];
/// Input dropout for fewer features, each of which may be needed.
const INPUT_DROPOUT: [f64; 2] = [0.0, 0.3];
/// Dropout of a feed-forward network's inputs and hidden units.
const MLP_DROPOUT: f64 = 0.2;
/// Number of rows from which [`Preset::Best`] takes larger batches and fewer epochs.
const MANY_ROWS: usize = 10_000;

impl Preset {
    /// Default weight of the posterior's cross-entropy relative to the joint score in [`ClassObjective::Hybrid`].
    pub const CROSS_ENTROPY_WEIGHT: f64 = 10.0;

    /// Default number of cells of the range of a number in training.
    pub const NODES: usize = 24;

    /// Default weight of the continuous ranked probability score for a number.
    pub const CRPS_WEIGHT: f64 = 10.0;

    /// This preset's encoding of a label as input variables, with a generative or hybrid objective.
    #[must_use]
    pub fn label_encoding(self) -> LabelEncoding {
        match self {
            Self::Paper => LabelEncoding::Index,
            Self::Best => LabelEncoding::OneHot,
        }
    }

    /// Sizes of the hidden layers for `rows` training rows.
    #[must_use]
    pub fn hidden(self, task: &Task, rows: usize) -> Vec<usize> {
        match (self, task.class_objective()) {
            (Self::Paper, Some(ClassObjective::Discriminative)) => vec![128, 64],
            (Self::Paper, _) => vec![10, 5],
            (Self::Best, Some(ClassObjective::Discriminative)) if task.features() >= MANY_FEATURES => {
                PIXEL_HIDDEN.to_vec()
            }
            (Self::Best, Some(ClassObjective::Discriminative)) => DISCRIMINATIVE_HIDDEN.to_vec(),
            (Self::Best, Some(ClassObjective::Generative { .. })) => GENERATIVE_HIDDEN.to_vec(),
            (Self::Best, Some(ClassObjective::Hybrid { .. })) if task.class_count() > FEW_CLASSES => {
                HYBRID_HIDDEN_MANY_CLASSES.to_vec()
            }
            (Self::Best, Some(ClassObjective::Hybrid { .. })) => HYBRID_HIDDEN.to_vec(),
            (Self::Best, None) if rows < SEVERAL_ROWS => CONDITIONAL_HIDDEN_FEW_ROWS.to_vec(),
            (Self::Best, None) => CONDITIONAL_HIDDEN.to_vec(),
        }
    }

    /// A uGMM network for `task` with these hidden layers.
    #[must_use]
    pub fn ugmm(self, task: &Task, hidden: &[usize]) -> ModelConfig {
        let network = NetworkConfig::new(&sizes(task, hidden));
        ModelConfig::Ugmm(match (self, task.class_objective()) {
            (Self::Paper, Some(ClassObjective::Discriminative)) => {
                network.with_init(Init::Paper).with_dropout(&[0.3])
            }
            (Self::Paper, _) => network.with_init(Init::Paper),
            (Self::Best, Some(ClassObjective::Discriminative)) if hidden.is_empty() => {
                network.with_min_sigma(SINGLE_LAYER_MIN_SIGMA)
            }
            (Self::Best, Some(ClassObjective::Discriminative)) if task.features() >= MANY_FEATURES => network
                .with_min_sigmas(&PIXEL_MIN_SIGMAS)
                .with_input_dropout(&PIXEL_INPUT_DROPOUT)
                .with_standardize(true),
            (Self::Best, Some(ClassObjective::Discriminative)) => network
                .with_min_sigmas(&DISCRIMINATIVE_MIN_SIGMAS)
                .with_input_dropout(&INPUT_DROPOUT)
                .with_standardize(true),
            (Self::Best, Some(ClassObjective::Generative { .. })) => {
                let [first, between, root] = GENERATIVE_MIN_SIGMAS;
                network.with_min_sigmas(&tapered(first, between, root, hidden))
            }
            (Self::Best, Some(ClassObjective::Hybrid { .. })) => {
                let many_classes = task.class_count() > FEW_CLASSES;
                let floors = if many_classes { HYBRID_MIN_SIGMAS_MANY_CLASSES } else { HYBRID_MIN_SIGMAS };
                network.with_min_sigmas(floors.as_slice()).with_standardize(true)
            }
            (Self::Best, None) if hidden.len() == 1 => {
                network.with_min_sigmas(&CONDITIONAL_MIN_SIGMAS_SHALLOW).with_standardize(true)
            }
            (Self::Best, None) => {
                let [first, between, root] = CONDITIONAL_MIN_SIGMAS;
                network.with_min_sigmas(&tapered(first, between, root, hidden)).with_standardize(true)
            }
        })
    }

    /// The feed-forward network for comparison, with the same hidden layers. [`Preset::Paper`] has dropout of
    /// 0.5 on the last hidden layer. [`Preset::Best`] has, with many features, batch normalisation and
    /// dropout of inputs and hidden units, chosen on held-out training images of MNIST.
    #[must_use]
    pub fn mlp(self, task: &Task, hidden: &[usize]) -> ModelConfig {
        let mut network = MlpConfig::new(&sizes(task, hidden));
        if self == Self::Paper && hidden.len() > 1 {
            network.dropout = vec![0.0; hidden.len()];
            network.dropout[hidden.len() - 1] = 0.5;
        }
        if self == Self::Best && task.features() >= MANY_FEATURES {
            network = network
                .with_batch_norm(true)
                .with_input_dropout(MLP_DROPOUT)
                .with_dropout(&vec![MLP_DROPOUT; hidden.len()]);
        }
        ModelConfig::Mlp(network)
    }

    /// The training settings for a network of this kind and `rows` training rows.
    #[must_use]
    pub fn training(self, model: &ModelConfig, task: &Task, rows: usize, seed: u64) -> TrainingConfig {
        let is_mlp = matches!(model, ModelConfig::Mlp(_));
        let cosine = |learning_rate, warmup_steps| Schedule::Cosine {
            learning_rate,
            warmup_steps,
            final_fraction: 1e-3,
        };
        let (epochs, batch_size, schedule) = match (self, task.class_objective()) {
            (Self::Paper, Some(ClassObjective::Discriminative)) => {
                let learning_rate = if is_mlp { 1e-3 } else { 1e-2 };
                (100, 128, Schedule::MultiStep { learning_rate, milestones: vec![20, 45, 60], factor: 0.1 })
            }
            (Self::Paper, _) => (300, 16, Schedule::Constant { learning_rate: 1e-3 }),
            (Self::Best, _) if rows >= MANY_ROWS => (40, 128, cosine(if is_mlp { 3e-3 } else { 1e-2 }, 200)),
            (Self::Best, Some(ClassObjective::Discriminative))
                if !is_mlp && task.features() < MANY_FEATURES =>
            {
                (100, 64, cosine(3e-2, 20))
            }
            (Self::Best, Some(ClassObjective::Discriminative | ClassObjective::Hybrid { .. })) if !is_mlp => {
                (300, 64, cosine(1e-2, 20))
            }
            (Self::Best, None) => (70, 64, cosine(3e-2, 20)),
            (Self::Best, _) => (200, 32, cosine(1e-2, 20)),
        };
        TrainingConfig { epochs, batch_size, schedule, ..TrainingConfig::new(seed, epochs) }
    }
}

/// One value for each layer of a network with these hidden layers: first, in between, root.
fn tapered(first: f64, between: f64, root: f64, hidden: &[usize]) -> Vec<f64> {
    [vec![first], vec![between; hidden.len().saturating_sub(1)], vec![root]].concat()
}

fn sizes(task: &Task, hidden: &[usize]) -> Vec<usize> {
    [&[task.inputs()], hidden, &[task.outputs()]].concat()
}
