//! Gradients with respect to the parameters. The rows are dealt out in parts, so that layers of few components keep a GPU
//! busy too; how many there are depends on the batch alone, and so do the results.

use super::careful::{
    careful, careful_responsibility, fast_ratio, over_sigma, saturated_product, saturated_sum,
};
use super::fast_exp::fast_exp;
use super::prepare::{HALF_LOG_TWO_PI, LARGEST_LOGIT, NORMALIZER, OWN_LOGIT, fast_component, fast_input};
use super::tile::{DEPTH, SIDE};
use cubecl::prelude::*;
use ugmm_kernels::DROPPED_LOGIT as DROPPED;

/// What a part has of every component, as planes of `[neurons, inputs]`: the gradients of its rows with respect to mean, log
/// σ and logit, the last without what does not depend on the component.
pub(super) const PLANES: usize = 3;

/// A weight of e to this is 0 in f32.
const LOWEST_LOG_WEIGHT: f32 = -150.0;

/// The sums over a part's rows for the components of `neurons_of_unit · SIDE` neurons and `inputs_of_unit · SIDE` inputs.
#[cube(launch)]
pub(super) fn parts(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    pairs: &Tensor<f32>,
    cotangent: &Tensor<f32>,
    parts: &mut Tensor<f32>,
    rows_of_part: usize,
    #[comptime] neurons_of_unit: usize,
    #[comptime] inputs_of_unit: usize,
) {
    let (rows, neurons) = (pairs.shape(1), pairs.shape(2));
    let inputs = prepared.shape(2);
    let components = neurons * inputs;
    let neuron_tile = comptime!(neurons_of_unit * SIDE);
    let input_tile = comptime!(inputs_of_unit * SIDE);
    let across = inputs.div_ceil(input_tile);
    let down = neurons.div_ceil(neuron_tile);
    let part = CUBE_POS / (across * down);
    let first_neuron = CUBE_POS / across % down * neuron_tile;
    let first_input = CUBE_POS % across * input_tile;
    // The last part is of the careful pairs.
    if part + 1 >= parts.shape(0) {
        terminate!();
    }
    let first_row = part * rows_of_part;
    let end = (first_row + rows_of_part).min(rows);
    let (lane, line) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);

    let of_unit = comptime!(neurons_of_unit * inputs_of_unit);
    let mut means = Array::<f32>::new(of_unit);
    let mut scales = Array::<f32>::new(of_unit);
    let mut offsets = Array::<f32>::new(of_unit);
    let mut sums = Array::<f32>::new(of_unit);
    let mut sums_u = Array::<f32>::new(of_unit);
    let mut sums_uu = Array::<f32>::new(of_unit);
    #[unroll]
    for j in 0..neurons_of_unit {
        #[unroll]
        for i in 0..inputs_of_unit {
            let neuron = first_neuron + line + j * SIDE;
            let k = first_input + lane + i * SIDE;
            let at = comptime!(j * inputs_of_unit + i);
            let component = fast_component(prepared, neuron, k);
            means[at] = component.mean;
            scales[at] = component.scale;
            offsets[at] = component.offset;
            sums[at] = 0.0f32.runtime();
            sums_u[at] = 0.0f32.runtime();
            sums_uu[at] = 0.0f32.runtime();
        }
    }

    let mut xs = Shared::<[f32]>::new_slice(comptime!(DEPTH * input_tile));
    let mut ratios = Shared::<[f32]>::new_slice(comptime!(DEPTH * neuron_tile));
    let mut values = Array::<f32>::new(inputs_of_unit);
    for first in range_stepped(first_row, end, DEPTH) {
        let row = first + line;
        #[unroll]
        for i in 0..inputs_of_unit {
            let k = first_input + lane + i * SIDE;
            xs[line * input_tile + lane + i * SIDE] = fast_input(x, row, k, end);
        }
        #[unroll]
        for j in 0..neurons_of_unit {
            let neuron = first_neuron + lane + j * SIDE;
            let mut ratio = 0.0f32.runtime();
            if row < end && neuron < neurons {
                let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
                ratio = fast_ratio(pairs[row * neurons + neuron], g);
            }
            ratios[line * neuron_tile + lane + j * SIDE] = ratio;
        }
        sync_cube();
        for depth in 0..DEPTH {
            #[unroll]
            for i in 0..inputs_of_unit {
                values[i] = xs[depth * input_tile + lane + i * SIDE];
            }
            #[unroll]
            for j in 0..neurons_of_unit {
                let ratio = ratios[depth * neuron_tile + line + j * SIDE];
                #[unroll]
                for i in 0..inputs_of_unit {
                    let at = comptime!(j * inputs_of_unit + i);
                    let u = (values[i] - means[at]) * scales[at];
                    let w = ratio * fast_exp(offsets[at] - u * u);
                    let wu = w * u;
                    sums[at] += w;
                    sums_u[at] += wu;
                    sums_uu[at] += wu * u;
                }
            }
        }
        sync_cube();
    }

    #[unroll]
    for j in 0..neurons_of_unit {
        #[unroll]
        for i in 0..inputs_of_unit {
            let neuron = first_neuron + line + j * SIDE;
            let k = first_input + lane + i * SIDE;
            if neuron < neurons && k < inputs {
                let at = comptime!(j * inputs_of_unit + i);
                let index = part * PLANES * components + neuron * inputs + k;
                // u = √½ z, and the scale is √½/σ.
                parts[index] = saturated_product(2.0 * sums_u[at], scales[at]);
                parts[index + components] = 2.0 * sums_uu[at] - sums[at];
                parts[index + 2 * components] = sums[at];
            }
        }
    }
}

