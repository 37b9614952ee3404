//! How much pairs of columns depend on each other according to a density.

use super::model::DensityModel;
use crate::error::TabularError;
use crate::model::TableModel;
use rayon::prelude::*;
use ugmm_network::{Stream, generator};

/// Number of rows that are drawn for the estimate.
const DRAWS: usize = 1000;
/// Largest number of pairs that are returned.
const MOST_PAIRS: usize = 200;

/// The dependence between two columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dependence {
    /// Indices of the columns.
    pub columns: [usize; 2],
    /// Mutual information in nats; 0 for independent columns.
    pub mutual_information: f64,
}

impl DensityModel {
    /// The pairs of columns that depend most on each other according to the model, strongest first. The
    /// mutual information is the mean of ln p(a, b) − ln p(a) − ln p(b) over rows drawn from the model; each
    /// of the three terms is exact. The standard error of the estimate is some hundredths of a nat.
    ///
    /// # Errors
    ///
    /// Returns an error if no rows can be drawn from the circuit.
    pub fn dependencies(&self) -> Result<Vec<Dependence>, TabularError> {
        let width = self.columns().len();
        let nothing = vec![f64::NAN; width];
        let draws = self.circuit.sample(DRAWS, &nothing, &mut generator(0, Stream::Sampling))?;
        let levels = |columns: &[usize]| -> Result<Vec<f64>, TabularError> {
            let mut rows = vec![f64::NAN; draws.len()];
            for (row, draw) in rows.chunks_exact_mut(width).zip(draws.chunks_exact(width)) {
                columns.iter().for_each(|&column| row[column] = draw[column]);
            }
            self.log_likelihood(&rows)
        };
        let alone: Vec<Vec<f64>> = (0..width).map(|column| levels(&[column])).collect::<Result<_, _>>()?;
        let pairs: Vec<[usize; 2]> = (0..width).flat_map(|a| (a + 1..width).map(move |b| [a, b])).collect();
        let information = |&columns: &[usize; 2]| -> Result<Dependence, TabularError> {
            let together = levels(&columns)?;
            let [a, b] = columns;
            let sum: f64 = (0..DRAWS).map(|row| together[row] - alone[a][row] - alone[b][row]).sum();
            // Mutual information is never negative, but its estimate may be.
            Ok(Dependence { columns, mutual_information: (sum / DRAWS as f64).max(0.0) })
        };
        let mut found: Vec<Dependence> = pairs.par_iter().map(information).collect::<Result<_, _>>()?;
        found.sort_by(|a, b| b.mutual_information.total_cmp(&a.mutual_information));
        found.truncate(MOST_PAIRS);
        Ok(found)
    }
}
