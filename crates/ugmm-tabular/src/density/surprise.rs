//! What is unusual about a row.

use super::model::DensityModel;
use super::typical::{Usual, UsualRows};
use crate::column::encoding::EncodedRows;
use crate::error::TabularError;
use crate::model::TableModel;
use ugmm_circuit::UnivariateMixture;

/// How unusual a row is, and by which column most.
#[derive(Clone, Debug)]
pub struct Surprise {
    /// The row's log-likelihood in nats; minus infinity where a value is outside of its column's range.
    pub log_likelihood: f64,
    /// The share of usual rows that are as likely or less, in [0, 1], rows being compared by the columns that are known; small is
    /// unusual.
    pub share_at_most: f64,
    /// What these usual rows are.
    pub usual_rows: UsualRows,
    /// The column that surprises most given the others; none where no column is surprising: all values are such as are usual, or
    /// there are none.
    pub column: Option<SurprisingColumn>,
}

/// Share of usual rows below which a row is called unlikely.
pub const UNLIKELY: f64 = 0.01;
/// Standard deviations below what is usual from which on a value is surprising, and nats in a row that is unlikely.
const SURPRISING: f64 = 2.0;
const SURPRISING_IF_UNLIKELY: f64 = 0.1;

/// A column of a row that was not to be expected of the others.
#[derive(Clone, Debug)]
pub struct SurprisingColumn {
    /// Its index.
    pub column: usize,
    /// By how many nats its log-density given the others is below what is usual of the column; negative where it is above,
    /// infinite where the value cannot be.
    pub nats: f64,
    /// What was to be expected of it given the others.
    pub expected: UnivariateMixture,
}

impl DensityModel {
    /// For each row how unusual it is.
    ///
    /// # Errors
    ///
    /// When the values are not rows of the model's columns.
    pub fn surprises(&self, rows: &EncodedRows) -> Result<Vec<Surprise>, TabularError> {
        let width = self.columns().len();
        let log_likelihoods = self.log_likelihood(&rows.values)?;
        let conditionals = self.circuit.log_conditionals(self.rows(&rows.values)?)?;
        let mut usual = Usual::of(&self.circuit)?;
        let typical = &self.part.typical;
        let mut outside = rows.outside.iter().peekable();
        let mut surprises = Vec::with_capacity(log_likelihoods.len());
        for (place, &log_likelihood) in log_likelihoods.iter().enumerate() {
            let row = &rows.values[place * width..(place + 1) * width];
            let mut impossible = None;
            while let Some(found) = outside.next_if(|outside| outside.row == place) {
                impossible.get_or_insert(found.column);
            }
            let of_row = &conditionals[place * width..(place + 1) * width];
            let known = (0..width).filter(|&column| !of_row[column].is_nan());
            let (share, usual_rows) = usual.share_at_most(typical, row, log_likelihood)?;
            let share_at_most = if impossible.is_some() { 0.0 } else { share };
            let standardized = |column: usize| typical.standardized_surprise(column, of_row[column]);
            let strangest = known.max_by(|&a, &b| standardized(a).total_cmp(&standardized(b)));
            let is_surprising = |&column: &usize| {
                standardized(column) >= SURPRISING
                    || share_at_most < UNLIKELY
                        && typical.surprise(column, of_row[column]) >= SURPRISING_IF_UNLIKELY
            };
            let strangest = strangest.filter(is_surprising);
            let column = match (impossible.or(strangest), impossible) {
                (None, _) => None,
                (Some(column), impossible) => Some(SurprisingColumn {
                    column,
                    nats: match impossible {
                        Some(_) => f64::INFINITY,
                        None => typical.surprise(column, of_row[column]),
                    },
                    expected: self.circuit.conditional(row, column)?,
                }),
            };
            let log_likelihood = if impossible.is_some() { f64::NEG_INFINITY } else { log_likelihood };
            surprises.push(Surprise { log_likelihood, share_at_most, usual_rows, column });
        }
        Ok(surprises)
    }
}
