//! The sums behind all gradients on the fast path: each exponential is computed once and serves both the sums over
//! rows, which the parameters need, and those over neurons, which the inputs need.
//!
//! A task owns a block of inputs and some neurons. Its sums over neurons are its own, too, and are added up
//! afterwards in a fixed order.

use crate::backward::Call;
use crate::careful::saturate;
use crate::exp2::Exp2;
use crate::prepare::{BLOCK, LANES, Prepared};
use pulp::{Simd, WithSimd};

/// Rows summed up in `f32` before they join the `f64` totals; their x and their sums over neurons, a block wide,
/// stay in the first-level cache while the neurons go by.
pub(crate) const ROW_BLOCK: usize = 128;

/// Neurons of a task, and thus those summed up in `f32`.
pub(crate) const NEURON_BLOCK: usize = 128;

/// Rows evaluated together; divides [`ROW_BLOCK`].
pub(crate) const ROWS: usize = 8;

/// The sums of every task.
pub(crate) struct DenseSums {
    tasks: Vec<TaskSums>,
    blocks: usize,
}

struct TaskSums {
    /// Sums over rows of w, w·u and w·u², `[neurons, 3, LANES]`.
    over_rows: Vec<f32>,
    /// Sums over neurons of w·u·scale, `[batch, LANES]`; empty when they were not asked for.
    over_neurons: Vec<f32>,
}

impl DenseSums {
    pub(crate) fn new(call: &Call<'_>, prepared: &Prepared, want_x: bool) -> Self {
        let blocks = prepared.blocks;
        let groups = call.shape.neurons.div_ceil(NEURON_BLOCK);
        let tasks = call.tasks.map(groups * blocks, |task| {
            let first_neuron = task / blocks * NEURON_BLOCK;
            let neurons = NEURON_BLOCK.min(call.shape.neurons - first_neuron);
            let block = task % blocks;
            call.instructions.run(BlockSums { call, prepared, block, first_neuron, neurons, want_x })
        });
        DenseSums { tasks, blocks }
    }

    /// The sums over rows of w, w·u and w·u² of a neuron and a block of inputs, [`LANES`] of each.
    pub(crate) fn over_rows(&self, neuron: usize, block: usize) -> &[f32] {
        let task = &self.tasks[neuron / NEURON_BLOCK * self.blocks + block];
        &task.over_rows[neuron % NEURON_BLOCK * BLOCK..][..BLOCK]
    }

    /// The sums over the neurons of each group in turn of w·u·scale, of a row and a block of inputs.
    pub(crate) fn over_neurons(&self, row: usize, block: usize) -> impl Iterator<Item = &[f32]> {
        let groups = self.tasks[block..].iter().step_by(self.blocks);
        groups.map(move |task| &task.over_neurons[row * LANES..][..LANES])
    }
}

struct BlockSums<'a> {
    call: &'a Call<'a>,
    prepared: &'a Prepared,
    block: usize,
    first_neuron: usize,
    neurons: usize,
    want_x: bool,
}

impl WithSimd for BlockSums<'_> {
    type Output = TaskSums;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> TaskSums {
        if self.want_x { self.sums::<S, true>(simd) } else { self.sums::<S, false>(simd) }
    }
}

