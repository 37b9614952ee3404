//! Predictions for many rows: class scores, class probabilities and densities of numbers.

use super::conditional::{ConditionalDensity, conditional_densities, portions};
use crate::{Classification, Predictor, Regression, Rows, UgmmError};

/// Number of rows per forward pass in prediction: enough to keep the kernels busy, few enough for the cache.
const EVALUATION_BATCH: usize = 512;
/// Number of rows per forward pass when each row is passed many times.
const DENSITY_BATCH: usize = 8192;

/// log P(class | x) of each row (or of each step of a row), row-major `[rows, classes]`,
/// natural logarithms.
///
/// # Errors
///
/// [`UgmmError`] when the rows do not fit the task.
pub fn log_probabilities<N: Predictor + ?Sized>(
    network: &N,
    task: &Classification,
    rows: &Rows,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, rows, Classification::log_probabilities)
}

/// Unnormalised log-scores of each row, row-major `[rows, classes]`; see
/// [`Classification::class_scores`].
///
/// # Errors
///
/// [`UgmmError`] when the rows do not fit the task.
pub fn class_scores<N: Predictor + ?Sized>(
    network: &N,
    task: &Classification,
    rows: &Rows,
) -> Result<Vec<f32>, UgmmError> {
    collect(network, task, rows, Classification::class_scores)
}

fn collect<N: Predictor + ?Sized>(
    network: &N,
    task: &Classification,
    rows: &Rows,
    values: impl Fn(&Classification, &N, &[f32]) -> Vec<f32>,
) -> Result<Vec<f32>, UgmmError> {
    rows.check(task.features(), network.takes_missing_values())?;
    let mut all = Vec::with_capacity(rows.len() * network.predictions_per_row() * task.classes());
    let places: Vec<usize> = (0..rows.len()).collect();
    for places in places.chunks(EVALUATION_BATCH) {
        all.extend(values(task, network, &rows.batch(places)));
    }
    Ok(all)
}

/// The conditional density of the target for each row, over `cells` cells of the task's range:
/// one density per row.
///
/// # Errors
///
/// [`UgmmError`] when the rows do not fit the task.
pub fn predicted_densities<N: Predictor + ?Sized>(
    network: &N,
    task: &Regression,
    rows: &Rows,
    cells: usize,
) -> Result<Vec<ConditionalDensity>, UgmmError> {
    rows.check(task.features(), network.takes_missing_values())?;
    let range = (task.objective().low, task.objective().high);
    let mut all = Vec::with_capacity(rows.len());
    for places in portions(rows.len(), cells, DENSITY_BATCH) {
        let x = rows.batch(&places.collect::<Vec<_>>());
        all.extend(conditional_densities(network, &x, range, cells));
    }
    Ok(all)
}
