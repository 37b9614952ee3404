//! How well a network predicts a data set.

use super::Dataset;
use crate::init::host_values;
use crate::{Metrics, Network, Task, UgmmError};
use burn::tensor::{Device, Tensor};

/// Rows per forward pass in evaluation: enough to keep the kernels busy, small enough for the cache.
const EVALUATION_BATCH: usize = 512;

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
    let mut values = log_probabilities(network, task, dataset, device)?;
    values.iter_mut().for_each(|value| *value = value.exp());
    Ok(values)
}

/// log P(class | x) of every row of a data set, row-major `[rows, classes]`, natural logarithms.
///
/// # Errors
///
/// When the data set does not fit the task.
pub fn log_probabilities<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, dataset, device, Task::log_probabilities)
}

/// Unnormalised log-scores of every row of a data set, row-major `[rows, classes]`: see [`Task::class_scores`].
///
/// # Errors
///
/// When the data set does not fit the task.
pub fn class_scores<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, dataset, device, Task::class_scores)
}

fn collect<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    device: &Device,
    values: impl Fn(&Task, &N, Tensor<2>) -> Tensor<2>,
) -> Result<Vec<f32>, UgmmError> {
    check_dataset(network, task, dataset)?;
    let network = network.valid();
    let mut all = Vec::with_capacity(dataset.rows() * task.classes);
    let rows: Vec<usize> = (0..dataset.rows()).collect();
    for rows in rows.chunks(EVALUATION_BATCH) {
        let (x, _) = dataset.batch(rows, device);
        all.extend(host_values(&values(task, &network, x)));
    }
    Ok(all)
}

/// How well a network predicts a data set.
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
    Ok(Metrics::of(&log_probabilities(network, task, dataset, device)?, dataset.labels()))
}

/// Checks that a data set has the feature columns and classes of a task, and all values that the network needs.
pub(super) fn check_dataset<N: Network>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
) -> Result<(), UgmmError> {
    let widths =
        [("feature columns", dataset.columns(), task.features), ("classes", dataset.classes(), task.classes)];
    for (unit, found, expected) in widths {
        if found != expected {
            return Err(UgmmError::Size { what: "the data set", found, unit, expected });
        }
    }
    match dataset.first_missing() {
        Some((row, column)) if !network.takes_missing_values() => {
            Err(UgmmError::MissingValue { row, column })
        }
        _ => Ok(()),
    }
}
