//! Tests of bounds of a layer over boxes: no point of a box violates them, and they are tight.

mod common;

use common::nearest_lines::nearest_lines;
use common::{Layer, layers, ordinary_layers};
use proptest::prelude::*;
use ugmm_kernels::bounds::{InputBox, Mixtures, Relaxation};
use ugmm_kernels::{DROPPED_LOGIT, LayerShape, oracle};

/// Positions in a box as fractions of its sides, corners included.
fn shares(inputs: usize) -> impl Strategy<Value = Vec<Vec<f64>>> {
    let side = prop_oneof![Just(0.0), Just(1.0), Just(0.5), 0.0..=1.0f64];
    prop::collection::vec(prop::collection::vec(side, inputs), 12)
}

/// A layer of one row, the widths of a box around that row, and positions in the box.
fn cases(
    layer: impl Strategy<Value = Layer> + 'static,
) -> impl Strategy<Value = (Layer, Vec<f32>, Vec<Vec<f64>>)> {
    layer.prop_flat_map(|layer| {
        let inputs = layer.shape.inputs;
        let width = prop_oneof![Just(0f32), 0f32..1e-3, 0f32..1.0, 0f32..30.0, 0f32..1e6];
        (Just(layer), prop::collection::vec(width, inputs), shares(inputs))
    })
}

/// Layers with inputs, spreads and weights of all sizes, and with dropped components.
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
    /// Points of the box and the oracle's activations at them.
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
                        let part = slope * (x[k] - relaxation.middle[k]);
                        line += part;
                        magnitude += part.abs();
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
        // These are the nearest and the farthest point of each component, neuron by neuron.
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
        // Input 0 is always known; the others are known, free or missing.
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

/// Quantities of a component over a box, measured on a grid, in units of `exp(scale)`.
struct Measured {
    /// Values in the middle of the box: the component, the nearest line above it and the nearest line below.
    middle: f64,
    above: f64,
    below: f64,
    /// Distance between the chord of ½ z² and ½ z² there: the loss of Jensen's line.
    square_loss: f64,
}

impl Measured {
    fn new(
        mixtures: &Mixtures,
        (neuron, input): (usize, usize),
        (low, high): (f64, f64),
        scale: f64,
    ) -> Self {
        const STEPS: i32 = 400;
        let value = |x: f64| (mixtures.exponent(neuron, input, x) - scale).exp();
        let x = |step: i32| low + (high - low) * f64::from(step) / f64::from(STEPS);
        let middle = 0.5 * low + 0.5 * high;
        let (above, below) = if high - low > 1e-9 {
            nearest_lines(&(0..=STEPS).map(|step| (x(step), value(x(step)))).collect::<Vec<_>>(), middle)
        } else {
            (value(middle), value(middle))
        };
        let exponent = |x: f64| mixtures.exponent(neuron, input, x);
        let square_loss = exponent(middle) - 0.5 * (exponent(low) + exponent(high));
        // A dropped component has no exponents.
        let square_loss = if square_loss.is_nan() { 0.0 } else { square_loss };
        Self { middle: value(middle), above, below, square_loss }
    }
}

/// Boxes a few σ wide, around and beside the means, where the grid's error is small relative to a sum.
fn boxes_near_the_components() -> impl Strategy<Value = (Layer, Vec<f32>, bool)> {
    let layer = layers(
        LayerShape { batch: 1, inputs: 4, neurons: 3 },
        -2.0..2.0_f32,
        -2.0..2.0_f32,
        -1.0..1.1_f32,
        -2.0..2.0_f32,
        Just(1f32),
    );
    let cases = layer.prop_flat_map(|layer| {
        let width = prop_oneof![Just(0f32), 0f32..1.0, 0f32..4.0];
        let widths = prop::collection::vec(width, layer.shape.inputs);
        (Just(layer), widths, any::<bool>(), any::<bool>())
    });
    cases.prop_map(|(mut layer, widths, last_is_known, first_is_dropped)| {
        if first_is_dropped {
            // Dropped components occur as in a pruned network; equal logits of a neuron drop none.
            layer
                .mixing_logits
                .iter_mut()
                .step_by(layer.shape.inputs)
                .for_each(|logit| *logit = DROPPED_LOGIT);
        }
        (layer, widths, last_is_known)
    })
}

