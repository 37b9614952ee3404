//! x in the form that the fast path reads where inputs lie in vector lanes, made once and kept from the forward pass for
//! the backward pass.

use crate::LayerShape;
use crate::simd::aligned::AlignedVec;
use crate::simd::dispatch::InstructionSet;
use crate::simd::vector::Vector;

/// Rows come in groups of this many. Padding rows, whose results are unused, fill the last group.
pub(crate) const GROUP: usize = 4;

/// The values of x in columns of vectors, `[vectors of inputs, padded rows, lanes]`; 0 beyond the inputs and the batch.
#[derive(Debug)]
pub(crate) struct Columns {
    values: AlignedVec,
    padded_rows: usize,
}

impl Columns {
    pub(crate) fn of(instructions: InstructionSet, shape: LayerShape, x: &[f32]) -> Self {
        let LayerShape { batch, inputs, .. } = shape;
        let lanes = instructions.lanes();
        let padded_rows = batch.next_multiple_of(GROUP);
        let mut values = AlignedVec::zeros(inputs.div_ceil(lanes) * padded_rows * lanes);
        for (at, column) in values.chunks_exact_mut(padded_rows * lanes).enumerate() {
            let inputs = at * lanes..inputs.min((at + 1) * lanes);
            for (vector, x) in column.chunks_exact_mut(lanes).zip(x.chunks_exact(shape.inputs)) {
                vector[..inputs.len()].copy_from_slice(&x[inputs.clone()]);
            }
        }
        Columns { values, padded_rows }
    }

    /// Number of rows, with those that fill the last group.
    pub(crate) fn padded_rows(&self) -> usize {
        self.padded_rows
    }

    /// Each vector of inputs of all rows.
    #[inline(always)]
    pub(crate) fn all<S: Vector>(&self) -> std::slice::ChunksExact<'_, S::f32s> {
        S::as_simd_f32s(&self.values).0.chunks_exact(self.padded_rows)
    }
}
