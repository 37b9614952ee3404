//! The structure that a configuration selects.

use super::config::{StructureChoice, TrainingConfig};
use super::random::{Stream, generator};
use crate::error::CircuitError;
use crate::rows::Rows;
use crate::structure::{self, ImageSplit, Structure};
use crate::variable::{Variable, VariableKind};

/// The structure that a configuration selects, built for `rows`.
pub(super) fn chosen_structure(
    rows: Rows<'_>,
    variables: &[Variable],
    config: &TrainingConfig,
) -> Result<Structure, CircuitError> {
    let units = config.units.unwrap_or_else(|| default_units(rows.count()));
    let Some(label) = config.class_conditional else {
        return structure_of(rows, variables, units, config);
    };
    let last = variables.len().saturating_sub(1);
    let variable = variables.get(label).ok_or(CircuitError::NoSuchVariable { variable: label, last })?;
    let VariableKind::Categorical { states } = variable.kind else {
        return Err(CircuitError::NotCategorical { variable: label, name: variable.label(label) });
    };
    let others: Vec<Variable> =
        variables.iter().enumerate().filter(|(index, _)| *index != label).map(|(_, v)| v.clone()).collect();
    if others.is_empty() {
        return structure_of(rows, variables, units, config);
    }
    let values: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.iter().enumerate().filter(|(index, _)| *index != label).map(|(_, value)| *value))
        .collect();
    let features = Rows::new(&values, others.len())?.weighted(rows.weights())?;
    let features = structure_of(features, &others, units, config)?;
    structure::class_conditional(&features, variables.len(), label, states)
}

fn structure_of(
    rows: Rows<'_>,
    variables: &[Variable],
    units: usize,
    config: &TrainingConfig,
) -> Result<Structure, CircuitError> {
    let count = variables.len();
    match config.structure {
        StructureChoice::ChowLiu => structure::hidden_chow_liu_tree(rows, variables, units),
        StructureChoice::Mixture => structure::mixture(count, units),
        StructureChoice::Independent => structure::independent(count),
        StructureChoice::RandomTrees { replicas } => {
            structure::random_trees(count, units, replicas, &mut generator(config.seed, Stream::Structure))
        }
        StructureChoice::ImageHalves { height, width } => {
            structure::quadrants((height, width), count, units, ImageSplit::Both)
        }
        StructureChoice::ImageQuadrants { height, width } => {
            structure::quadrants((height, width), count, units, ImageSplit::Quadrants)
        }
    }
}

/// Default number of units by number of rows. On tables of 150 to 4,000 rows, half as many were worse and a
/// quarter much worse; above 64 the time is not worth it.
fn default_units(rows: usize) -> usize {
    (rows as f64).sqrt().round().clamp(4.0, 64.0) as usize
}
