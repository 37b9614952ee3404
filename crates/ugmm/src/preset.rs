//! Complete settings by name: network and training for a task.

use crate::training::{OptimizerConfig, Schedule, TrainingConfig};
use crate::{Init, LabelEncoding, MlpConfig, ModelConfig, Objective, Task, UgmmNetworkConfig};
use serde::{Deserialize, Serialize};

/// A named set of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The paper's: random initialisation without a look at the data, no σ floor; the settings of its Iris experiment
    /// for the generative objective, of its MNIST experiment for the discriminative one.
    Paper,
    /// For tables: initialisation from the data, a σ floor, Adam with a cosine schedule. Features should be
    /// standardised.
    Standard,
}

/// Hidden layers of [`Preset::Standard`].
const STANDARD_HIDDEN: [usize; 1] = [32];
const GENERATIVE_HIDDEN: [usize; 2] = [32, 16];
/// σ floor of [`Preset::Standard`], in units of standardised features: narrow enough to tell close values apart,
/// wide enough that a component cannot shrink onto a single row.
const STANDARD_MIN_SIGMA: f64 = 0.1;
/// σ floors of a generative network, from its first layer to its root. Without floors the joint score grows without
/// bound as components shrink onto single rows; narrow ones in the upper layers let the network map every row to the
/// one point that its root likes best, and then nothing tells the labels apart.
const GENERATIVE_MIN_SIGMAS: [f64; 3] = [0.2, 0.5, 1.0];

impl Preset {
    /// How this preset writes a label as input variables, with the generative objective.
    #[must_use]
    pub fn label_encoding(self) -> LabelEncoding {
        match self {
            Self::Paper => LabelEncoding::Index,
            Self::Standard => LabelEncoding::OneHot,
        }
    }

    /// Sizes of the hidden layers.
    #[must_use]
    pub fn hidden(self, objective: Objective) -> Vec<usize> {
        match (self, objective) {
            (Self::Paper, Objective::Generative { .. }) => vec![10, 5],
            (Self::Paper, Objective::Discriminative) => vec![128, 64],
            (Self::Standard, Objective::Discriminative) => STANDARD_HIDDEN.to_vec(),
            (Self::Standard, Objective::Generative { .. }) => GENERATIVE_HIDDEN.to_vec(),
        }
    }

    /// A uGMM network for `task` with these hidden layers.
    #[must_use]
    pub fn ugmm(self, task: &Task, hidden: &[usize]) -> ModelConfig {
        let network = UgmmNetworkConfig::new(&sizes(task, hidden));
        ModelConfig::Ugmm(match (self, task.objective) {
            (Self::Paper, Objective::Generative { .. }) => network.with_init(Init::Paper),
            (Self::Paper, Objective::Discriminative) => network.with_init(Init::Paper).with_dropout(&[0.3]),
            (Self::Standard, Objective::Discriminative) => network.with_min_sigma(STANDARD_MIN_SIGMA),
            (Self::Standard, Objective::Generative { .. }) => with_widening_floors(network),
        })
    }

    /// The feed-forward network to compare with: the same hidden layers; with the paper's settings for MNIST, dropout
    /// of 0.5 on the last hidden layer.
    #[must_use]
    pub fn mlp(self, task: &Task, hidden: &[usize]) -> ModelConfig {
        let mut network = MlpConfig::new(&sizes(task, hidden));
        if self == Self::Paper && hidden.len() > 1 {
            network.dropout = vec![0.0; hidden.len()];
            network.dropout[hidden.len() - 1] = 0.5;
        }
        ModelConfig::Mlp(network)
    }

    /// How to train a network of this kind.
    #[must_use]
    pub fn training(self, model: &ModelConfig, objective: Objective, seed: u64) -> TrainingConfig {
        let is_mlp = matches!(model, ModelConfig::Mlp(_));
        let (epochs, batch_size, schedule) = match (self, objective) {
            (Self::Paper, Objective::Generative { .. }) => {
                (300, 16, Schedule::Constant { learning_rate: 1e-3 })
            }
            (Self::Paper, Objective::Discriminative) => {
                let learning_rate = if is_mlp { 1e-3 } else { 1e-2 };
                (100, 128, Schedule::MultiStep { learning_rate, milestones: vec![20, 45, 60], factor: 0.1 })
            }
            (Self::Standard, _) => {
                (200, 32, Schedule::Cosine { learning_rate: 1e-2, warmup_steps: 20, final_fraction: 1e-3 })
            }
        };
        TrainingConfig {
            seed,
            epochs,
            batch_size,
            optimizer: OptimizerConfig::default(),
            schedule,
            max_gradient_norm: None,
        }
    }
}

fn with_widening_floors(mut network: UgmmNetworkConfig) -> UgmmNetworkConfig {
    let [first, between, root] = GENERATIVE_MIN_SIGMAS;
    let last = network.layers.len() - 1;
    for (index, layer) in network.layers.iter_mut().enumerate() {
        layer.min_sigma = match index {
            0 => first,
            _ if index == last => root,
            _ => between,
        };
    }
    network
}

fn sizes(task: &Task, hidden: &[usize]) -> Vec<usize> {
    [&[task.inputs()], hidden, &[task.outputs()]].concat()
}
