//! The fast path of the backward pass with inputs in vector lanes: parameters and gradients are read and written in
//! their own order, and the sums over neurons for the gradient with respect to the inputs need no sum over lanes.

use crate::LayerShape;
use crate::backward::gradients::Outputs;
use crate::backward::task::{GradientsOfSums, PanelTask, SUMS};
use crate::careful::saturate;
use crate::layout::columns::Columns;
use crate::layout::component::{Component, Evaluated, components};
use crate::layout::tile::{ROWS, row_range};
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector, load, store};

/// Rows evaluated together; divides [`crate::layout::columns::GROUP`].
const TOGETHER: usize = 2;

/// Sums the gradients of a panel of neurons at a range of inputs over the pairs of the fast path and overwrites
/// `outputs` with them. The range begins and ends with a vector of inputs. Returns the panel's part of the gradient
/// with respect to these inputs, `[batch, inputs of the range]`, negated and not yet unscaled; empty when it was not
/// requested.
pub(crate) struct SumInputs<'a> {
    /// Its ratios are `[neurons, padded rows]`.
    pub(crate) task: PanelTask<'a>,
    pub(crate) x: &'a Columns,
}

impl Operation for SumInputs<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Vec<f32> {
        if self.task.want_x { self.sum::<S, true>(simd) } else { self.sum::<S, false>(simd) }
    }
}

impl SumInputs<'_> {
    #[inline(always)]
    fn sum<S: Vector, const WANT_X: bool>(mut self, simd: S) -> Vec<f32> {
        let LayerShape { batch, .. } = self.task.shape;
        let range = self.task.outputs.inputs();
        let (inputs, first) = (range.len(), range.start / S::F32_LANES);
        let width = self.task.prepared.layout.width;
        let exp2 = S::Exp2::new(simd);
        let padded = self.x.padded_rows();
        let mut over_neurons = vec![0.0_f32; if WANT_X { batch * inputs } else { 0 }];
        let mut column_over_neurons = vec![simd.splat_f32s(0.0); if WANT_X { padded } else { 0 }];
        let zero = [simd.splat_f32s(0.0); SUMS];
        let mut totals = vec![zero; self.task.totals.len()];
        let ratios = &self.task.ratios[self.task.panel * width * padded..];
        let vectors = self.x.all::<S>().enumerate().skip(first).take(inputs.div_ceil(S::F32_LANES));
        for (at, x) in vectors {
            totals.fill(zero);
            column_over_neurons.fill(simd.splat_f32s(0.0));
            for row_block in 0..batch.div_ceil(ROWS) {
                let rows = row_range(padded, row_block);
                let (x, _) = x[rows.clone()].as_chunks::<TOGETHER>();
                let over_rows = if WANT_X { rows.clone() } else { 0..0 };
                let neurons = self.task.prepared.neurons(self.task.panel).zip(ratios.chunks_exact(padded));
                for ((neuron, ratios), totals) in neurons.zip(&mut totals) {
                    let component = Component::new(simd, exp2, &components::<S, 1>(neuron)[at]);
                    // Sums of a block of rows join the totals only at its end, which keeps rounding errors from
                    // growing with the batch.
                    let mut sums = zero;
                    let (ratios, _) = ratios[rows.clone()].as_chunks::<TOGETHER>();
                    let (over_rows, _) = column_over_neurons[over_rows.clone()].as_chunks_mut::<TOGETHER>();
                    let mut over_rows = over_rows.iter_mut();
                    for (&x, ratios) in x.iter().zip(ratios) {
                        let Evaluated { us, exponentials } = component.evaluate(None, x);
                        let mut wus = x;
                        for n in 0..TOGETHER {
                            let w = simd.mul_f32s(exponentials[n][0], simd.splat_f32s(ratios[n]));
                            wus[n] = simd.mul_f32s(w, us[n][0]);
                            sums[0] = simd.add_f32s(sums[0], w);
                            sums[1] = simd.add_f32s(sums[1], wus[n]);
                            sums[2] = simd.mul_add_e_f32s(wus[n], us[n][0], sums[2]);
                        }
                        if WANT_X && let Some(over_rows) = over_rows.next() {
                            for n in 0..TOGETHER {
                                over_rows[n] = simd.mul_add_e_f32s(wus[n], component.scales[0], over_rows[n]);
                            }
                        }
                    }
                    for (total, sum) in totals.iter_mut().zip(sums) {
                        *total = simd.add_f32s(*total, sum);
                    }
                }
            }
            self.finish(simd, at, &totals);
            let columns = (at - first) * S::F32_LANES..inputs.min((at + 1 - first) * S::F32_LANES);
            for (row, &vector) in over_neurons.chunks_exact_mut(inputs).zip(&column_over_neurons) {
                store(simd, vector, &mut row[columns.clone()]);
            }
        }
        over_neurons
    }

    /// Turns the sums of a vector of inputs into gradients.
    #[inline(always)]
    fn finish<S: Vector>(&mut self, simd: S, at: usize, totals: &[[S::f32s; SUMS]]) {
        let PanelTask { prepared, panel, totals: cotangents, unscale, .. } = self.task;
        let Outputs { first: of_range, means, log_sigmas, mixing_logits } = &mut self.task.outputs;
        let of_range = *of_range;
        let inputs = self.task.shape.inputs;
        let gradients = GradientsOfSums::new(simd, unscale);
        let first = at * S::F32_LANES;
        let last = inputs.min(first + S::F32_LANES);
        let first_neuron = panel * prepared.layout.width;
        let neurons = prepared.neurons(panel).zip(cotangents).zip(totals);
        for (lane, ((neuron, &total), &sums)) in neurons.enumerate() {
            let [_, [scales], _] = components::<S, 1>(neuron)[at];
            let weights = &prepared.weights(first_neuron + lane)[first..last];
            let of_weights = simd.mul_f32s(load(simd, weights), simd.splat_f32s(saturate(total)));
            let [of_mean, of_log_sigma, of_logit] = gradients.of(sums, scales);
            let place = first - of_range..last - of_range;
            for (gradient, output) in [
                (of_mean, &mut means[lane][place.clone()]),
                (of_log_sigma, &mut log_sigmas[lane][place.clone()]),
                (simd.sub_f32s(of_logit, of_weights), &mut mixing_logits[lane][place]),
            ] {
                store(simd, gradients.saturated(gradient), output);
            }
        }
    }
}