/// The last part: the careful pairs of each neuron. A unit to each component.
#[cube(launch)]
pub(super) fn careful_part(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    pairs: &Tensor<f32>,
    cotangent: &Tensor<f32>,
    lists: &Tensor<u32>,
    parts: &mut Tensor<f32>,
    zero: u32,
) {
    let (neurons, inputs) = (prepared.shape(1), prepared.shape(2));
    let components = neurons * inputs;
    let index = ABSOLUTE_POS;
    if index >= components {
        terminate!();
    }
    let (neuron, k) = (index / inputs, index % inputs);
    let list = neuron * lists.stride(0);
    let mut of_mean = 0.0f32.runtime();
    let mut of_log_sigma = 0.0f32.runtime();
    let mut of_logit = 0.0f32.runtime();
    for i in 0..lists[list] as usize {
        let row = lists[list + 1 + i] as usize;
        let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
        let value = x[row * x.stride(0) + k * x.stride(1)];
        let component = careful(value, prepared, of_neurons, neuron, k, zero);
        let w = g * careful_responsibility(component, pairs, of_neurons, row, neuron, zero);
        let z = 4.0 * component.quarter_z;
        let wz = saturated_product(w, z);
        of_mean = saturated_sum(of_mean, over_sigma(wz, component.inverse_sigma));
        of_log_sigma = saturated_sum(of_log_sigma, saturated_sum(saturated_product(wz, z), -w));
        of_logit = saturated_sum(of_logit, w);
    }
    let index = (parts.shape(0) - 1) * PLANES * components + index;
    parts[index] = of_mean;
    parts[index + components] = of_log_sigma;
    parts[index + 2 * components] = of_logit;
}

/// The gradients: the sums of all parts, in their order, and -π times the sum of the cotangents for the logits. A unit to
/// each component.
#[cube(launch)]
pub(super) fn sum_of_parts(
    parts: &Tensor<f32>,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    totals: &Tensor<f32>,
    of_means: &mut Tensor<f32>,
    of_log_sigmas: &mut Tensor<f32>,
    of_logits: &mut Tensor<f32>,
) {
    let (neurons, inputs) = (prepared.shape(1), prepared.shape(2));
    let components = neurons * inputs;
    let index = ABSOLUTE_POS;
    if index >= components {
        terminate!();
    }
    let neuron = index / inputs;
    let mut of_mean = 0.0f32.runtime();
    let mut of_log_sigma = 0.0f32.runtime();
    let mut of_logit = 0.0f32.runtime();
    for part in 0..parts.shape(0) {
        let place = part * PLANES * components + index;
        of_mean = saturated_sum(of_mean, parts[place]);
        of_log_sigma = saturated_sum(of_log_sigma, parts[place + components]);
        of_logit = saturated_sum(of_logit, parts[place + 2 * components]);
    }
    let logit = prepared[OWN_LOGIT * components + index];
    let largest_logit = of_neurons[LARGEST_LOGIT * neurons + neuron];
    let dropped = logit <= DROPPED && largest_logit > DROPPED;
    let log_total = of_neurons[NORMALIZER * neurons + neuron] - HALF_LOG_TWO_PI;
    let log_weight = (logit - largest_logit).max(LOWEST_LOG_WEIGHT) - log_total;
    let weight = select(dropped, 0.0, log_weight.exp());
    of_means[index] = of_mean;
    of_log_sigmas[index] = of_log_sigma;
    of_logits[index] = saturated_sum(of_logit, -weight * totals[neuron]);
}
