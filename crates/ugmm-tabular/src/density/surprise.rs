//! How unusual rows are, and which column makes them so.

use super::model::DensityModel;
use super::typical::{Usual, UsualRows};
use crate::column::encoding::EncodedRows;
use crate::error::TabularError;
use crate::model::TableModel;
use ugmm_circuit::UnivariateMixture;

/// How unusual a row is, and its most surprising column.
#[derive(Clone, Debug)]
pub struct Surprise {
    /// The row's log-likelihood in nats; minus infinity if a value is outside its column's range.
    pub log_likelihood: f64,
    /// Fraction of the usual rows whose log-likelihood is at most this row's, in [0, 1]. Log-likelihoods are
    /// compared over the columns that the row has. A small fraction means an unusual row.
    pub share_at_most: f64,
    /// The usual rows that this row is compared with.
    pub usual_rows: UsualRows,
    /// The column whose value is most surprising given the others; `None` if no value is surprising.
    pub column: Option<SurprisingColumn>,
}

/// Fraction of usual rows below which a row is called unlikely.
pub const UNLIKELY: f64 = 0.01;
/// A value is surprising if its log-density is lower than its mean by more than this many standard
/// deviations; in an unlikely row, by more than this many nats.
const SURPRISING: f64 = 2.0;
const SURPRISING_IF_UNLIKELY: f64 = 0.1;

/// A column whose value is surprising given the others.
#[derive(Clone, Debug)]
pub struct SurprisingColumn {
    /// Index of the column.
    pub column: usize,
    /// Mean log-density of the column given the others minus that of this value, in nats. It is negative if
    /// the value is more probable than usual, and infinite if the value is impossible.
    pub nats: f64,
    /// The distribution of the column given the others.
    pub expected: UnivariateMixture,
}

impl DensityModel {
    /// How unusual each row is.
    ///
    /// # Errors
    ///
    /// Returns an error if the values do not match the model's columns.
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
