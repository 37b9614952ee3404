//! LSTM and GRU with uGMM gates.

use crate::support::{
    assert_close, assert_gradients_are_right, assert_record_is_complete, gradients, random, rng, values,
};
use burn::module::Module;
use burn::nn::{GruConfig, LstmConfig, LstmState};
use burn::tensor::{Device, Tensor, activation::sigmoid};
use ugmm::architecture::{UgmmGru, UgmmGruConfig, UgmmLstm, UgmmLstmConfig};
use ugmm::{Init, Stream, generator};

const INPUTS: usize = 3;
const HIDDEN: usize = 4;

fn lstm(config: &UgmmLstmConfig, device: &Device) -> UgmmLstm {
    let mut rng = rng(1);
    let sample = random([30, 12, INPUTS], &mut rng, device);
    let sample = if config.batch_first { sample } else { sample.swap_dims(0, 1) };
    config.init_from(&sample, &mut rng, device).unwrap()
}

fn gru(device: &Device) -> UgmmGru {
    gru_of(&UgmmGruConfig::new(INPUTS, HIDDEN), device)
}

fn gru_of(config: &UgmmGruConfig, device: &Device) -> UgmmGru {
    let mut rng = rng(1);
    let sample = random([30, 12, INPUTS], &mut rng, device);
    config.init_from(&sample, &mut rng, device).unwrap()
}

fn config() -> UgmmLstmConfig {
    UgmmLstmConfig::new(INPUTS, HIDDEN)
}

/// The configuration for differences of f32: behind wide components log-densities vary so little that their last digits show.
fn config_for_differences() -> UgmmLstmConfig {
    config().with_init(Init::Data)
}

#[test]
fn shapes_are_those_of_burns_modules() {
    let device = Device::flex();
    let mut rng = rng(0);
    let x: Tensor<3> = random([2, 5, INPUTS], &mut rng, &device);
    let ours = lstm(&config(), &device).forward(x.clone(), None);
    let burns = LstmConfig::new(INPUTS, HIDDEN, true).init(&device).forward(x.clone(), None);
    assert_eq!(ours.0.dims(), burns.0.dims());
    assert_eq!((ours.1.cell.dims(), ours.1.hidden.dims()), (burns.1.cell.dims(), burns.1.hidden.dims()));
    let steps_first = x.clone().swap_dims(0, 1);
    let ours = lstm(&config().with_batch_first(false), &device).forward(steps_first.clone(), None);
    let burns = LstmConfig::new(INPUTS, HIDDEN, true)
        .with_batch_first(false)
        .init(&device)
        .forward(steps_first, None);
    assert_eq!(ours.0.dims(), burns.0.dims());
    assert_eq!(ours.1.hidden.dims(), burns.1.hidden.dims());
    assert_eq!(
        gru(&device).forward(x.clone(), None).dims(),
        GruConfig::new(INPUTS, HIDDEN, true).init(&device).forward(x, None).dims()
    );
    let nothing = Tensor::<3>::zeros([2, 0, INPUTS], &device);
    assert_eq!(lstm(&config(), &device).forward(nothing.clone(), None).0.dims(), [2, 0, HIDDEN]);
    assert_eq!(gru(&device).forward(nothing, None).dims(), [2, 0, HIDDEN]);
}

/// The equations of the docstring, with each gate evaluated by itself.
#[test]
fn an_lstm_follows_its_equations() {
    let device = Device::flex();
    let clip = 0.3;
    let lstm = lstm(&config().with_clip(Some(clip)), &device);
    let mut rng = rng(2);
    let x: Tensor<3> = random([2, 6, INPUTS], &mut rng, &device);
    let state =
        LstmState::new(random([2, HIDDEN], &mut rng, &device), random([2, HIDDEN], &mut rng, &device));
    let (output, last) = lstm.forward(x.clone(), Some(state.clone()));
    let LstmState { mut cell, mut hidden } = state;
    for step in 0..6 {
        let row = Tensor::cat(vec![x.clone().narrow(1, step, 1).reshape([2, INPUTS]), hidden], 1);
        let open = |gate: &ugmm::architecture::UgmmDense| sigmoid(gate.forward(row.clone()));
        let candidate = lstm.cell_gate.forward(row.clone()).tanh();
        cell = open(&lstm.forget_gate) * cell + open(&lstm.input_gate) * candidate;
        cell = cell.clamp(-clip, clip);
        hidden = open(&lstm.output_gate) * cell.clone().tanh();
        let found = output.clone().narrow(1, step, 1).reshape([2, HIDDEN]);
        assert_close(&values(&found), &values(&hidden), 1e-5);
    }
    assert_close(&values(&last.cell), &values(&cell), 1e-5);
    assert_close(&values(&last.hidden), &values(&hidden), 1e-5);
}

