//! The fast path of the backward pass with inputs in vector lanes: parameters and gradients are read and written in
//! their own order, and the sums over neurons for the gradient with respect to the inputs need no sum over lanes.

use crate::LayerShape;
use crate::backward::gradients::Outputs;
use crate::backward::ratios::Ratios;
use crate::careful::saturate;
use crate::layout::component::{Component, Evaluated, components};
use crate::layout::padded_rows::PaddedRows;
use crate::layout::prepare::{Prepared, U_TO_Z_SQUARED};
use crate::layout::tile::{ROWS, row_range};
use crate::simd::exp2::Exp2;
use crate::simd::vector::{Operation, Vector};

/// Number of sums over rows that a component has: of w, w·u and w·u².
const SUMS: usize = 3;

/// Rows evaluated together; divides [`crate::layout::padded_rows::GROUP`].
const TOGETHER: usize = 2;

/// Sums the gradients of a panel of neurons over the pairs of the fast path and overwrites `outputs` with
/// them. Returns the panel's part of the gradient with respect to the inputs, negated and not yet unscaled;
/// `None` when it was not requested.
pub(crate) struct SumInputs<'a> {
    pub(crate) shape: LayerShape,
    pub(crate) prepared: &'a Prepared,
    pub(crate) x: &'a PaddedRows,
    pub(crate) ratios: &'a Ratios,
    pub(crate) panel: usize,
    /// The sum of the cotangents of each neuron, starting with the panel's first neuron.
    pub(crate) totals: &'a [f64],
    pub(crate) want_x: bool,
    pub(crate) outputs: Outputs<'a>,
}

impl Operation for SumInputs<'_> {
    type Output = Option<PaddedRows>;

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) -> Option<PaddedRows> {
        if self.want_x { self.sum::<S, true>(simd) } else { self.sum::<S, false>(simd) }
    }
}

impl SumInputs<'_> {
    #[inline(always)]
    fn sum<S: Vector, const WANT_X: bool>(mut self, simd: S) -> Option<PaddedRows> {
        let LayerShape { batch, inputs, .. } = self.shape;
        let width = self.prepared.layout.width;
        let exp2 = S::Exp2::new(simd);
        let mut over_neurons = WANT_X.then(|| PaddedRows::zeros(self.shape));
        let neurons = self.prepared.neurons(self.panel).len();
        let mut totals = vec![[simd.splat_f32s(0.0); SUMS]; neurons];
        for at in 0..inputs.div_ceil(S::F32_LANES) {
            totals.fill([simd.splat_f32s(0.0); SUMS]);
            for row_block in 0..batch.div_ceil(ROWS) {
                let ratios = self.ratios.of(row_block, self.panel);
                let rows = row_range(batch, row_block);
                for (lane, neuron) in self.prepared.neurons(self.panel).enumerate() {
                    let component = Component::new(simd, exp2, &components::<S, 1>(neuron)[at]);
                    // Sums of a block of rows join the totals only at its end, which keeps rounding errors from
                    // growing with the batch.
                    let mut sums = [simd.splat_f32s(0.0); SUMS];
                    for first in rows.clone().step_by(TOGETHER) {
                        let values = component.evaluate(None, self.x.vectors::<S, TOGETHER>(first, at));
                        for n in 0..TOGETHER {
                            let ratio = ratios[(first - rows.start + n) * width + lane];
                            let Evaluated { us, exponentials } = &values;
                            let w = simd.mul_f32s(exponentials[n][0], simd.splat_f32s(ratio));
                            let wu = simd.mul_f32s(w, us[n][0]);
                            sums[0] = simd.add_f32s(sums[0], w);
                            sums[1] = simd.add_f32s(sums[1], wu);
                            sums[2] = simd.mul_add_e_f32s(wu, us[n][0], sums[2]);
                            if let Some(over_neurons) = &mut over_neurons {
                                let sum = over_neurons.vector_mut::<S>(first + n, at);
                                *sum = simd.mul_add_e_f32s(wu, component.scales[0], *sum);
                            }
                        }
                    }
                    for (total, sum) in totals[lane].iter_mut().zip(sums) {
                        *total = simd.add_f32s(*total, sum);
                    }
                }
            }
            self.finish(simd, at, &totals);
        }
        over_neurons
    }

    /// Turns the sums of a vector of inputs into gradients.
    #[inline(always)]
    fn finish<S: Vector>(&mut self, simd: S, at: usize, totals: &[[S::f32s; SUMS]]) {
        let inputs = self.shape.inputs;
        let unscale = simd.splat_f32s(self.ratios.unscale as f32);
        let unscale_z_squared = simd.splat_f32s((self.ratios.unscale * U_TO_Z_SQUARED) as f32);
        let first = at * S::F32_LANES;
        let last = inputs.min(first + S::F32_LANES);
        let first_neuron = self.panel * self.prepared.layout.width;
        let neurons = self.prepared.neurons(self.panel).zip(self.totals).zip(totals);
        for (lane, ((neuron, &total), &[w, wu, wuu])) in neurons.enumerate() {
            let [_, [scales], _] = components::<S, 1>(neuron)[at];
            let weights = &self.prepared.weights(first_neuron + lane)[first..last];
            let w = simd.mul_f32s(w, unscale);
            // w z / σ and w z².
            let wz = simd.mul_f32s(simd.mul_f32s(wu, unscale_z_squared), scales);
            let wzz = simd.mul_f32s(wuu, unscale_z_squared);
            let place = lane * inputs + first..lane * inputs + last;
            let Outputs { means, log_sigmas, mixing_logits } = &mut self.outputs;
            let total = simd.splat_f32s(saturate(total));
            let of_weights = simd.mul_f32s(simd.partial_load_f32s(weights), total);
            for (gradient, output) in [
                (wz, &mut means[place.clone()]),
                (simd.sub_f32s(wzz, w), &mut log_sigmas[place.clone()]),
                (simd.sub_f32s(w, of_weights), &mut mixing_logits[place]),
            ] {
                let gradient = simd.max_f32s(gradient, simd.splat_f32s(f32::MIN));
                simd.partial_store_f32s(output, simd.min_f32s(gradient, simd.splat_f32s(f32::MAX)));
            }
        }
    }
}
