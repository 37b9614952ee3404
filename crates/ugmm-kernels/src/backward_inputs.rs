//! The gradient with respect to the inputs: each task owns a few rows and walks over all neurons.

use crate::backward::Call;
use crate::careful::{CarefulNeuron, saturate};
use crate::exp2::Exp2;
use crate::prepare::{BLOCK, LANES, Prepared, Z_TO_U};
use pulp::{Simd, WithSimd};

/// Neurons summed up in `f32` before they join the `f64` totals.
pub(crate) const NEURON_BLOCK: usize = 128;

/// Rows evaluated together, so that a block of parameters is loaded once for all of them.
const ROWS: usize = 4;

/// Most rows of a task. A block of every neuron's parameters is gathered once per task.
const LARGEST_TASK: usize = 32;

/// Fills the gradient, `[batch, inputs]`.
pub(crate) fn inputs(call: &Call<'_>, gradient: &mut [f32]) {
    let inputs = call.shape.inputs;
    let padded = inputs.next_multiple_of(LANES);
    let rows = call.tasks.items_per_task(call.shape.batch, LARGEST_TASK, ROWS);
    call.tasks.for_each(gradient.chunks_mut(rows * inputs).enumerate(), |(task, gradient)| {
        let first = task * rows;
        let mut sums = vec![0.0_f64; gradient.len() / inputs * padded];
        if let Some(prepared) = call.prepared {
            call.instructions.run(FastRows { call, prepared, first, sums: &mut sums });
        }
        add_careful_neurons(call, first, padded, &mut sums);
        for (gradient, sums) in gradient.chunks_exact_mut(inputs).zip(sums.chunks_exact(padded)) {
            for (gradient, sum) in gradient.iter_mut().zip(sums) {
                *gradient = saturate(-sum);
            }
        }
    });
}

/// Adds the pairs that `f32` cannot express to rows `first..` of the sums.
fn add_careful_neurons(call: &Call<'_>, first: usize, padded: usize, sums: &mut [f64]) {
    let end = first + sums.len() / padded;
    for neuron in 0..call.shape.neurons {
        let mut rows = call.pairs.careful_rows(neuron, first..end).peekable();
        if rows.peek().is_none() {
            continue;
        }
        let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
        for row in rows {
            let sums = &mut sums[(row - first) * padded..][..padded];
            careful.add_input_terms(call.x(row), call.pairs.cotangent(row, neuron), sums);
        }
    }
}

/// The fast pairs of a few rows.
struct FastRows<'a> {
    call: &'a Call<'a>,
    prepared: &'a Prepared,
    first: usize,
    sums: &'a mut [f64],
}

impl WithSimd for FastRows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let FastRows { call, prepared, first, sums } = self;
        let exp2 = Exp2::new(simd);
        let padded = prepared.blocks * LANES;
        let rows = sums.len() / padded;
        let neurons = call.shape.neurons;
        let mut gathered = vec![0.0_f32; NEURON_BLOCK.min(neurons) * BLOCK];
        let mut x = vec![0.0_f32; rows * LANES];
        for block in 0..prepared.blocks {
            let start = block * LANES;
            let width = LANES.min(call.shape.inputs - start);
            for (row, packed) in x.chunks_exact_mut(LANES).enumerate() {
                packed[..width].copy_from_slice(&call.x(first + row)[start..start + width]);
                packed[width..].fill(0.0);
            }
            for first_neuron in (0..neurons).step_by(NEURON_BLOCK) {
                let count = NEURON_BLOCK.min(neurons - first_neuron);
                for (index, gathered) in gathered.chunks_exact_mut(BLOCK).take(count).enumerate() {
                    gathered.copy_from_slice(prepared.block(first_neuron + index, block));
                }
                let tile = Tile { call, first_neuron, parameters: &gathered[..count * BLOCK], x: &x };
                let mut row = 0;
                while row + ROWS <= rows {
                    let partial = tile.sum::<S, ROWS>(simd, &exp2, first, row);
                    add_to(&partial, &mut sums[row * padded + start..], padded);
                    row += ROWS;
                }
                while row < rows {
                    let partial = tile.sum::<S, 1>(simd, &exp2, first, row);
                    add_to(&partial, &mut sums[row * padded + start..], padded);
                    row += 1;
                }
            }
        }
    }
}

#[inline(always)]
fn add_to(partial: &[[f32; LANES]], sums: &mut [f64], padded: usize) {
    for (partial, sums) in partial.iter().zip(sums.chunks_mut(padded)) {
        for (sum, &partial) in sums.iter_mut().zip(partial) {
            // The scale that a term was multiplied with is √(½ log₂ e)/σ and its u is √(½ log₂ e) z.
            *sum += f64::from(partial) / (Z_TO_U * Z_TO_U);
        }
    }
}

/// A block of inputs of a task's rows, and of some neurons.
struct Tile<'a> {
    call: &'a Call<'a>,
    first_neuron: usize,
    parameters: &'a [f32],
    x: &'a [f32],
}

impl Tile<'_> {
    /// Sums over the tile's neurons of w·u·scale, for `COUNT` rows from `row` of a task that starts at
    /// `first`.
    #[inline(always)]
    fn sum<S: Simd, const COUNT: usize>(
        &self,
        simd: S,
        exp2: &Exp2<S>,
        first: usize,
        row: usize,
    ) -> [[f32; LANES]; COUNT] {
        let vectors = LANES / S::F32_LANES;
        let (parameters, _) = S::as_simd_f32s(self.parameters);
        let (x, _) = S::as_simd_f32s(&self.x[row * LANES..(row + COUNT) * LANES]);
        let mut partial = [[0.0_f32; LANES]; COUNT];
        for vector in 0..vectors {
            let mut sums = [simd.splat_f32s(0.0); COUNT];
            for (index, block) in parameters.chunks_exact(3 * vectors).enumerate() {
                let ratios = &self.call.pairs.ratios(self.first_neuron + index)[first + row..][..COUNT];
                let (mean, scale, offset) =
                    (block[vector], block[vectors + vector], block[2 * vectors + vector]);
                let mut us = [mean; COUNT];
                let mut exponents = [offset; COUNT];
                for index in 0..COUNT {
                    us[index] = simd.mul_f32s(simd.sub_f32s(x[index * vectors + vector], mean), scale);
                    exponents[index] = simd.negate_mul_add_e_f32s(us[index], us[index], offset);
                }
                let (polynomials, powers) = exp2.factors(exponents);
                for index in 0..COUNT {
                    let exponential = simd.mul_f32s(polynomials[index], powers[index]);
                    let w = simd.mul_f32s(exponential, simd.splat_f32s(ratios[index]));
                    sums[index] = simd.mul_add_e_f32s(w, simd.mul_f32s(us[index], scale), sums[index]);
                }
            }
            for (partial, &sum) in partial.iter_mut().zip(&sums) {
                S::as_mut_simd_f32s(partial).0[vector] = sum;
            }
        }
        partial
    }
}