#[test]
fn a_gru_follows_its_equations() {
    let device = Device::flex();
    let gru = gru(&device);
    let mut rng = rng(3);
    let x: Tensor<3> = random([2, 6, INPUTS], &mut rng, &device);
    let mut hidden: Tensor<2> = random([2, HIDDEN], &mut rng, &device);
    let output = gru.forward(x.clone(), Some(hidden.clone()));
    for step in 0..6 {
        let input: Tensor<2> = x.clone().narrow(1, step, 1).reshape([2, INPUTS]);
        let seen = hidden.clone() * gru.state_scale.val().unsqueeze();
        let row = Tensor::cat(vec![input.clone(), seen.clone()], 1);
        let update = sigmoid(gru.update_gate.forward(row.clone()));
        let reset = sigmoid(gru.reset_gate.forward(row));
        let candidate = gru.new_gate.forward(Tensor::cat(vec![input, reset * seen], 1)).tanh();
        hidden = (update.clone() * -1.0 + 1.0) * candidate + update * hidden;
        let found = output.clone().narrow(1, step, 1).reshape([2, HIDDEN]);
        assert_close(&values(&found), &values(&hidden), 1e-5);
    }
}

#[test]
fn a_sequence_may_be_read_in_parts_and_backwards() {
    let device = Device::flex();
    let (lstm, gru) = (lstm(&config(), &device), gru(&device));
    let mut rng = rng(4);
    let x: Tensor<3> = random([2, 7, INPUTS], &mut rng, &device);
    let parts = |from: usize, count: usize| x.clone().narrow(1, from, count);
    let (whole, end) = lstm.forward(x.clone(), None);
    let (first, state) = lstm.forward(parts(0, 3), None);
    let (second, last) = lstm.forward(parts(3, 4), Some(state));
    assert_close(&values(&Tensor::cat(vec![first, second], 1)), &values(&whole), 1e-6);
    assert_close(&values(&last.cell), &values(&end.cell), 1e-6);
    let whole = gru.forward(x.clone(), None);
    let first = gru.forward(parts(0, 3), None);
    let state = first.clone().narrow(1, 2, 1).reshape([2, HIDDEN]);
    let second = gru.forward(parts(3, 4), Some(state));
    assert_close(&values(&Tensor::cat(vec![first, second], 1)), &values(&whole), 1e-6);

    let mut backwards = lstm.clone();
    backwards.reverse = true;
    let (output, _) = backwards.forward(x.clone(), None);
    let (expected, _) = lstm.forward(x.flip([1]), None);
    assert_close(&values(&output), &values(&expected.flip([1])), 1e-6);
}

#[test]
fn gradients_equal_finite_differences() {
    let device = Device::flex().autodiff();
    let mut rng = rng(5);
    let x: Tensor<3> = random([3, 5, INPUTS], &mut rng, &Device::flex());
    let loss = |lstm: &UgmmLstm| {
        let x = Tensor::from_data(x.to_data(), &lstm.input_gate.layer.means.val().device());
        (lstm.forward(x, None).0 * 3.0).square().sum()
    };
    assert_gradients_are_right(&lstm(&config_for_differences(), &device), loss, &mut rng);
    let loss = |gru: &UgmmGru| {
        let x = Tensor::from_data(x.to_data(), &gru.new_gate.layer.means.val().device());
        (gru.forward(x, None) * 3.0).square().sum()
    };
    let gru = gru_of(&UgmmGruConfig::new(INPUTS, HIDDEN).with_init(Init::Data), &device);
    assert_gradients_are_right(&gru, loss, &mut rng);
}

