//! Structures with one density of the features for each class.

use super::{RegionShape, Structure};
use crate::error::CircuitError;

/// Joins a structure over all variables but one, the label with `states` states, to the label. The root
/// becomes Σ_c P(c) p_c(features), where p_c is unit c of the former root. Below it the classes share
/// everything.
///
/// `features` is over `variables` - 1 variables; indices from `label` on are increased by one to make room
/// for the label.
///
/// # Errors
///
/// [`CircuitError`] when the label is not one of the variables, or has no states.
pub fn class_conditional(
    features: &Structure,
    variables: usize,
    label: usize,
    states: usize,
) -> Result<Structure, CircuitError> {
    if label >= variables {
        return Err(CircuitError::NoSuchVariable { variable: label, last: variables.saturating_sub(1) });
    }
    let moved = |variable: usize| if variable < label { variable } else { variable + 1 };
    let mut regions: Vec<RegionShape> = features
        .regions()
        .iter()
        .map(|shape| match shape {
            RegionShape::Leaf { variable, units } => {
                RegionShape::Leaf { variable: moved(*variable), units: *units }
            }
            RegionShape::Indicator { variable, states } => {
                RegionShape::Indicator { variable: moved(*variable), states: *states }
            }
            inner => inner.clone(),
        })
        .collect();
    let root = regions.len() - 1;
    match &mut regions[root] {
        RegionShape::Inner { units, .. } | RegionShape::Leaf { units, .. } => *units = states,
        RegionShape::Indicator { .. } => {
            return Err(CircuitError::Region {
                region: root,
                reason: "is an indicator and the root; it needs a region above it".into(),
            });
        }
    }
    regions.push(RegionShape::Indicator { variable: label, states });
    regions.push(RegionShape::Inner { units: 1, partitions: vec![vec![root + 1, root]] });
    Structure::new(variables, regions)
}
