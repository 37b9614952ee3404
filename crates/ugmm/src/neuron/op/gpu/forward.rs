//! The forward pass: the sums of exponentials by tiles of rows and neurons, and the rescue of the pairs whose sums vanish.

use super::careful::{NOTHING, RESCUE_BELOW, activation, careful, exponential, is_larger};
use super::fast_exp::fast_exp;
use super::prepare::{LARGEST_EXPONENT, NORMALIZER, fast_component, fast_input};
use super::tile::{DEPTH, SIDE};
use super::twofold::{Twofold, exact_sum};
use cubecl::prelude::*;

/// Sums and activations of the pairs of `rows_of_unit · SIDE` rows and `neurons_of_unit · SIDE` neurons. Each unit has the
/// pairs of every `SIDE`-th row and neuron, and adds up the components of a pair in their order, whatever the tile.
#[cube(launch)]
pub(super) fn sums(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    pairs: &mut Tensor<f32>,
    y: &mut Tensor<f32>,
    #[comptime] rows_of_unit: usize,
    #[comptime] neurons_of_unit: usize,
) {
    let (rows, neurons) = (y.shape(0), y.shape(1));
    let inputs = prepared.shape(2);
    let row_tile = comptime!(rows_of_unit * SIDE);
    let neuron_tile = comptime!(neurons_of_unit * SIDE);
    let across = neurons.div_ceil(neuron_tile);
    let first_row = CUBE_POS / across * row_tile;
    let first_neuron = CUBE_POS % across * neuron_tile;
    if first_row >= rows {
        terminate!();
    }
    let (lane, line) = (UNIT_POS_X as usize, UNIT_POS_Y as usize);

    // One more than a row of the tile is wide, so that units that store side by side do not meet in a memory bank.
    let x_pitch = comptime!(row_tile + 1);
    let pitch = comptime!(neuron_tile + 1);
    let mut xs = Shared::<[f32]>::new_slice(comptime!(DEPTH * x_pitch));
    let mut means = Shared::<[f32]>::new_slice(comptime!(DEPTH * pitch));
    let mut scales = Shared::<[f32]>::new_slice(comptime!(DEPTH * pitch));
    let mut offsets = Shared::<[f32]>::new_slice(comptime!(DEPTH * pitch));

    let mut totals = Array::<f32>::new(comptime!(rows_of_unit * neurons_of_unit));
    #[unroll]
    for i in 0..comptime!(rows_of_unit * neurons_of_unit) {
        totals[i] = 0.0f32.runtime();
    }
    let mut values = Array::<f32>::new(rows_of_unit);
    for first in range_stepped(0, inputs, DEPTH) {
        // Units side by side read inputs side by side.
        let k = first + lane;
        #[unroll]
        for i in 0..rows_of_unit {
            let row = first_row + line + i * SIDE;
            xs[lane * x_pitch + line + i * SIDE] = fast_input(x, row, k, rows);
        }
        #[unroll]
        for i in 0..neurons_of_unit {
            let component = fast_component(prepared, first_neuron + line + i * SIDE, k);
            let place = lane * pitch + line + i * SIDE;
            means[place] = component.mean;
            scales[place] = component.scale;
            offsets[place] = component.offset;
        }
        sync_cube();
        for depth in 0..DEPTH {
            #[unroll]
            for i in 0..rows_of_unit {
                values[i] = xs[depth * x_pitch + line + i * SIDE];
            }
            #[unroll]
            for j in 0..neurons_of_unit {
                let place = depth * pitch + lane + j * SIDE;
                let (mean, scale, offset) = (means[place], scales[place], offsets[place]);
                #[unroll]
                for i in 0..rows_of_unit {
                    let u = (values[i] - mean) * scale;
                    totals[i * neurons_of_unit + j] += fast_exp(offset - u * u);
                }
            }
        }
        sync_cube();
    }

    #[unroll]
    for j in 0..neurons_of_unit {
        let neuron = first_neuron + lane + j * SIDE;
        if neuron < neurons {
            let largest = of_neurons[LARGEST_EXPONENT * neurons + neuron];
            #[unroll]
            for i in 0..rows_of_unit {
                let row = first_row + line + i * SIDE;
                if row < rows {
                    let total = totals[i * neurons_of_unit + j];
                    // In this order NaN is rescued.
                    let known = total >= RESCUE_BELOW;
                    let index = row * neurons + neuron;
                    pairs[index] = select(known, total, 0.0);
                    if known {
                        y[index] = largest + total.ln();
                    }
                }
            }
        }
    }
}

/// Activations of the pairs whose sum is 0, with their own largest exponent, and what the backward pass needs of them. A
/// unit to each pair.
#[cube(launch)]
pub(super) fn rescue(
    x: &Tensor<f32>,
    prepared: &Tensor<f32>,
    of_neurons: &Tensor<f32>,
    pairs: &mut Tensor<f32>,
    y: &mut Tensor<f32>,
    zero: u32,
) {
    let (rows, neurons) = (y.shape(0), y.shape(1));
    let index = ABSOLUTE_POS;
    if index >= rows * neurons {
        terminate!();
    }
    if pairs[index] != 0.0 {
        terminate!();
    }
    let (row, neuron) = (index / neurons, index % neurons);
    let inputs = prepared.shape(2);
    let values = row * x.stride(0);

    let mut high = NOTHING.runtime();
    let mut low = 0.0f32.runtime();
    for k in 0..inputs {
        let quarter = careful(x[values + k * x.stride(1)], prepared, of_neurons, neuron, k, zero).quarter;
        if is_larger(quarter, Twofold { high, low }) {
            high = quarter.high;
            low = quarter.low;
        }
    }
    let largest = Twofold { high, low };
    let mut total = 0.0f32.runtime();
    for k in 0..inputs {
        let quarter = careful(x[values + k * x.stride(1)], prepared, of_neurons, neuron, k, zero).quarter;
        total += exponential(quarter, largest);
    }
    // It is at least 1.
    let all = exact_sum(high, 0.25 * total.ln(), zero);
    let quarter = Twofold { high: all.high, low: all.low + low };
    pairs[rows * neurons + index] = quarter.high;
    pairs[2 * rows * neurons + index] = quarter.low;
    y[index] = activation(quarter, of_neurons[NORMALIZER * neurons + neuron]);
}
