//! Gradients with respect to the parameters for inputs most of which are exactly 0: each task owns a panel of
//! neurons.
//!
//! Where x is 0 the exponential and u are the same for every row, so that all these rows need is the sum of
//! their ratios.

use crate::LayerShape;
use crate::backward::{Call, Gradients};
use crate::backward_parameters::{Outputs, careful_sums};
use crate::careful::{ParameterSums, inverse_sigma, saturate};
use crate::exp2::Exp2;
use crate::panel::{PANEL_VECTORS, Panel, VALUES, panel_width};
use crate::prepare::U_TO_Z_SQUARED;
use crate::subset_sums::{self, Wide};
use crate::zero_map::{ColumnMap, WORD};
use pulp::{Simd, WithSimd};

/// Rows evaluated together.
const ROWS: usize = 4;

/// Vectors of a panel evaluated together.
const PAIR: usize = 2;

/// Rows that are summed up before they join the total, which keeps rounding errors from growing with the batch.
const SUM_ROWS: usize = 128;

/// Inputs whose sums are put in the order of the gradients at a time.
const TRANSPOSED: usize = 8;

/// Fills the three parameter gradients.
pub(crate) fn parameters(call: &Call<'_>, gradients: &mut Gradients) {
    let inputs = call.shape.inputs;
    let width = panel_width(call.instructions);
    let columns = Columns::new(call);
    let pieces = Outputs::chunks(gradients, width * inputs).enumerate();
    call.tasks.for_each(pieces, |(index, mut outputs)| {
        let first_neuron = index * width;
        Panel::with(call.instructions, call.shape, call.arguments, first_neuron, |panel| {
            call.instructions.run(SumPanel { call, columns: &columns, index, panel });
            call.instructions.vectorised(
                #[inline(always)]
                || {
                    let stride = VALUES * width;
                    transpose(&panel.sums, stride, inputs, outputs.means);
                    transpose(&panel.sums[width..], stride, inputs, outputs.log_sigmas);
                    transpose(&panel.sums[2 * width..], stride, inputs, outputs.mixing_logits);
                },
            );
        });
        for neuron in first_neuron..call.shape.neurons.min(first_neuron + width) {
            if let Some(careful) = careful_sums(call, neuron) {
                let start = (neuron - first_neuron) * inputs;
                add_careful(call, neuron, &careful, outputs.part(start..start + inputs));
            }
        }
    });
}

/// Where each input is 0, and the rows and values where it is not.
struct Columns {
    map: ColumnMap,
    nonzeros: Vec<(u32, f32)>,
    /// Where the entries of each input end.
    ends: Vec<usize>,
}

impl Columns {
    fn new(call: &Call<'_>) -> Self {
        let LayerShape { batch, inputs, .. } = call.shape;
        let x = call.arguments.x;
        let map = call.instructions.vectorised(
            #[inline(always)]
            || ColumnMap::new(x, inputs),
        );
        let mut columns = Columns { map, nonzeros: Vec::new(), ends: Vec::with_capacity(inputs) };
        for input in 0..inputs {
            let rows = columns.map.nonzero_rows(input);
            columns.nonzeros.extend(rows.map(|row| (row, x[row as usize * inputs + input])));
            // Rows are summed in groups; what the last group lacks is filled with the row beyond the batch,
            // whose ratios are 0.
            let padded = columns.nonzeros.len().next_multiple_of(ROWS);
            columns.nonzeros.resize(padded, (batch as u32, 0.0));
            columns.ends.push(padded);
        }
        columns
    }

    fn nonzeros(&self, input: usize) -> &[(u32, f32)] {
        let start = if input == 0 { 0 } else { self.ends[input - 1] };
        &self.nonzeros[start..self.ends[input]]
    }
}

/// Puts `sums[input * stride + lane]` of every lane at `outputs[lane * inputs + input]`.
#[inline(always)]
fn transpose(sums: &[f32], stride: usize, inputs: usize, outputs: &mut [f32]) {
    for (block, sums) in sums.chunks(TRANSPOSED * stride).enumerate() {
        let rows: [&[f32]; TRANSPOSED] =
            std::array::from_fn(|input| sums.get(input * stride..).unwrap_or_default());
        for (lane, outputs) in outputs.chunks_exact_mut(inputs).enumerate() {
            let outputs = &mut outputs[block * TRANSPOSED..];
            match outputs.first_chunk_mut::<TRANSPOSED>() {
                Some(outputs) => *outputs = rows.map(|row| row[lane]),
                None => outputs.iter_mut().zip(rows).for_each(|(output, row)| *output = row[lane]),
            }
        }
    }
}

