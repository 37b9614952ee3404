//! Helpers of several test files: random layers, and the comparison of the `f32` kernels with the oracle.
#![allow(dead_code)] // each test file uses a part of it

pub mod nearest_lines;

use proptest::prelude::*;
use safetensors::SafeTensors;
use ugmm_kernels::dispatch::{self, InstructionSet, ZeroPath};
use ugmm_kernels::oracle::{self, LayerArguments64};
use ugmm_kernels::{Forward, GradientSlices, Gradients, LayerArguments, LayerShape, Saved, backward_into};

/// Both paths for zeros, in the order never, always.
pub const EITHER: [ZeroPath; 2] = [ZeroPath::Never, ZeroPath::Always];

/// A layer call that owns its arguments.
#[derive(Clone, Debug)]
pub struct Layer {
    pub shape: LayerShape,
    pub x: Vec<f32>,
    pub means: Vec<f32>,
    pub log_sigmas: Vec<f32>,
    pub mixing_logits: Vec<f32>,
    pub cotangent: Vec<f32>,
}

/// A layer call in `f64` that owns its arguments.
#[derive(Clone, Debug)]
pub struct Layer64 {
    pub shape: LayerShape,
    pub x: Vec<f64>,
    pub means: Vec<f64>,
    pub log_sigmas: Vec<f64>,
    pub mixing_logits: Vec<f64>,
    pub cotangent: Vec<f64>,
}

impl Layer {
    pub fn arguments(&self) -> LayerArguments<'_> {
        LayerArguments {
            x: &self.x,
            means: &self.means,
            log_sigmas: &self.log_sigmas,
            mixing_logits: &self.mixing_logits,
        }
    }

    pub fn forward(&self, instructions: InstructionSet) -> Forward {
        self.forward_along(instructions, ZeroPath::Measured)
    }

    pub fn forward_along(&self, instructions: InstructionSet, path: ZeroPath) -> Forward {
        dispatch::forward_along(instructions, path, self.shape, self.arguments()).unwrap()
    }

    /// Runs the backward pass into memory filled with NaN, which must not show in the result.
    pub fn backward(&self, saved: &Saved) -> Gradients {
        let of_parameters = || vec![f32::NAN; self.mixing_logits.len()];
        let mut gradients = Gradients {
            x: Some(vec![f32::NAN; self.x.len()]),
            means: of_parameters(),
            log_sigmas: of_parameters(),
            mixing_logits: of_parameters(),
        };
        let slices = GradientSlices {
            x: gradients.x.as_deref_mut(),
            means: &mut gradients.means,
            log_sigmas: &mut gradients.log_sigmas,
            mixing_logits: &mut gradients.mixing_logits,
        };
        backward_into(self.shape, self.arguments(), saved, &self.cotangent, slices).unwrap();
        gradients
    }

    /// This layer with extreme values of one kind, chosen by `which`: inputs, small σ, large σ or logits.
    /// They grow with `factor`, which is at most 1.
    pub fn with_one_extreme(mut self, which: i32, factor: f32) -> Self {
        match which {
            0 => self.x.iter_mut().for_each(|x| *x *= 10_f32.powf(30.0 * factor)),
            1 => self.log_sigmas.iter_mut().for_each(|log_sigma| *log_sigma -= 13.8 * factor),
            2 => self.log_sigmas.iter_mut().for_each(|log_sigma| *log_sigma += 13.8 * factor),
            _ => self.mixing_logits.iter_mut().for_each(|logit| *logit *= 5e3 * factor),
        }
        self
    }

    pub fn widen(&self) -> Layer64 {
        let widen = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        Layer64 {
            shape: self.shape,
            x: widen(&self.x),
            means: widen(&self.means),
            log_sigmas: widen(&self.log_sigmas),
            mixing_logits: widen(&self.mixing_logits),
            cotangent: widen(&self.cotangent),
        }
    }
}

/// Names of files of vectors of an independent implementation, in the folder `golden`.
pub const GOLDEN: [&str; 8] = [
    "layer_in5_nodes3",
    "layer_in8_nodes4",
    "layer_in784_nodes16",
    "far_x_1e4",
    "tiny_sigma_1e-6",
    "huge_logits_1e4",
    "mixed_extremes",
    "ties",
];

