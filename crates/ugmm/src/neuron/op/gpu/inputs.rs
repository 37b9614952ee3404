//! Gradients with respect to the inputs.

use super::careful::{
    careful, careful_responsibility, fast_ratio, over_sigma, saturated_product, saturated_sum,
};
use super::fast_exp::fast_exp;
use super::prepare::{fast_component, fast_input};
use super::tile::{DEPTH, SIDE};
use cubecl::prelude::*;

/// The sums over all neurons for `rows_of_unit · SIDE` rows and `inputs_of_unit · SIDE` inputs.
#[cube(launch)]
pub(super) fn gradients(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    pairs: &Tensor<f32>,
    cotangent: &Tensor<f32>,
    of_x: &mut Tensor<f32>,
    #[comptime] rows_of_unit: usize,
    #[comptime] inputs_of_unit: usize,
) {
    let (rows, inputs) = (of_x.shape(0), of_x.shape(1));
    let neurons = prepared.shape(1);
    let row_tile = comptime!(rows_of_unit * SIDE);
    let input_tile = comptime!(inputs_of_unit * SIDE);
    let across = inputs.div_ceil(input_tile);
    let first_row = CUBE_POS / across * row_tile;
    let first_input = CUBE_POS % across * input_tile;
    if first_row >= rows {
        terminate!();
    }
    let (lane, line) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);

    let of_unit = comptime!(rows_of_unit * inputs_of_unit);
    let mut values = Array::<f32>::new(of_unit);
    let mut sums = Array::<f32>::new(of_unit);
    #[unroll]
    for i in 0..rows_of_unit {
        #[unroll]
        for j in 0..inputs_of_unit {
            let row = first_row + line + i * SIDE;
            let k = first_input + lane + j * SIDE;
            let at = comptime!(i * inputs_of_unit + j);
            values[at] = fast_input(x, row, k, rows);
            sums[at] = 0.0f32.runtime();
        }
    }

    let pitch = comptime!(row_tile + 1);
    let mut means = Shared::<[f32]>::new_slice(comptime!(DEPTH * input_tile));
    let mut scales = Shared::<[f32]>::new_slice(comptime!(DEPTH * input_tile));
    let mut offsets = Shared::<[f32]>::new_slice(comptime!(DEPTH * input_tile));
    let mut ratios = Shared::<[f32]>::new_slice(comptime!(DEPTH * pitch));
    for first in range_stepped(0, neurons, DEPTH) {
        #[unroll]
        for j in 0..inputs_of_unit {
            let component = fast_component(prepared, first + line, first_input + lane + j * SIDE);
            let place = line * input_tile + lane + j * SIDE;
            means[place] = component.mean;
            scales[place] = component.scale;
            offsets[place] = component.offset;
        }
        #[unroll]
        for i in 0..rows_of_unit {
            // Units side by side read neurons side by side.
            let row = first_row + line + i * SIDE;
            let neuron = first + lane;
            let mut ratio = 0.0f32.runtime();
            if row < rows && neuron < neurons {
                let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
                ratio = fast_ratio(pairs[row * neurons + neuron], g);
            }
            ratios[lane * pitch + line + i * SIDE] = ratio;
        }
        sync_cube();
        for depth in 0..DEPTH {
            #[unroll]
            for j in 0..inputs_of_unit {
                let place = depth * input_tile + lane + j * SIDE;
                let (mean, scale, offset) = (means[place], scales[place], offsets[place]);
                #[unroll]
                for i in 0..rows_of_unit {
                    let at = comptime!(i * inputs_of_unit + j);
                    let ratio = ratios[depth * pitch + line + i * SIDE];
                    let u = (values[at] - mean) * scale;
                    // In this order nothing overflows that is not multiplied by 0 first.
                    sums[at] += ratio * fast_exp(offset - u * u) * u * scale;
                }
            }
        }
        sync_cube();
    }

    #[unroll]
    for i in 0..rows_of_unit {
        #[unroll]
        for j in 0..inputs_of_unit {
            let row = first_row + line + i * SIDE;
            let k = first_input + lane + j * SIDE;
            if row < rows && k < inputs {
                of_x[row * inputs + k] = -(2.0 * sums[comptime!(i * inputs_of_unit + j)]);
            }
        }
    }
}

/// Adds what the careful pairs of each row contribute. A unit to each input value.
#[cube(launch)]
pub(super) fn add_careful(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    pairs: &Tensor<f32>,
    cotangent: &Tensor<f32>,
    lists: &Tensor<u32>,
    of_x: &mut Tensor<f32>,
    zero: u32,
) {
    let (rows, inputs) = (of_x.shape(0), of_x.shape(1));
    let index = ABSOLUTE_POS;
    if index >= rows * inputs {
        terminate!();
    }
    let (row, k) = (index / inputs, index % inputs);
    let list = row * lists.stride(0);
    let count = lists[list] as usize;
    if count == 0 {
        terminate!();
    }
    let value = x[row * x.stride(0) + k * x.stride(1)];
    let mut sum = of_x[index];
    for i in 0..count {
        let neuron = lists[list + 1 + i] as usize;
        let g = cotangent[row * cotangent.stride(0) + neuron * cotangent.stride(1)];
        let component = careful(value, prepared, of_neurons, neuron, k, zero);
        let w = g * careful_responsibility(component, pairs, of_neurons, row, neuron, zero);
        let wz = saturated_product(w, 4.0 * component.quarter_z);
        sum = saturated_sum(sum, -over_sigma(wz, component.inverse_sigma));
    }
    of_x[index] = sum;
}
