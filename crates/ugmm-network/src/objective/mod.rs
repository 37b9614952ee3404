//! Tasks and objectives of training: cross-entropy of the outputs or the joint score of features and label for
//! classes, the conditional density for a number.

mod classification;
mod inputs;
mod loss;
mod regression;
mod stored;
mod targets;

pub use classification::{ClassObjective, Classification};
pub use inputs::LabelEncoding;
pub(crate) use inputs::random_nodes;
pub use loss::{LossInputs, LossOptions};
pub use regression::{DensityObjective, Regression};
pub use targets::{Targets, TaskTargets};

use crate::UgmmError;
use serde::{Deserialize, Serialize};
use stored::StoredTask;

/// A task: sizes and objective. It determines the width of a network and the meaning of its outputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredTask", into = "StoredTask")]
pub enum Task {
    /// To predict one of several classes.
    Classes(Classification),
    /// To predict the density of a number.
    Number(Regression),
}

impl From<Classification> for Task {
    fn from(task: Classification) -> Self {
        Self::Classes(task)
    }
}

impl From<Regression> for Task {
    fn from(task: Regression) -> Self {
        Self::Number(task)
    }
}

impl Task {
    /// Number of feature columns.
    #[must_use]
    pub fn features(&self) -> usize {
        match self {
            Self::Classes(task) => task.features(),
            Self::Number(task) => task.features(),
        }
    }

    /// Number of classes, for each of which there is a name and may be a weight; none where a number is predicted.
    #[must_use]
    pub fn class_count(&self) -> usize {
        match self {
            Self::Classes(task) => task.classes(),
            Self::Number(_) => 0,
        }
    }

    /// The objective, if classes are predicted.
    #[must_use]
    pub fn class_objective(&self) -> Option<ClassObjective> {
        match self {
            Self::Classes(task) => Some(task.objective()),
            Self::Number(_) => None,
        }
    }

    /// The encoding of the label, with objectives that have the label as input.
    #[must_use]
    pub fn label_encoding(&self) -> Option<LabelEncoding> {
        self.class_objective()?.label_encoding()
    }

    /// The task, if it is to predict classes.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] where a number is predicted.
    pub fn classification(&self) -> Result<&Classification, UgmmError> {
        match self {
            Self::Classes(task) => Ok(task),
            Self::Number(_) => {
                Err(UgmmError::setting("the objective", "conditional", "one of classes, for this question"))
            }
        }
    }

    /// The task, if it is to predict a number.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] where classes are predicted.
    pub fn regression(&self) -> Result<&Regression, UgmmError> {
        match self {
            Self::Number(task) => Ok(task),
            Self::Classes(_) => {
                let expected = "conditional, for densities of numbers";
                Err(UgmmError::setting("the objective", "one of classes", expected))
            }
        }
    }

    /// Number of inputs of a network for this task.
    #[must_use]
    pub fn inputs(&self) -> usize {
        match self {
            Self::Classes(task) => task.inputs(),
            Self::Number(task) => task.features() + 1,
        }
    }

    /// Number of network inputs that training makes of each row: one for each class with the hybrid
    /// objective, one for each cell of the range of a number.
    #[must_use]
    pub fn training_inputs_per_row(&self) -> usize {
        match self {
            Self::Classes(task) => match task.objective() {
                ClassObjective::Hybrid { .. } => task.classes(),
                ClassObjective::Discriminative | ClassObjective::Generative { .. } => 1,
            },
            Self::Number(task) => task.objective().nodes,
        }
    }

    /// Number of outputs of a network for this task.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classes(task) => task.outputs(),
            Self::Number(_) => 1,
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

    /// The task together with targets of its kind, whose classes are all among the task's.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that names the first target that does not fit.
    pub fn with_targets<'t>(&self, targets: &'t Targets) -> Result<TaskTargets<'t>, UgmmError> {
        match (*self, targets) {
            (Self::Number(task), Targets::Numbers(numbers)) => Ok(TaskTargets::Number { task, numbers }),
            (Self::Classes(task), Targets::Classes(labels)) => task.with_labels(labels),
            (Self::Number(_), _) => {
                Err(UgmmError::setting("the targets", "classes", "numbers, for this objective"))
            }
            (Self::Classes(_), _) => {
                Err(UgmmError::setting("the targets", "numbers", "classes, for this objective"))
            }
        }
    }

    /// Checks that the number of class weights, if there are any, is the number of classes.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Size`] when there are more or fewer.
    pub fn check_class_weights(&self, weights: Option<&[f64]>) -> Result<(), UgmmError> {
        let expected = self.class_count();
        match weights.map(<[f64]>::len).filter(|&found| found != expected) {
            Some(found) => {
                Err(UgmmError::Size { what: "the list of class weights", found, unit: "numbers", expected })
            }
            None => Ok(()),
        }
    }

    /// The task together with the targets of a batch, `targets_per_row` for each row of the features `x`
    /// `[rows, features]`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] that says what does not fit.
    pub fn batch<'t>(
        &self,
        x: &[f32],
        targets: &'t Targets,
        targets_per_row: usize,
    ) -> Result<TaskTargets<'t>, UgmmError> {
        let expected = targets.len() / targets_per_row * self.features();
        if x.len() != expected || !targets.len().is_multiple_of(targets_per_row) {
            let (what, found) = ("the batch", x.len());
            return Err(UgmmError::Size { what, found, unit: "feature values", expected });
        }
        self.with_targets(targets)
    }

    /// The network's inputs for a prediction, and the number of consecutive outputs that form one softmax:
    /// the features `x` `[rows, features]` alone, each row with every label, or each row with values from the
    /// whole range of the number.
    pub(crate) fn prediction_inputs(&self, x: &[f32]) -> (Vec<f32>, usize) {
        match self {
            Self::Classes(task) => (task.prediction_inputs(x), task.classes()),
            Self::Number(task) => (task.prediction_inputs(x), regression::PREDICTION_NODES),
        }
    }

    /// Number of rows that [`Self::prediction_inputs`] makes of one row.
    pub(crate) fn inputs_of_a_row(&self) -> usize {
        match self {
            Self::Classes(task) => task.inputs_of_a_row(),
            Self::Number(_) => regression::PREDICTION_NODES,
        }
    }
}