/// The values of a tensor of a golden file.
pub fn golden_values(file: &SafeTensors, tensor: &str) -> Vec<f64> {
    let (numbers, rest) = file.tensor(tensor).unwrap().data().as_chunks::<8>();
    assert!(rest.is_empty());
    numbers.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()
}

/// The layer of a golden file.
pub fn golden_layer(file: &SafeTensors) -> Layer64 {
    let values = |tensor: &str| golden_values(file, tensor);
    let (x, y) = (file.tensor("x").unwrap(), file.tensor("y").unwrap());
    Layer64 {
        shape: LayerShape { batch: x.shape()[0], inputs: x.shape()[1], neurons: y.shape()[1] },
        x: values("x"),
        means: values("mu"),
        log_sigmas: values("log_sigma"),
        mixing_logits: values("mix_logits"),
        cotangent: values("cotangent"),
    }
}

impl Layer64 {
    pub fn arguments(&self) -> LayerArguments64<'_> {
        LayerArguments64 {
            x: &self.x,
            means: &self.means,
            log_sigmas: &self.log_sigmas,
            mixing_logits: &self.mixing_logits,
        }
    }

    pub fn narrow(&self) -> Layer {
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        Layer {
            shape: self.shape,
            x: narrow(&self.x),
            means: narrow(&self.means),
            log_sigmas: narrow(&self.log_sigmas),
            mixing_logits: narrow(&self.mixing_logits),
            cotangent: narrow(&self.cotangent),
        }
    }
}

/// Layers of at most the size `largest`, with values from the given strategies.
pub fn layers(
    largest: LayerShape,
    x: impl Strategy<Value = f32> + Clone + 'static,
    means: impl Strategy<Value = f32> + Clone + 'static,
    log_sigmas: impl Strategy<Value = f32> + Clone + 'static,
    mixing_logits: impl Strategy<Value = f32> + Clone + 'static,
    cotangent: impl Strategy<Value = f32> + Clone + 'static,
) -> impl Strategy<Value = Layer> {
    let sizes = (1..=largest.batch, 1..=largest.inputs, 1..=largest.neurons);
    sizes.prop_flat_map(move |(batch, inputs, neurons)| {
        (
            prop::collection::vec(x.clone(), batch * inputs),
            prop::collection::vec(means.clone(), neurons * inputs),
            prop::collection::vec(log_sigmas.clone(), neurons * inputs),
            prop::collection::vec(mixing_logits.clone(), neurons * inputs),
            prop::collection::vec(cotangent.clone(), batch * neurons),
        )
            .prop_map(move |(x, means, log_sigmas, mixing_logits, cotangent)| Layer {
                shape: LayerShape { batch, inputs, neurons },
                x,
                means,
                log_sigmas,
                mixing_logits,
                cotangent,
            })
    })
}

/// Layers as they occur in training: inputs within a few units, σ from 0.05 to 3.
pub fn ordinary_layers(largest: usize) -> impl Strategy<Value = Layer> {
    let largest = LayerShape { batch: largest, inputs: largest, neurons: largest };
    layers(largest, -3.0..3.0_f32, -2.0..2.0_f32, -3.0..1.1_f32, -2.0..2.0_f32, -2.0..2.0_f32)
}

/// Largest errors of the `f32` kernels relative to the oracle on the same (widened) arguments.
///
/// An exponent of up to 100 is computed with a relative rounding error of about 3e-7, which becomes an error
/// of up to 3e-5 of the exponential: an absolute one of y and a relative one of the responsibilities.
pub struct Tolerance {
    pub y_absolute: f64,
    pub y_relative: f64,
    /// Relative error of a responsibility in a gradient.
    pub responsibility: f64,
    /// Absolute error of a responsibility: exponentials under 2^-126 become 0 in a sum that may be as small
    /// as 1e-30.
    pub flushed: f64,
}

pub const TOLERANCE: Tolerance =
    Tolerance { y_absolute: 4e-5, y_relative: 1e-6, responsibility: 1e-4, flushed: 2e-8 };

/// Absolute error of z where it is computed as x/σ - μ/σ, which happens where that is small. Rounding x and μ
/// to `f32` causes as large an error, but this one shows where x is next to μ and z next to 0.
const Z_ERROR: f64 = 2e-6;

