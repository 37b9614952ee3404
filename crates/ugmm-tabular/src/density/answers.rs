//! Questions to a density model: one column given others, the log-likelihood of what is given, rows drawn.

use super::columns::DensityColumn;
use super::model::DensityModel;
use crate::error::TabularError;
use crate::question_error::QuestionError;
use ugmm::{Stream, generator};
use ugmm_circuit::UnivariateMixture;

/// What is known of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityEvidence {
    /// One value for each column; NaN where nothing is known.
    pub row: Vec<f64>,
}

/// The distribution of a column given others.
#[derive(Clone, Debug)]
pub struct DensityAnswer<'m> {
    /// The column.
    pub column: &'m DensityColumn,
    /// Over the circuit's values of it: states from 0 on, bytes of pixels.
    pub distribution: UnivariateMixture,
}

impl DensityEvidence {
    /// Whether the value of a column is known.
    #[must_use]
    pub fn holds(&self, column: usize) -> bool {
        !self.row[column].is_nan()
    }
}

impl DensityAnswer<'_> {
    /// Each state with its probability; none of a number.
    #[must_use]
    pub fn states(&self) -> Option<Vec<(String, f64)>> {
        match &self.distribution {
            UnivariateMixture::Discrete { probabilities, .. } => {
                Some(self.column.states()?.into_iter().zip(probabilities.iter().copied()).collect())
            }
            UnivariateMixture::Continuous { .. } => None,
        }
    }
}

impl DensityModel {
    /// What is known, from pairs of a column and its value in the table's units and words.
    ///
    /// # Errors
    ///
    /// Names the first column that is not there or is given twice, and the first value that is none of its column's.
    pub fn evidence<N: AsRef<str>, V: AsRef<str>>(
        &self,
        pairs: &[(N, V)],
    ) -> Result<DensityEvidence, TabularError> {
        let mut row = vec![f64::NAN; self.columns().len()];
        for (name, value) in pairs {
            let index = self.index_of(name.as_ref())?;
            if !row[index].is_nan() {
                return Err(QuestionError::GivenTwice { column: name.as_ref().to_owned() }.into());
            }
            row[index] = self.columns()[index].parse(value.as_ref())?;
        }
        Ok(DensityEvidence { row })
    }

    /// The distribution of the column `asked` given the evidence; columns that are neither are integrated out.
    ///
    /// # Errors
    ///
    /// When there is no such column, it is given, or what is given cannot occur together.
    pub fn answer(&self, evidence: &DensityEvidence, asked: &str) -> Result<DensityAnswer<'_>, TabularError> {
        let index = self.index_of(asked)?;
        if evidence.holds(index) {
            return Err(QuestionError::AskedAndGiven { column: asked.to_owned() }.into());
        }
        let distribution = self.circuit.conditional(&evidence.row, index)?;
        Ok(DensityAnswer { column: &self.columns()[index], distribution })
    }

    /// Draws rows `[count, columns]` with the values of the evidence and all others from the density given these: independent
    /// of each other, and exact.
    ///
    /// # Errors
    ///
    /// When everything is given, or what is given cannot occur together.
    pub fn sample(
        &self,
        evidence: &DensityEvidence,
        count: usize,
        seed: u64,
    ) -> Result<Vec<f64>, TabularError> {
        if evidence.row.iter().all(|value| !value.is_nan()) {
            return Err(QuestionError::NothingToDraw.into());
        }
        Ok(self.circuit.sample(count, &evidence.row, &mut generator(seed, Stream::Sampling))?)
    }
}
