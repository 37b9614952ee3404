//! The sums of exponentials of a panel of neurons on a block of rows, with inputs in vector lanes.

use crate::layout::component::{Component, components};
use crate::layout::padded_rows::{GROUP, PaddedRows};
use crate::layout::prepare::Prepared;
use crate::layout::tile::INPUTS;
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector};
use std::ops::Range;

/// Computes sums of exponentials, `[padded rows, width]`; the sums of rows beyond the batch are unspecified.
pub(crate) struct SumInputs<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) panel: usize,
    pub(crate) x: &'a PaddedRows,
    /// A block of rows.
    pub(crate) rows: Range<usize>,
}

impl Operation for SumInputs<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Vec<f32> {
        let SumInputs { prepared, panel, x, rows } = self;
        let width = prepared.layout.width;
        let exp2 = S::Exp2::new(simd);
        let mut sums = vec![0.0; rows.len().next_multiple_of(GROUP) * width];
        for (lane, neuron) in prepared.neurons(panel).enumerate() {
            let components = components::<S, 1>(neuron);
            for (first, sums) in rows.clone().step_by(GROUP).zip(sums.chunks_exact_mut(GROUP * width)) {
                let mut x = x.group::<S>(first, components.len());
                let mut totals = [simd.splat_f32s(0.0); GROUP];
                // Sums of some inputs join the totals only at their end, which keeps rounding errors from growing
                // with the number of inputs.
                for components in components.chunks(INPUTS) {
                    let block = x.map(
                        #[inline(always)]
                        |x| &x[..components.len()],
                    );
                    let mut sums = [simd.splat_f32s(0.0); GROUP];
                    for (at, component) in components.iter().enumerate() {
                        let component = Component::new(simd, exp2, component);
                        let (polynomials, powers) = component.factors(None, block.map(|x| x[at]));
                        for n in 0..GROUP {
                            sums[n] = simd.mul_add_e_f32s(polynomials[n][0], powers[n][0], sums[n]);
                        }
                    }
                    for n in 0..GROUP {
                        totals[n] = simd.add_f32s(totals[n], sums[n]);
                        x[n] = &x[n][components.len()..];
                    }
                }
                for n in 0..GROUP {
                    sums[n * width + lane] = simd.reduce_sum_f32s(totals[n]);
                }
            }
        }
        sums
    }
}
