//! Plain mixtures and independent variables.

use super::{RegionShape, Structure};
use crate::error::CircuitError;

/// A mixture of `units` products over all variables, which are independent in each product.
///
/// # Errors
///
/// [`CircuitError`] when there are no variables or no units.
pub fn mixture(variables: usize, units: usize) -> Result<Structure, CircuitError> {
    let leaves = (0..variables).map(|variable| RegionShape::Leaf { variable, units });
    let root = RegionShape::Inner { units: 1, partitions: vec![(0..variables).collect()] };
    Structure::new(variables, leaves.chain([root]).collect())
}

/// All variables independent of each other. Each leaf can still be a mixture of several components.
///
/// # Errors
///
/// [`CircuitError`] when there are no variables.
pub fn independent(variables: usize) -> Result<Structure, CircuitError> {
    mixture(variables, 1)
}
