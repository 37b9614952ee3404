//! What a network is trained for, and how it predicts: cross-entropy of its outputs, the joint score of features and
//! label, or the conditional density of a number.

use crate::inference::conditional::random_nodes;
use crate::inference::posterior::{joint_inputs, joint_scores};
use crate::{Network, Targets, UgmmError};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// How a class label becomes input variables of a generative network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelEncoding {
    /// One variable that takes the class index 0 … C−1, as in the paper's published code.
    Index,
    /// One variable per class: 1 for the row's class, 0 for the others.
    OneHot,
}

impl LabelEncoding {
    /// Number of input variables.
    #[must_use]
    pub fn columns(self, classes: usize) -> usize {
        match self {
            Self::Index => 1,
            Self::OneHot => classes,
        }
    }

    /// Encoded labels `[rows, columns]`.
    #[must_use]
    pub fn encode(self, labels: &[usize], classes: usize, device: &Device) -> Tensor<2> {
        let columns = self.columns(classes);
        let mut values = vec![0f32; labels.len() * columns];
        for (row, &label) in values.chunks_mut(columns).zip(labels) {
            match self {
                Self::Index => row[0] = label as f32,
                Self::OneHot => row[label] = 1.0,
            }
        }
        Tensor::from_data(TensorData::new(values, [labels.len(), columns]), device)
    }
}

/// The objective of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// One output per class; cross-entropy of their softmax (paper §3.5).
    Discriminative,
    /// One output, the *joint score* of features and label, maximised over the training rows; prediction by its
    /// posterior over labels. The score is no density: it does not integrate to 1 over the features.
    Generative {
        /// How the label enters.
        label: LabelEncoding,
    },
    /// As [`Objective::Generative`], but the mean joint score minus `weight` times the cross-entropy of the posterior is
    /// maximised (a generative and a discriminative objective on the same parameters: Bouchard and Triggs 2004). The
    /// joint score alone has a ceiling, which a network reaches for every row whatever its label; the second term
    /// keeps wrong labels below right ones.
    Hybrid {
        /// How the label enters.
        label: LabelEncoding,
        /// Weight of the cross-entropy of the posterior; at least 0.
        weight: f64,
    },
    /// One output, the joint score s(x, y) of features and a *number* y, the last input. What is maximised is the log of the
    /// conditional density p(y | x) = exp s(x, y) / ∫ exp s(x, y′) dy′ over y′ in [`low`, `high`], which is a density by
    /// construction. The integral is a sum over `nodes` cells of equal width, at a random place in each and, in the cell
    /// of the row's own y, at y: so nothing is gained by structure that is finer than a cell.
    Conditional {
        /// Lower end of the range of y, in the network's units.
        low: f64,
        /// Upper end; greater than `low`.
        high: f64,
        /// Number of cells in training, at least 2.
        nodes: usize,
        /// Weight of the continuous ranked probability score beside minus the log of the density, at least 0: a proper
        /// score as well, but one to which it matters how far off a probability is. The log of the density alone hardly
        /// minds a little probability in all of the range.
        crps_weight: f64,
    },
}

impl Objective {
    /// How the label enters, where it does.
    #[must_use]
    pub fn label_encoding(&self) -> Option<LabelEncoding> {
        match *self {
            Self::Discriminative | Self::Conditional { .. } => None,
            Self::Generative { label } | Self::Hybrid { label, .. } => Some(label),
        }
    }

    /// Whether a number is predicted, not a class.
    #[must_use]
    pub fn predicts_numbers(&self) -> bool {
        matches!(self, Self::Conditional { .. })
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        match *self {
            Self::Hybrid { weight, .. } if !(weight >= 0.0 && weight.is_finite()) => {
                Err(UgmmError::setting("the weight of the cross-entropy", weight, "at least 0 and finite"))
            }
            Self::Conditional { low, high, .. } if !(low < high && (high - low).is_finite()) => {
                let range = format!("{low} to {high}");
                Err(UgmmError::setting(
                    "the range of the target",
                    range,
                    "from a finite number to a greater one",
                ))
            }
            Self::Conditional { crps_weight, .. } if !(crps_weight >= 0.0 && crps_weight.is_finite()) => {
                Err(UgmmError::setting("crps_weight", crps_weight, "at least 0 and finite"))
            }
            Self::Conditional { nodes, .. } if !(2..=MOST_NODES).contains(&nodes) => {
                Err(UgmmError::setting("nodes", nodes, "between 2 and 4096"))
            }
            _ => Ok(()),
        }
    }
}

