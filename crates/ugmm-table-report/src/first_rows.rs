//! The first rows of a table in memory, with the target if the table has it.

use crate::error::ReportError;
use ugmm_data::frame::{Input, ReadOptions};
use ugmm_tabular::distribution::Measures;
use ugmm_tabular::network::{Baseline, ClassBaseline, NumberBaseline};
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{NetworkModel, TableModel, TabularError};

/// Rows with a value that the model uses. Lists have an entry for each of them.
pub struct FirstRows {
    /// Number of each row in the table.
    pub numbers: Vec<usize>,
    /// The values of the model's columns, `[rows, columns]`, row-major, as a [`TableReader`] gives them.
    pub values: Vec<f64>,
    /// The features, `[rows, features]`, row-major.
    pub features: Vec<f32>,
    /// Values of the target, NaN where one is missing; `None` if the table has no target column.
    pub right: Option<Vec<f64>>,
    /// Whether the table has more rows.
    pub more: bool,
    /// Number of rows without any value that the model uses.
    pub empty: usize,
}

impl FirstRows {
    /// Reads at most `most` rows of the table.
    ///
    /// # Errors
    ///
    /// Returns an error if the table cannot be read, or if no row has a value that the model uses.
    pub fn read(
        data: impl Into<Input>,
        model: &NetworkModel,
        options: &ReadOptions,
        most: usize,
    ) -> Result<Self, ReportError> {
        let mut reader = TableReader::open(data, model, ReadTarget::IfThere, &[], options)?;
        let (mut numbers, mut rows, mut empty, mut more) = (Vec::new(), Vec::new(), 0, false);
        while let Some(batch) = reader.next() {
            let batch = batch?;
            reader.check_classes(&batch)?;
            for (row, &place) in batch.iter().zip(&batch.places) {
                match model.is_predictable(row) {
                    true if numbers.len() == most => {
                        more = true;
                        break;
                    }
                    true => {
                        numbers.push(place);
                        rows.extend_from_slice(row);
                    }
                    false => empty += 1,
                }
            }
            if more {
                break;
            }
        }
        if numbers.is_empty() {
            return Err(ReportError::NothingToLookAt { target: model.target_name().into() });
        }
        let targets = || rows.chunks(model.columns().len()).filter_map(|row| row.last().copied()).collect();
        let right = reader.has_target().then(targets);
        let features = model.features(&rows);
        Ok(Self { numbers, values: rows, features, right, more, empty })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// The measures of a model's predictions on the rows whose target is known; `None` if there are none.
    ///
    /// # Errors
    ///
    /// Returns an error if the model cannot be evaluated.
    pub fn quality(&self, model: &NetworkModel) -> Result<Option<Measures>, TabularError> {
        let Some(known) = self.known() else { return Ok(None) };
        let width = self.features.len() / self.rows();
        let features = known.iter().flat_map(|&(row, _)| &self.features[row * width..][..width]);
        let predictions = model.predicted(&features.copied().collect::<Vec<_>>())?;
        let right: Vec<f64> = known.iter().map(|(_, right)| *right).collect();
        Ok(Some(Measures::of_predictions(&predictions, &right, None)))
    }

    /// The baseline on these rows; `None` if no target is known.
    pub fn baseline(&self, model: &NetworkModel) -> Option<Baseline> {
        let right: Vec<f64> = self.known()?.into_iter().map(|(_, right)| right).collect();
        match model.classes() {
            [] => Some(Baseline::Number(NumberBaseline::of(&right, None))),
            classes => {
                let labels: Vec<usize> = right.iter().map(|&class| class as usize).collect();
                ClassBaseline::of(classes, &labels, None).map(Baseline::Class)
            }
        }
    }

    /// Indices and targets of the rows whose target is known; `None` if there are none.
    fn known(&self) -> Option<Vec<(usize, f64)>> {
        let right = self.right.iter().flatten().copied().enumerate();
        let known: Vec<(usize, f64)> = right.filter(|(_, right)| !right.is_nan()).collect();
        (!known.is_empty()).then_some(known)
    }
}
