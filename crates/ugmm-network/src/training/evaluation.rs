//! Evaluation of a network on a data set.

use super::{Dataset, Targets, TrainingConfig};
use crate::inference::conditional::{ConditionalDensity, conditional_densities, portions};
use crate::metrics::{decisions, unweighted};
use crate::{Metrics, Objective, Predictor, Task, UgmmError};

/// Number of rows per forward pass in evaluation: enough to keep the kernels busy, few enough for the cache.
const EVALUATION_BATCH: usize = 512;
/// Number of rows per forward pass when each row of the data set is passed many times.
const DENSITY_BATCH: usize = 8192;

/// log P(class | x) of every row of a data set (or of every step of each row), row-major `[rows, classes]`,
/// natural logarithms.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn log_probabilities<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, dataset, Task::log_probabilities)
}

/// Unnormalised log-scores of every row of a data set, row-major `[rows, classes]`; see
/// [`Task::class_scores`].
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn class_scores<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, dataset, Task::class_scores)
}

fn collect<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    values: impl Fn(&Task, &N, &[f32]) -> Vec<f32>,
) -> Result<Vec<f32>, UgmmError> {
    check_dataset(network.predictions_per_row(), network.takes_missing_values(), task, dataset)?;
    let mut all = Vec::with_capacity(dataset.rows() * task.classes);
    let rows: Vec<usize> = (0..dataset.rows()).collect();
    for rows in rows.chunks(EVALUATION_BATCH) {
        let (x, _) = dataset.batch(rows);
        all.extend(values(task, network, &x));
    }
    Ok(all)
}

/// The conditional density of the target for every row of a data set, over `cells` cells of the task's range:
/// one density per row.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task, or the targets are classes.
pub fn predicted_densities<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    cells: usize,
) -> Result<Vec<ConditionalDensity>, UgmmError> {
    check_dataset(network.predictions_per_row(), network.takes_missing_values(), task, dataset)?;
    let Objective::Conditional { low, high, .. } = task.objective else {
        return Err(UgmmError::setting(
            "the objective",
            "one of classes",
            "conditional, for densities of numbers",
        ));
    };
    let mut all = Vec::with_capacity(dataset.rows());
    for rows in portions(dataset.rows(), cells, DENSITY_BATCH) {
        let (x, _) = dataset.batch(&rows.collect::<Vec<_>>());
        all.extend(conditional_densities(network, &x, (low, high), cells));
    }
    Ok(all)
}

/// Measures of a network's class probabilities on a data set.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn evaluate<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
) -> Result<Metrics, UgmmError> {
    Ok(Metrics::of(&log_probabilities(network, task, dataset)?, dataset.labels()))
}

/// The measures of a network after an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Mean of −log P(class | x) or −log p(number | x).
    pub loss: f64,
    /// Measures of class probabilities; `None` if the targets are numbers.
    pub metrics: Option<Metrics>,
}

/// Measures `network` on validation rows after an epoch of a training with these settings.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn measure<N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &Dataset,
    config: &TrainingConfig,
) -> Result<Measured, UgmmError> {
    match (task.objective, dataset.targets()) {
        (Objective::Conditional { nodes, .. }, Targets::Numbers(numbers)) => {
            let densities = predicted_densities(network, task, dataset, nodes)?;
            let log = |(density, &number): (&ConditionalDensity, &f32)| density.log_density(number.into());
            let sum: f64 = densities.iter().zip(numbers).map(log).sum();
            Ok(Measured { loss: -sum / numbers.len() as f64, metrics: None })
        }
        _ => {
            let mut values = log_probabilities(network, task, dataset)?;
            if let Some(weights) = &config.class_weights {
                unweighted(&mut values, weights);
            }
            let decisions = decisions(&values, task.classes, config.class_weights.as_deref());
            let metrics = Metrics::of_decisions(&values, dataset.labels(), &decisions);
            Ok(Measured { loss: metrics.log_loss, metrics: Some(metrics) })
        }
    }
}

/// Checks that a data set has the feature columns and classes of a task, the right number of targets for each
/// row, and all values that the network needs.
pub(super) fn check_dataset(
    predictions_per_row: usize,
    takes_missing_values: bool,
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
    if dataset.targets_per_row() != predictions_per_row {
        let (found, expected) = (dataset.targets_per_row(), predictions_per_row);
        return Err(UgmmError::Size { what: "the data set", found, unit: "targets per row", expected });
    }
    task.check_targets(dataset.targets())?;
    match dataset.first_missing() {
        Some((row, column)) if !takes_missing_values => Err(UgmmError::MissingValue { row, column }),
        _ => Ok(()),
    }
}
