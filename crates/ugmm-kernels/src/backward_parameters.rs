//! Gradients with respect to the parameters: each task owns a few neurons and walks over all rows.

use crate::backward::{Call, Gradients};
use crate::careful::{CarefulNeuron, ParameterSums, inverse_sigma, saturate};
use crate::exp2::Exp2;
use crate::prepare::{BLOCK, LANES, Mixing, Z_TO_U};
use pulp::{Simd, WithSimd};

/// Rows summed up in `f32` before they join the `f64` totals; their x, a block wide, stays in the first-level
/// cache while the neurons of the task go by.
pub(crate) const ROW_BLOCK: usize = 128;

/// Rows evaluated together; divides [`ROW_BLOCK`].
const ROWS: usize = 4;

/// Most neurons of a task.
const LARGEST_TASK: usize = 8;

/// Fills the three parameter gradients.
pub(crate) fn parameters(call: &Call<'_>, gradients: &mut Gradients) {
    let inputs = call.shape.inputs;
    let neurons = call.tasks.items_per_task(call.shape.neurons, LARGEST_TASK, 1);
    let pieces = gradients
        .means
        .chunks_mut(neurons * inputs)
        .zip(gradients.log_sigmas.chunks_mut(neurons * inputs))
        .zip(gradients.mixing_logits.chunks_mut(neurons * inputs))
        .enumerate();
    call.tasks.for_each(pieces, |(task, ((means, log_sigmas), mixing_logits))| {
        let first = task * neurons;
        let padded = inputs.next_multiple_of(LANES);
        let mut sums: Vec<ParameterSums> =
            (0..means.len() / inputs).map(|_| ParameterSums::zeros(padded)).collect();
        if call.prepared.is_some() {
            call.instructions.run(FastNeurons { call, first, sums: &mut sums });
        }
        let outputs = means
            .chunks_exact_mut(inputs)
            .zip(log_sigmas.chunks_exact_mut(inputs))
            .zip(mixing_logits.chunks_exact_mut(inputs));
        for ((index, mut sums), ((means, log_sigmas), mixing_logits)) in
            sums.into_iter().enumerate().zip(outputs)
        {
            let neuron = first + index;
            add_careful_rows(call, neuron, &mut sums);
            let total_cotangent: f64 =
                (0..call.shape.batch).map(|row| f64::from(call.pairs.cotangent(row, neuron))).sum();
            let components = neuron * inputs..(neuron + 1) * inputs;
            let own_log_sigmas = &call.arguments.log_sigmas[components.clone()];
            let own_logits = &call.arguments.mixing_logits[components];
            call.instructions.vectorised(
                #[inline(always)]
                || {
                    let mixing = Mixing::of(own_logits);
                    for k in 0..inputs {
                        means[k] = saturate(sums.wz[k] * inverse_sigma(own_log_sigmas[k]));
                        log_sigmas[k] = saturate(sums.wzz[k] - sums.w[k]);
                        mixing_logits[k] =
                            saturate(sums.w[k] - mixing.weight(own_logits[k]) * total_cotangent);
                    }
                },
            );
        }
    });
}

/// Adds the pairs that `f32` cannot express.
fn add_careful_rows(call: &Call<'_>, neuron: usize, sums: &mut ParameterSums) {
    let mut rows = call.pairs.careful_rows(neuron, 0..call.shape.batch).peekable();
    if rows.peek().is_none() {
        return;
    }
    let mut careful = CarefulNeuron::new(call.instructions, call.shape, call.arguments, neuron);
    for row in rows {
        careful.add_parameter_terms(call.x(row), call.pairs.cotangent(row, neuron), sums);
    }
}

/// The fast pairs of a few neurons.
struct FastNeurons<'a> {
    call: &'a Call<'a>,
    first: usize,
    sums: &'a mut [ParameterSums],
}

impl WithSimd for FastNeurons<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Some(prepared) = self.call.prepared else { return };
        let exp2 = Exp2::new(simd);
        let inputs = self.call.shape.inputs;
        let batch = self.call.shape.batch;
        let mut x_block = vec![0.0_f32; ROW_BLOCK.min(batch.next_multiple_of(ROWS)) * LANES];
        let mut ratios = [0.0_f32; ROW_BLOCK];
        for block in 0..prepared.blocks {
            let start = block * LANES;
            let width = LANES.min(inputs - start);
            for first_row in (0..batch).step_by(ROW_BLOCK) {
                let rows = ROW_BLOCK.min(batch - first_row);
                for (row, packed) in x_block.chunks_exact_mut(LANES).take(rows).enumerate() {
                    packed[..width].copy_from_slice(&self.call.x(first_row + row)[start..start + width]);
                    packed[width..].fill(0.0);
                }
                // Rows are summed in groups; what a last group lacks is filled with rows of ratio 0, which
                // add 0.
                let padded_rows = rows.next_multiple_of(ROWS);
                ratios[rows..padded_rows].fill(0.0);
                for (index, sums) in self.sums.iter_mut().enumerate() {
                    let neuron = self.first + index;
                    ratios[..rows]
                        .copy_from_slice(&self.call.pairs.ratios(neuron)[first_row..first_row + rows]);
                    let mut partial = [0.0_f32; BLOCK];
                    sum_block(
                        simd,
                        &exp2,
                        prepared.block(neuron, block),
                        &x_block[..padded_rows * LANES],
                        &ratios[..padded_rows],
                        &mut partial,
                    );
                    for lane in 0..LANES {
                        sums.w[start + lane] += f64::from(partial[lane]);
                        sums.wz[start + lane] += f64::from(partial[LANES + lane]) / Z_TO_U;
                        sums.wzz[start + lane] += f64::from(partial[2 * LANES + lane]) / (Z_TO_U * Z_TO_U);
                    }
                }
            }
        }
    }
}

/// Sums over rows of w, w·u and w·u² of a block of components, into `partial` in that order. There are a
/// multiple of [`ROWS`] rows.
#[inline(always)]
fn sum_block<S: Simd>(
    simd: S,
    exp2: &Exp2<S>,
    parameters: &[f32],
    x_block: &[f32],
    ratios: &[f32],
    partial: &mut [f32; BLOCK],
) {
    let vectors = LANES / S::F32_LANES;
    let (parameters, _) = S::as_simd_f32s(parameters);
    let (partial, _) = S::as_mut_simd_f32s(partial);
    let (x_block, _) = S::as_simd_f32s(x_block);
    let (ratios, _) = ratios.as_chunks::<ROWS>();
    for vector in 0..vectors {
        let (mean, scale, offset) =
            (parameters[vector], parameters[vectors + vector], parameters[2 * vectors + vector]);
        let mut sum_w = simd.splat_f32s(0.0);
        let mut sum_wu = sum_w;
        let mut sum_wuu = sum_w;
        for (x, ratios) in x_block.chunks_exact(ROWS * vectors).zip(ratios) {
            let mut us = [mean; ROWS];
            let mut exponents = [offset; ROWS];
            for index in 0..ROWS {
                us[index] = simd.mul_f32s(simd.sub_f32s(x[index * vectors + vector], mean), scale);
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
            }
        }
        partial[vector] = sum_w;
        partial[vectors + vector] = sum_wu;
        partial[2 * vectors + vector] = sum_wuu;
    }
}
