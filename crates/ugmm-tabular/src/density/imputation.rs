//! Imputes missing values.

use super::model::DensityModel;
use crate::column::Column;
use crate::error::TabularError;
use crate::model::TableModel;
use rayon::prelude::*;
use ugmm_circuit::{CircuitError, UnivariateMixture};

/// The imputed values of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filled {
    /// Imputed values in the order of the columns.
    pub cells: Vec<FilledCell>,
}

/// An imputed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilledCell {
    /// Index of the column.
    pub column: usize,
    /// The mean given the known values of the row, rounded to the nearest whole number in a column of these;
    /// the most probable level or state of a category ([`Column::most_probable`]).
    pub value: f64,
    /// The standard deviation of a number given the known values, in the table's units, or the probability of
    /// the state.
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
    /// The imputed values of each row; only columns that are true in `wanted` are imputed.
    ///
    /// # Errors
    ///
    /// Returns an error if the values do not match the model's columns, or those of a row cannot occur
    /// together.
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