/// Adds the pairs that `f32` cannot express to the gradients of one neuron.
fn add_careful(call: &Call<'_>, neuron: usize, careful: &ParameterSums, outputs: Outputs<'_>) {
    let log_sigmas = &call.arguments.log_sigmas[neuron * call.shape.inputs..];
    let add = |output: &mut f32, term: f64| *output = saturate(f64::from(*output) + term);
    let outputs = outputs.means.iter_mut().zip(outputs.log_sigmas).zip(outputs.mixing_logits);
    for (k, (((mean, log_sigma), mixing_logit), &own)) in outputs.zip(log_sigmas).enumerate() {
        add(mean, careful.wz[k] * inverse_sigma(own));
        add(log_sigma, careful.wzz[k] - careful.w[k]);
        add(mixing_logit, careful.w[k]);
    }
}

/// The gradients of a panel of neurons, before the pairs that `f32` cannot express: `[inputs, 4, width]` in the
/// room that the panel has, the last of four unused.
struct SumPanel<'a> {
    call: &'a Call<'a>,
    columns: &'a Columns,
    index: usize,
    panel: &'a mut Panel,
}

impl WithSimd for SumPanel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let SumPanel { call, columns, index, panel } = self;
        let exp2 = Exp2::new(simd);
        let (ratios, _) = S::as_simd_f32s(call.pairs.panel_ratios(index));
        let (ratios, _) = ratios.as_chunks::<PANEL_VECTORS>();
        let (parameters, _) = S::as_simd_f32s(&panel.parameters);
        let (parameters, _) = parameters.as_chunks::<PANEL_VECTORS>();
        let (parameters, _) = parameters.as_chunks::<VALUES>();
        let (at_zero, _) = S::as_simd_f32s(&panel.at_zero);
        let (at_zero, _) = at_zero.as_chunks::<PANEL_VECTORS>();
        let (sums, _) = S::as_mut_simd_f32s(&mut panel.sums);
        let (sums, _) = sums.as_chunks_mut::<PANEL_VECTORS>();
        let (sums, _) = sums.as_chunks_mut::<VALUES>();
        let mut total_cotangents = vec![0.0_f32; PANEL_VECTORS * S::F32_LANES];
        for (lane, total) in total_cotangents.iter_mut().enumerate().take(panel.bounds.len()) {
            *total = saturate(call.pairs.total_cotangent(index * PANEL_VECTORS * S::F32_LANES + lane));
        }
        let (total_cotangents, _) = S::as_simd_f32s(&total_cotangents);
        let finish = Finish {
            simd,
            unscale: simd.splat_f32s(call.pairs.unscale as f32),
            u_to_z_squared: simd.splat_f32s(U_TO_Z_SQUARED as f32),
        };
        sum_zero_ratios(simd, ratios, &columns.map, sums);
        for (input, (sums, (component, at_zero))) in
            sums.iter_mut().zip(parameters.iter().zip(at_zero)).enumerate()
        {
            let entries = columns.nonzeros(input);
            let [means, scales, offsets, weights] = component;
            for first in (0..PANEL_VECTORS).step_by(PAIR) {
                let pick = |values: &Wide<S>| [values[first], values[first + 1]];
                let component = [pick(means), pick(scales), pick(offsets)];
                let mut totals = [[simd.splat_f32s(0.0); 3]; PAIR];
                for entries in entries.chunks(SUM_ROWS) {
                    let part = sum_rows(simd, &exp2, component, entries, |row| pick(&ratios[row]));
                    for (totals, part) in totals.iter_mut().zip(part) {
                        for (total, part) in totals.iter_mut().zip(part) {
                            *total = simd.add_f32s(*total, part);
                        }
                    }
                }
                for (vector, mut totals) in (first..).zip(totals) {
                    let u = simd.neg_f32s(simd.mul_f32s(means[vector], scales[vector]));
                    let w = simd.mul_f32s(sums[0][vector], at_zero[vector]);
                    let wu = simd.mul_f32s(w, u);
                    let zero_part = [w, wu, simd.mul_f32s(wu, u)];
                    for (total, part) in totals.iter_mut().zip(zero_part) {
                        *total = simd.add_f32s(*total, part);
                    }
                    let [mean, log_sigma, mixing_logit] =
                        finish.gradients(totals, scales[vector], weights[vector], total_cotangents[vector]);
                    sums[0][vector] = mean;
                    sums[1][vector] = log_sigma;
                    sums[2][vector] = mixing_logit;
                }
            }
        }
    }
}

