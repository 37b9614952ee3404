//! What a network is trained for, and how it predicts: cross-entropy of its outputs, or the joint score of features
//! and label.

use crate::inference::posterior::{joint_inputs, joint_scores};
use crate::{Network, UgmmError};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};
use rand::Rng;
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
}

impl Objective {
    /// How the label enters, where it does.
    #[must_use]
    pub fn label_encoding(&self) -> Option<LabelEncoding> {
        match *self {
            Self::Discriminative => None,
            Self::Generative { label } | Self::Hybrid { label, .. } => Some(label),
        }
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
            _ => Ok(()),
        }
    }
}

/// A classification task: sizes and objective. It says what a network must look like and what its outputs mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Number of feature columns.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
    /// What is optimised.
    pub objective: Objective,
}

impl Task {
    /// Number of inputs a network for this task has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.features + self.objective.label_encoding().map_or(0, |label| label.columns(self.classes))
    }

    /// Number of outputs a network for this task has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.objective {
            Objective::Discriminative => self.classes,
            Objective::Generative { .. } | Objective::Hybrid { .. } => 1,
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

    /// What the network reads in training, `[rows, inputs]`: the features `x` `[rows, features]`, and with the
    /// generative objective the encoded labels after them.
    #[must_use]
    pub fn network_input(&self, x: Tensor<2>, labels: &[usize]) -> Tensor<2> {
        match self.objective.label_encoding() {
            None => x,
            Some(label) => {
                let device = x.device();
                Tensor::cat(vec![x, label.encode(labels, self.classes, &device)], 1)
            }
        }
    }

    /// The rows that a training pass goes through, `[rows · labels per row, inputs]`: with the hybrid objective each
    /// row with every label, otherwise [`Self::network_input`].
    pub(crate) fn training_input(&self, x: Tensor<2>, labels: &[usize]) -> Tensor<2> {
        match self.objective {
            Objective::Hybrid { label, .. } => joint_inputs(x, label, self.classes),
            _ => self.network_input(x, labels),
        }
    }

    /// The loss of a training batch, `[1]`: the mean cross-entropy; or minus the mean joint score; or that plus the
    /// weighted cross-entropy of the posterior. `label_smoothing` ε in [0, 1) moves that share of the
    /// cross-entropy's target from the right class to all classes alike (Szegedy et al. 2016).
    pub fn loss<N: Network, R: Rng + ?Sized>(
        &self,
        network: &N,
        x: Tensor<2>,
        labels: &[usize],
        label_smoothing: f64,
        rng: &mut R,
    ) -> Tensor<1> {
        match self.objective {
            Objective::Discriminative => {
                cross_entropy(network.forward_training(x, rng), labels, label_smoothing)
            }
            Objective::Generative { .. } => {
                network.forward_training(self.network_input(x, labels), rng).mean().neg()
            }
            Objective::Hybrid { label, weight } => {
                let rows = labels.len();
                // One pass for all labels, so that they are compared under the same dropout.
                let scores = network.forward_training(joint_inputs(x, label, self.classes), rng);
                let scores = scores.reshape([rows, self.classes]);
                let targets = class_indices(labels, &scores.device()).unsqueeze_dim(1);
                let joint_score = scores.clone().gather(1, targets).mean();
                cross_entropy(scores, labels, label_smoothing) * weight - joint_score
            }
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
fn cross_entropy(scores: Tensor<2>, labels: &[usize], label_smoothing: f64) -> Tensor<1> {
    let device = scores.device();
    let smoothing = (label_smoothing > 0.0).then_some(label_smoothing as f32);
    let loss = CrossEntropyLossConfig::new().with_smoothing(smoothing).init(&device);
    loss.forward(scores, class_indices(labels, &device))
}

fn class_indices(labels: &[usize], device: &Device) -> Tensor<1, Int> {
    let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
    Tensor::from_data(labels.as_slice(), device)
}
