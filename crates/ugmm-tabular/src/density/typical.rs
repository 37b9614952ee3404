//! How likely rows usually are, and how well each column is usually foretold by the others.

use super::model::DensityModel;
use crate::error::TabularError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use ugmm_circuit::{Circuit, Rows};
use ugmm_network::{Stream, generator};

/// Quantiles that are kept.
const QUANTILES: usize = 1001;
/// Rows drawn from the model, which show how likely rows are of which only some columns are known.
const DRAWS: usize = 256;
/// Values of rows that are looked at to find out what is usual, at most.
const MOST_VALUES: usize = 1 << 21;
/// The least spread that levels are compared by: log-likelihoods of rows that are all alike differ by rounding.
const LEAST_SPREAD: f64 = 1e-6;

/// How far levels of equal rows may be apart, as a share of them.
const ROUNDING: f64 = 1e-9;

/// What is usual among rows that were held out, or, if there are none, among those learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typical {
    /// Quantiles of the standardised log-likelihoods, ascending.
    levels: Vec<f64>,
    /// Of each column mean and standard deviation of the log-density given the other columns.
    columns: Vec<(f64, f64)>,
}

impl Typical {
    /// Of some rows, which must not be none.
    pub(crate) fn of(circuit: &Circuit, rows: &[f64]) -> Result<Self, TabularError> {
        let width = circuit.variables().len();
        let most = (MOST_VALUES / width).max(1) * width;
        let rows = Rows::new(&rows[..rows.len().min(most)], width)?;
        let log_likelihoods = circuit.log_likelihood(rows)?;
        let mut patterns = Patterns::of(circuit)?;
        let mut levels = Vec::with_capacity(rows.count());
        for (row, log_likelihood) in rows.iter().zip(log_likelihoods) {
            levels.push(patterns.standardized(row, log_likelihood)?);
        }
        levels.sort_by(f64::total_cmp);
        let place = |index: usize| (index * (levels.len() - 1)).div_ceil(QUANTILES - 1);
        let levels = match levels.len() {
            few if few <= QUANTILES => levels,
            _ => (0..QUANTILES).map(|index| levels[place(index)]).collect(),
        };
        let conditionals = circuit.log_conditionals(rows)?;
        let column = |column: usize| {
            let known = || conditionals.iter().skip(column).step_by(width).filter(|value| value.is_finite());
            let count = known().count().max(1) as f64;
            let mean = known().sum::<f64>() / count;
            let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            (mean, variance.sqrt())
        };
        Ok(Self { levels, columns: (0..width).map(column).collect() })
    }

    /// The share of the usual rows whose standardised log-likelihood is this or less: those that are as likely count, so that a row is
    /// not unusual for being like many others.
    pub(crate) fn share_at_most(&self, level: f64) -> f64 {
        // Equal rows have equal levels but for rounding.
        let level = level + ROUNDING * level.abs().max(1.0);
        self.levels.partition_point(|&usual| usual <= level) as f64 / self.levels.len() as f64
    }

    /// By how many nats a column's log-density given the others falls short of what is usual.
    pub(crate) fn surprise(&self, column: usize, log_density: f64) -> f64 {
        self.columns[column].0 - log_density
    }

    /// The same in standard deviations of what is usual, so that columns can be compared.
    pub(crate) fn standardized_surprise(&self, column: usize, log_density: f64) -> f64 {
        self.surprise(column, log_density) / self.columns[column].1.max(1.0)
    }

    /// What must hold of one from a file, in words if it does not.
    pub(crate) fn check(&self, columns: usize) -> Result<(), String> {
        let are_levels = !self.levels.is_empty() && self.levels.is_sorted();
        let finite = |(mean, spread): &(f64, f64)| mean.is_finite() && spread.is_finite() && *spread >= 0.0;
        match are_levels && self.columns.len() == columns && self.columns.iter().all(finite) {
            true => Ok(()),
            false => Err("what it says of usual rows is not usable".into()),
        }
    }
}

/// How likely rows drawn from the model are when only some of their columns are known: rows are compared with such of the same
/// columns, since a row of which less is known is not the more likely for it.
pub(crate) struct Patterns<'m> {
    circuit: &'m Circuit,
    draws: Vec<f64>,
    /// By the columns that are known.
    known: HashMap<Vec<bool>, (f64, f64)>,
}

impl<'m> Patterns<'m> {
    pub(crate) fn of(circuit: &'m Circuit) -> Result<Self, TabularError> {
        let nothing = vec![f64::NAN; circuit.variables().len()];
        // Always the same rows, so that levels can be compared.
        let draws = circuit.sample(DRAWS, &nothing, &mut generator(0, Stream::Sampling))?;
        Ok(Self { circuit, draws, known: HashMap::new() })
    }

    /// The log-likelihood of a row in standard deviations from the mean of such rows drawn from the model. It rises with the
    /// log-likelihood, so that among rows of the same columns the order is the same.
    pub(crate) fn standardized(&mut self, row: &[f64], log_likelihood: f64) -> Result<f64, TabularError> {
        let pattern: Vec<bool> = row.iter().map(|value| !value.is_nan()).collect();
        let (mean, spread) = match self.known.get(&pattern) {
            Some(&level) => level,
            None => {
                let level = self.level(&pattern)?;
                self.known.insert(pattern, level);
                level
            }
        };
        Ok((log_likelihood - mean) / spread.max(LEAST_SPREAD))
    }

    fn level(&self, pattern: &[bool]) -> Result<(f64, f64), TabularError> {
        let width = pattern.len();
        let mut draws = self.draws.clone();
        for row in draws.chunks_exact_mut(width) {
            row.iter_mut()
                .zip(pattern)
                .filter(|(_, known)| !**known)
                .for_each(|(value, _)| *value = f64::NAN);
        }
        let levels = self.circuit.log_likelihood(Rows::new(&draws, width)?)?;
        let count = levels.len() as f64;
        let mean = levels.iter().sum::<f64>() / count;
        let variance = levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / count;
        Ok((mean, variance.sqrt()))
    }
}

impl DensityModel {
    pub(crate) fn typical(&self) -> &Typical {
        &self.part.typical
    }
}
