//! Checks whether a network fits into memory before it is created.

use crate::UgmmError;

/// Bytes per weight in training: the weight, its gradient and two moments of the gradient, in f32.
const BYTES_PER_WEIGHT: usize = 16;

/// Fails for a network of `weights` weights (`None`: too many to count) if the memory to train it cannot be
/// reserved. Without this check the allocator or the system would end the program.
pub(crate) fn check(weights: Option<usize>) -> Result<(), UgmmError> {
    let bytes = weights.and_then(|weights| weights.checked_mul(BYTES_PER_WEIGHT));
    // The memory is reserved and released without being written to.
    let can_be_had = bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    match can_be_had {
        true => Ok(()),
        false => Err(UgmmError::Memory { weights, bytes }),
    }
}
