//! Tests of missing values, NaN in x, whose components leave the sum.

mod common;

use common::{EITHER, Layer, TOLERANCE, assert_agrees_with_oracle, ordinary_layers};
use proptest::prelude::*;
use ugmm_kernels::dispatch::InstructionSet;
use ugmm_kernels::{DROPPED_LOGIT, LayerShape};

/// The layer with a fraction `share` of its values missing, at places that follow from the seed.
fn with_missing(mut layer: Layer, share: f64, seed: u64) -> Layer {
    let mut state = seed;
    for x in &mut layer.x {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if ((state >> 40) as f64) < share * f64::from(1 << 24) {
            *x = f32::NAN;
        }
    }
    layer
}

/// The components of a neuron that see a value in a row, as a layer of one row and one neuron, and the log of
/// their total weight; `None` if there are none.
fn seen(layer: &Layer, row: usize, neuron: usize) -> Option<(Layer, f64)> {
    let inputs = layer.shape.inputs;
    let x = &layer.x[row * inputs..(row + 1) * inputs];
    let kept: Vec<usize> = (0..inputs).filter(|&k| !x[k].is_nan()).collect();
    let pick = |values: &[f32]| -> Vec<f32> { kept.iter().map(|&k| values[neuron * inputs + k]).collect() };
    let logits: Vec<f64> =
        layer.mixing_logits[neuron * inputs..(neuron + 1) * inputs].iter().map(|&l| l.into()).collect();
    let total = |logits: &mut dyn Iterator<Item = f64>| logits.map(f64::exp).sum::<f64>().ln();
    let weight = total(&mut kept.iter().map(|&k| logits[k])) - total(&mut logits.iter().copied());
    let small = Layer {
        shape: LayerShape { batch: 1, inputs: kept.len(), neurons: 1 },
        x: kept.iter().map(|&k| x[k]).collect(),
        means: pick(&layer.means),
        log_sigmas: pick(&layer.log_sigmas),
        mixing_logits: pick(&layer.mixing_logits),
        cotangent: vec![1.0],
    };
    (!kept.is_empty()).then_some((small, weight))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_missing_value_leaves_the_mixture(
        layer in ordinary_layers(40),
        share in 0.0..1.0_f64,
        zeros in any::<u64>(),
        seed in any::<u64>(),
        far in prop::sample::select(vec![0.0_f32, 1e3, 1e17, 1e30]),
        log_sigma in prop::sample::select(vec![0.0_f32, 30.0, 80.0]),
    ) {
        let mut layer = layer;
        let inputs = layer.shape.inputs;
        layer.x.iter_mut().enumerate().filter(|(at, _)| zeros >> (at % 64) & 3 == 3).for_each(|(_, x)| *x = 0.0);
        layer.x.iter_mut().step_by(7).for_each(|x| *x += far);
        // One input has components that see it from afar, as the backgrounds of pruned neurons do.
        layer.log_sigmas.iter_mut().step_by(inputs).for_each(|log| *log += log_sigma);
        let layer = with_missing(layer, share, seed);
        assert_agrees_with_oracle(&layer, &TOLERANCE);
        for instructions in InstructionSet::all() {
            for path in EITHER {
                let y = layer.forward_along(instructions, path).y;
                for (pair, &y) in y.iter().enumerate() {
                    let (row, neuron) = (pair / layer.shape.neurons, pair % layer.shape.neurons);
                    match seen(&layer, row, neuron) {
                        None => prop_assert_eq!(y, f32::MIN),
                        Some((small, weight)) => {
                            let alone = f64::from(small.forward(instructions).y[0]) + weight;
                            let allowed = 2.0 * (TOLERANCE.y_absolute + TOLERANCE.y_relative * alone.abs());
                            prop_assert!((f64::from(y) - alone).abs() <= allowed, "{y} {alone}");
                        }
                    }
                }
            }
        }
    }

    /// Missing values have no gradient whatever stands beside them, and neither have components that see only
    /// missing values.
    #[test]
    fn a_missing_value_has_no_gradient(layer in ordinary_layers(40), share in 0.0..1.0_f64, seed in any::<u64>()) {
        let mut layer = with_missing(layer, share, seed);
        let LayerShape { inputs, .. } = layer.shape;
        let never = seed as usize % inputs;
        layer.x.iter_mut().skip(never).step_by(inputs).for_each(|x| *x = f32::NAN);
        for instructions in InstructionSet::all() {
            let gradients = layer.backward(&layer.forward(instructions).saved);
            for (gradient, x) in gradients.x.unwrap().into_iter().zip(&layer.x) {
                prop_assert!(gradient.is_finite() && (gradient == 0.0 || !x.is_nan()), "{gradient} {x}");
            }
            for gradient in [&gradients.means, &gradients.log_sigmas] {
                prop_assert!(gradient.iter().skip(never).step_by(inputs).all(|&value| value == 0.0));
            }
        }
    }
}

#[test]
fn a_neuron_that_sees_only_dropped_components_sees_nothing() {
    let layer = Layer {
        shape: LayerShape { batch: 2, inputs: 2, neurons: 1 },
        x: vec![f32::NAN, 0.5, 0.25, f32::NAN],
        means: vec![0.0; 2],
        log_sigmas: vec![0.0; 2],
        mixing_logits: vec![1.0, DROPPED_LOGIT],
        cotangent: vec![1.0; 2],
    };
    assert_agrees_with_oracle(&layer, &TOLERANCE);
    let y = layer.forward(InstructionSet::best()).y;
    assert_eq!(y[0], f32::MIN);
    assert!((y[1] - (-0.918_938_5 - 0.031_25)).abs() < 1e-5);
}
