//! Arguments at the edges: empty batches, sizes of one, and slices that do not fit.

mod common;

use common::{BOTH, Layer, TOLERANCE, assert_agrees_with_oracle};
use ugmm_kernels::{KernelError, LayerShape, backward, forward, oracle};

fn layer(batch: usize, inputs: usize, neurons: usize) -> Layer {
    let values = |count: usize| (0..count).map(|index| (index as f32 * 0.7).sin()).collect::<Vec<f32>>();
    Layer {
        shape: LayerShape { batch, inputs, neurons },
        x: values(batch * inputs),
        means: values(neurons * inputs),
        log_sigmas: values(neurons * inputs),
        mixing_logits: values(neurons * inputs),
        cotangent: values(batch * neurons),
    }
}

#[test]
fn every_small_size_works() {
    for size in 1..=35 {
        for (batch, inputs, neurons) in
            [(1, 1, size), (1, size, 1), (size, 1, 1), (size, size, 2), (3, size, size)]
        {
            assert_agrees_with_oracle(&layer(batch, inputs, neurons), &TOLERANCE);
        }
    }
}

#[test]
fn more_rows_neurons_and_inputs_than_a_block_work() {
    for (batch, inputs, neurons) in [(300, 3, 2), (2, 3, 300), (2, 1700, 2)] {
        assert_agrees_with_oracle(&layer(batch, inputs, neurons), &TOLERANCE);
    }
}

#[test]
fn empty_batch_gives_empty_outputs_and_zero_gradients() {
    let layer = layer(0, 3, 2);
    for instructions in BOTH {
        let output = layer.forward(instructions);
        assert!(output.y.is_empty() && output.sums.is_empty());
        let gradients = layer.backward(instructions, &[]);
        assert_eq!(gradients.x, Some(vec![]));
        assert_eq!((gradients.means, gradients.log_sigmas), (vec![0.0; 6], vec![0.0; 6]));
        assert_eq!(gradients.mixing_logits, vec![0.0; 6]);
    }
    assert_eq!(oracle::forward(layer.shape, layer.widen().arguments()), Ok(vec![]));
}

#[test]
fn x_gradient_only_on_request() {
    let layer = layer(2, 3, 2);
    let sums = layer.forward(BOTH[0]).sums;
    let without = backward(layer.shape, layer.arguments(), &sums, &layer.cotangent, false).unwrap();
    let with = backward(layer.shape, layer.arguments(), &sums, &layer.cotangent, true).unwrap();
    assert_eq!(without.x, None);
    assert_eq!(with.x.map(|x| x.len()), Some(6));
    assert_eq!(without.means, with.means);
}

#[test]
fn empty_layers_are_refused() {
    for (inputs, neurons) in [(0, 2), (3, 0), (0, 0)] {
        let layer = layer(2, inputs, neurons);
        let error = forward(layer.shape, layer.arguments()).unwrap_err();
        assert_eq!(error, KernelError::EmptyLayer { inputs, neurons });
    }
}

#[test]
fn slices_that_do_not_fit_are_named() {
    let mut layer = layer(2, 3, 4);
    layer.log_sigmas.pop();
    let error = forward(layer.shape, layer.arguments()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`log_sigmas` has 11 values where the shape [neurons, inputs] = [4, 3] asks for 12"
    );
    layer.log_sigmas.push(0.0);
    let error = backward(layer.shape, layer.arguments(), &[0.0; 7], &layer.cotangent, true).unwrap_err();
    assert!(matches!(error, KernelError::Length { argument: "sums", expected: 8, found: 7, .. }), "{error}");
    let error = backward(layer.shape, layer.arguments(), &[0.0; 8], &[], true).unwrap_err();
    assert!(
        matches!(error, KernelError::Length { argument: "cotangent", expected: 8, found: 0, .. }),
        "{error}"
    );
}

#[test]
fn sizes_that_cannot_be_counted_are_refused() {
    let shape = LayerShape { batch: usize::MAX, inputs: 1, neurons: 2 };
    let layer = layer(2, 1, 2);
    let error = forward(shape, layer.arguments()).unwrap_err();
    assert!(matches!(error, KernelError::Length { argument: "x", .. }), "{error}");
    let shape = LayerShape { batch: 2, inputs: usize::MAX, neurons: 2 };
    let error = forward(shape, layer.arguments()).unwrap_err();
    assert!(matches!(error, KernelError::TooLarge { argument: "x", .. }), "{error}");
}

#[test]
fn row_out_of_range_is_refused() {
    let layer = layer(2, 3, 4).widen();
    let error = oracle::responsibilities(layer.shape, layer.arguments(), 2).unwrap_err();
    assert_eq!(error, KernelError::RowOutOfRange { row: 2, batch: 2 });
}

#[test]
fn neuron_with_every_component_dropped_stays_a_mixture() {
    let mut layer = layer(2, 3, 2);
    layer.mixing_logits[..3].fill(ugmm_kernels::DROPPED_LOGIT);
    assert_agrees_with_oracle(&layer, &TOLERANCE);
    layer.mixing_logits[..3].fill(f32::MIN);
    assert_agrees_with_oracle(&layer, &TOLERANCE);
    let sum: f32 = layer.forward(BOTH[0]).y.iter().sum();
    assert!(sum.is_finite() && sum.abs() < 100.0);
}
