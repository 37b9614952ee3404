//! Checks whether a circuit fits into memory before it is created.

use crate::error::CircuitError;
use crate::structure::{RegionShape, Structure};
use crate::variable::Variable;

/// Bytes per number of a circuit in training: the number and its best value so far in f64, its compiled form,
/// and its statistics.
const BYTES_PER_NUMBER: usize = 32;

/// Fails for a circuit of this structure, with this number of components per mixture, if the memory to train
/// it cannot be reserved. Without this check the allocator or the system would end the program.
pub(super) fn check(
    structure: &Structure,
    variables: &[Variable],
    components: usize,
) -> Result<(), CircuitError> {
    let numbers = |(index, shape): (usize, &RegionShape)| -> Option<usize> {
        let per_unit = match shape {
            RegionShape::Leaf { variable, .. } => {
                let states = variables.get(*variable).and_then(Variable::states).unwrap_or(0);
                components.checked_mul(3)?.checked_add(states)?
            }
            RegionShape::Indicator { states, .. } => *states,
            RegionShape::Inner { .. } => structure.width(index)?,
        };
        shape.units().checked_mul(per_unit)
    };
    let mut all = structure.regions().iter().enumerate().map(numbers);
    let numbers = all.try_fold(0usize, |sum, count| sum.checked_add(count?));
    let bytes = numbers.and_then(|numbers| numbers.checked_mul(BYTES_PER_NUMBER));
    // The memory is reserved and released without being written to.
    match bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok()) {
        true => Ok(()),
        false => Err(CircuitError::Memory { numbers, bytes }),
    }
}
