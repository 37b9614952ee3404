//! What may be chosen about learning a density.

use crate::TaskChoice;
use serde::{Deserialize, Serialize};

/// Which columns are joined where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DensityStructure {
    /// What suits the number of rows and columns.
    #[default]
    Auto,
    /// A tree of the columns that depend most on each other, with hidden states (a hidden Chow-Liu tree).
    ChowLiu,
    /// Several trees that divide the columns at random.
    RandomTrees,
    /// A plain mixture: each component is independent of column to column.
    Mixture,
    /// Of images: rectangles, halved again and again, both ways. Versions before called it quadrants.
    #[serde(alias = "quadrants")]
    Halves,
    /// Columns that do not depend on each other.
    Independent,
}

/// How parameters are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DensityMethod {
    /// Expectation maximisation.
    Em,
    /// Gradient ascent by Adam.
    Adam,
}

/// How to learn a density from a table. The default is right for most tables; what is `None` is as the circuit's own defaults
/// have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DensityOptions {
    /// The column to predict, if there is one.
    pub target: Option<String>,
    /// Whether it is one of classes or of numbers; by what it holds if not given.
    pub task: Option<TaskChoice>,
    /// Which columns are joined where.
    pub structure: DensityStructure,
    /// Densities side by side in each region.
    pub units: Option<usize>,
    /// Circuits that are learned from other rows set aside each and mixed; by the size of the table if not given.
    pub members: Option<usize>,
    /// How parameters are found.
    pub method: Option<DensityMethod>,
    /// Passes over the training rows, at most.
    pub epochs: Option<usize>,
    /// Epochs without a better likelihood of the rows set aside, after which to stop.
    pub patience: Option<usize>,
    /// Rows of a step.
    pub batch_size: Option<usize>,
    /// Step size of Adam; an error with another method, which would not use it.
    pub learning_rate: Option<f64>,
    /// Share of the rows held out to measure the model; 0 for none.
    pub validation: f64,
    /// Decides every random choice.
    pub seed: u64,
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            target: None,
            task: None,
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
