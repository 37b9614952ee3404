//! Questions to a model of a table: what is given, and what a model answers.

pub(crate) mod assignments;
pub(crate) mod error;

use crate::column::Column;
use crate::column::range::NumberRange;
use crate::distribution::Distribution;
use ugmm_network::inference::diagnostics::Diagnostics;
use ugmm_network::inference::gibbs::SamplingOptions;

/// What is known of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// One value for each column of the model; NaN where nothing is known. See [`Column`].
    pub row: Vec<f64>,
    /// Ranges that are assumed in place of those of the columns, in the table's units, `[columns]`.
    pub ranges: Vec<Option<NumberRange>>,
}

impl Evidence {
    /// Evidence of nothing, for a model of so many columns.
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

/// The distribution of a column given others.
#[derive(Clone, Debug)]
pub struct Answer<'m> {
    /// The column.
    pub column: &'m Column,
    /// The distribution of its values.
    pub distribution: Distribution,
}

impl Answer<'_> {
    /// Each state with its name and probability, rare levels by their shares of the training rows; `None` for a number.
    #[must_use]
    pub fn states(&self) -> Option<Vec<(String, f64)>> {
        if self.column.is_number() {
            return None;
        }
        let values = self.distribution.probabilities(self.column)?.into_iter();
        Some(values.map(|(value, share)| (self.column.state_name(value), share)).collect())
    }
}

/// How rows are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawOptions {
    /// Number of rows.
    pub rows: usize,
    /// Seed of the random choices.
    pub seed: u64,
    /// Chains of a model that draws by Gibbs sampling; other models draw independent rows.
    pub chains: SamplingOptions,
}

/// Rows that were drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// `[rows, columns]`, row-major, with the values that were given.
    pub rows: Vec<f64>,
    /// Whether the chains agree on each column that was drawn, by its index; `None` for independent rows.
    pub diagnostics: Option<Vec<(usize, Diagnostics)>>,
}
