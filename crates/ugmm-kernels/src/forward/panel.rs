//! The fast path of the forward pass: the sums of exponentials of a panel of neurons on a block of rows.
//!
//! Where x is 0 an exponential does not depend on the row. Where such inputs are kept apart, the zero part of
//! a row's sum is a sum over a subset of these exponentials; only the other inputs cost an exponential each.

use crate::forward::kept::KeptPanel;
use crate::layout::component::{Component, components};
use crate::layout::prepare::{Prepared, VALUES};
use crate::layout::subset_sums::{SubsetSums, Wide};
use crate::layout::tile::{
    INPUTS, PLACES, Places, SparseTile, Tile, dense_places, padded_rows, sparse_places,
};
use crate::layout::zero_map::WORD;
use crate::simd::aligned::Aligned;
use crate::simd::exp2::{Exp2, Pairs};
use crate::simd::vector::{Operation, Vector};
use std::ops::Range;

/// Values evaluated together; divides [`crate::layout::tile::GROUP`].
const TOGETHER: usize = 2;

/// Computes sums of exponentials, `[padded rows, width]`; the sums of rows beyond the batch are unspecified.
pub(crate) struct SumRows<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) panel: usize,
    /// The components that have weight, where evaluating only these pays.
    pub(crate) kept: Option<&'a KeptPanel>,
    /// The tiles of a block of rows.
    pub(crate) tiles: &'a [Tile],
    /// The blocks of inputs to sum over.
    pub(crate) blocks: Range<usize>,
    pub(crate) rows: usize,
}

impl Operation for SumRows<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Vec<f32> {
        match self.prepared.layout.vectors {
            1 => self.sums::<S, 1>(simd),
            _ => self.sums::<S, 2>(simd),
        }
    }
}

impl SumRows<'_> {
    #[inline(always)]
    fn sums<S: Vector, const V: usize>(self, simd: S) -> Vec<f32> {
        let rows = padded_rows(self.rows);
        let steps = Steps { simd, exp2: S::Exp2::new(simd) };
        let zero = [simd.splat_f32s(0.0); V];
        // Sums of a tile join the totals only at its end, which keeps rounding errors from growing with the
        // number of inputs.
        let mut totals = vec![zero; rows];
        let mut sums = Aligned([zero; PLACES]);
        let sums = &mut sums.0;
        let mut subsets = SubsetSums::new(simd);
        let panel = self.prepared.panel(self.panel);
        let size = VALUES * V * S::F32_LANES;
        let all = self.tiles.iter().zip(panel.chunks(INPUTS * size)).enumerate();
        for (block, (tile, panel)) in all.skip(self.blocks.start).take(self.blocks.len()) {
            sums[..rows].fill(zero);
            match tile {
                Tile::Dense(x) => match self.kept {
                    Some(kept) => kept.set_sums(simd, steps.exp2, block, x, rows, sums),
                    None => steps.add_dense(panel, x, rows, sums),
                },
                Tile::Sparse(tile) => {
                    steps.add_zeros(panel, tile, &mut subsets, sums);
                    steps.add_nonzeros(panel, tile, sums);
                }
            }
            for (total, sum) in totals.iter_mut().zip(sums.iter()) {
                for v in 0..V {
                    total[v] = simd.add_f32s(total[v], sum[v]);
                }
            }
        }
        pulp::bytemuck::cast_slice(totals.as_flattened()).to_vec()
    }
}

/// The instruction set and the exponential, which all steps of a panel share.
#[derive(Clone, Copy)]
struct Steps<S: Vector> {
    simd: S,
    exp2: S::Exp2,
}

impl<S: Vector> Steps<S> {
    /// Adds the exponentials of every input on every row.
    #[inline(always)]
    fn add_dense<const V: usize>(
        self,
        panel: &[f32],
        x: &[f32],
        rows: usize,
        sums: &mut [Wide<S, V>; PLACES],
    ) {
        for (component, x) in components::<S, V>(panel).iter().zip(x.chunks_exact(rows)) {
            self.add_column(component, dense_places(x), sums);
        }
    }

    /// Adds the exponentials of the inputs that are not 0.
    #[inline(always)]
    fn add_nonzeros<const V: usize>(self, panel: &[f32], tile: &SparseTile, sums: &mut [Wide<S, V>; PLACES]) {
        for (component, entries) in components::<S, V>(panel).iter().zip(tile.columns()) {
            self.add_column(component, sparse_places(entries), sums);
        }
    }

    /// Adds the exponentials of some values of one input.
    #[inline(always)]
    fn add_column<const V: usize>(
        self,
        component: &[Wide<S, V>; VALUES],
        places: impl Iterator<Item = Places<TOGETHER>>,
        sums: &mut [Wide<S, V>; PLACES],
    ) {
        let component = Component::new(self.simd, self.exp2, component);
        // The loop is written twice, because which of the two forms of u it uses is known before it starts.
        match component.shifts() {
            Some(shifts) => {
                for Places { rows, x } in places {
                    let factors = component.factors(Some(shifts), component.splat(x));
                    self.add(factors, rows, sums);
                }
            }
            None => {
                for Places { rows, x } in places {
                    let factors = component.factors(None, component.splat(x));
                    self.add(factors, rows, sums);
                }
            }
        }
    }

    /// Adds the exponentials of a few values to the sums of their rows.
    #[inline(always)]
    fn add<const V: usize>(
        self,
        (polynomials, powers): Pairs<S, V, TOGETHER>,
        rows: [u8; TOGETHER],
        sums: &mut [Wide<S, V>; PLACES],
    ) {
        for n in 0..TOGETHER {
            let sum = &mut sums[usize::from(rows[n])];
            for v in 0..V {
                sum[v] = self.simd.mul_add_e_f32s(polynomials[n][v], powers[n][v], sum[v]);
            }
        }
    }

    /// Adds the exponentials of the inputs that are 0.
    #[inline(always)]
    fn add_zeros<const V: usize>(
        self,
        panel: &[f32],
        tile: &SparseTile,
        subsets: &mut SubsetSums<S, V>,
        sums: &mut [Wide<S, V>; PLACES],
    ) {
        for (word, components) in components::<S, V>(panel).chunks(WORD).enumerate() {
            let mut at_zero = [[self.simd.splat_f32s(0.0); V]; WORD];
            for (at_zero, component) in at_zero.iter_mut().zip(components) {
                let component = Component::new(self.simd, self.exp2, component);
                [*at_zero] = component.evaluate(None, [self.simd.splat_f32s(0.0)]).exponentials;
            }
            subsets.tabulate(&at_zero);
            for (sum, zeros) in sums.iter_mut().zip(tile.zeros.of_inputs(word)) {
                subsets.add_selected(sum, zeros);
            }
        }
    }
}
