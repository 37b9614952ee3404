//! What a density says of its target.

use super::measures::mixture_metrics;
use super::model::DensityModel;
use crate::TaskChoice;
use crate::distribution::measures::Measures;
use crate::error::TabularError;
use rayon::prelude::*;
use ugmm_circuit::{CircuitError, UnivariateMixture};
use ugmm_network::Metrics;

impl DensityModel {
    /// log P(class | the other columns) of each row, `[rows, classes]`; what the rows have for the target does not matter.
    ///
    /// # Errors
    ///
    /// When there is no target of classes, or the values are not rows of the model's columns.
    pub fn log_class_probabilities(&self, rows: &[f64]) -> Result<Vec<f32>, TabularError> {
        let target = self.target_of(TaskChoice::Classification)?;
        let probabilities = self.circuit.posterior(self.rows(rows)?, target)?;
        // Of all that f32 can tell from nothing.
        Ok(probabilities.iter().map(|share| (share.ln() as f32).max(f32::MIN)).collect())
    }

    /// The density of the number to predict given the other columns, for each row, in the table's units; what the rows have for
    /// the target does not matter.
    ///
    /// # Errors
    ///
    /// When there is no target of numbers, or the values are not rows of the model's columns.
    pub fn predicted_mixtures(&self, rows: &[f64]) -> Result<Vec<UnivariateMixture>, TabularError> {
        let target = self.target_of(TaskChoice::Regression)?;
        let of_row = |row: &[f64]| self.circuit.conditional(row, target);
        let mixtures: Result<Vec<_>, CircuitError> =
            rows.par_chunks(self.columns().len()).map(of_row).collect();
        Ok(mixtures?)
    }

    fn target_of(&self, task: TaskChoice) -> Result<usize, TabularError> {
        let in_words = |task: TaskChoice| match task {
            TaskChoice::Classification => "classes",
            TaskChoice::Regression => "numbers",
        };
        match (self.target(), self.task()) {
            (Some(target), Some(found)) if found == task => Ok(target),
            (_, found) => Err(TabularError::OtherTask {
                found: found.map_or("nothing", in_words),
                expected: in_words(task),
            }),
        }
    }

    /// How well the target of rows is predicted by their other columns; `None` where no row has one.
    ///
    /// # Errors
    ///
    /// When the values are not rows of the model's columns.
    pub fn measures(&self, rows: &[f64]) -> Result<Option<Measures>, TabularError> {
        let (Some(target), width) = (self.target(), self.columns().len()) else { return Ok(None) };
        let known: Vec<f64> =
            rows.chunks_exact(width).filter(|row| !row[target].is_nan()).flatten().copied().collect();
        if known.is_empty() {
            return Ok(None);
        }
        let right = known.iter().skip(target).step_by(width).copied();
        Ok(Some(match self.task() {
            Some(TaskChoice::Regression) => {
                let numbers: Vec<f64> = right.collect();
                Measures::Numbers(mixture_metrics(&self.predicted_mixtures(&known)?, &numbers))
            }
            _ => {
                let labels: Vec<usize> = right.map(|class| class as usize).collect();
                Measures::Classes(Metrics::of(&self.log_class_probabilities(&known)?, &labels))
            }
        }))
    }
}
