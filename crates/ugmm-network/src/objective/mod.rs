//! Objectives of training and their predictions: cross-entropy of the outputs, the joint score of features
//! and label, or the conditional density of a number.

mod inputs;
mod loss;
mod targets;

pub use inputs::LabelEncoding;
pub(crate) use inputs::{joint_inputs, random_nodes};
pub use loss::{LossInputs, LossOptions};
pub use targets::Targets;

use crate::softmax::log_softmax;
use crate::{Predictor, UgmmError};
use inputs::joined;
use serde::{Deserialize, Serialize};

/// The objective of training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// One output per class; cross-entropy of their softmax (paper §3.5).
    Discriminative,
    /// One output, the *joint score* of features and label, maximised over the training rows; prediction by its
    /// posterior over labels. The score is no density: it does not integrate to 1 over the features.
    Generative {
        /// The encoding of the label as input variables.
        label: LabelEncoding,
    },
    /// The objective maximises the mean joint score of [`Objective::Generative`] minus `weight` times the
    /// cross-entropy of the posterior (a generative and a discriminative objective on the same parameters:
    /// Bouchard and Triggs 2004). The joint score alone has a ceiling, which a network reaches for every row
    /// whatever its label; the second term keeps wrong labels below right ones.
    Hybrid {
        /// The encoding of the label as input variables.
        label: LabelEncoding,
        /// Weight of the cross-entropy of the posterior; at least 0.
        weight: f64,
    },
    /// One output, the joint score s(x, y) of features and a *number* y, the last input. The objective
    /// maximises the log of the conditional density p(y | x) = exp s(x, y) / ∫ exp s(x, y′) dy′ over y′ in
    /// [`low`, `high`], which is a density by construction. The integral is a sum over `nodes` cells of equal
    /// width, evaluated at a random place in each and, in the cell of the row's own y, at y, so that
    /// structure finer than a cell brings no gain.
    Conditional {
        /// Lower end of the range of y, in the network's units.
        low: f64,
        /// Upper end; greater than `low`.
        high: f64,
        /// Number of cells in training, at least 2.
        nodes: usize,
        /// Weight of the continuous ranked probability score relative to the negative log-density, at least
        /// 0. It is a proper score too, but depends on the distance of probability from y. The log-density
        /// alone is hardly affected by a little probability spread over the whole range.
        crps_weight: f64,
    },
}

impl Objective {
    /// The encoding of the label, with objectives that have the label as input.
    #[must_use]
    pub fn label_encoding(&self) -> Option<LabelEncoding> {
        match *self {
            Self::Discriminative | Self::Conditional { .. } => None,
            Self::Generative { label } | Self::Hybrid { label, .. } => Some(label),
        }
    }

    /// Whether the target is a number rather than a class.
    #[must_use]
    pub fn predicts_numbers(&self) -> bool {
        matches!(self, Self::Conditional { .. })
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
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

/// Largest number of cells in training; each cell costs as much as another row.
const MOST_NODES: usize = 4096;

/// Number of values that represent the range of a number where predictions are explained.
const PREDICTION_NODES: usize = 32;

/// A task: sizes and objective. It determines the width of a network and the meaning of its outputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Number of feature columns.
    pub features: usize,
    /// Number of classes; 0 where the target is a number.
    pub classes: usize,
    /// The objective of training.
    pub objective: Objective,
}

impl Task {
    /// Number of inputs of a network for this task.
    #[must_use]
    pub fn inputs(&self) -> usize {
        let target = match self.objective {
            Objective::Conditional { .. } => 1,
            objective => objective.label_encoding().map_or(0, |label| label.columns(self.classes)),
        };
        self.features + target
    }

    /// Number of outputs of a network for this task.
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
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
    pub fn validate(&self) -> Result<(), UgmmError> {
        self.objective.validate()?;
        match (self.objective.predicts_numbers(), self.classes) {
            (true, 0) | (false, 1..) => Ok(()),
            (true, classes) => Err(UgmmError::setting("classes", classes, "0 where a number is predicted")),
            (false, _) => Err(UgmmError::setting("classes", 0, "at least 1")),
        }
    }

    /// Checks that a network with these numbers of inputs and outputs fits the task.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that says which of the two is wrong, and what it should be.
    pub fn check_width(&self, (inputs, outputs): (usize, usize)) -> Result<(), UgmmError> {
        let sides = [("inputs", inputs, self.inputs()), ("outputs", outputs, self.outputs())];
        match sides.into_iter().find(|(_, found, expected)| found != expected) {
            Some((unit, found, expected)) => {
                Err(UgmmError::Size { what: "the network", found, unit, expected })
            }
            None => Ok(()),
        }
    }

