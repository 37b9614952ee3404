//! Imputation of missing values.

use super::mixture::UnivariateMixture;
use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::rows::Rows;
use crate::variable::VariableKind;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Number of rows whose missing values are imputed together.
const ROWS_AT_ONCE: usize = 256;

/// The replacement of a missing value, given the other values of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imputation {
    /// Its conditional mean; for a categorical variable the most probable state, for an integer the nearest
    /// integer.
    Mean,
    /// Its conditional median; for a categorical variable the most probable state.
    Median,
    /// Its most probable value.
    Mode,
    /// A sample of all missing values of the row together, so that imputed rows have the distribution of
    /// complete rows.
    Draw {
        /// Seed of the samples.
        seed: u64,
    },
}

impl Circuit {
    /// The rows with imputed missing values (NaN), `[rows, variables]`. [`Self::conditional`] returns their
    /// uncertainty.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the rows do not fit the circuit, or the values of a row cannot occur together.
    pub fn impute(&self, rows: Rows<'_>, by: Imputation) -> Result<Vec<f64>, CircuitError> {
        let width = self.variables().len();
        let mut filled = rows.values().to_vec();
        self.encode(rows)?;
        if let Imputation::Draw { seed } = by {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            for (number, row) in filled.chunks_exact_mut(width).enumerate() {
                if row.iter().any(|value| value.is_nan()) {
                    let drawn = self.sample(1, row, &mut rng).map_err(|error| match error {
                        CircuitError::Impossible { .. } => CircuitError::Impossible { row: number },
                        other => other,
                    })?;
                    row.copy_from_slice(&drawn);
                }
            }
            return Ok(filled);
        }
        let incomplete: Vec<usize> =
            (0..rows.count()).filter(|&row| rows.row(row).iter().any(|value| value.is_nan())).collect();
        // Rows are processed in parts, because the distributions take more memory than the values.
        for part in incomplete.chunks(ROWS_AT_ONCE) {
            let values: Vec<f64> = part.iter().flat_map(|&row| rows.row(row)).copied().collect();
            let missing = |row: usize| -> Vec<usize> {
                (0..width).filter(|&variable| rows.row(part[row])[variable].is_nan()).collect()
            };
            let answers = self.conditionals_of_rows(Rows::new(&values, width)?, &missing);
            let answers = answers.map_err(|error| match error {
                CircuitError::Impossible { row } => CircuitError::Impossible { row: part[row] },
                other => other,
            })?;
            for (row, mixtures) in answers.iter().enumerate() {
                for (variable, mixture) in missing(row).into_iter().zip(mixtures) {
                    let categorical =
                        matches!(self.variables()[variable].kind, VariableKind::Categorical { .. });
                    filled[part[row] * width + variable] = value(mixture, by, categorical);
                }
            }
        }
        Ok(filled)
    }
}

fn value(mixture: &UnivariateMixture, by: Imputation, categorical: bool) -> f64 {
    match by {
        _ if categorical => mixture.mode(),
        Imputation::Median => mixture.quantile(0.5),
        Imputation::Mode | Imputation::Draw { .. } => mixture.mode(),
        Imputation::Mean if matches!(mixture, UnivariateMixture::Discrete { .. }) => mixture.mean().round(),
        Imputation::Mean => mixture.mean(),
    }
}
