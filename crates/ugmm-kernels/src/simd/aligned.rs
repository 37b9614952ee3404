//! Values that start with a cache line, so that no vector straddles two lines: loads and stores of a vector
//! that does take twice as long. (Pulp's vectors do not require alignment.)

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line and of the widest vector.
const LINE: usize = 64;

/// A value that starts with a cache line.
#[repr(align(64))]
pub(crate) struct Aligned<T>(pub(crate) T);

/// A vector of `f32` whose first value starts a cache line.
#[derive(Debug)]
pub(crate) struct AlignedVec {
    values: Vec<f32>,
    start: usize,
    length: usize,
}

impl AlignedVec {
    pub(crate) fn zeros(length: usize) -> Self {
        let values = vec![0.0_f32; length + LINE / size_of::<f32>()];
        let start = values.as_ptr().align_offset(LINE);
        // Alignment affects speed only: where an offset cannot be told, everything works without it.
        let start = if start < values.len() - length { start } else { 0 };
        AlignedVec { values, start, length }
    }
}

impl Deref for AlignedVec {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.length]
    }
}

impl DerefMut for AlignedVec {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.length]
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_starts_a_cache_line() {
        for length in (0..40).chain([100, 1000, 4099]) {
            // Several vectors live at the same time, so that they begin at different places.
            let all: Vec<AlignedVec> = (0..8).map(|_| AlignedVec::zeros(length)).collect();
            for values in &all {
                assert_eq!((values.len(), values.as_ptr().align_offset(LINE)), (length, 0));
            }
        }
    }
}
