//! Evaluation of a network on a data set.

use super::{Dataset, TrainingConfig};
use crate::inference::conditional::ConditionalDensity;
use crate::inference::prediction::{log_probabilities, predicted_densities};
use crate::metrics::{decisions, unweighted};
use crate::{Classification, Metrics, Predictor, RowWeights, Task, TaskTargets, UgmmError};

/// Measures of a network's class probabilities on a data set.
///
/// # Errors
///
/// [`UgmmError`] when the data set does not fit the task.
pub fn evaluate<N: Predictor + ?Sized>(
    network: &N,
    task: &Classification,
    dataset: &Dataset,
) -> Result<Metrics, UgmmError> {
    check(network, &(*task).into(), dataset)?;
    let values = log_probabilities(network, task, dataset.features())?;
    let (labels, weights) = (dataset.labels(), dataset.target_weights());
    let decisions = decisions(&values, task.classes(), None);
    Ok(Metrics::of_decisions(&values, labels, &decisions, weights.as_deref()))
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
    let weights = dataset.target_weights();
    match check(network, task, dataset)? {
        TaskTargets::Number { task, numbers } => {
            let nodes = task.objective().nodes;
            let densities = predicted_densities(network, &task, dataset.features(), nodes)?;
            let weights = RowWeights(weights.as_deref());
            let log = |(row, (density, &number)): (usize, (&ConditionalDensity, &f32))| {
                weights.of(row) * density.log_density(number.into())
            };
            let sum: f64 = densities.iter().zip(numbers).enumerate().map(log).sum();
            Ok(Measured { loss: -sum / weights.sum(numbers.len()), metrics: None })
        }
        TaskTargets::Classes { task, labels } => {
            let mut values = log_probabilities(network, &task, dataset.features())?;
            if let Some(weights) = &config.class_weights {
                unweighted(&mut values, weights);
            }
            let decisions = decisions(&values, task.classes(), config.class_weights.as_deref());
            let metrics = Metrics::of_decisions(&values, labels, &decisions, weights.as_deref());
            Ok(Measured { loss: metrics.log_loss, metrics: Some(metrics) })
        }
    }
}

fn check<'d, N: Predictor + ?Sized>(
    network: &N,
    task: &Task,
    dataset: &'d Dataset,
) -> Result<TaskTargets<'d>, UgmmError> {
    check_dataset(network.predictions_per_row(), network.takes_missing_values(), task, dataset)
}

/// Checks that a data set has the feature columns and classes of a task, the right number of targets for each
/// row, and all values that the network needs. Returns the task with the targets.
pub(super) fn check_dataset<'d>(
    predictions_per_row: usize,
    takes_missing_values: bool,
    task: &Task,
    dataset: &'d Dataset,
) -> Result<TaskTargets<'d>, UgmmError> {
    dataset.features().check(task.features(), takes_missing_values)?;
    if dataset.classes() != task.class_count() {
        let (found, expected) = (dataset.classes(), task.class_count());
        return Err(UgmmError::Size { what: "the data set", found, unit: "classes", expected });
    }
    if dataset.targets_per_row() != predictions_per_row {
        let (found, expected) = (dataset.targets_per_row(), predictions_per_row);
        return Err(UgmmError::Size { what: "the data set", found, unit: "targets per row", expected });
    }
    task.with_targets(dataset.targets())
}