/// Cells of the range of a number in training, at most: each costs as much as another row.
const MOST_NODES: usize = 4096;

/// Numbers from the range of a number that stand for all of it where predictions are looked into.
const PREDICTION_NODES: usize = 32;

/// What is weighed how in a loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// Share of a cross-entropy's target that goes from the right class to all classes alike, in [0, 1) (Szegedy et al.
    /// 2016).
    pub label_smoothing: f64,
    /// How much the rows of each class count, one positive number per class; all alike if not given.
    pub class_weights: Option<Vec<f64>>,
}

/// A task: sizes and objective. It says what a network must look like and what its outputs mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Number of feature columns.
    pub features: usize,
    /// Number of classes; 0 where a number is predicted.
    pub classes: usize,
    /// What is optimised.
    pub objective: Objective,
}

impl Task {
    /// Number of inputs a network for this task has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        let target = match self.objective {
            Objective::Conditional { .. } => 1,
            objective => objective.label_encoding().map_or(0, |label| label.columns(self.classes)),
        };
        self.features + target
    }

    /// Number of outputs a network for this task has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.objective {
            Objective::Discriminative => self.classes,
            Objective::Generative { .. } | Objective::Hybrid { .. } | Objective::Conditional { .. } => 1,
        }
    }

    /// Checks the objective, and that it fits the number of classes.
    ///
    /// # Errors
    ///
    /// Names what is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        self.objective.validate()?;
        match (self.objective.predicts_numbers(), self.classes) {
            (true, 0) | (false, 1..) => Ok(()),
            (true, classes) => Err(UgmmError::setting("classes", classes, "0 where a number is predicted")),
            (false, _) => Err(UgmmError::setting("classes", 0, "at least 1")),
        }
    }

    /// Checks that a network with so many inputs and outputs fits.
    ///
    /// # Errors
    ///
    /// Says which of the two is wrong, and what it should be.
    pub fn check_width(&self, (inputs, outputs): (usize, usize)) -> Result<(), UgmmError> {
        let sides = [("inputs", inputs, self.inputs()), ("outputs", outputs, self.outputs())];
        match sides.into_iter().find(|(_, found, expected)| found != expected) {
            Some((unit, found, expected)) => {
                Err(UgmmError::Size { what: "the network", found, unit, expected })
            }
            None => Ok(()),
        }
    }

    /// Checks that `targets` are of the kind that is predicted, and that each class is one of the task's.
    ///
    /// # Errors
    ///
    /// Names the first that is not.
    pub(crate) fn check_targets(&self, targets: &Targets) -> Result<(), UgmmError> {
        match (targets, self.objective.predicts_numbers()) {
            (Targets::Numbers(_), true) => Ok(()),
            (Targets::Classes(classes), false) => {
                match classes.iter().position(|&class| class >= self.classes) {
                    Some(row) => {
                        let last = self.classes.saturating_sub(1);
                        Err(UgmmError::Class { row, class: classes[row], last })
                    }
                    None => Ok(()),
                }
            }
            (_, true) => Err(UgmmError::setting("the targets", "classes", "numbers, for this objective")),
            (_, false) => Err(UgmmError::setting("the targets", "numbers", "classes, for this objective")),
        }
    }

    /// The network's inputs `[rows, inputs]`: the features `x` `[rows, features]` and, where the objective has them among
    /// its inputs, the targets after them.
    ///
    /// # Panics
    ///
    /// When the targets are not of the kind that is predicted.
    #[must_use]
    pub fn network_input(&self, x: Tensor<2>, targets: &Targets) -> Tensor<2> {
        let device = x.device();
        let target = match (self.objective, targets) {
            (Objective::Conditional { .. }, Targets::Numbers(numbers)) => column(numbers.clone(), &device),
            (objective, Targets::Classes(labels)) => match objective.label_encoding() {
                None => return x,
                Some(label) => label.encode(labels, self.classes, &device),
            },
            (_, Targets::Numbers(_)) => panic!("the task is to predict classes, not numbers"),
        };
        Tensor::cat(vec![x, target], 1)
    }

    /// What a prediction shows the network, and how many consecutive outputs make one softmax: the features `x` `[rows,
    /// features]` alone; each row with every label; or each row with numbers from all of the range.
    pub(crate) fn prediction_inputs(&self, x: Tensor<2>) -> (Tensor<2>, usize) {
        match (self.objective, self.objective.label_encoding()) {
            (Objective::Conditional { low, high, .. }, _) => {
                let none = vec![f32::NAN; x.dims()[0]];
                let nodes = random_nodes(&none, (low, high), PREDICTION_NODES, || 0.5);
                (nodes.joined_to(x), PREDICTION_NODES)
            }
            (_, Some(label)) => (joint_inputs(x, label, self.classes), self.classes),
            (_, None) => (x, self.classes),
        }
    }

    /// How many rows of the network's inputs [`Self::prediction_inputs`] makes of one row.
    pub(crate) fn inputs_of_a_row(&self) -> usize {
        match (self.objective, self.objective.label_encoding()) {
            (Objective::Conditional { .. }, _) => PREDICTION_NODES,
            (_, Some(_)) => self.classes,
            (_, None) => 1,
        }
    }

    /// What a training pass shows the network: with the hybrid objective each row with every label, with the conditional
    /// one each row with its own number and the middle of every cell, otherwise [`Self::network_input`].
    pub(crate) fn training_input(&self, x: Tensor<2>, targets: &Targets) -> Tensor<2> {
        match (self.objective, targets) {
            (Objective::Hybrid { label, .. }, _) => joint_inputs(x, label, self.classes),
            (Objective::Conditional { low, high, nodes, .. }, Targets::Numbers(numbers)) => {
                random_nodes(numbers, (low, high), nodes, || 0.5).joined_to(x)
            }
            _ => self.network_input(x, targets),
        }
    }

    /// The loss of a training batch, `[1]`: the mean cross-entropy; or minus the mean joint score; or that plus the
    /// weighted cross-entropy of the posterior; or minus the mean log of the conditional density.
    ///
    /// # Panics
    ///
    /// When the targets are not of the kind that is predicted.
    pub fn loss<N: Network, R: Rng + ?Sized>(
        &self,
        network: &N,
        x: Tensor<2>,
        targets: &Targets,
        options: &LossOptions,
        rng: &mut R,
    ) -> Tensor<1> {
        match (self.objective, targets) {
            (Objective::Discriminative, Targets::Classes(labels)) => {
                cross_entropy(network.forward_training(x, rng), labels, options)
            }
            (Objective::Generative { .. }, Targets::Classes(labels)) => {
                let scores = network.forward_training(self.network_input(x, targets), rng);
                weighted_mean(scores, labels, options).neg()
            }
            (Objective::Hybrid { label, weight }, Targets::Classes(labels)) => {
                // One pass for all labels, so that they are compared under the same dropout.
                let scores = network.forward_training(joint_inputs(x, label, self.classes), rng);
                let scores = scores.reshape([labels.len(), self.classes]);
                let indices = class_indices(labels, &scores.device()).unsqueeze_dim(1);
                let joint_score = weighted_mean(scores.clone().gather(1, indices), labels, options);
                cross_entropy(scores, labels, options) * weight - joint_score
            }
            (Objective::Conditional { low, high, nodes, crps_weight }, Targets::Numbers(numbers)) => {
                let places = random_nodes(numbers, (low, high), nodes, || rng.random::<f32>());
                let own_cells = places.own_cells.clone();
                let scores = network.forward_training(places.joined_to(x), rng);
                let log_shares = log_softmax(scores.reshape([numbers.len(), nodes]), 1);
                let own = class_indices(&own_cells, &log_shares.device()).unsqueeze_dim(1);
                let cell = (high - low) / nodes as f64;
                // A share of a cell as a density over it.
                let log_loss = log_shares.clone().gather(1, own).mean().neg() + cell.ln();
                if crps_weight == 0.0 {
                    return log_loss;
                }
                log_loss + crps(log_shares, &own_cells) * (crps_weight * cell)
            }
            (_, Targets::Numbers(_)) => panic!("the task is to predict classes, not numbers"),
            (_, Targets::Classes(_)) => panic!("the task is to predict numbers, not classes"),
        }
    }

    /// Unnormalised log-scores `[rows, classes]` of features `x` `[rows, features]`, whose softmax is P(class | x): the
    /// outputs, or the joint scores of x with each label.
    #[must_use]
    pub fn class_scores<N: Network>(&self, network: &N, x: Tensor<2>) -> Tensor<2> {
        match self.objective.label_encoding() {
            None => network.forward(x),
            Some(label) => joint_scores(network, x, label, self.classes),
        }
    }

    /// log P(class | x), `[rows, classes]`, of features `x` `[rows, features]`.
    #[must_use]
    pub fn log_probabilities<N: Network>(&self, network: &N, x: Tensor<2>) -> Tensor<2> {
        log_softmax(self.class_scores(network, x), 1)
    }
}

