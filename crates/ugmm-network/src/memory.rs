//! Whether a network fits into memory, found out before it is made.

use crate::UgmmError;

/// Bytes that a weight takes in training: itself, its gradient, and two moments of it, in f32.
const BYTES_PER_WEIGHT: usize = 16;

/// Refuses a network of so many weights (`None`: too many to count) where the memory to train it cannot be had. Without this
/// the program would be ended by the allocator, or by the system.
pub(crate) fn check(weights: Option<usize>) -> Result<(), UgmmError> {
    let bytes = weights.and_then(|weights| weights.checked_mul(BYTES_PER_WEIGHT));
    // Set aside and given back: none of it is touched.
    let can_be_had = bytes.is_some_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok());
    match can_be_had {
        true => Ok(()),
        false => Err(UgmmError::Memory { weights, bytes }),
    }
}