    /// Checks that `targets` are of the task's kind, and that each class is one of the task's.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that names the first target that is not.
    pub fn check_targets(&self, targets: &Targets) -> Result<(), UgmmError> {
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

    /// Checks that the number of class weights, if there are any, is the number of classes.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Size`] when there are more or fewer.
    pub fn check_class_weights(&self, weights: Option<&[f64]>) -> Result<(), UgmmError> {
        match weights.map(<[f64]>::len).filter(|&found| found != self.classes) {
            Some(found) => {
                let what = "the list of class weights";
                Err(UgmmError::Size { what, found, unit: "numbers", expected: self.classes })
            }
            None => Ok(()),
        }
    }

    /// Checks that features `x` `[rows, features]` and targets, `targets_per_row` for each row, form a batch
    /// of this task.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that says what does not fit.
    pub fn check_batch(&self, x: &[f32], targets: &Targets, targets_per_row: usize) -> Result<(), UgmmError> {
        let expected = targets.len() / targets_per_row * self.features;
        if x.len() != expected || !targets.len().is_multiple_of(targets_per_row) {
            let (what, found) = ("the batch", x.len());
            return Err(UgmmError::Size { what, found, unit: "feature values", expected });
        }
        self.check_targets(targets)
    }

    /// The network's inputs `[rows, inputs]`: the features `x` `[rows, features]`, followed by the encoded
    /// targets if the objective has them among its inputs.
    ///
    /// # Panics
    ///
    /// When the targets are not of the task's kind.
    #[must_use]
    pub fn network_input(&self, x: &[f32], targets: &Targets) -> Vec<f32> {
        match (self.objective, targets) {
            (Objective::Conditional { .. }, Targets::Numbers(numbers)) => {
                joined(x, self.features, numbers, 1)
            }
            (objective, Targets::Classes(labels)) => match objective.label_encoding() {
                None => x.to_vec(),
                Some(label) => {
                    joined(x, self.features, &label.encode(labels, self.classes), label.columns(self.classes))
                }
            },
            (_, Targets::Numbers(_)) => panic!("the task is to predict classes, not numbers"),
        }
    }

    /// The network's inputs for a prediction, and the number of consecutive outputs that form one softmax:
    /// the features `x` `[rows, features]` alone, each row with every label, or each row with values from the
    /// whole range of the number.
    pub(crate) fn prediction_inputs(&self, x: &[f32]) -> (Vec<f32>, usize) {
        match (self.objective, self.objective.label_encoding()) {
            (Objective::Conditional { low, high, .. }, _) => {
                let none = vec![f32::NAN; x.len() / self.features];
                let nodes = random_nodes(&none, (low, high), PREDICTION_NODES, || 0.5);
                (nodes.joined_to(x), PREDICTION_NODES)
            }
            (_, Some(label)) => (joint_inputs(x, label, self.classes, self.features), self.classes),
            (_, None) => (x.to_vec(), self.classes),
        }
    }

    /// Number of rows that [`Self::prediction_inputs`] makes of one row.
    pub(crate) fn inputs_of_a_row(&self) -> usize {
        match (self.objective, self.objective.label_encoding()) {
            (Objective::Conditional { .. }, _) => PREDICTION_NODES,
            (_, Some(_)) => self.classes,
            (_, None) => 1,
        }
    }

    /// The network's inputs in training: with the hybrid objective each row with every label, with the
    /// conditional one each row with its own number and the middle of every cell, otherwise
    /// [`Self::network_input`].
    ///
    /// # Panics
    ///
    /// When the targets are not of the task's kind.
    #[must_use]
    pub fn training_input(&self, x: &[f32], targets: &Targets) -> Vec<f32> {
        match (self.objective, targets) {
            (Objective::Hybrid { label, .. }, _) => joint_inputs(x, label, self.classes, self.features),
            (Objective::Conditional { low, high, nodes, .. }, Targets::Numbers(numbers)) => {
                random_nodes(numbers, (low, high), nodes, || 0.5).joined_to(x)
            }
            _ => self.network_input(x, targets),
        }
    }

    /// Unnormalised log-scores `[rows, classes]` of features `x` `[rows, features]`, whose softmax is P(class | x): the
    /// outputs, or the joint scores of x with each label (the root evaluated at x and the label), which are not
    /// normalised over x.
    #[must_use]
    pub fn class_scores<N: Predictor + ?Sized>(&self, network: &N, x: &[f32]) -> Vec<f32> {
        match self.objective.label_encoding() {
            None => network.forward(x),
            Some(label) => network.forward(&joint_inputs(x, label, self.classes, self.features)),
        }
    }

    /// log P(class | x), `[rows, classes]`, of features `x` `[rows, features]`. With a generative objective it is the joint
    /// score normalised over the labels (paper §3.5), which is well defined although the score is no density.
    #[must_use]
    pub fn log_probabilities<N: Predictor + ?Sized>(&self, network: &N, x: &[f32]) -> Vec<f32> {
        let mut scores = self.class_scores(network, x);
        log_softmax(&mut scores, self.classes);
        scores
    }
}
