//! Regions, of which circuits consist.

use crate::error::CircuitError;
use crate::leaf::Leaf;
use serde::{Deserialize, Serialize};

/// A part of a circuit: `units` densities over the same variables, its scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Mixtures of one variable.
    Leaf(Leaf),
    /// Sums of products of other regions.
    Inner(InnerRegion),
}

/// A region of sums of products. Unit k is
///
/// ```text
/// Σ_p Σ_j W[k, (p, j)] Π_(c in partition p) child_c[j]
/// ```
///
/// Each partition divides the scope among its children, which all have the same number of units, the
/// partition's width. This form includes many structures: plain mixtures, random trees (a root with a
/// partition for each), quadrants of images, hidden Chow-Liu trees and models with one density for each
/// class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InnerRegion {
    /// Number of sums.
    pub units: usize,
    /// The regions that each partition multiplies; all precede this one.
    pub partitions: Vec<Vec<usize>>,
    /// W `[units, width of all partitions together]`: not negative, and each row sums to 1.
    pub weights: Vec<f64>,
}

impl InnerRegion {
    /// Number of products that each unit sums over, which is the number of columns of W.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weights.len() / self.units.max(1)
    }

    /// The weights of one unit, `[width]`.
    #[must_use]
    pub fn row(&self, unit: usize) -> &[f64] {
        let width = self.width();
        &self.weights[unit * width..(unit + 1) * width]
    }

    /// Checks the weights; `width` is the number of products, `None` if it is too large to count.
    pub(crate) fn validate(&self, region: usize, width: Option<usize>) -> Result<(), CircuitError> {
        let fail = |reason| Err(CircuitError::Region { region, reason });
        let numbers = width.and_then(|width| width.checked_mul(self.units));
        let Some(width) = width.filter(|&width| width > 0 && numbers == Some(self.weights.len())) else {
            return fail(format!(
                "has {} weights, not {} units × {} products",
                self.weights.len(),
                self.units,
                width.map_or("too many".to_owned(), |width| width.to_string())
            ));
        };
        for (unit, row) in self.weights.chunks_exact(width).enumerate() {
            if let Some(weight) = row.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
                return fail(format!("has the weight {weight} in unit {unit}"));
            }
            let sum: f64 = row.iter().sum();
            if (sum - 1.0).abs() > 1e-6 {
                return fail(format!("has a unit, {unit}, whose weights sum to {sum}, not to 1"));
            }
        }
        Ok(())
    }
}

impl Region {
    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.units,
            Self::Inner(inner) => inner.units,
        }
    }
}
