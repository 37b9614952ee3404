//! Bounds of a layer over boxes: no point of a box is beyond them, and they are near.

mod common;

use common::{Layer, layers, ordinary_layers};
use proptest::prelude::*;
use ugmm_kernels::bounds::{InputBox, Mixtures, Relaxation};
use ugmm_kernels::{DROPPED_LOGIT, LayerShape, oracle};

/// Shares of the box's sides: points of it, its corners among them.
fn shares(inputs: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let side = prop_oneof![Just(0.0), Just(1.0), Just(0.5), 0.0..=1.0f64];
    prop::collection::vec(prop::collection::vec(side, inputs), 12)
}

/// A layer of one row, the widths of a box around that row, and points of the box.
fn cases(
    layer: impl Strategy<Value = Layer> + 'static,
) -> impl Strategy<Value = (Layer, Vec<f32>, Vec<Vec<f64>>)> {
    layer.prop_flat_map(|layer| {
        let inputs = layer.shape.inputs;
        let width = prop_oneof![Just(0f32), 0f32..1e-3, 0f32..1.0, 0f32..30.0, 0f32..1e6];
        (Just(layer), prop::collection::vec(width, inputs), shares(inputs))
    })
}

/// Inputs, spreads and weights of all sizes, dropped components among them.
fn extreme_layers() -> impl Strategy<Value = Layer> {
    let value = || prop_oneof![-1e30f32..1e30, -1e4f32..1e4, -1f32..1.0, Just(0f32)];
    let logit = prop_oneof![-1e4f32..1e4, -1f32..1.0, Just(DROPPED_LOGIT)];
    layers(
        LayerShape { batch: 1, inputs: 6, neurons: 4 },
        value(),
        value(),
        prop_oneof![-14f32..14.0, -1f32..1.0],
        logit,
        Just(1f32),
    )
}

