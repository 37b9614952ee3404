//! What a network is trained for, and how it predicts: cross-entropy of its outputs, or the joint score of features
//! and label.

use crate::inference::posterior::log_posterior;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// A classification task: sizes and objective. It says what a network must look like and what its outputs mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        match self.objective {
            Objective::Discriminative => self.features,
            Objective::Generative { label } => self.features + label.columns(self.classes),
        }
    }

    /// Number of outputs a network for this task has.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.objective {
            Objective::Discriminative => self.classes,
            Objective::Generative { .. } => 1,
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
        match self.objective {
            Objective::Discriminative => x,
            Objective::Generative { label } => {
                let device = x.device();
                Tensor::cat(vec![x, label.encode(labels, self.classes, &device)], 1)
            }
        }
    }

    /// The loss of a training batch, `[1]`: mean cross-entropy, or minus the mean joint score.
    pub fn loss<N: Network, R: Rng + ?Sized>(
        &self,
        network: &N,
        x: Tensor<2>,
        labels: &[usize],
        rng: &mut R,
    ) -> Tensor<1> {
        let device = x.device();
        let outputs = network.forward_training(self.network_input(x, labels), rng);
        match self.objective {
            Objective::Discriminative => {
                let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
                let targets = Tensor::<1, Int>::from_data(labels.as_slice(), &device);
                CrossEntropyLossConfig::new().init(&device).forward(outputs, targets)
            }
            Objective::Generative { .. } => outputs.mean().neg(),
        }
    }

    /// log P(class | x), `[rows, classes]`, of features `x` `[rows, features]`.
    #[must_use]
    pub fn log_probabilities<N: Network>(&self, network: &N, x: Tensor<2>) -> Tensor<2> {
        match self.objective {
            Objective::Discriminative => log_softmax(network.forward(x), 1),
            Objective::Generative { label } => log_posterior(network, x, label, self.classes),
        }
    }
}
