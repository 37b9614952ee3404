//! How well a network predicts a data set.

use super::Dataset;
use crate::init::host_values;
use crate::{Network, Task, UgmmError};
use burn::tensor::Device;
use serde::Serialize;

/// Rows per forward pass in evaluation: enough to keep the kernels busy, small enough for the cache.
const EVALUATION_BATCH: usize = 512;

/// Measures of classification on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// Number of rows.
    pub rows: usize,
    /// Share of rows whose most probable class is the right one, in [0, 1].
    pub accuracy: f64,
    /// Mean of −log P(right class | x), natural logarithm.
    pub log_loss: f64,
}

/// Class probabilities of every row of a data set, row-major `[rows, classes]`, each row summing to 1.
///
/// # Errors
///
/// When the data set does not fit the task.
pub fn class_probabilities<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
) -> Result<Vec<f32>, UgmmError> {
    let mut probabilities = Vec::with_capacity(dataset.rows() * task.classes);
    for_each_batch(network, task, dataset, device, |log_probabilities, _| {
        probabilities.extend(log_probabilities.iter().map(|value| value.exp()));
    })?;
    Ok(probabilities)
}

/// Accuracy and log-loss of a network on a data set.
///
/// # Errors
///
/// When the data set does not fit the task.
pub fn evaluate<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
) -> Result<Metrics, UgmmError> {
    let (mut right, mut log_loss) = (0usize, 0f64);
    for_each_batch(network, task, dataset, device, |log_probabilities, labels| {
        for (row, &label) in log_probabilities.chunks(task.classes).zip(labels) {
            right += usize::from(most_probable(row) == label);
            log_loss -= f64::from(row[label]);
        }
    })?;
    let rows = dataset.rows();
    Ok(Metrics { rows, accuracy: right as f64 / rows as f64, log_loss: log_loss / rows as f64 })
}

/// Index of the largest value; the first of equal ones.
#[must_use]
pub fn most_probable(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// Calls `visit` with the log-probabilities `[rows, classes]` and labels of one batch after the other.
fn for_each_batch<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
    mut visit: impl FnMut(&[f32], &[usize]),
) -> Result<(), UgmmError> {
    check_dataset(task, dataset)?;
    let network = network.valid();
    let rows: Vec<usize> = (0..dataset.rows()).collect();
    for rows in rows.chunks(EVALUATION_BATCH) {
        let (x, labels) = dataset.batch(rows, device);
        visit(&host_values(&task.log_probabilities(&network, x)), &labels);
    }
    Ok(())
}

/// Checks that a data set has the feature columns and classes of a task.
pub(super) fn check_dataset(task: &Task, dataset: &Dataset) -> Result<(), UgmmError> {
    let widths =
        [("feature columns", dataset.columns(), task.features), ("classes", dataset.classes(), task.classes)];
    for (unit, found, expected) in widths {
        if found != expected {
            return Err(UgmmError::Size { what: "the data set", found, unit, expected });
        }
    }
    Ok(())
}
