//! How likely rows usually are, and how well each column is usually foretold by the others.

use crate::error::TabularError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use ugmm_circuit::{Circuit, Rows};
use ugmm_network::{Stream, generator};

/// Quantiles that are kept.
const QUANTILES: usize = 1001;
/// Whole rows that show how likely rows usually are, at least: with fewer, rows drawn from the model show it.
const FEWEST_ROWS: usize = 10;
/// Rows drawn from the model,
const DRAWS: usize = 1000;
/// and the first of them, whose levels are the unit of those of whole rows.
const DRAWS_OF_UNIT: usize = 256;
/// Values of rows that are looked at to find out what is usual, at most.
const MOST_VALUES: usize = 1 << 21;
/// The least spread that levels are compared by: log-likelihoods of rows that are all alike differ by rounding.
const LEAST_SPREAD: f64 = 1e-6;

/// How far levels of equal rows may be apart, as a share of them.
const ROUNDING: f64 = 1e-9;

/// What a row is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsualRows {
    /// A whole row: the whole ones of those held out in training, or, without, learned from.
    HeldOut,
    /// A row with gaps, or where training had hardly any whole ones: rows drawn from the model, of which the same columns are known.
    Drawn,
}

/// What is usual among rows that were held out, or, if there are none, among those learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typical {
    /// Quantiles of the standardised log-likelihoods of whole rows, ascending; none of too few rows. Files of older versions have
    /// those of rows with gaps among them.
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
        let usual = Usual::of(circuit)?;
        // A value that cannot be is not there either.
        let whole = rows.iter().zip(circuit.log_likelihood(rows)?).filter(|(row, _)| is_whole(row));
        let mut levels: Vec<f64> = whole.map(|(_, level)| usual.standardized(level)).collect();
        if levels.len() < FEWEST_ROWS {
            levels.clear();
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
        let finite = |(mean, spread): &(f64, f64)| mean.is_finite() && spread.is_finite() && *spread >= 0.0;
        match self.levels.is_sorted() && self.columns.len() == columns && self.columns.iter().all(finite) {
            true => Ok(()),
            false => Err("what it says of usual rows is not usable".into()),
        }
    }
}

/// Whether everything of a row is known.
fn is_whole(row: &[f64]) -> bool {
    row.iter().all(|value| !value.is_nan())
}

/// The share of ascending levels that are this or less: those that are as likely count, so that a row is not unusual for being like
/// many others.
fn share_at_most(levels: &[f64], level: f64) -> f64 {
    // Equal rows have equal levels but for rounding.
    let level = level + ROUNDING * level.abs().max(1.0);
    levels.partition_point(|&usual| usual <= level) as f64 / levels.len() as f64
}

/// How likely rows usually are, by what is known of them.
pub(crate) struct Usual<'m> {
    circuit: &'m Circuit,
    draws: Vec<f64>,
    /// Mean and standard deviation of the log-likelihoods of the first draws.
    unit: (f64, f64),
    /// Ascending log-likelihoods of all draws, by the columns that are known.
    by_pattern: HashMap<Vec<bool>, Vec<f64>>,
}

impl<'m> Usual<'m> {
    pub(crate) fn of(circuit: &'m Circuit) -> Result<Self, TabularError> {
        let width = circuit.variables().len();
        let nothing = vec![f64::NAN; width];
        // Always the same rows, so that levels can be compared.
        let draws = circuit.sample(DRAWS, &nothing, &mut generator(0, Stream::Sampling))?;
        let levels = circuit.log_likelihood(Rows::new(&draws[..DRAWS_OF_UNIT * width], width)?)?;
        let count = levels.len() as f64;
        let mean = levels.iter().sum::<f64>() / count;
        let variance = levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / count;
        Ok(Self { circuit, draws, unit: (mean, variance.sqrt()), by_pattern: HashMap::new() })
    }

    /// The log-likelihood of a whole row in standard deviations from the mean of rows drawn from the model.
    fn standardized(&self, log_likelihood: f64) -> f64 {
        (log_likelihood - self.unit.0) / self.unit.1.max(LEAST_SPREAD)
    }

    /// The share of usual rows that are as likely as this one or less, and what they are. A row with gaps is compared with rows drawn
    /// from the model of which the same columns are known, since a row of which less is known is not the more likely for it.
    pub(crate) fn share_at_most(
        &mut self,
        typical: &Typical,
        row: &[f64],
        log_likelihood: f64,
    ) -> Result<(f64, UsualRows), TabularError> {
        if is_whole(row) && !typical.levels.is_empty() {
            let share = share_at_most(&typical.levels, self.standardized(log_likelihood));
            return Ok((share, UsualRows::HeldOut));
        }
        let pattern: Vec<bool> = row.iter().map(|value| !value.is_nan()).collect();
        let levels = match self.by_pattern.get(&pattern) {
            Some(levels) => levels,
            None => {
                let levels = self.levels(&pattern)?;
                self.by_pattern.entry(pattern).or_insert(levels)
            }
        };
        Ok((share_at_most(levels, log_likelihood), UsualRows::Drawn))
    }

    fn levels(&self, pattern: &[bool]) -> Result<Vec<f64>, TabularError> {
        let width = pattern.len();
        let mut draws = self.draws.clone();
        for row in draws.chunks_exact_mut(width) {
            let unknown = row.iter_mut().zip(pattern).filter(|(_, known)| !**known);
            unknown.for_each(|(value, _)| *value = f64::NAN);
        }
        let mut levels = self.circuit.log_likelihood(Rows::new(&draws, width)?)?;
        levels.sort_by(f64::total_cmp);
        Ok(levels)
    }
}