struct Case {
    mixtures: Mixtures,
    low: Vec<f64>,
    high: Vec<f64>,
    /// Points of the box, and the oracle's activations there.
    points: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Case {
    fn new((layer, widths, shares): &(Layer, Vec<f32>, Vec<Vec<f64>>)) -> Self {
        let shape = layer.shape;
        let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
        let low: Vec<f64> = layer.x[..shape.inputs].iter().map(|&x| f64::from(x)).collect();
        let high: Vec<f64> = low.iter().zip(widths).map(|(low, &width)| low + f64::from(width)).collect();
        let wide = layer.widen();
        let points = shares.iter().map(|shares| {
            let inside = |k: usize| (low[k] + shares[k] * (high[k] - low[k])).clamp(low[k], high[k]);
            let x: Vec<f64> = (0..shape.inputs).map(inside).collect();
            let shape = LayerShape { batch: 1, ..shape };
            let y = oracle::forward(shape, oracle::LayerArguments64 { x: &x, ..wide.arguments() }).unwrap();
            (x, y)
        });
        Case { mixtures, points: points.collect(), low, high }
    }

    fn inputs(&self) -> InputBox<'_> {
        InputBox { low: &self.low, high: &self.high, ends_only: &[] }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let (low, high) = self.mixtures.intervals(self.inputs());
        let relaxation = Relaxation::new(&self.mixtures, self.inputs());
        for (x, y) in &self.points {
            for (neuron, &y) in y.iter().enumerate() {
                prop_assert!(low[neuron] <= y && y <= high[neuron], "{} {y} {}", low[neuron], high[neuron]);
                for (is_above, sign) in [(true, 1.0), (false, -1.0)] {
                    let mut slopes = vec![0.0; x.len()];
                    let mut line = match is_above {
                        true => relaxation.add_above(neuron, 1.0, &mut slopes),
                        false => relaxation.add_below(neuron, 1.0, &mut slopes),
                    };
                    let mut magnitude = 0.0;
                    for (k, slope) in slopes.iter().enumerate() {
                        line += slope * (x[k] - relaxation.middle[k]);
                        magnitude += slope.abs() * (x[k].abs() + relaxation.middle[k].abs());
                    }
                    let slack = ugmm_kernels::bounds::rounding(x.len(), magnitude);
                    prop_assert!((line - y) * sign >= -slack, "{line} {y} {is_above}, slack {slack}");
                }
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn no_point_of_a_box_is_beyond_its_bounds(case in cases(ordinary_layers(9))) {
        Case::new(&case).check()?;
    }

    #[test]
    fn nor_with_extreme_parameters(case in cases(extreme_layers())) {
        Case::new(&case).check()?;
    }

    #[test]
    fn intervals_of_a_layer_are_reached(case in cases(ordinary_layers(4))) {
        let Case { mixtures, low, high, .. } = Case::new(&case);
        let (least, greatest) = mixtures.intervals(InputBox { low: &low, high: &high, ends_only: &[] });
        // The nearest and the farthest point of each component, neuron by neuron.
        for neuron in 0..mixtures.neurons() {
            let mean = |k: usize| mixtures.mean(neuron, k);
            let near: Vec<f64> = (0..low.len()).map(|k| mean(k).clamp(low[k], high[k])).collect();
            let far = |k: usize| if (low[k] - mean(k)).abs() > (high[k] - mean(k)).abs() { low[k] } else { high[k] };
            let far: Vec<f64> = (0..low.len()).map(far).collect();
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + a.abs());
            prop_assert!(close(mixtures.activations(&near)[neuron], greatest[neuron]));
            prop_assert!(close(mixtures.activations(&far)[neuron], least[neuron]));
        }
    }

    #[test]
    fn known_and_missing_inputs_are_as_in_the_oracle(layer in ordinary_layers(9), choice in any::<u64>()) {
        let shape = LayerShape { batch: 1, ..layer.shape };
        let wide = layer.widen();
        let x = &wide.x[..shape.inputs];
        let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
        // Input 0 is always there; the others are known, free or missing.
        let kind = |k: usize| if k == 0 { 1 } else { (choice >> (2 * k)) % 3 };
        let missing: Vec<bool> = (0..x.len()).map(|k| kind(k) == 2).collect();
        let seen: Vec<usize> = (0..x.len()).filter(|&k| kind(k) != 2).collect();
        let (reduced, unknown) = mixtures.without(&missing);
        prop_assert!(unknown.iter().all(|unknown| !unknown));
        let values: Vec<Option<f64>> = seen.iter().map(|&k| (kind(k) == 0).then_some(x[k])).collect();
        let free: Vec<f64> = seen.iter().filter(|&&k| kind(k) == 1).map(|&k| x[k]).collect();
        let found = reduced.given(&values).activations(&free);

        let mut dropped = wide.mixing_logits.clone();
        for row in dropped.chunks_exact_mut(x.len()) {
            row.iter_mut().zip(&missing).filter(|(_, missing)| **missing).for_each(|(l, _)| *l = DROPPED_LOGIT.into());
        }
        let arguments = oracle::LayerArguments64 { x, mixing_logits: &dropped, ..wide.arguments() };
        for (found, expected) in found.iter().zip(oracle::forward(shape, arguments).unwrap()) {
            prop_assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{found} {expected}");
        }
    }
}

#[test]
fn lines_are_within_the_second_order_of_the_box() {
    let layer = Layer {
        shape: LayerShape { batch: 1, inputs: 3, neurons: 2 },
        x: vec![0.2, -0.4, 1.0],
        means: vec![0.0, 0.5, 1.5, -1.0, 0.3, 0.0],
        log_sigmas: vec![0.0, -0.5, 0.3, 0.2, 0.0, -0.2],
        mixing_logits: vec![0.0, 1.0, -1.0, 0.5, 0.0, 0.3],
        cotangent: vec![1.0; 2],
    };
    let mixtures = Mixtures::new(layer.shape, layer.arguments()).unwrap();
    let gap = |width: f64| {
        let low: Vec<f64> = layer.x.iter().map(|&x| f64::from(x) - 0.5 * width).collect();
        let high: Vec<f64> = low.iter().map(|low| low + width).collect();
        let relaxation = Relaxation::new(&mixtures, InputBox { low: &low, high: &high, ends_only: &[] });
        let mut gap = 0.0;
        for neuron in 0..2 {
            gap += relaxation.add_above(neuron, 1.0, &mut [0.0; 3])
                - relaxation.add_below(neuron, 1.0, &mut [0.0; 3]);
        }
        gap
    };
    let (wide, narrow) = (gap(0.1), gap(0.01));
    assert!(narrow > 0.0 && wide / narrow > 80.0, "{wide} {narrow}");
}

#[test]
fn a_category_costs_nothing() {
    let (shape, x) = (LayerShape { batch: 1, inputs: 2, neurons: 1 }, [0.0, 0.0]);
    let layer = Layer {
        shape,
        x: x.to_vec(),
        means: vec![0.1, 0.8],
        log_sigmas: vec![-1.0, -1.5],
        mixing_logits: vec![0.0, 0.5],
        cotangent: vec![1.0],
    };
    let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
    let inputs = InputBox { low: &[0.0, 0.0], high: &[1.0, 1.0], ends_only: &[true, true] };
    let relaxation = Relaxation::new(&mixtures, inputs);
    for state in [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]] {
        let sum = relaxation.sums_above.slopes.iter().zip(&state).map(|(s, x)| s * (x - 0.5)).sum::<f64>();
        let above = (relaxation.sums_above.values[0] + sum).ln() + relaxation.scales[0];
        assert!((above - mixtures.activations(&state)[0]).abs() < 1e-10);
    }
}
