//! Tasks of predicting classes.

use super::TaskTargets;
use super::inputs::{LabelEncoding, joined, joint_inputs};
use crate::softmax::log_softmax;
use crate::{Predictor, UgmmError};

/// The objective of training a network that predicts classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassObjective {
    /// One output per class; cross-entropy of their softmax (paper §3.5).
    Discriminative,
    /// One output, the *joint score* of features and label, maximised over the training rows; prediction by its
    /// posterior over labels. The score is no density: it does not integrate to 1 over the features.
    Generative {
        /// The encoding of the label as input variables.
        label: LabelEncoding,
    },
    /// The objective maximises the mean joint score of [`ClassObjective::Generative`] minus `weight` times the
    /// cross-entropy of the posterior (a generative and a discriminative objective on the same parameters:
    /// Bouchard and Triggs 2004). The joint score alone has a ceiling, which a network reaches for every row
    /// whatever its label; the second term keeps wrong labels below right ones.
    Hybrid {
        /// The encoding of the label as input variables.
        label: LabelEncoding,
        /// Weight of the cross-entropy of the posterior; at least 0.
        weight: f64,
    },
}

impl ClassObjective {
    /// The encoding of the label, with objectives that have the label as input.
    #[must_use]
    pub fn label_encoding(&self) -> Option<LabelEncoding> {
        match *self {
            Self::Discriminative => None,
            Self::Generative { label } | Self::Hybrid { label, .. } => Some(label),
        }
    }
}

/// The task of predicting one of several classes; its settings are all in their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Classification {
    features: usize,
    classes: usize,
    objective: ClassObjective,
}

impl Classification {
    /// The task of predicting one of `classes` classes, at least 1, from `features` feature columns, at least 1.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
    pub fn new(features: usize, classes: usize, objective: ClassObjective) -> Result<Self, UgmmError> {
        match objective {
            ClassObjective::Hybrid { weight, .. } if !(weight >= 0.0 && weight.is_finite()) => {
                Err(UgmmError::setting("the weight of the cross-entropy", weight, "at least 0 and finite"))
            }
            _ if features == 0 => Err(UgmmError::setting("features", 0, "at least 1")),
            _ if classes == 0 => Err(UgmmError::setting("classes", 0, "at least 1")),
            _ => Ok(Self { features, classes, objective }),
        }
    }

    /// Number of feature columns.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// Number of classes, at least 1.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The objective of training.
    #[must_use]
    pub fn objective(&self) -> ClassObjective {
        self.objective
    }

    /// Number of inputs of a network for this task.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.features + self.objective.label_encoding().map_or(0, |label| label.columns(self.classes))
    }

    /// Number of outputs of a network for this task.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.objective {
            ClassObjective::Discriminative => self.classes,
            ClassObjective::Generative { .. } | ClassObjective::Hybrid { .. } => 1,
        }
    }

    /// The task together with the class index of each row.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Class`] for the first label that is none of the task's.
    pub fn with_labels<'t>(&self, labels: &'t [usize]) -> Result<TaskTargets<'t>, UgmmError> {
        match labels.iter().position(|&class| class >= self.classes) {
            Some(row) => Err(UgmmError::Class { row, class: labels[row], last: self.classes - 1 }),
            None => Ok(TaskTargets::Classes { task: *self, labels }),
        }
    }

    /// The features `x` `[rows, features]`, followed by the encoded labels if the objective has them among its
    /// inputs: `[rows, inputs]`.
    pub(crate) fn network_input(&self, x: &[f32], labels: &[usize]) -> Vec<f32> {
        match self.objective.label_encoding() {
            None => x.to_vec(),
            Some(label) => {
                let encoded = label.encode(labels, self.classes);
                joined(x, self.features, &encoded, label.columns(self.classes))
            }
        }
    }

    /// The network's inputs for the scores of all classes: the features `x` `[rows, features]` alone, or each row
    /// with every label.
    pub(crate) fn prediction_inputs(&self, x: &[f32]) -> Vec<f32> {
        match self.objective.label_encoding() {
            None => x.to_vec(),
            Some(label) => joint_inputs(x, label, self.classes, self.features),
        }
    }

    /// Number of rows that [`Self::prediction_inputs`] makes of one row.
    pub(crate) fn inputs_of_a_row(&self) -> usize {
        if self.objective.label_encoding().is_some() { self.classes } else { 1 }
    }

    /// Unnormalised log-scores `[rows, classes]` of features `x` `[rows, features]`, whose softmax is P(class | x): the
    /// outputs, or the joint scores of x with each label (the root evaluated at x and the label), which are not
    /// normalised over x.
    #[must_use]
    pub fn class_scores<N: Predictor + ?Sized>(&self, network: &N, x: &[f32]) -> Vec<f32> {
        match self.objective.label_encoding() {
            None => network.forward(x),
            Some(_) => network.forward(&self.prediction_inputs(x)),
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
