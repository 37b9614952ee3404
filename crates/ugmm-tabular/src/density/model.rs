//! A circuit with the description of its table.

use super::options::{DensityMethod, DensityStructure};
use super::typical::Typical;
use crate::column::Column;
use crate::distribution::{ClassPredictions, Distribution, Predictions};
use crate::error::TabularError;
use crate::model::{DateTarget, Needs, TableModel};
use crate::question::error::QuestionError;
use crate::question::{DrawOptions, Draws, Evidence};
use crate::reading::Reading;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use ugmm_circuit::{Circuit, CircuitError, Mpe, MpeOptions, ProofProgress, Rows};
use ugmm_data::frame::UsualMarks;
use ugmm_data::{ImageGrid, ImageShape};
use ugmm_network::metrics::decisions;

/// A density over the columns of a table. Rows are `[rows, columns]`, row-major, in the order of
/// [`Self::columns`]. NaN is a missing value, states are counted from 0, pixels are bytes, dates are days
/// since 1970-01-01.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityModel {
    pub(crate) circuit: Circuit,
    pub(crate) part: DensityPart,
}

/// What a model file stores besides the circuit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DensityPart {
    pub(crate) columns: Vec<Column>,
    /// Whether the last column is the target.
    pub(crate) has_target: bool,
    /// Marks of missing values besides the default ones.
    pub(crate) missing_marks: Vec<String>,
    /// Columns in which the default marks are values.
    #[serde(default, skip_serializing_if = "UsualMarks::are_missing")]
    pub(crate) usual_marks: UsualMarks,
    /// Size of the images if the table contains images.
    pub(crate) images: Option<ImageShape>,
    pub(crate) learned: DensityLearned,
    pub(crate) typical: Typical,
}

/// How a density was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensityLearned {
    /// Number of training rows, including the validation rows of early stopping.
    pub training_rows: usize,
    /// Number of held-out rows.
    pub validation_rows: usize,
    /// The structure; never `auto`.
    pub structure: DensityStructure,
    /// The training algorithm.
    pub method: DensityMethod,
    /// Mean log-likelihood of the held-out rows, or, without these, of the training rows, in nats per row;
    /// `None` if all of these rows are impossible.
    pub log_likelihood: Option<f64>,
    /// Mean log-likelihood of the rows of [`Self::log_likelihood`] under independent columns.
    pub independent_log_likelihood: Option<f64>,
    /// Mean log-likelihood of the training rows after each epoch.
    pub training_history: Vec<f64>,
    /// Mean log-likelihood of the validation rows of early stopping after each epoch; `None` without
    /// validation rows.
    pub validation_history: Vec<Option<f64>>,
    /// The epoch of the parameters, from 1.
    pub best_epoch: usize,
    /// Seed of all random choices.
    pub seed: u64,
}

