//! Questions to a density model: one column given others, the log-likelihood of what is given, rows drawn.

use super::model::DensityModel;
use crate::column::DensityColumn;
use crate::error::TabularError;
use crate::question::error::QuestionError;
use ugmm_circuit::UnivariateMixture;
use ugmm_network::{Stream, generator};

/// What is known of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct DensityEvidence {
    /// One value for each column; NaN where nothing is known. A rare level has a value of its own, after the column's states.
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
    /// Each state with its probability, rare levels by their shares of the rows that have one; none of a number.
    #[must_use]
    pub fn states(&self) -> Option<Vec<(String, f64)>> {
        self.column.states()?;
        match &self.distribution {
            UnivariateMixture::Discrete { probabilities, .. } => {
                let named = |(value, share)| (self.column.state_name(value), share);
                Some(self.column.divided(probabilities).into_iter().map(named).collect())
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
        let distribution = self.circuit.conditional(&self.states_of(&evidence.row).0, index)?;
        Ok(DensityAnswer { column: &self.columns()[index], distribution })
    }

    /// Draws rows `[count, columns]` with the values of the evidence and all others from the density given these: independent
    /// of each other, and exact. Where the state of rare levels would be drawn, one of them is, by its share of the rows; where
    /// training had none, a level that it had. A model that does not know its rare levels leaves the state, which is no value
    /// ([`DensityColumn::cell`]).
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
        self.complete(&evidence.row, count, seed)
    }

    /// Rows drawn from the density given the values of a row that are there, `[count, columns]`: the missing ones together, so
    /// that completed tables are spread as whole ones are. Rare levels are drawn as by [`Self::sample`].
    ///
    /// # Errors
    ///
    /// When the row is not one of the model's columns, or its values cannot occur together.
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

    /// What to draw from in the place of the state of rare and unseen levels: each level with a share.
    fn levels_instead(&self, row: &[f64], index: usize) -> Result<Vec<(f64, f64)>, TabularError> {
        let column = &self.columns()[index];
        let mut levels = column.rare_values();
        if levels.is_empty() {
            // Training had no rare ones, so that only its common ones are values of the column.
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
