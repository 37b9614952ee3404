//! Random calls: ordinary, far out, extreme, and of any bits.

use crate::common::{Layer, layers, ordinary_layers};
use crate::support::{assert_agrees, device, run};
use proptest::prelude::*;
use ugmm_kernels::LayerShape;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
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

fn check(what: &str, layer: &Layer) {
    if let Some(device) = device() {
        assert_agrees(what, layer, &run(layer, &device));
    }
}

fn finite_bits() -> impl Strategy<Value = f32> + Clone {
    any::<u32>().prop_map(f32::from_bits).prop_filter("finite", |value| value.is_finite())
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn ordinary_calls_agree_with_the_oracle(layer in ordinary_layers(40)) {
        check("ordinary", &layer);
    }

    /// Some rows so far out that their pairs are rescued, beside others that are not.
    #[test]
    fn calls_agree_where_some_pairs_are_far_out(layer in ordinary_layers(20), distance in 10.0..1e4_f32) {
        let mut layer = layer;
        let inputs = layer.shape.inputs;
        layer.x.chunks_mut(inputs).step_by(3).flatten().for_each(|x| *x += distance);
        check("far", &layer);
    }

    #[test]
    fn extreme_calls_agree_with_the_oracle(
        layer in layers(
            LayerShape { batch: 7, inputs: 20, neurons: 5 },
            decades(-3, 30),
            decades(-3, 30),
            -13.9..13.9_f32, // σ from 1e-6 to 1e6
            -1e4..1e4_f32,
            decades(-3, 3),
        )
    ) {
        check("extreme", &layer);
    }

    #[test]
    fn calls_agree_at_one_extreme_at_a_time(
        layer in ordinary_layers(20),
        which in 0..4,
        factor in 0.0..1.0_f32,
    ) {
        check("one extreme", &layer.with_one_extreme(which, factor));
    }

    #[test]
    fn cotangents_of_any_size_are_taken(layer in ordinary_layers(20), exponent in -20.0..36.0_f32) {
        let mut layer = layer;
        layer.cotangent.iter_mut().for_each(|g| *g *= 10_f32.powf(exponent));
        check("cotangents", &layer);
    }

    /// Whatever the bits, what comes out is finite.
    #[test]
    fn finite_arguments_give_finite_results(
        layer in layers(
            LayerShape { batch: 6, inputs: 12, neurons: 4 },
            finite_bits(),
            finite_bits(),
            finite_bits(),
            finite_bits(),
            decades(-3, 3),
        ),
        ordinary in 0..6,
    ) {
        let mut layer = layer;
        match ordinary {
            0 => layer.x.iter_mut().for_each(|x| *x = 0.5),
            1 => layer.means.iter_mut().for_each(|mean| *mean = 0.5),
            2 => layer.log_sigmas.iter_mut().for_each(|log_sigma| *log_sigma = -0.5),
            3 => layer.mixing_logits.iter_mut().for_each(|logit| *logit = 0.5),
            _ => {}
        }
        if let Some(device) = device() {
            let found = run(&layer, &device);
            let gradients = found.gradients;
            let all = [found.y, gradients.x.unwrap(), gradients.means, gradients.log_sigmas, gradients.mixing_logits];
            for value in all.iter().flatten() {
                prop_assert!(value.is_finite(), "{all:?}");
            }
        }
    }
}
