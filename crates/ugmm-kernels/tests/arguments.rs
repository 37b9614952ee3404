//! Tests of extreme arguments: empty batches, sizes of one, and slices of wrong lengths.

mod common;

use common::{Layer, TOLERANCE, assert_agrees_with_oracle};
use ugmm_kernels::dispatch::InstructionSet;
use ugmm_kernels::{KernelError, LayerShape, Saved, backward, forward, oracle};

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
    // Miri takes hours for larger sizes, and it checks memory accesses rather than rounding errors.
    for size in 1..=if cfg!(miri) { 6 } else { 35 } {
        for (batch, inputs, neurons) in
            [(1, 1, size), (1, size, 1), (size, 1, 1), (size, size, 2), (3, size, size)]
        {
            assert_agrees_with_oracle(&layer(batch, inputs, neurons), &TOLERANCE);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes hours")]
fn more_rows_neurons_and_inputs_than_a_tile_work() {
    for (batch, inputs, neurons) in
        [(300, 3, 2), (2, 3, 300), (2, 1700, 2), (128, 128, 33), (129, 129, 16), (127, 257, 32)]
    {
        assert_agrees_with_oracle(&layer(batch, inputs, neurons), &TOLERANCE);
    }
}

#[test]
fn empty_batch_gives_empty_outputs_and_zero_gradients() {
    let layer = layer(0, 3, 2);
    for instructions in InstructionSet::all() {
        let output = layer.forward(instructions);
        assert!(output.y.is_empty());
        let gradients = layer.backward(&output.saved);
        assert_eq!(gradients.x, Some(vec![]));
        assert_eq!((gradients.means, gradients.log_sigmas), (vec![0.0; 6], vec![0.0; 6]));
        assert_eq!(gradients.mixing_logits, vec![0.0; 6]);
    }
    assert_eq!(oracle::forward(layer.shape, layer.widen().arguments()), Ok(vec![]));
}

#[test]
fn a_pass_is_restored_from_its_sums() {
    let mut with_zeros = layer(150, 140, 20);
    with_zeros.x.iter_mut().step_by(3).for_each(|x| *x = 0.0);
    let mut far = layer(9, 5, 3);
    far.x[..10].fill(1e20);
    for layer in [layer(0, 3, 2), layer(40, 30, 17), with_zeros, far] {
        let saved = forward(layer.shape, layer.arguments()).unwrap().saved;
        let restored = Saved::of_sums(layer.shape, layer.arguments(), saved.sums().to_vec()).unwrap();
        assert_eq!(layer.backward(&restored), layer.backward(&saved));
    }
    let layer = layer(2, 3, 2);
    let error = Saved::of_sums(layer.shape, layer.arguments(), vec![1.0; 3]).unwrap_err();
    assert!(matches!(error, KernelError::Length { argument: "sums", expected: 4, found: 3, .. }), "{error}");
}

#[test]
fn x_gradient_only_on_request() {
    let layer = layer(2, 3, 2);
    let saved = layer.forward(InstructionSet::best()).saved;
    let without = backward(layer.shape, layer.arguments(), &saved, &layer.cotangent, false).unwrap();
    let with = backward(layer.shape, layer.arguments(), &saved, &layer.cotangent, true).unwrap();
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
    let saved = layer.forward(InstructionSet::best()).saved;
    let error = backward(layer.shape, layer.arguments(), &saved, &[], true).unwrap_err();
    assert!(
        matches!(error, KernelError::Length { argument: "cotangent", expected: 8, found: 0, .. }),
        "{error}"
    );
}

#[test]
fn the_oracle_names_them_too() {
    let fits = layer(2, 3, 4).widen();
    for argument in ["x", "means", "log_sigmas", "mixing_logits"] {
        let mut layer = fits.clone();
        match argument {
            "x" => layer.x.push(0.0),
            "means" => layer.means.push(0.0),
            "log_sigmas" => layer.log_sigmas.push(0.0),
            _ => layer.mixing_logits.push(0.0),
        }
        let errors = [
            oracle::forward(layer.shape, layer.arguments()).unwrap_err(),
            oracle::responsibilities(layer.shape, layer.arguments(), 0).unwrap_err(),
            oracle::backward(layer.shape, layer.arguments(), &layer.cotangent).unwrap_err(),
        ];
        for error in errors {
            assert!(
                matches!(error, KernelError::Length { argument: named, .. } if named == argument),
                "{error}"
            );
        }
    }
    let error = oracle::backward(fits.shape, fits.arguments(), &[]).unwrap_err();
    assert!(matches!(error, KernelError::Length { argument: "cotangent", .. }), "{error}");
    let empty = LayerShape { inputs: 0, ..fits.shape };
    assert_eq!(
        oracle::forward(empty, fits.arguments()),
        Err(KernelError::EmptyLayer { inputs: 0, neurons: 4 })
    );
}

#[test]
fn what_another_shape_saved_is_refused() {
    let saved = layer(3, 3, 4).forward(InstructionSet::best()).saved;
    let layer = layer(2, 3, 4);
    let error = backward(layer.shape, layer.arguments(), &saved, &layer.cotangent, true).unwrap_err();
    assert!(
        error.to_string().starts_with("what was saved comes from a forward pass of LayerShape { batch: 3,")
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
    let sum: f32 = layer.forward(InstructionSet::best()).y.iter().sum();
    assert!(sum.is_finite() && sum.abs() < 100.0);
    // Inputs far from all means are computed in `f64`.
    layer.x.iter_mut().for_each(|x| *x += 1e3);
    for logit in [f32::MIN, ugmm_kernels::DROPPED_LOGIT] {
        layer.mixing_logits[..3].fill(logit);
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }
}