/// Turns sums over rows into gradients.
struct Finish<S: Simd> {
    simd: S,
    unscale: S::f32s,
    u_to_z_squared: S::f32s,
}

impl<S: Simd> Finish<S> {
    /// Of the sums of w, w·u and w·u², the gradients with respect to means, log σ and mixing logits.
    #[inline(always)]
    fn gradients(
        &self,
        [w, wu, wuu]: [S::f32s; 3],
        scale: S::f32s,
        weight: S::f32s,
        total_cotangent: S::f32s,
    ) -> [S::f32s; 3] {
        let simd = self.simd;
        let w = simd.mul_f32s(w, self.unscale);
        let wz_over_scale = simd.mul_f32s(simd.mul_f32s(wu, self.unscale), self.u_to_z_squared);
        let wzz = simd.mul_f32s(simd.mul_f32s(wuu, self.unscale), self.u_to_z_squared);
        let gradients = [
            simd.mul_f32s(wz_over_scale, scale),
            simd.sub_f32s(wzz, w),
            simd.negate_mul_add_e_f32s(weight, total_cotangent, w),
        ];
        let (lowest, highest) = (simd.splat_f32s(f32::MIN), simd.splat_f32s(f32::MAX));
        gradients.map(|gradient| simd.min_f32s(simd.max_f32s(gradient, lowest), highest))
    }
}

/// Puts the sum of the ratios of the rows where an input is 0 into the first of its three sums.
#[inline(always)]
fn sum_zero_ratios<S: Simd>(simd: S, ratios: &[Wide<S>], map: &ColumnMap, sums: &mut [[Wide<S>; VALUES]]) {
    sums.iter_mut().for_each(|sums| sums[0] = [simd.splat_f32s(0.0); PANEL_VECTORS]);
    let mut table = vec![0.0_f32; subset_sums::TABLE * S::F32_LANES];
    let (table, _) = S::as_mut_simd_f32s(&mut table);
    for (word, ratios) in ratios.chunks_exact(WORD).enumerate().take(map.words()) {
        subset_sums::tabulate(simd, ratios, table);
        for (sums, &zeros) in sums.iter_mut().zip(map.rows(word)) {
            let part = subset_sums::select(simd, table, zeros);
            for (sum, part) in sums[0].iter_mut().zip(part) {
                *sum = simd.add_f32s(*sum, part);
            }
        }
    }
}

/// Sums of w, w·u and w·u² of two vectors of neurons over a multiple of [`ROWS`] entries, which are rows and
/// their x.
#[inline(always)]
fn sum_rows<S: Simd>(
    simd: S,
    exp2: &Exp2<S>,
    [means, scales, offsets]: [[S::f32s; PAIR]; 3],
    entries: &[(u32, f32)],
    ratios: impl Fn(usize) -> [S::f32s; PAIR],
) -> [[S::f32s; 3]; PAIR] {
    let zero = simd.splat_f32s(0.0);
    let mut sums = [[zero; 3]; PAIR];
    let (groups, _) = entries.as_chunks::<ROWS>();
    for group in groups {
        let mut us = [zero; ROWS * PAIR];
        let mut exponents = us;
        for (index, &(_, x)) in group.iter().enumerate() {
            let x = simd.splat_f32s(x);
            for vector in 0..PAIR {
                let u = simd.mul_f32s(simd.sub_f32s(x, means[vector]), scales[vector]);
                us[index * PAIR + vector] = u;
                exponents[index * PAIR + vector] = simd.negate_mul_add_e_f32s(u, u, offsets[vector]);
            }
        }
        let (polynomials, powers) = exp2.factors(exponents);
        for (index, &(row, _)) in group.iter().enumerate() {
            let ratios = ratios(row as usize);
            for vector in 0..PAIR {
                let at = index * PAIR + vector;
                let exponential = simd.mul_f32s(polynomials[at], powers[at]);
                let w = simd.mul_f32s(exponential, ratios[vector]);
                let wu = simd.mul_f32s(w, us[at]);
                let sums = &mut sums[vector];
                sums[0] = simd.add_f32s(sums[0], w);
                sums[1] = simd.add_f32s(sums[1], wu);
                sums[2] = simd.mul_add_e_f32s(wu, us[at], sums[2]);
            }
        }
    }
    sums
}
