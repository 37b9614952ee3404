//! Tests of layers in which many components have no weight, as in pruned networks.

mod common;

use common::{Layer, TOLERANCE, assert_agrees_with_oracle, ordinary_layers};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use ugmm_kernels::dispatch::InstructionSet;
use ugmm_kernels::{DROPPED_LOGIT, LayerShape};

/// The layer with a fraction `share` of its components dropped, at places that follow from the seed; each
/// neuron keeps one.
fn pruned(mut layer: Layer, share: f64, seed: u64) -> Layer {
    let mut state = seed;
    for logits in layer.mixing_logits.chunks_exact_mut(layer.shape.inputs) {
        for logit in &mut logits[1..] {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            if ((state >> 40) as f64) < share * f64::from(1 << 24) {
                *logit = DROPPED_LOGIT;
            }
        }
    }
    layer
}

/// Asserts that a row alone has the same result as in the batch. A single row never lies in vector lanes;
/// many rows do, and then only components with weight are evaluated.
fn assert_rows_are_the_same_alone(layer: &Layer) {
    let LayerShape { inputs, neurons, .. } = layer.shape;
    for instructions in InstructionSet::all() {
        let whole = layer.forward(instructions);
        for (x, expected) in layer.x.chunks_exact(inputs).zip(whole.y.chunks_exact(neurons)) {
            let shape = LayerShape { batch: 1, ..layer.shape };
            let alone = Layer { shape, x: x.to_vec(), ..layer.clone() };
            assert_eq!(alone.forward(instructions).y, expected, "{instructions:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn small_layers_agree_with_the_oracle(
        layer in ordinary_layers(70),
        share in 0.3..1.0_f64,
        seed in any::<u64>(),
    ) {
        let layer = pruned(layer, share, seed);
        assert_agrees_with_oracle(&layer, &TOLERANCE);
        assert_rows_are_the_same_alone(&layer);
    }
}

#[test]
fn layers_larger_than_a_tile_agree_with_the_oracle() {
    let mut runner = TestRunner::deterministic();
    let mut values = |count: usize, lowest: f32, highest: f32| {
        let strategy = proptest::collection::vec(lowest..highest, count);
        strategy.new_tree(&mut runner).unwrap().current()
    };
    for (batch, inputs, neurons) in [(135, 260, 37), (64, 300, 5), (17, 129, 70)] {
        let layer = Layer {
            shape: LayerShape { batch, inputs, neurons },
            x: values(batch * inputs, -3.0, 3.0),
            means: values(neurons * inputs, -2.0, 2.0),
            log_sigmas: values(neurons * inputs, -3.0, 1.0),
            mixing_logits: values(neurons * inputs, -2.0, 2.0),
            cotangent: values(batch * neurons, -2.0, 2.0),
        };
        for share in [0.5, 0.9, 1.0] {
            let layer = pruned(layer.clone(), share, 1);
            assert_agrees_with_oracle(&layer, &TOLERANCE);
            assert_rows_are_the_same_alone(&layer);
        }
    }
}
