//! The sums of exponentials of a panel of neurons on a block of rows, with inputs in vector lanes.

use crate::layout::columns::{Columns, GROUP};
use crate::layout::component::{Component, components};
use crate::layout::prepare::Prepared;
use crate::layout::tile::{INPUTS, ROWS};
use crate::simd::aligned::Aligned;
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector};
use std::ops::Range;

/// Computes sums of exponentials, `[neurons, padded rows]`; the sums of rows beyond the batch are unspecified.
pub(crate) struct SumInputs<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) panel: usize,
    pub(crate) x: &'a Columns,
    /// A block of rows.
    pub(crate) rows: Range<usize>,
}

impl Operation for SumInputs<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Vec<f32> {
        let SumInputs { prepared, panel, x, rows } = self;
        let exp2 = S::Exp2::new(simd);
        let neurons = prepared.neurons(panel);
        let padded = rows.len().next_multiple_of(GROUP);
        let mut sums = vec![0.0; neurons.len() * padded];
        // The sums of a neuron over each lane.
        let mut over_lanes = Aligned([simd.splat_f32s(0.0); ROWS]);
        let over_lanes = &mut over_lanes.0[..padded];
        for (neuron, sums) in neurons.zip(sums.chunks_exact_mut(padded)) {
            let components = components::<S, 1>(neuron);
            let (groups, _) = over_lanes.as_chunks_mut::<GROUP>();
            for (group, totals) in (rows.start / GROUP..).zip(groups) {
                *totals = [simd.splat_f32s(0.0); GROUP];
                // Sums of some inputs join the totals only at their end, which keeps rounding errors from growing
                // with the number of inputs.
                let mut columns = x.all::<S>();
                for components in components.chunks(INPUTS) {
                    let mut sums = [simd.splat_f32s(0.0); GROUP];
                    for (component, column) in components.iter().zip(&mut columns) {
                        let x = column.as_chunks::<GROUP>().0[group];
                        let component = Component::new(simd, exp2, component);
                        let (polynomials, powers) = component.factors(None, x);
                        for n in 0..GROUP {
                            sums[n] = simd.mul_add_e_f32s(polynomials[n][0], powers[n][0], sums[n]);
                        }
                    }
                    for n in 0..GROUP {
                        totals[n] = simd.add_f32s(totals[n], sums[n]);
                    }
                }
            }
            // Sums over lanes wait for each other less where they follow one another.
            for (sum, &over_lanes) in sums.iter_mut().zip(over_lanes.iter()) {
                *sum = simd.reduce_sum_f32s(over_lanes);
            }
        }
        sums
    }
}
