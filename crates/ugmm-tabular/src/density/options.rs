//! Options of training a density.

use serde::{Deserialize, Serialize};

/// The structure of a circuit: which columns are joined in which region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DensityStructure {
    /// The best structure for the number of rows and columns.
    #[default]
    Auto,
    /// A tree of the columns that depend most on each other, with hidden states (hidden Chow-Liu tree).
    ChowLiu,
    /// Several trees that split the columns at random.
    RandomTrees,
    /// A plain mixture, in whose components the columns are independent.
    Mixture,
    /// For images: rectangles that are halved repeatedly in both directions. Earlier versions named it
    /// `quadrants`.
    #[serde(alias = "quadrants")]
    Halves,
    /// Independent columns.
    Independent,
}

/// The algorithm that trains the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DensityMethod {
    /// Expectation maximisation.
    Em,
    /// Gradient ascent by Adam.
    Adam,
}

/// Options of training a density on a table. The defaults suit most tables; `None` stands for the circuit's
/// own default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DensityOptions {
    /// The structure of the circuit.
    pub structure: DensityStructure,
    /// Number of units in each region.
    pub units: Option<usize>,
    /// Number of circuits that are trained with different validation rows and mixed; chosen by the size of
    /// the table if `None`.
    pub members: Option<usize>,
    /// The training algorithm.
    pub method: Option<DensityMethod>,
    /// Largest number of epochs.
    pub epochs: Option<usize>,
    /// Number of epochs without a better log-likelihood of the validation rows after which early stopping
    /// ends training.
    pub patience: Option<usize>,
    /// Number of rows in a batch.
    pub batch_size: Option<usize>,
    /// Learning rate of Adam; an error with another method, which would not use it.
    pub learning_rate: Option<f64>,
    /// Fraction of the rows that is held out to measure the model, from 0 (none) to below 1.
    pub validation: f64,
    /// Seed of all random choices.
    pub seed: u64,
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            structure: DensityStructure::Auto,
            units: None,
            members: None,
            method: None,
            epochs: None,
            patience: None,
            batch_size: None,
            learning_rate: None,
            validation: 0.2,
            seed: 0,
        }
    }
}