#[test]
fn no_line_is_much_nearer_in_the_middle() {
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) },
        |((layer, widths, last_is_known) in boxes_near_the_components())| {
        let mut mixtures = Mixtures::new(layer.shape, layer.arguments()).unwrap();
        let mut low: Vec<f64> = layer.x.iter().map(|&x| f64::from(x)).collect();
        let mut high: Vec<f64> = low.iter().zip(&widths).map(|(low, &width)| low + f64::from(width)).collect();
        if last_is_known && low.len() > 1 {
            let known = low.pop();
            high.pop();
            mixtures = mixtures.given(&[vec![None; low.len()], vec![known]].concat());
        }
        let inputs = low.len();
        let relaxation = Relaxation::new(&mixtures, InputBox { low: &low, high: &high, ends_only: &[] });
        prop_assert_eq!(relaxation.inputs(), inputs);
        let close = |a: f64, b: f64, tolerance: f64| (a - b).abs() <= tolerance;
        for neuron in 0..mixtures.neurons() {
            let scale = relaxation.scales[neuron];
            let nearest = |k: usize| mixtures.exponent(neuron, k, mixtures.mean(neuron, k).clamp(low[k], high[k]));
            let constant = mixtures.constants()[neuron];
            prop_assert!(close(scale, (0..inputs).map(nearest).fold(constant, f64::max), 1e-9));

            let measured: Vec<Measured> = (0..inputs)
                .map(|k| Measured::new(&mixtures, (neuron, k), (low[k], high[k]), scale))
                .collect();
            let sum = |value: fn(&Measured) -> f64| (constant - scale).exp() + measured.iter().map(value).sum::<f64>();
            // The grid's spacing is at most 4 / 0.37 / 400 of a σ; a factor of a few for components that are highest outside of the box.
            let tolerance = 1e-3 * inputs as f64;
            let (above, below, middle) = (sum(|m| m.above), sum(|m| m.below), sum(|m| m.middle));
            prop_assert!(close(relaxation.sums_above.values[neuron], above, tolerance), "{} {above}", relaxation.sums_above.values[neuron]);
            for (k, m) in measured.iter().enumerate() {
                let loose = relaxation.looseness[neuron * inputs + k];
                prop_assert!(close(loose * middle, m.above - m.below, tolerance), "{loose} {} {}", m.above, m.below);
            }

            let (y_low, y_high) = (relaxation.low[neuron], relaxation.high[neuron]);
            prop_assert!(y_low.is_finite() && y_high.is_finite(), "{y_low} {y_high}");
            let (least, greatest) = ((y_low - scale).exp(), (y_high - scale).exp());
            let touch = 0.5 * (least + greatest);
            let expected = y_high.min(scale + touch.ln() + above / touch - 1.0);
            let found = relaxation.add_above(neuron, 1.0, &mut vec![0.0; inputs]);
            prop_assert!(close(found, expected, tolerance / touch), "{found} {expected}");

            let steepness = (y_high - y_low) / (greatest - least).max(1e-12);
            let chord = y_low + steepness * (below - least);
            let jensen = scale + middle.ln() - measured.iter().map(|m| m.middle / middle * m.square_loss).sum::<f64>();
            let expected = y_low.max(jensen).max(chord);
            let found = relaxation.add_below(neuron, 1.0, &mut vec![0.0; inputs]);
            prop_assert!(close(found, expected, 1e-6 + tolerance * steepness), "{found} {expected}");
        }
    });
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

#[test]
fn what_a_mixture_tells_of_a_component_is_its_exponent() {
    let shape = LayerShape { batch: 1, inputs: 2, neurons: 2 };
    let layer = Layer {
        shape,
        x: vec![0.0; 2],
        means: vec![0.1, 0.8, -1.0, 2.0],
        log_sigmas: vec![-1.0, -1.5, 0.5, 0.0],
        mixing_logits: vec![0.0, 0.5, 1.0, DROPPED_LOGIT],
        cotangent: vec![1.0; 2],
    };
    let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
    for (neuron, input, x) in [(0, 0, 0.3), (0, 1, -2.0), (1, 0, 5.0)] {
        let at = 2 * neuron + input;
        let sigma = f64::from(layer.log_sigmas[at]).exp();
        let weight = match neuron {
            0 => f64::from(layer.mixing_logits[at]).exp() / (1.0 + 0.5f64.exp()),
            _ => 1.0,
        };
        let z = (x - f64::from(layer.means[at])) / sigma;
        let peak = weight / (sigma * std::f64::consts::TAU.sqrt());
        let density = peak * (-0.5 * z * z).exp();
        assert!((mixtures.exponent(neuron, input, x) - density.ln()).abs() < 1e-12);
        assert_eq!(mixtures.mean(neuron, input), f64::from(layer.means[at]));
        assert!((mixtures.inverse_sigma(neuron, input) * sigma - 1.0).abs() < 1e-12);
        assert!((mixtures.log_peak(neuron, input) - peak.ln()).abs() < 1e-12);
    }
    assert!(mixtures.log_peak(1, 1) < -1e20);
    assert_eq!((mixtures.inputs(), mixtures.neurons()), (2, 2));
    assert_eq!(mixtures.constants(), [f64::NEG_INFINITY; 2]);
    let given = mixtures.given(&[Some(0.3), None]);
    assert_eq!((given.inputs(), given.neurons()), (1, 2));
    assert!((given.constants()[0] - mixtures.exponent(0, 0, 0.3)).abs() < 1e-12);
}

