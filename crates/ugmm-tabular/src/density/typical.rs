//! Typical log-likelihoods of rows, and typical log-densities of each column given the others.

use crate::error::TabularError;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use ugmm_circuit::{Circuit, Rows};
use ugmm_network::{RowWeights, Stream, generator};

/// Number of quantiles that are stored.
const QUANTILES: usize = 1001;
/// Fewest complete rows whose log-likelihoods are stored; with fewer, draws from the model replace them.
const FEWEST_ROWS: usize = 10;
/// Number of rows that are drawn from the model.
const DRAWS: usize = 1000;
/// Number of draws that standardise the log-likelihoods of complete rows.
const DRAWS_OF_UNIT: usize = 256;
/// Largest number of values in the rows that the typical log-likelihoods are computed from.
const MOST_VALUES: usize = 1 << 21;
/// Least standard deviation for standardising; the log-likelihoods of identical rows differ only by rounding.
const LEAST_SPREAD: f64 = 1e-6;

/// Relative difference up to which log-likelihoods are equal except for rounding.
const ROUNDING: f64 = 1e-9;

/// The rows that a row is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsualRows {
    /// For a complete row: the complete held-out rows, or, without these, the complete training rows.
    HeldOut,
    /// For a row with missing values, or if training had hardly any complete rows: draws from the model,
    /// reduced to the columns that the row has.
    Drawn,
}

/// Statistics of the held-out rows, or, without these, of the training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typical {
    /// Ascending quantiles of the standardised log-likelihoods of complete rows; empty if there were too few.
    /// Files of older versions include rows with missing values.
    levels: Vec<f64>,
    /// Mean and standard deviation of the log-density of each column given the others.
    columns: Vec<(f64, f64)>,
}

impl Typical {
    /// The statistics of at least one row.
    pub(crate) fn of(circuit: &Circuit, rows: Rows<'_>) -> Result<Self, TabularError> {
        let width = circuit.variables().len();
        let most = (MOST_VALUES / width).max(1).min(rows.count());
        let weights = rows.weights().map(|weights| &weights[..most]);
        let rows = Rows::new(&rows.values()[..most * width], width)?;
        let usual = Usual::of(circuit)?;
        let of_rows = RowWeights(weights);
        // A row with an impossible value is not complete.
        let levels = rows.iter().zip(circuit.log_likelihood(rows)?).enumerate();
        let whole = levels.filter(|(_, (values, _))| is_whole(values));
        let mut levels: Vec<(f64, f64)> =
            whole.map(|(row, (_, level))| (usual.standardized(level), of_rows.of(row))).collect();
        if levels.len() < FEWEST_ROWS {
            levels.clear();
        }
        levels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let place = |index: usize| (index * (levels.len() - 1)).div_ceil(QUANTILES - 1);
        let levels = match (weights, levels.len()) {
            (None, few) if few <= QUANTILES => levels.into_iter().map(|(level, _)| level).collect(),
            (None, _) => (0..QUANTILES).map(|index| levels[place(index)].0).collect(),
            (Some(_), _) => quantiles(&levels),
        };
        let conditionals = circuit.log_conditionals(rows)?;
        let column = |column: usize| {
            let all = || conditionals.iter().skip(column).step_by(width).enumerate();
            let finite = || all().filter(|(_, value)| value.is_finite());
            let known = || finite().map(|(row, value)| (of_rows.of(row), value));
            let total = known().map(|(weight, _)| weight).sum::<f64>();
            let total = if total > 0.0 { total } else { 1.0 };
            let mean = known().map(|(weight, value)| weight * value).sum::<f64>() / total;
            let squares = known().map(|(weight, value)| weight * (value - mean).powi(2));
            (mean, (squares.sum::<f64>() / total).sqrt())
        };
        Ok(Self { levels, columns: (0..width).map(column).collect() })
    }

    /// Mean log-density of a column given the others minus this one, in nats.
    pub(crate) fn surprise(&self, column: usize, log_density: f64) -> f64 {
        self.columns[column].0 - log_density
    }

    /// Mean log-density of a column given the others minus this one, in standard deviations, so that columns
    /// can be compared.
    pub(crate) fn standardized_surprise(&self, column: usize, log_density: f64) -> f64 {
        self.surprise(column, log_density) / self.columns[column].1.max(1.0)
    }

    /// Checks statistics from a file; the error is a clause that says what is wrong.
    pub(crate) fn check(&self, columns: usize) -> Result<(), String> {
        let finite = |(mean, spread): &(f64, f64)| mean.is_finite() && spread.is_finite() && *spread >= 0.0;
        match self.levels.is_sorted() && self.columns.len() == columns && self.columns.iter().all(finite) {
            true => Ok(()),
            false => Err("what it says of usual rows is not usable".into()),
        }
    }
}

/// [`QUANTILES`] ascending quantiles of ascending levels with their weights; empty without levels.
fn quantiles(levels: &[(f64, f64)]) -> Vec<f64> {
    let Some((_, first)) = levels.first() else { return Vec::new() };
    let total = levels.iter().map(|(_, weight)| weight).sum::<f64>();
    let (mut place, mut reached) = (0, *first);
    let quantile = |index: usize| {
        let wanted = index as f64 / (QUANTILES - 1) as f64 * total;
        while reached < wanted && place + 1 < levels.len() {
            place += 1;
            reached += levels[place].1;
        }
        levels[place].0
    };
    (0..QUANTILES).map(quantile).collect()
}

/// Whether a row has no missing value.
fn is_whole(row: &[f64]) -> bool {
    row.iter().all(|value| !value.is_nan())
}

/// Fraction of the ascending `levels` that are at most `level`. Equal levels count, so that a row that equals
/// many others is not unusual.
fn share_at_most(levels: &[f64], level: f64) -> f64 {
    // The levels of equal rows differ only by rounding.
    let level = level + ROUNDING * level.abs().max(1.0);
    levels.partition_point(|&usual| usual <= level) as f64 / levels.len() as f64
}

/// Compares rows with usual ones over the columns that they have.
pub(crate) struct Usual<'m> {
    circuit: &'m Circuit,
    draws: Vec<f64>,
    /// Mean and standard deviation of the log-likelihoods of the first draws.
    unit: (f64, f64),
    /// Ascending log-likelihoods of all draws for each set of known columns.
    by_pattern: HashMap<Vec<bool>, Vec<f64>>,
}

impl<'m> Usual<'m> {
    pub(crate) fn of(circuit: &'m Circuit) -> Result<Self, TabularError> {
        let width = circuit.variables().len();
        let nothing = vec![f64::NAN; width];
        // A fixed seed gives the same rows each time, so that levels can be compared.
        let draws = circuit.sample(DRAWS, &nothing, &mut generator(0, Stream::Sampling))?;
        let levels = circuit.log_likelihood(Rows::new(&draws[..DRAWS_OF_UNIT * width], width)?)?;
        let count = levels.len() as f64;
        let mean = levels.iter().sum::<f64>() / count;
        let variance = levels.iter().map(|level| (level - mean).powi(2)).sum::<f64>() / count;
        Ok(Self { circuit, draws, unit: (mean, variance.sqrt()), by_pattern: HashMap::new() })
    }

    /// The log-likelihood of a complete row, standardised by draws from the model.
    fn standardized(&self, log_likelihood: f64) -> f64 {
        (log_likelihood - self.unit.0) / self.unit.1.max(LEAST_SPREAD)
    }

    /// Fraction of the usual rows whose log-likelihood is at most this one, and the rows that were compared.
    /// A row with missing values is compared with draws from the model over the same columns, because
    /// log-likelihoods over different columns cannot be compared.
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
