//! Whether a circuit fits into memory, found out before it is made.

use crate::error::CircuitError;
use crate::structure::{RegionShape, Structure};
use crate::variable::Variable;

/// Bytes that a number of a circuit takes in training: itself and the best one so far, in f64, as it is computed with, and
/// its statistics.
const BYTES_PER_NUMBER: usize = 32;

/// Refuses a circuit of this structure, with so many components for each mixture, where the memory to train it cannot be
/// had. Without this the program would be ended by the allocator, or by the system.
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
    // Set aside and given back: none of it is touched.
    match bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok()) {
        true => Ok(()),
        false => Err(CircuitError::Memory { numbers, bytes }),
    }
}