/// Without the first input, one neuron has dropped the second, one gives it a weight of 10^-35, and one is
/// ordinary.
#[test]
fn neurons_that_see_nothing_are_unknown() {
    let shape = LayerShape { batch: 1, inputs: 2, neurons: 3 };
    let layer = Layer {
        shape,
        x: vec![0.0; 2],
        means: vec![0.0; 6],
        log_sigmas: vec![0.0; 6],
        mixing_logits: vec![0.0, DROPPED_LOGIT, 80.0, 0.0, 0.0, 0.0],
        cotangent: vec![1.0; 3],
    };
    let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
    let (reduced, unknown) = mixtures.without(&[true, false]);
    assert_eq!(unknown, [true, false, false]);
    // The first neuron is removed; the remaining weight of the others is 1, however small it was.
    assert_eq!((reduced.inputs(), reduced.neurons()), (1, 2));
    let log_peak = -0.5 * std::f64::consts::TAU.ln();
    assert!((reduced.log_peak(0, 0) - log_peak).abs() < 1e-12);
    assert!((reduced.log_peak(1, 0) - log_peak).abs() < 1e-12);
    assert_eq!(mixtures.without(&[false, false]), (mixtures.clone(), vec![false; 3]));
    let (nothing, unknown) = mixtures.without(&[true, true]);
    assert_eq!((nothing.neurons(), unknown), (0, vec![true; 3]));
}

#[test]
fn a_floor_under_deviations_is_computed_in_f64() {
    let shape = LayerShape { batch: 1, inputs: 3, neurons: 1 };
    let layer = Layer {
        shape,
        x: vec![0.0; 3],
        means: vec![0.0; 3],
        log_sigmas: vec![-2.5, 1.25, -400.0],
        mixing_logits: vec![0.0; 3],
        cotangent: vec![1.0],
    };
    let mixtures = Mixtures::with_floor(shape, layer.arguments(), 0.3).unwrap();
    for (input, raw) in [(0, -2.5f64), (1, 1.25), (2, -400.0)] {
        let sigma = (0.09 + (2.0 * raw).exp()).sqrt();
        assert!((mixtures.inverse_sigma(0, input) * sigma - 1.0).abs() < 1e-15);
        let log_peak = -(3f64.ln()) - sigma.ln() - 0.5 * std::f64::consts::TAU.ln();
        assert!((mixtures.log_peak(0, input) - log_peak).abs() < 1e-15);
    }
}

#[test]
fn intervals_are_narrowed_from_either_side() {
    let shape = LayerShape { batch: 1, inputs: 1, neurons: 1 };
    let layer = Layer {
        shape,
        x: vec![0.0],
        means: vec![0.0],
        log_sigmas: vec![0.0],
        mixing_logits: vec![0.0],
        cotangent: vec![1.0],
    };
    let mixtures = Mixtures::new(shape, layer.arguments()).unwrap();
    let relaxation = Relaxation::new(&mixtures, InputBox { low: &[-2.0], high: &[1.0], ends_only: &[] });
    let (low, high) = (relaxation.low[0], relaxation.high[0]);
    let narrowed = |from: f64, to: f64| {
        let mut narrowed = relaxation.clone();
        narrowed.narrow(0, from, to);
        (narrowed.low[0], narrowed.high[0])
    };
    assert_eq!(narrowed(low - 1.0, high + 1.0), (low, high));
    assert_eq!(narrowed(low + 0.5, high - 0.5), (low + 0.5, high - 0.5));
    // Bounds that contradict each other through rounding still give an interval.
    assert_eq!(narrowed(low + 0.5, low), (low + 0.5, low + 0.5));
}

#[test]
fn the_allowance_for_rounding_is_a_few_units_in_the_last_place_for_each_term() {
    for terms in [0, 1, 100, 10_000] {
        let units = ugmm_kernels::bounds::rounding(terms, 2.0) / (2.0 * f64::EPSILON);
        assert!(units >= terms as f64 + 32.0 && units <= 2.0 * terms as f64 + 128.0, "{terms}: {units}");
    }
}
