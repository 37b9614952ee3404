//! Answers of a density: the distribution of one column given others, and draws of rows.

use super::model::DensityModel;
use crate::distribution::Distribution;
use crate::error::TabularError;
use crate::model::TableModel;
use crate::question::Evidence;
use crate::question::error::QuestionError;
use ugmm_circuit::UnivariateMixture;
use ugmm_network::{Stream, generator};

impl DensityModel {
    /// Implements [`TableModel::distribution`](crate::TableModel::distribution) exactly; all other columns
    /// are integrated out.
    pub(super) fn distribution_of(
        &self,
        evidence: &Evidence,
        column: usize,
    ) -> Result<Distribution, TabularError> {
        Ok(Distribution::Mixture(self.circuit.conditional(&self.states_of(&evidence.row).0, column)?))
    }

    /// Draws rows as [`Self::complete`] does; fails with an error if every column is given.
    pub(super) fn draw(
        &self,
        evidence: &Evidence,
        count: usize,
        seed: u64,
    ) -> Result<Vec<f64>, TabularError> {
        match evidence.missing(&[]).next() {
            Some(_) => self.complete(&evidence.row, count, seed),
            None => Err(QuestionError::NothingToDraw.into()),
        }
    }

    /// Rows drawn from the density given the known values of a row, `[count, columns]`. The missing values of
    /// a row are drawn jointly, so that completed tables have the spread of whole ones. Draws are exact and
    /// independent of each other.
    ///
    /// A draw of the state of rare levels is replaced by one of them, with its frequency among the training
    /// rows; if training had no rare level, it is replaced by a common one. A model that does not know its
    /// rare levels keeps the state, which is no value of the table ([`Column::cell`](crate::Column::cell)).
    ///
    /// # Errors
    ///
    /// Returns an error if the row does not match the model's columns, or its values cannot occur together.
    pub fn complete(&self, row: &[f64], count: usize, seed: u64) -> Result<Vec<f64>, TabularError> {
        let mut rng = generator(seed, Stream::Sampling);
        let mut rows = self.circuit.sample(count, &self.states_of(row).0, &mut rng)?;
        for drawn in rows.chunks_exact_mut(row.len()) {
            for (index, column) in self.columns().iter().enumerate() {
                if !row[index].is_nan() {
                    drawn[index] = row[index];
                } else if column.rare().is_some()
                    && column.other().map(|other| other as f64) == Some(drawn[index])
                {
                    let levels = self.levels_instead(drawn, index)?;
                    let probabilities = levels.iter().map(|(_, share)| *share).collect();
                    let place = UnivariateMixture::Discrete { first: 0, probabilities }.draw(&mut rng);
                    drawn[index] = levels.get(place as usize).map_or(drawn[index], |(level, _)| *level);
                }
            }
        }
        Ok(rows)
    }

    /// The levels that may replace the state of rare and unseen levels in a draw, each with its weight.
    fn levels_instead(&self, row: &[f64], index: usize) -> Result<Vec<(f64, f64)>, TabularError> {
        let column = &self.columns()[index];
        let mut levels = column.rare_values();
        if levels.is_empty() {
            // Training had no rare levels, so that only the common ones are values of the column.
            let row = self.states_of(row).0;
            if let UnivariateMixture::Discrete { probabilities, .. } =
                self.circuit.conditional(&row, index)?
            {
                levels = column.divided(&probabilities);
                levels.pop();
            }
        }
        Ok(levels)
    }
}