/// Mean cross-entropy `[1]` of the softmax of `scores` `[rows, classes]`.
fn cross_entropy(scores: Tensor<2>, labels: &[usize], options: &LossOptions) -> Tensor<1> {
    let device = scores.device();
    let LossOptions { label_smoothing, class_weights } = options;
    if class_weights.is_none() {
        let smoothing = (*label_smoothing > 0.0).then_some(*label_smoothing as f32);
        let loss = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&device);
        return loss.forward(scores, class_indices(labels, &device));
    }
    let logs = log_softmax(scores, 1);
    let right = logs.clone().gather(1, class_indices(labels, &device).unsqueeze_dim(1));
    let rows = right * (1.0 - label_smoothing) + logs.mean_dim(1) * *label_smoothing;
    weighted_mean(rows, labels, options).neg()
}

/// Mean `[1]` over rows of the continuous ranked probability score of probabilities `[rows, cells]`, given as logarithms, in
/// units of a cell's width: the sum of squared distances between the distribution function at the cells' ends and that
/// of certainty that the number is in its own cell.
fn crps(log_shares: Tensor<2>, own_cells: &[usize]) -> Tensor<1> {
    let device = log_shares.device();
    let [rows, cells] = log_shares.dims();
    // Shares up to and with each cell.
    let below: Vec<f32> =
        (0..cells * cells).map(|place| if place / cells <= place % cells { 1.0 } else { 0.0 }).collect();
    let below = Tensor::<2>::from_data(TensorData::new(below, [cells, cells]), &device);
    let certain =
        own_cells.iter().flat_map(|&own| (0..cells).map(move |cell| if cell >= own { 1f32 } else { 0.0 }));
    let certain =
        Tensor::<2>::from_data(TensorData::new(certain.collect::<Vec<_>>(), [rows, cells]), &device);
    (log_shares.exp().matmul(below) - certain).square().sum() / rows as f32
}

/// Mean `[1]` of `values` `[rows, 1]`, each row weighted by its class.
fn weighted_mean(values: Tensor<2>, labels: &[usize], options: &LossOptions) -> Tensor<1> {
    let Some(weights) = &options.class_weights else { return values.mean() };
    let weights: Vec<f32> = labels.iter().map(|&label| weights[label] as f32).collect();
    let sum: f32 = weights.iter().sum();
    let device = values.device();
    (values * column(weights, &device)).sum() / sum
}

/// `[values.len(), 1]`
fn column(values: Vec<f32>, device: &Device) -> Tensor<2> {
    let rows = values.len();
    Tensor::from_data(TensorData::new(values, [rows, 1]), device)
}

fn class_indices(labels: &[usize], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    Tensor::from_data(labels.as_slice(), device)
}