/// The loss is of the last step only, so that every gradient has come through all other steps. The derivative along a direction
/// of the first step's input also equals a difference.
#[test]
fn gradients_through_a_hundred_steps_are_finite_and_right() {
    let device = Device::flex().autodiff();
    let mut rng = rng(6);
    let steps = 100;
    let x: Tensor<3> = random([2, steps, INPUTS], &mut rng, &Device::flex());
    // A wide-open forget gate, so that the first step still matters at the last.
    let new = || lstm(&config_for_differences().with_forget_shift(6.0), &device);
    let lstm = new();
    let last = |output: Tensor<3>| (output.narrow(1, steps - 1, 1) * 3.0).square().sum();
    let loss = |lstm: &UgmmLstm| {
        let x = Tensor::from_data(x.to_data(), &lstm.input_gate.layer.means.val().device());
        last(lstm.forward(x, None).0)
    };
    let tracked = Tensor::<3>::from_data(x.to_data(), &device).require_grad();
    let backward = last(lstm.forward(tracked.clone(), None).0).backward();
    let of_input = tracked.grad(&backward).unwrap();
    assert!(values(&of_input).iter().all(|value| value.is_finite()));
    for (name, gradient) in gradients(&lstm, &backward) {
        let Some(gradient) = gradient else { continue };
        assert!(gradient.iter().all(|value| value.is_finite()), "{name}");
        assert!(gradient.iter().any(|value| *value != 0.0), "{name}");
    }
    let of_first = values(&of_input.narrow(1, 0, 1));
    let norm = of_first.iter().map(|value| value * value).sum::<f32>().sqrt();
    assert!(norm > 1e-4, "the first step does not matter: {norm}");
    // Along its own direction the derivative is the gradient's norm.
    let plain = lstm.valid();
    let moved = |distance: f32| {
        let mut all = values(&x);
        for row in 0..2 {
            for feature in 0..INPUTS {
                let place = row * steps * INPUTS + feature;
                all[place] += distance * of_first[row * INPUTS + feature] / norm;
            }
        }
        let data = burn::tensor::TensorData::new(all, [2, steps, INPUTS]);
        last(plain.forward(Tensor::from_data(data, &Device::flex()), None).0).into_scalar::<f32>()
    };
    let expected = (moved(0.02) - moved(-0.02)) / 0.04;
    assert!((norm - expected).abs() < 0.05 * expected.abs(), "{norm} instead of {expected}");
    assert_gradients_are_right(&new(), loss, &mut rng);
}

#[test]
fn records_hold_all_of_them() {
    let device = Device::flex();
    let x: Tensor<3> = random([2, 6, INPUTS], &mut rng(7), &device);
    assert_record_is_complete(&lstm(&config(), &device), config().init(&device).unwrap(), |lstm| {
        values(&lstm.forward(x.clone(), None).0)
    });
    let other = UgmmGruConfig::new(INPUTS, HIDDEN).init(&device).unwrap();
    assert_record_is_complete(&gru(&device), other, |gru| values(&gru.forward(x.clone(), None)));
}

#[test]
fn dropped_components_are_the_same_at_every_step() {
    let device = Device::flex().autodiff();
    let lstm = lstm(&config().with_dropout(0.5), &device);
    // A gate without memory of the state: the same input gives the same activation at every step, whatever was dropped.
    let mut still = lstm.clone();
    still.output_gate.scale.gain = still.output_gate.scale.gain.map(|gain| gain * 0.0);
    still.output_gate.scale.shift = still.output_gate.scale.shift.map(|shift| shift * 0.0 - 60.0);
    still.forget_gate.scale.shift = still.forget_gate.scale.shift.map(|shift| shift * 0.0 - 60.0);
    still.forget_gate.scale.gain = still.forget_gate.scale.gain.map(|gain| gain * 0.0);
    let x = Tensor::<3>::ones([1, 1, INPUTS], &device).repeat_dim(1, 5);
    let cells = |steps: usize, seed: u64| {
        let x = x.clone().narrow(1, 0, steps);
        values(&still.forward_training(x, None, &mut generator(seed, Stream::Dropout)).1.cell)
    };
    assert_close(&cells(5, 1), &cells(1, 1), 1e-5);
    assert_ne!(cells(5, 1), cells(5, 2));
}

#[test]
fn settings_and_samples_that_cannot_be_are_refused() {
    let device = Device::flex();
    let message = UgmmLstmConfig::new(3, 0).init(&device).unwrap_err().to_string();
    assert_eq!(message, "the number of neurons is 0, but must be at least 1");
    let message = UgmmGruConfig::new(3, 2).with_min_sigma(-1.0).init(&device).unwrap_err().to_string();
    assert_eq!(message, "min_sigma is -1, but must be between 0 and 1e30");
    let sample = Tensor::zeros([4, 5, 2], &device);
    let message = config().init_from(&sample, &mut rng(0), &device).unwrap_err().to_string();
    assert_eq!(message, "the sample for initialisation has 2 features, but 3 are needed");
    let sample = Tensor::zeros([4, 0, 3], &device);
    let message = config().init_from(&sample, &mut rng(0), &device).unwrap_err().to_string();
    assert_eq!(message, "the sample for initialisation has 0 steps, but 1 are needed");
}