/// Bound on |z| of a component whose exponential has become 0 although it is not negligible: half its square
/// is the 126 log 2 of the smallest exponential, with some room.
const LARGEST_FLUSHED_Z: f64 = 14.0;

/// Asserts that forward and backward passes agree with the oracle, on every instruction set of this machine,
/// with and without keeping zeros apart.
pub fn assert_agrees_with_oracle(layer: &Layer, tolerance: &Tolerance) {
    let wide = layer.widen();
    let y = oracle::forward(wide.shape, wide.arguments()).unwrap();
    let gradients = oracle::backward(wide.shape, wide.arguments(), &wide.cotangent).unwrap();
    let allowances = allowances(&wide, tolerance);
    for instructions in InstructionSet::all() {
        for path in EITHER {
            let output = layer.forward_along(instructions, path);
            for (index, (&found, &expected)) in output.y.iter().zip(&y).enumerate() {
                let allowed = tolerance.y_absolute + tolerance.y_relative * expected.abs();
                let error = (f64::from(found) - in_range(expected)).abs();
                assert!(
                    error <= allowed,
                    "{instructions:?} {path:?} y[{index}] = {found}, oracle {expected}"
                );
            }
            let found = layer.backward(&output.saved);
            assert_gradients(&format!("{instructions:?} {path:?}"), &found, &gradients, &allowances);
        }
    }
}

/// Asserts that gradients equal the expected ones within the allowances.
pub fn assert_gradients(
    way: &str,
    found: &Gradients,
    expected: &oracle::Gradients64,
    allowances: &oracle::Gradients64,
) {
    for (name, found, expected, allowances) in [
        ("x", found.x.as_ref().unwrap(), &expected.x, &allowances.x),
        ("means", &found.means, &expected.means, &allowances.means),
        ("log_sigmas", &found.log_sigmas, &expected.log_sigmas, &allowances.log_sigmas),
        ("mixing_logits", &found.mixing_logits, &expected.mixing_logits, &allowances.mixing_logits),
    ] {
        for (index, ((&found, &expected), &allowed)) in found.iter().zip(expected).zip(allowances).enumerate()
        {
            let expected = in_range(expected);
            let error = (f64::from(found) - expected).abs();
            let allowed = allowed + f64::from(f32::MIN_POSITIVE);
            assert!(
                error <= allowed,
                "{way}: gradient {name}[{index}] = {found}, oracle {expected} ± {allowed}"
            );
        }
    }
}

/// `value` saturated at `±f32::MAX`, as kernels return it.
pub fn in_range(value: f64) -> f64 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX))
}

/// The allowed error of every gradient: the error of the responsibilities, carried through the sum of terms.
pub fn allowances(layer: &Layer64, tolerance: &Tolerance) -> oracle::Gradients64 {
    let LayerShape { batch, inputs, neurons } = layer.shape;
    let mut sums = oracle::Gradients64 {
        x: vec![0.0; batch * inputs],
        means: vec![0.0; neurons * inputs],
        log_sigmas: vec![0.0; neurons * inputs],
        mixing_logits: vec![0.0; neurons * inputs],
    };
    for row in 0..batch {
        let responsibilities = oracle::responsibilities(layer.shape, layer.arguments(), row).unwrap();
        for neuron in 0..neurons {
            let g = layer.cotangent[row * neurons + neuron].abs();
            for k in 0..inputs {
                let at = neuron * inputs + k;
                let inverse_sigma = (-layer.log_sigmas[at].clamp(-300.0, 300.0)).exp();
                let z = ((layer.x[row * inputs + k] - layer.means[at]) * inverse_sigma).abs().min(1e150);
                let kept = g * responsibilities[at] * tolerance.responsibility;
                let moved = g * responsibilities[at] * Z_ERROR;
                let flushed = g * tolerance.flushed;
                let flushed_z = z.min(LARGEST_FLUSHED_Z);
                sums.mixing_logits[at] += g * tolerance.responsibility;
                sums.log_sigmas[at] += kept * (1.0 + z * z) + flushed * (1.0 + flushed_z * flushed_z);
                sums.means[at] += (kept * z + moved + flushed * flushed_z) * inverse_sigma;
                sums.x[row * inputs + k] += (kept * z + moved + flushed * flushed_z) * inverse_sigma;
            }
        }
    }
    sums
}