impl BlockSums<'_> {
    #[inline(always)]
    fn sums<S: Simd, const WANT_X: bool>(self, simd: S) -> TaskSums {
        let BlockSums { call, prepared, block, first_neuron, neurons, .. } = self;
        let exp2 = Exp2::new(simd);
        let batch = call.shape.batch;
        let start = block * LANES;
        let width = LANES.min(call.shape.inputs - start);
        // x and the sums of a row lie side by side: in two buffers the processor would take reading the one for
        // reading what was just written to the other where the low bits of their addresses agree.
        let mut tile = vec![0.0_f32; ROW_BLOCK.min(batch.next_multiple_of(ROWS)) * 2 * LANES];
        let mut over_neurons = Vec::with_capacity(if WANT_X { batch * LANES } else { 0 });
        let mut totals = vec![0.0_f64; neurons * BLOCK];
        for first_row in (0..batch).step_by(ROW_BLOCK) {
            let rows = ROW_BLOCK.min(batch - first_row);
            // Rows are evaluated in groups; what a last group lacks has ratios of 0, which add 0.
            let padded_rows = rows.next_multiple_of(ROWS);
            for (row, packed) in tile.chunks_exact_mut(2 * LANES).take(rows).enumerate() {
                packed.fill(0.0);
                let (packed, _) = packed.split_at_mut(LANES);
                let x = &call.x(first_row + row)[start..start + width];
                match <&[f32; LANES]>::try_from(x) {
                    Ok(x) => packed.copy_from_slice(x),
                    Err(_) => packed[..width].copy_from_slice(x),
                }
            }
            for (index, totals) in totals.chunks_exact_mut(BLOCK).enumerate() {
                let neuron = first_neuron + index;
                let parameters = prepared.block(neuron, block);
                let ratios = &call.pairs.ratios(neuron)[first_row..first_row + padded_rows];
                let tile = &mut tile[..padded_rows * 2 * LANES];
                let partial = sum_block::<S, WANT_X>(simd, &exp2, parameters, tile, ratios);
                for (total, partial) in totals.iter_mut().zip(partial) {
                    *total += f64::from(partial);
                }
            }
            if WANT_X {
                let rows = tile.chunks_exact(2 * LANES).take(rows);
                rows.for_each(|row| over_neurons.extend_from_slice(&row[LANES..]));
            }
        }
        TaskSums { over_rows: totals.into_iter().map(saturate).collect(), over_neurons }
    }
}

/// Sums over rows of w, w·u and w·u² of a block of components, in that order; adds w·u·scale to the sums of each
/// row when they are wanted. `tile` has a multiple of [`ROWS`] rows, each with its x and its sums, [`LANES`] of
/// both.
#[inline(always)]
fn sum_block<S: Simd, const WANT_X: bool>(
    simd: S,
    exp2: &Exp2<S>,
    parameters: &[f32],
    tile: &mut [f32],
    ratios: &[f32],
) -> [f32; BLOCK] {
    let vectors = LANES / S::F32_LANES;
    let mut partial = [0.0_f32; BLOCK];
    let (parameters, _) = S::as_simd_f32s(parameters);
    let (sums, _) = S::as_mut_simd_f32s(&mut partial);
    let (tile, _) = S::as_mut_simd_f32s(tile);
    let (ratios, _) = ratios.as_chunks::<ROWS>();
    for vector in 0..vectors {
        let (mean, scale, offset) =
            (parameters[vector], parameters[vectors + vector], parameters[2 * vectors + vector]);
        let mut sum_w = simd.splat_f32s(0.0);
        let mut sum_wu = sum_w;
        let mut sum_wuu = sum_w;
        for (rows, ratios) in tile.chunks_exact_mut(2 * ROWS * vectors).zip(ratios) {
            let mut us = [mean; ROWS];
            let mut exponents = [offset; ROWS];
            for index in 0..ROWS {
                us[index] = simd.mul_f32s(simd.sub_f32s(rows[2 * index * vectors + vector], mean), scale);
                exponents[index] = simd.negate_mul_add_e_f32s(us[index], us[index], offset);
            }
            let (polynomials, powers) = exp2.factors(exponents);
            for index in 0..ROWS {
                let exponential = simd.mul_f32s(polynomials[index], powers[index]);
                let w = simd.mul_f32s(exponential, simd.splat_f32s(ratios[index]));
                let wu = simd.mul_f32s(w, us[index]);
                sum_w = simd.add_f32s(sum_w, w);
                sum_wu = simd.add_f32s(sum_wu, wu);
                sum_wuu = simd.mul_add_e_f32s(wu, us[index], sum_wuu);
                if WANT_X {
                    let sum = &mut rows[(2 * index + 1) * vectors + vector];
                    *sum = simd.mul_add_e_f32s(wu, scale, *sum);
                }
            }
        }
        sums[vector] = sum_w;
        sums[vectors + vector] = sum_wu;
        sums[2 * vectors + vector] = sum_wuu;
    }
    partial
}