impl DensityModel {
    /// A model with this circuit and these columns.
    ///
    /// # Errors
    ///
    /// Returns a sentence if the columns do not match the circuit.
    pub(crate) fn new(circuit: Circuit, part: DensityPart) -> Result<Self, String> {
        let columns = &part.columns;
        if columns.len() != circuit.variables().len() {
            return Err(format!(
                "it has {} columns, but the circuit has {} variables",
                columns.len(),
                circuit.variables().len()
            ));
        }
        for (column, variable) in columns.iter().zip(circuit.variables()) {
            column.check()?;
            if !column.fits(variable) {
                return Err(format!("the column {:?} is not the circuit's variable", column.name()));
            }
        }
        part.typical.check(columns.len())?;
        Ok(Self { circuit, part })
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// How the model was trained.
    #[must_use]
    pub fn learned(&self) -> &DensityLearned {
        &self.part.learned
    }

    /// Positions of the columns in an image; `None` unless all columns except the target are pixels.
    #[must_use]
    pub fn image_grid(&self) -> Option<ImageGrid> {
        let pixels = self.columns().len() - usize::from(self.part.has_target);
        let names: Vec<&str> = self.columns()[..pixels].iter().map(Column::name).collect();
        ImageGrid::of(&names, self.part.images)
    }

    /// Converts a mean log-likelihood of images to bits per pixel; `None` unless all columns are pixels.
    #[must_use]
    pub fn bits_per_pixel(&self, log_likelihood: f64) -> Option<f64> {
        let is_image = self.part.images.is_some() && !self.part.has_target;
        is_image.then(|| -log_likelihood / (self.columns().len() as f64 * std::f64::consts::LN_2))
    }

    /// The log-likelihood of each row, in nats; for continuous numbers, per unit of the table. Missing values
    /// are integrated out.
    ///
    /// # Errors
    ///
    /// Returns an error if the values do not match the model's columns, or one is not a value of its column.
    pub fn log_likelihood(&self, rows: &[f64]) -> Result<Vec<f64>, TabularError> {
        let (states, shares) = self.states_of(rows);
        let mut levels = self.circuit.log_likelihood(self.rows(&states)?)?;
        levels.iter_mut().zip(shares).for_each(|(level, share)| *level += share);
        Ok(levels)
    }

    /// Rows for the circuit, in which the shared state replaces each rare level, and for each row the
    /// logarithm of the probability of its rare levels given the shared states.
    pub(crate) fn states_of(&self, rows: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let width = self.columns().len();
        let (mut states, mut shares) = (rows.to_vec(), vec![0.0; rows.len() / width]);
        let with_other = self.columns().iter().enumerate().filter(|(_, column)| column.other().is_some());
        for (index, column) in with_other {
            for (row, share) in states.chunks_exact_mut(width).zip(&mut shares) {
                let (state, log_share) = column.state_of(row[index]);
                row[index] = state;
                *share += log_share;
            }
        }
        (states, shares)
    }

    pub(crate) fn rows<'r>(&self, rows: &'r [f64]) -> Result<Rows<'r>, TabularError> {
        Ok(Rows::new(rows, self.columns().len())?)
    }
}

impl TableModel for DensityModel {
    fn columns(&self) -> &[Column] {
        &self.part.columns
    }

    fn has_target(&self) -> bool {
        self.part.has_target
    }

    fn reading(&self) -> Reading<'_> {
        let DensityPart { missing_marks, usual_marks, images, .. } = &self.part;
        Reading { missing_marks, usual_marks, images: *images }
    }

    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    fn can_be_given(&self, _column: usize) -> bool {
        true
    }

    fn target_date(&self) -> Option<DateTarget> {
        let target = self.target_column()?;
        let with_time = !target.range().is_some_and(|range| range.whole);
        DateTarget::of(target.read_as(), with_time)
    }

    fn predict(&self, rows: &[f64]) -> Result<Predictions, TabularError> {
        let Some(target) = self.target() else { return Err(QuestionError::NoTarget.into()) };
        let Some(classes) = self.classes() else {
            let of_row = |row: &[f64]| self.circuit.conditional(row, target);
            let mixtures = self.rows(rows)?.values().par_chunks(self.columns().len()).map(of_row);
            let mixtures: Result<Vec<_>, CircuitError> = mixtures.collect();
            return Ok(Predictions::Numbers(mixtures?.into_iter().map(Distribution::Mixture).collect()));
        };
        let probabilities = self.circuit.posterior(self.rows(rows)?, target)?;
        // f32 cannot distinguish smaller probabilities from zero.
        let log = |share: &f64| (share.ln() as f32).max(f32::MIN);
        let log_probabilities: Vec<f32> = probabilities.iter().map(log).collect();
        let decisions = decisions(&log_probabilities, classes.len(), None);
        Ok(Predictions::Classes(ClassPredictions { log_probabilities, decisions, scores: Vec::new() }))
    }

    fn distribution(
        &self,
        evidence: &Evidence,
        column: usize,
        _cells: usize,
    ) -> Result<Distribution, TabularError> {
        self.distribution_of(evidence, column)
    }

    fn level(&self, evidence: &Evidence) -> Result<f64, TabularError> {
        Ok(self.log_likelihood(&evidence.row)?[0])
    }

    fn sample(
        &self,
        evidence: &Evidence,
        options: &DrawOptions,
        _progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Draws, TabularError> {
        Ok(Draws { rows: self.draw(evidence, options.rows, options.seed)?, diagnostics: None })
    }

    fn mpe(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError> {
        self.most_probable(evidence, asked, options, progress)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        self.file_bytes()
    }
}
