//! Importance of columns over many rows: by contributions, and by permutation.

use crate::distribution::Predictions;
use crate::error::TabularError;
use crate::model::TableModel;
use crate::network::model::NetworkModel;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use ugmm_kernels::side_by_side;
use ugmm_network::inspect::Absence;
use ugmm_network::{Stream, generator};

/// Number of rows that are predicted together.
pub(super) const ROWS_AT_ONCE: usize = 512;

/// Settings of [`NetworkModel::importance`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportanceOptions {
    /// Number of permutations.
    pub repetitions: NonZeroUsize,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for ImportanceOptions {
    /// Five permutations, with the seed 0.
    fn default() -> Self {
        Self { repetitions: NonZeroUsize::new(5).expect("five is not zero"), seed: 0 }
    }
}

/// The loss of a prediction, whose mean rises when the values of an important column are permuted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// −log P(right class), in nats.
    LogLoss,
    /// The continuous ranked probability score of the predicted distribution, in the target's units. It is finite for
    /// every number, unlike the log-density.
    Crps,
}

/// Importance of the columns of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// Number of rows.
    pub rows: usize,
    /// The loss.
    pub loss: Loss,
    /// Mean loss over the rows with their own values.
    pub baseline: f64,
    /// Number of permutations.
    pub repetitions: usize,
    /// The columns in the order of the model, without the target.
    pub columns: Vec<ColumnImportance>,
}

/// Importance of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnImportance {
    /// Name of the column.
    pub column: String,
    /// Mean of [`Self::rises`].
    pub mean: f64,
    /// Standard deviation of [`Self::rises`]; `None` for one permutation.
    pub sd: Option<f64>,
    /// Rise of the mean loss by each permutation of the column's values; negative where it falls.
    pub rises: Vec<f64>,
}

impl NetworkModel {
    /// Permutation importance of each column (Breiman 2001; Fisher, Rudin and Dominici 2019): the rise of the mean
    /// loss when the values of the column, missing ones included, are permuted among the rows. All inputs of a column
    /// are permuted together. Rows are `[rows, columns]`, row-major, with the target last; rows without a target, or
    /// without any value that the model uses, are left out, and a row keeps its value if it would be left without any.
    /// The same permutations serve all columns, so that the
    /// importance of a column does not depend on the order of the columns; it does not depend on the number of
    /// threads either. The work ends when `stop` becomes true.
    ///
    /// # Errors
    ///
    /// Returns an error if fewer than two rows are left or their mean loss is infinite, and [`TabularError::Interrupted`].
    pub fn importance(
        &self,
        rows: &[f64],
        options: ImportanceOptions,
        stop: &AtomicBool,
    ) -> Result<Importance, TabularError> {
        let width = self.columns().len();
        let labelled = |row: &&[f64]| !row[width - 1].is_nan() && self.is_predictable(row);
        let known: Vec<f64> = rows.chunks_exact(width).filter(labelled).flatten().copied().collect();
        let count = known.len() / width;
        if count < 2 {
            return Err(TabularError::TooFewToPermute { target: self.target_name().to_owned(), rows: count });
        }
        let mut rng = generator(options.seed, Stream::Permutation);
        let permutations: Vec<Vec<usize>> = (0..options.repetitions.get())
            .map(|_| {
                let mut order: Vec<usize> = (0..count).collect();
                order.shuffle(&mut rng);
                order
            })
            .collect();
        let baseline = self.mean_loss(&known, stop)?;
        if !baseline.is_finite() {
            return Err(TabularError::InfiniteLoss { target: self.target_name().to_owned() });
        }
        let of_column = |column: usize| -> Result<ColumnImportance, TabularError> {
            let rise = |order: &Vec<usize>| {
                let mut permuted = known.clone();
                for (row, &from) in permuted.chunks_exact_mut(width).zip(order) {
                    let own = std::mem::replace(&mut row[column], known[from * width + column]);
                    if !self.is_predictable(row) {
                        row[column] = own;
                    }
                }
                Ok(self.mean_loss(&permuted, stop)? - baseline)
            };
            let rises: Vec<f64> = permutations.iter().map(rise).collect::<Result<_, TabularError>>()?;
            let (mean, sd) = mean_and_sd(&rises);
            Ok(ColumnImportance { column: self.columns()[column].name().to_owned(), mean, sd, rises })
        };
        let each = |column: usize| match of_column(column) {
            Ok(found) => ControlFlow::Continue(Ok(found)),
            Err(error) => ControlFlow::Break(Err(error)),
        };
        let columns = side_by_side(0..width - 1, usize::MAX, each).into_iter().collect::<Result<_, _>>()?;
        let loss = if self.classes().is_empty() { Loss::Crps } else { Loss::LogLoss };
        Ok(Importance { rows: count, loss, baseline, repetitions: permutations.len(), columns })
    }

    /// Mean absolute contribution of each column to the log-probability of the rows' own predictions, in nats, without
    /// the target; see [`Self::contributions`]. It needs no target. Rows are `[rows, columns]`, row-major; rows
    /// without any value that the model uses are left out. The work ends when `stop` becomes true.
    ///
    /// # Errors
    ///
    /// Returns an error if the model is not a uGMM network, and [`TabularError::Interrupted`].
    pub fn mean_contributions(&self, rows: &[f64], stop: &AtomicBool) -> Result<Vec<f64>, TabularError> {
        let width = self.columns().len();
        let (mut sums, mut count) = (vec![0.0; width - 1], 0usize);
        for rows in rows.chunks(ROWS_AT_ONCE * width) {
            not_stopped(stop)?;
            let known: Vec<f64> =
                rows.chunks_exact(width).filter(|row| self.is_predictable(row)).flatten().copied().collect();
            let inputs = self.features(&known);
            let targets = self.predicted(&inputs)?.values();
            for of_row in self.contributions(&inputs, &targets, Absence::Baseline)?.chunks(width - 1) {
                sums.iter_mut().zip(of_row).for_each(|(sum, adds)| *sum += f64::from(adds.abs()));
            }
            count += targets.len();
        }
        Ok(sums.into_iter().map(|sum| sum / count.max(1) as f64).collect())
    }

    /// Mean loss of the predictions of rows whose targets are known.
    fn mean_loss(&self, rows: &[f64], stop: &AtomicBool) -> Result<f64, TabularError> {
        let width = self.columns().len();
        let mut sum = 0.0;
        for rows in rows.chunks(ROWS_AT_ONCE * width) {
            not_stopped(stop)?;
            let right = rows.chunks_exact(width).map(|row| row[width - 1]);
            sum += match self.predict(rows)? {
                Predictions::Numbers(found) => {
                    found.iter().zip(right).map(|(number, right)| number.crps(right)).sum::<f64>()
                }
                Predictions::Classes(found) => {
                    let of_rows = found.log_probabilities.chunks(self.classes().len()).zip(right);
                    of_rows.map(|(logs, right)| -f64::from(logs[right as usize])).sum()
                }
            };
        }
        Ok(sum / (rows.len() / width) as f64)
    }
}

pub(super) fn not_stopped(stop: &AtomicBool) -> Result<(), TabularError> {
    match stop.load(Ordering::Relaxed) {
        true => Err(TabularError::Interrupted { checkpoint: None }),
        false => Ok(()),
    }
}

/// The mean, and the standard deviation of a sample of two or more.
fn mean_and_sd(values: &[f64]) -> (f64, Option<f64>) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    (mean, (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()))
}
