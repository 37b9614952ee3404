//! x in the form that the fast path reads where inputs lie in vector lanes: row by row, made once and kept from the
//! forward pass for the backward pass.

use crate::LayerShape;
use crate::simd::aligned::AlignedVec;
use crate::simd::vector::Vector;

/// Values in a cache line; every vector has at most as many.
const LINE: usize = 16;

/// Rows are evaluated in groups of this many. Padding rows, whose results are unused, fill the last group.
pub(crate) const GROUP: usize = 4;

/// Some rows, each padded to whole vectors with 0.
#[derive(Debug)]
pub(crate) struct PaddedRows {
    values: AlignedVec,
    stride: usize,
}

impl PaddedRows {
    /// Rows of 0 for a layer's batch and inputs.
    pub(crate) fn zeros(shape: LayerShape) -> Self {
        // With an odd number of cache lines from row to row, a column of vectors is spread over the whole cache.
        let stride = (shape.inputs.div_ceil(LINE) | 1) * LINE;
        PaddedRows { values: AlignedVec::zeros(shape.batch.next_multiple_of(GROUP) * stride), stride }
    }

    /// Copies x, `[batch, inputs]`.
    pub(crate) fn of(shape: LayerShape, x: &[f32]) -> Self {
        let mut rows = PaddedRows::zeros(shape);
        for (row, x) in rows.values.chunks_exact_mut(rows.stride).zip(x.chunks_exact(shape.inputs)) {
            row[..shape.inputs].copy_from_slice(x);
        }
        rows
    }

    /// A row, followed by padding.
    pub(crate) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..(row + 1) * self.stride]
    }

    /// All values, `[padded rows, stride]`, and the stride.
    pub(crate) fn values_mut(&mut self) -> (&mut [f32], usize) {
        (&mut self.values, self.stride)
    }

    /// The vectors of a group of rows that starts at row `first`; each row has at least `count` vectors.
    #[inline(always)]
    pub(crate) fn group<S: Vector>(&self, first: usize, count: usize) -> [&[S::f32s]; GROUP] {
        std::array::from_fn(
            #[inline(always)]
            |n| &S::as_simd_f32s(&self.values[(first + n) * self.stride..]).0[..count],
        )
    }

    /// Vector `at` of each of `N` rows from row `first` on.
    #[inline(always)]
    pub(crate) fn vectors<S: Vector, const N: usize>(&self, first: usize, at: usize) -> [S::f32s; N] {
        std::array::from_fn(
            #[inline(always)]
            |n| {
                let start = (first + n) * self.stride + at * S::F32_LANES;
                S::as_simd_f32s(&self.values[start..start + S::F32_LANES]).0[0]
            },
        )
    }

    /// Vector `at` of a row.
    #[inline(always)]
    pub(crate) fn vector_mut<S: Vector>(&mut self, row: usize, at: usize) -> &mut S::f32s {
        let start = row * self.stride + at * S::F32_LANES;
        &mut S::as_mut_simd_f32s(&mut self.values[start..start + S::F32_LANES]).0[0]
    }
}
