//! Questions to a model of a table and their answers.

pub(crate) mod assignments;
pub(crate) mod error;

pub use assignments::{parse_assignments, parse_names};
pub use error::QuestionError;

use crate::column::Column;
use crate::column::range::NumberRange;
use crate::distribution::Distribution;
use ugmm_network::inference::diagnostics::Diagnostics;
use ugmm_network::inference::gibbs::SamplingOptions;

/// The known values of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// One value for each column of the model; NaN for a value that is unknown. See [`Column`].
    pub row: Vec<f64>,
    /// Ranges that replace those of the columns, in the table's units, `[columns]`.
    pub ranges: Vec<Option<NumberRange>>,
}

impl Evidence {
    /// Evidence without any known value, for a model with this many columns.
    #[must_use]
    pub fn nothing(columns: usize) -> Self {
        Self { row: vec![f64::NAN; columns], ranges: vec![None; columns] }
    }

    /// Whether the value of a column is known.
    #[must_use]
    pub fn holds(&self, column: usize) -> bool {
        !self.row[column].is_nan()
    }

    /// Indices of the columns that are neither known nor among `asked`.
    pub fn missing(&self, asked: &[usize]) -> impl Iterator<Item = usize> {
        (0..self.row.len()).filter(|&column| !self.holds(column) && !asked.contains(&column))
    }
}

/// The distribution of a column given the evidence.
#[derive(Clone, Debug)]
pub struct Answer<'m> {
    /// The column.
    pub column: &'m Column,
    /// The distribution of its values.
    pub distribution: Distribution,
}

impl Answer<'_> {
    /// Each state with its name and probability; rare levels share the probability of their state in
    /// proportion to their training rows. `None` for a number.
    #[must_use]
    pub fn states(&self) -> Option<Vec<(String, f64)>> {
        if self.column.is_number() {
            return None;
        }
        let values = self.distribution.probabilities(self.column)?.into_iter();
        Some(values.map(|(value, share)| (self.column.state_name(value), share)).collect())
    }
}

/// Options of drawing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawOptions {
    /// Number of rows.
    pub rows: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Options of the chains for a model that draws by Gibbs sampling; other models draw independent rows.
    pub chains: SamplingOptions,
}

/// Rows drawn from a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[rows, columns]`, row-major, including the given values.
    pub rows: Vec<f64>,
    /// Convergence diagnostics of the chains for each drawn column, by its index; `None` for independent
    /// rows.
    pub diagnostics: Option<Vec<(usize, Diagnostics)>>,
}
