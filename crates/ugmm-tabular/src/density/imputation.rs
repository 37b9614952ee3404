//! Missing values filled in.

use super::model::DensityModel;
use crate::column::Column;
use crate::error::TabularError;
use crate::model::TableModel;
use rayon::prelude::*;
use ugmm_circuit::{CircuitError, UnivariateMixture};

/// A row with what its missing values are replaced by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// What was missing, in the order of the columns.
    pub cells: Vec<FilledCell>,
}

/// A value that was missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilledCell {
    /// Index of the column.
    pub column: usize,
    /// Its mean given the values that are there, of whole numbers the nearest one, or its most probable level or state
    /// ([`Column::most_probable`]).
    pub value: f64,
    /// The standard deviation of a number given them, in the table's units, or the probability of the state.
    pub uncertainty: f64,
}

impl FilledCell {
    fn of(index: usize, column: &Column, distribution: &UnivariateMixture) -> Self {
        if !column.is_number() {
            let (value, uncertainty) = column.most_probable(distribution);
            return Self { column: index, value, uncertainty };
        }
        let mean = distribution.mean();
        let value = if column.is_whole() { mean.round() } else { mean };
        let deviation = distribution.deviation();
        Self { column: index, value, uncertainty: column.to_table(deviation) }
    }
}

impl DensityModel {
    /// For each row what its missing values are replaced by; `wanted` are the columns that are filled.
    ///
    /// # Errors
    ///
    /// When the values are not rows of the model's columns, or those of a row cannot occur together.
    pub fn fill(&self, rows: &[f64], wanted: &[bool]) -> Result<Vec<Filled>, TabularError> {
        let fill = |row: &[f64]| -> Result<Filled, CircuitError> {
            let missing: Vec<usize> =
                (0..row.len()).filter(|&column| wanted[column] && row[column].is_nan()).collect();
            let cell = |(column, distribution): (usize, &UnivariateMixture)| {
                FilledCell::of(column, &self.columns()[column], distribution)
            };
            match missing.as_slice() {
                [] => Ok(Filled::default()),
                &[column] => {
                    let distribution = self.circuit.conditional(row, column)?;
                    Ok(Filled { cells: vec![cell((column, &distribution))] })
                }
                several => {
                    let all = self.circuit.conditionals(row)?;
                    Ok(Filled { cells: several.iter().map(|&column| cell((column, &all[column]))).collect() })
                }
            }
        };
        let filled: Result<Vec<Filled>, CircuitError> =
            rows.par_chunks(self.columns().len()).map(fill).collect();
        Ok(filled?)
    }
}
