//! Recurrent networks whose gates are uGMM layers over [x_t, h_{t−1}].
//!
//! The gates of all steps are evaluated by one operation a step; their parameters are gathered once a sequence. Component
//! dropout, if any, drops the same components at every step (Gal and Ghahramani 2016).

mod gru;
mod lstm;

pub use gru::{UgmmGru, UgmmGruConfig};
pub use lstm::{UgmmLstm, UgmmLstmConfig};

use crate::UgmmError;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use ugmm_network::random::{index, uniform};

/// Standard normal sequences that a module is initialised from where no others are given, and their length.
const REFERENCE_SEQUENCES: usize = 64;
const REFERENCE_STEPS: usize = 16;
/// Largest absolute value of the states that gates are first drawn for, before there are any real ones.
const FIRST_STATES: f64 = 0.5;
/// Rows [x_t, h_{t−1}] that gates are initialised from, at most.
const INITIALIZATION_ROWS: usize = 4096;

/// Sequences of independent standard normal values.
fn reference_sequences<R: Rng + ?Sized>(d_input: usize, rng: &mut R, device: &Device) -> Tensor<3> {
    let shape = [REFERENCE_SEQUENCES, REFERENCE_STEPS, d_input];
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| ugmm_network::random::normal(rng) as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn check_sequences(sample: &Tensor<3>, d_input: usize) -> Result<(), UgmmError> {
    let what = "the sample for initialisation";
    let [sequences, steps, features] = sample.dims();
    if features != d_input {
        return Err(UgmmError::Size { what, found: features, unit: "features", expected: d_input });
    }
    match sequences * steps {
        0 => Err(UgmmError::Size { what, found: 0, unit: "steps", expected: 1 }),
        _ => Ok(()),
    }
}

/// States before there are any real ones: uniform about 0, `[sequences, steps, d_hidden]`.
fn first_states<R: Rng + ?Sized>(shape: [usize; 3], rng: &mut R, device: &Device) -> Tensor<3> {
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (FIRST_STATES * (2.0 * uniform(rng) - 1.0)) as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Rows [x_t, h_{t−1}] of sequences `x` `[sequences, steps, d_input]` whose states after each step are `states`
/// `[sequences, steps, d_hidden]`; the state before the first step is 0. In reverse the last step is the first.
fn rows_of_gates(x: &Tensor<3>, states: &Tensor<3>, reverse: bool) -> Tensor<2> {
    let [sequences, steps, d_input] = x.dims();
    let d_hidden = states.dims()[2];
    let zeros = Tensor::zeros([sequences, 1, d_hidden], &x.device());
    let before = match reverse {
        false => vec![zeros, states.clone().narrow(1, 0, steps - 1)],
        true => vec![states.clone().narrow(1, 1, steps - 1), zeros],
    };
    let before = if steps > 1 { Tensor::cat(before, 1) } else { Tensor::zeros_like(states) };
    Tensor::cat(vec![x.clone(), before], 2).reshape([sequences * steps, d_input + d_hidden])
}

/// Some of these rows.
fn gate_inputs<R: Rng + ?Sized>(x: &Tensor<3>, states: &Tensor<3>, reverse: bool, rng: &mut R) -> Tensor<2> {
    let rows = rows_of_gates(x, states, reverse);
    let all = rows.dims()[0];
    if all <= INITIALIZATION_ROWS {
        return rows;
    }
    let chosen: Vec<i32> = (0..INITIALIZATION_ROWS).map(|_| index(rng, all) as i32).collect();
    rows.select(0, Tensor::from_data(chosen.as_slice(), &x.device()))
}
