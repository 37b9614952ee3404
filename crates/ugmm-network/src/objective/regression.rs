//! Tasks of predicting a number.

use super::inputs::{Nodes, joined, random_nodes};
use crate::UgmmError;
use serde::{Deserialize, Serialize};

/// Largest number of cells in training; each cell costs as much as another row.
const MOST_NODES: usize = 4096;

/// Number of values that represent the range of a number where predictions are explained.
pub(super) const PREDICTION_NODES: usize = 32;

/// The objective of training a network that predicts a number. One output is the joint score s(x, y) of
/// features and the number y, the last input. The objective maximises the log of the conditional density
/// p(y | x) = exp s(x, y) / ∫ exp s(x, y′) dy′ over y′ in [`low`, `high`], which is a density by construction.
/// The integral is a sum over `nodes` cells of equal width, evaluated at a random place in each and, in the
/// cell of the row's own y, at y, so that structure finer than a cell brings no gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DensityObjective {
    /// Lower end of the range of y, in the network's units.
    pub low: f64,
    /// Upper end; greater than `low`.
    pub high: f64,
    /// Number of cells in training, at least 2.
    pub nodes: usize,
    /// Weight of the continuous ranked probability score relative to the negative log-density, at least
    /// 0. It is a proper score too, but depends on the distance of probability from y. The log-density
    /// alone is hardly affected by a little probability spread over the whole range.
    pub crps_weight: f64,
}

/// The task of predicting the density of a number; its settings are all in their ranges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    features: usize,
    objective: DensityObjective,
}

impl Regression {
    /// The task of predicting a number from `features` feature columns, at least 1.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
    pub fn new(features: usize, objective: DensityObjective) -> Result<Self, UgmmError> {
        let DensityObjective { low, high, nodes, crps_weight } = objective;
        if !(low < high && (high - low).is_finite()) {
            let (setting, range) = ("the range of the target", format!("{low} to {high}"));
            return Err(UgmmError::setting(setting, range, "from a finite number to a greater one"));
        }
        if !(crps_weight >= 0.0 && crps_weight.is_finite()) {
            return Err(UgmmError::setting("crps_weight", crps_weight, "at least 0 and finite"));
        }
        if !(2..=MOST_NODES).contains(&nodes) {
            return Err(UgmmError::setting("nodes", nodes, "between 2 and 4096"));
        }
        if features == 0 {
            return Err(UgmmError::setting("features", 0, "at least 1"));
        }
        Ok(Self { features, objective })
    }

    /// Number of feature columns.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// The objective of training.
    #[must_use]
    pub fn objective(&self) -> DensityObjective {
        self.objective
    }

    /// The features `x` `[rows, features]`, each row followed by its number: `[rows, features + 1]`.
    pub(super) fn network_input(&self, x: &[f32], numbers: &[f32]) -> Vec<f32> {
        joined(x, self.features, numbers, 1)
    }

    /// A number in each of `cells` cells of the range for each row; see [`random_nodes`].
    pub(crate) fn nodes(&self, own: &[f32], cells: usize, place: impl FnMut() -> f32) -> Nodes {
        random_nodes(own, (self.objective.low, self.objective.high), cells, place)
    }

    /// The network's inputs for the scores of the whole range: each row of `x` `[rows, features]` with the middle of
    /// each of 32 cells.
    pub(super) fn prediction_inputs(&self, x: &[f32]) -> Vec<f32> {
        let none = vec![f32::NAN; x.len() / self.features];
        self.nodes(&none, PREDICTION_NODES, || 0.5).joined_to(x)
    }
}
