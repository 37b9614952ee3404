//! Properties of every layer, and the agreement of the fast paths with the oracle.

mod common;

use common::{EITHER, Layer, TOLERANCE, assert_agrees_with_oracle, layers, ordinary_layers};
use proptest::prelude::*;
use ugmm_kernels::bounds::Mixtures;
use ugmm_kernels::dispatch::InstructionSet;
use ugmm_kernels::{DROPPED_LOGIT, LayerShape, oracle};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// The layer with its inputs in another order: `order[k]` is the old place of input k.
fn reordered(layer: &Layer, order: &[usize]) -> Layer {
    let pick = |values: &[f32]| -> Vec<f32> {
        values.chunks_exact(layer.shape.inputs).flat_map(|row| order.iter().map(|&k| row[k])).collect()
    };
    Layer {
        shape: LayerShape { inputs: order.len(), ..layer.shape },
        x: pick(&layer.x),
        means: pick(&layer.means),
        log_sigmas: pick(&layer.log_sigmas),
        mixing_logits: pick(&layer.mixing_logits),
        cotangent: layer.cotangent.clone(),
    }
}

fn assert_close(found: &[f32], expected: &[f32]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let allowed = 2.0 * (TOLERANCE.y_absolute + TOLERANCE.y_relative * f64::from(expected.abs()));
        prop_assert!(f64::from((found - expected).abs()) <= allowed, "{found} and {expected}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn responsibilities_sum_to_one(layer in ordinary_layers(9)) {
        let wide = layer.widen();
        for row in 0..layer.shape.batch {
            let responsibilities = oracle::responsibilities(wide.shape, wide.arguments(), row).unwrap();
            for neuron in responsibilities.chunks_exact(layer.shape.inputs) {
                prop_assert!((neuron.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!(neuron.iter().all(|&responsibility| (0.0..=1.0).contains(&responsibility)));
            }
        }
    }

    /// Pairs take the fast path unless the sum of exponentials, relative to the greatest that a component can
    /// have, is near the smallest `f32`. No other test shows this: the `f64` path gives equal results, at
    /// many times the cost.
    #[test]
    fn only_pairs_far_from_all_components_are_computed_in_f64(layer in ordinary_layers(40)) {
        let (shape, wide) = (layer.shape, layer.widen());
        let y = oracle::forward(shape, wide.arguments()).unwrap();
        let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
        let highest = |neuron| {
            (0..shape.inputs).map(|k| mixtures.log_peak(neuron, k)).fold(f64::NEG_INFINITY, f64::max)
        };
        let bounds: Vec<f64> = (0..shape.neurons).map(highest).collect();
        let sums = y.iter().enumerate().map(|(pair, y)| y - bounds[pair % shape.neurons]);
        let smallest = 1e-30f64.ln();
        let count = |below: f64| sums.clone().filter(|&sum| sum < below).count();
        let (least, most) = (count(smallest - 0.1), count(smallest + 0.1));
        for instructions in InstructionSet::all() {
            for path in EITHER {
                let rescued = layer.forward_along(instructions, path).saved.rescued();
                prop_assert!((least..=most).contains(&rescued), "{instructions:?} {path:?}: {rescued}, {least} to {most}");
            }
        }
    }

    #[test]
    fn order_of_inputs_does_not_matter(layer in ordinary_layers(40), seed in any::<usize>()) {
        let inputs = layer.shape.inputs;
        let mut order: Vec<usize> = (0..inputs).rev().collect();
        order.rotate_left(seed % inputs);
        for instructions in InstructionSet::all() {
            let shuffled = reordered(&layer, &order).forward(instructions);
            assert_close(&shuffled.y, &layer.forward(instructions).y)?;
        }
    }

    #[test]
    fn component_without_weight_might_as_well_be_absent(
        layer in ordinary_layers(40),
        seed in any::<usize>(),
        far in prop::sample::select(vec![0.0_f32, 1e3, 1e17, 1e30]),
    ) {
        let inputs = layer.shape.inputs;
        prop_assume!(inputs > 1);
        let dropped = seed % inputs;
        let mut layer = layer;
        // The law also holds where every remaining component is far away and the dropped one is near.
        layer.x.iter_mut().enumerate().filter(|(at, _)| at % inputs != dropped).for_each(|(_, x)| *x += far);
        layer.mixing_logits.iter_mut().skip(dropped).step_by(inputs).for_each(|logit| *logit = DROPPED_LOGIT);
        let remaining: Vec<usize> = (0..inputs).filter(|&k| k != dropped).collect();
        let smaller = reordered(&layer, &remaining);
        for instructions in InstructionSet::all() {
            let output = layer.forward(instructions);
            assert_close(&output.y, &smaller.forward(instructions).y)?;
            let gradients = layer.backward(&output.saved);
            for gradient in [&gradients.means, &gradients.log_sigmas, &gradients.mixing_logits] {
                prop_assert!(gradient.iter().skip(dropped).step_by(inputs).all(|&value| value == 0.0));
            }
        }
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }

    #[test]
    fn rows_do_not_depend_on_their_neighbours(layer in ordinary_layers(40)) {
        let LayerShape { batch, inputs, neurons } = layer.shape;
        for instructions in InstructionSet::all() {
            let whole = layer.forward(instructions);
            for row in 0..batch {
                let alone = Layer {
                    shape: LayerShape { batch: 1, ..layer.shape },
                    x: layer.x[row * inputs..(row + 1) * inputs].to_vec(),
                    ..layer.clone()
                };
                let expected = &whole.y[row * neurons..(row + 1) * neurons];
                prop_assert_eq!(&alone.forward(instructions).y[..], expected);
            }
        }
    }

    #[test]
    fn kernels_agree_with_the_oracle(layer in ordinary_layers(70)) {
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }

    #[test]
    fn kernels_agree_whatever_the_share_of_zeros(
        layer in ordinary_layers(70),
        share in 0.0..1.0_f64,
        seed in any::<u64>(),
        shape in 0..6,
    ) {
        let layer = with_zeros(layer, share, seed, shape);
        assert_agrees_with_oracle(&layer, &TOLERANCE);
        // The automatically chosen path is one of the two, because these layers are no larger than a tile.
        for instructions in InstructionSet::all() {
            let chosen = layer.forward(instructions);
            let [apart, alike] = EITHER.map(|path| layer.forward_along(instructions, path));
            prop_assert!(chosen.y == apart.y || chosen.y == alike.y);
        }
    }

    #[test]
    fn responsibilities_sum_to_one_whichever_way_zeros_take(
        layer in ordinary_layers(70),
        share in 0.0..1.0_f64,
        seed in any::<u64>(),
    ) {
        // The gradient of a neuron's logits sums to Σ_b g (Σ_k r - 1). The single rows below test it row by
        // row.
        let mut layer = with_zeros(layer, share, seed, 0);
        layer.x.truncate(layer.shape.inputs);
        layer.shape.batch = 1;
        layer.cotangent.truncate(layer.shape.neurons);
        layer.cotangent.fill(1.0);
        for instructions in InstructionSet::all() {
            for path in EITHER {
                let gradients = layer.backward(&layer.forward_along(instructions, path).saved);
                for logits in gradients.mixing_logits.chunks_exact(layer.shape.inputs) {
                    let excess: f64 = logits.iter().map(|&gradient| f64::from(gradient)).sum();
                    prop_assert!(excess.abs() < 2e-6, "responsibilities sum to 1 + {excess}");
                }
            }
        }
    }

    #[test]
    fn kernels_agree_where_some_pairs_are_far_out(
        layer in ordinary_layers(20),
        far in prop::collection::vec(prop::sample::select(vec![0.0_f32, 3.0, 10.0, 30.0, 300.0, 1e5]), 20),
    ) {
        let mut layer = layer;
        for (x, far) in layer.x.chunks_exact_mut(layer.shape.inputs).zip(far) {
            x.iter_mut().for_each(|x| *x += far);
        }
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }
}

/// The layer with about a fraction `share` of its x replaced by 0 of either sign. Some values of `shape` also
/// set whole rows, columns or everything to 0.
fn with_zeros(mut layer: Layer, share: f64, seed: u64, shape: i32) -> Layer {
    let inputs = layer.shape.inputs;
    let mut state = seed;
    for (at, x) in layer.x.iter_mut().enumerate() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let zero = match shape {
            1 => (at / inputs).is_multiple_of(3),
            2 => !(at % inputs).is_multiple_of(3),
            3 => true,
            4 => (at / inputs).is_multiple_of(3) || at % inputs > 5,
            _ => false,
        };
        if zero || ((state >> 40) as f64) < share * f64::from(1 << 24) {
            *x = if state >> 33 & 1 == 1 { 0.0 } else { -0.0 };
        }
    }
    layer
}

/// Signed values whose magnitudes cover many decades evenly, and 0.
fn decades(lowest: i32, highest: i32) -> impl Strategy<Value = f32> + Clone {
    let magnitude = (lowest as f32..highest as f32).prop_map(|exponent| 10_f32.powf(exponent));
    prop_oneof![
        1 => Just(0.0),
        6 => magnitude.clone(),
        6 => magnitude.prop_map(|value| -value),
    ]
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn kernels_agree_at_extremes(
        layer in layers(
            LayerShape { batch: 7, inputs: 20, neurons: 5 },
            decades(-3, 30),
            decades(-3, 30),
            -13.9..13.9_f32, // σ from 1e-6 to 1e6
            -1e4..1e4_f32,
            decades(-3, 3),
        )
    ) {
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }

    #[test]
    fn kernels_agree_at_one_extreme_at_a_time(
        layer in ordinary_layers(20),
        which in 0..4,
        factor in 0.0..1.0_f32,
    ) {
        assert_agrees_with_oracle(&layer.with_one_extreme(which, factor), &TOLERANCE);
    }

    #[test]
    fn cotangents_of_any_size_are_taken(layer in ordinary_layers(20), exponent in -20.0..37.0_f32) {
        let mut layer = layer;
        layer.cotangent.iter_mut().for_each(|g| *g *= 10_f32.powf(exponent));
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }

    /// These cotangents suit the fast path, but not for the gradient with respect to the inputs, which 1/σ
    /// enlarges.
    #[test]
    fn gradients_of_inputs_alone_can_be_computed_in_f64(layer in ordinary_layers(20)) {
        let mut layer = layer;
        layer.cotangent.iter_mut().for_each(|g| *g *= 4e29);
        layer.log_sigmas.iter_mut().for_each(|log_sigma| *log_sigma -= 8.0);
        // Inputs of the first row are a few σ from the means.
        let inputs = layer.shape.inputs;
        for (at, (mean, log_sigma)) in layer.means.iter_mut().zip(&layer.log_sigmas).enumerate() {
            *mean = layer.x[at % inputs] + *mean * log_sigma.exp();
        }
        assert_agrees_with_oracle(&layer, &TOLERANCE);
    }
}

fn finite_bits() -> impl Strategy<Value = f32> + Clone {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |value| value.is_finite())
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn finite_arguments_give_finite_results(
        layer in layers(
            LayerShape { batch: 6, inputs: 20, neurons: 4 },
            finite_bits(),
            finite_bits(),
            finite_bits(),
            finite_bits(),
            finite_bits(),
        ),
        ordinary in 0..6,
        zeros in any::<u32>(),
    ) {
        let mut layer = layer;
        // Random bits are hardly ever 0, so that zeros are added for the path that keeps them apart.
        let inputs = layer.shape.inputs;
        layer.x.iter_mut().enumerate().filter(|(at, _)| zeros >> (at % inputs) & 1 == 1).for_each(|(_, x)| *x = 0.0);
        // One argument may be ordinary, so that it does not hide the effects of the others.
        match ordinary {
            0 => layer.x.iter_mut().for_each(|value| *value = value.sin()),
            1 => layer.means.iter_mut().for_each(|value| *value = value.sin()),
            2 => layer.log_sigmas.iter_mut().for_each(|value| *value = value.sin()),
            3 => layer.mixing_logits.iter_mut().for_each(|value| *value = value.sin()),
            4 => layer.cotangent.iter_mut().for_each(|value| *value = value.sin()),
            _ => {}
        }
        for (instructions, path) in InstructionSet::all().into_iter().flat_map(|set| EITHER.map(|path| (set, path))) {
            let output = layer.forward_along(instructions, path);
            let gradients = layer.backward(&output.saved);
            let all = [
                &output.y,
                gradients.x.as_ref().unwrap(),
                &gradients.means,
                &gradients.log_sigmas,
                &gradients.mixing_logits,
            ];
            prop_assert!(all.into_iter().flatten().all(|value| value.is_finite()));
        }
    }
}
