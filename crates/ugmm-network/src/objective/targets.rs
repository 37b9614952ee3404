//! The targets of rows.

use super::{Classification, Regression};

/// The targets of some rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class index of each row.
    Classes(Vec<usize>),
    /// The number to predict for each row.
    Numbers(Vec<f32>),
}

impl Targets {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of the given rows.
    ///
    /// # Panics
    ///
    /// When a row is not below [`Self::len`].
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
        }
    }
}

/// The targets of some rows together with the task of predicting them; they fit each other. [`Task::with_targets`] makes it.
///
/// [`Task::with_targets`]: super::Task::with_targets
#[derive(Clone, Copy, Debug)]
pub enum TaskTargets<'t> {
    /// The class index of each row, below the number of classes.
    #[non_exhaustive]
    Classes {
        /// The task.
        task: Classification,
        /// The classes.
        labels: &'t [usize],
    },
    /// The number to predict for each row.
    #[non_exhaustive]
    Number {
        /// The task.
        task: Regression,
        /// The numbers.
        numbers: &'t [f32],
    },
}

impl TaskTargets<'_> {
    /// Number of targets, one or several for each row.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Classes { labels, .. } => labels.len(),
            Self::Number { numbers, .. } => numbers.len(),
        }
    }

    /// Number of feature columns.
    pub(crate) fn features(&self) -> usize {
        match self {
            Self::Classes { task, .. } => task.features(),
            Self::Number { task, .. } => task.features(),
        }
    }

    /// The network's inputs `[rows, inputs]`: the features `x` `[rows, features]`, followed by the encoded
    /// targets if the objective has them among its inputs.
    #[must_use]
    pub fn network_input(&self, x: &[f32]) -> Vec<f32> {
        match self {
            Self::Classes { task, labels } => task.network_input(x, labels),
            Self::Number { task, numbers } => task.network_input(x, numbers),
        }
    }

    /// The network's inputs in training: with the hybrid objective each row of `x` `[rows, features]` with every
    /// label, for a number each row with its own number and the middle of every other cell, otherwise
    /// [`Self::network_input`].
    #[must_use]
    pub fn training_input(&self, x: &[f32]) -> Vec<f32> {
        self.placed_inputs(x.to_vec(), || 0.5).x
    }
}
