//! Tests any number of random layers over the bits of every `f32`, on every instruction set and both paths
//! for zeros: finite arguments give finite results, which agree with the oracle within the bounds of
//! `common`.
//!
//! `cargo test` runs a few hundred layers; a longer run:
//!
//! ```sh
//! UGMM_LAYERS=1000000 cargo test --release -p ugmm-kernels --test nightly -- --nocapture
//! ```
//!
//! Each layer has its own seed, which a failure prints; `UGMM_SEED=<seed> UGMM_LAYERS=1` makes that layer
//! again.

mod common;

use common::{EITHER, Layer, TOLERANCE, assert_agrees_with_oracle};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use ugmm_kernels::LayerShape;
use ugmm_kernels::dispatch::InstructionSet;

/// Number of layers by default.
const FEW: u64 = 400;
/// Zeros, the limits of subnormal and of normal numbers, and a few others.
const CORNERS: [f32; 12] = [
    0.0,
    -0.0,
    f32::from_bits(1),
    f32::from_bits(0x007f_ffff),
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-38,
    1e38,
    -1e38,
    1.0,
    f32::MAX,
    f32::MIN,
];

/// A generator of pseudo-random numbers: SplitMix64 (Steele, Lea and Flood 2014).
struct Draw(u64);

impl Draw {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number uniform between `low` and `high`.
    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.bits() >> 40) as f32 / (1 << 24) as f32
    }

    fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }

    /// Any finite number, with every exponent equally probable; one in eight is a corner.
    fn finite(&mut self) -> f32 {
        if self.below(8) == 0 {
            return CORNERS[self.below(CORNERS.len())];
        }
        loop {
            let value = f32::from_bits(self.bits() as u32);
            if value.is_finite() {
                return value;
            }
        }
    }

    fn values(&mut self, count: usize, mut value: impl FnMut(&mut Self) -> f32) -> Vec<f32> {
        (0..count).map(|_| value(self)).collect()
    }
}

/// Ranges of a layer's arguments.
#[derive(Clone, Copy)]
enum Kind {
    /// Ranges as in training.
    Ordinary,
    /// Wide: |x| and |μ| up to 1e30, σ from 1e-6 to 1e6, logits up to ±1e4.
    Wide,
    /// Any bits in all arguments, or in all but one.
    AnyBits,
}

fn layer(seed: u64) -> (Layer, Kind) {
    let mut draw = Draw(seed);
    let kind = [Kind::Ordinary, Kind::Wide, Kind::AnyBits, Kind::AnyBits][draw.below(4)];
    // Layers are seldom larger than a tile.
    let most = if draw.below(16) == 0 { 200 } else { 24 };
    let shape = LayerShape {
        batch: 1 + draw.below(most.min(40)),
        inputs: 1 + draw.below(most),
        neurons: 1 + draw.below(most.min(40)),
    };
    let spared = draw.below(6);
    let mut argument = |count: usize, index: usize, low: f32, high: f32| match kind {
        Kind::AnyBits if index != spared => draw.values(count, Draw::finite),
        Kind::Wide if index < 2 => draw.values(count, |draw| {
            let magnitude = 10_f32.powf(draw.between(-3.0, 30.0));
            if draw.below(2) == 0 { magnitude } else { -magnitude }
        }),
        Kind::Wide if index == 2 => draw.values(count, |draw| draw.between(-13.8, 13.8)),
        Kind::Wide if index == 3 => draw.values(count, |draw| draw.between(-1e4, 1e4)),
        _ => draw.values(count, |draw| draw.between(low, high)),
    };
    let components = shape.neurons * shape.inputs;
    let mut layer = Layer {
        shape,
        x: argument(shape.batch * shape.inputs, 0, -3.0, 3.0),
        means: argument(components, 1, -2.0, 2.0),
        log_sigmas: argument(components, 2, -3.0, 1.1),
        mixing_logits: argument(components, 3, -2.0, 2.0),
        cotangent: argument(shape.batch * shape.neurons, 4, -2.0, 2.0),
    };
    let zeros = draw.between(-0.5, 1.0);
    for x in &mut layer.x {
        if draw.between(0.0, 1.0) < zeros {
            *x = CORNERS[draw.below(2)];
        }
    }
    (layer, kind)
}

fn assert_finite(layer: &Layer) {
    for (instructions, path) in
        InstructionSet::all().into_iter().flat_map(|set| EITHER.map(|path| (set, path)))
    {
        let output = layer.forward_along(instructions, path);
        let gradients = layer.backward(&output.saved);
        for (what, values) in [
            ("y", &output.y),
            ("gradient of x", gradients.x.as_ref().unwrap()),
            ("gradient of the means", &gradients.means),
            ("gradient of log σ", &gradients.log_sigmas),
            ("gradient of the logits", &gradients.mixing_logits),
        ] {
            let wrong = values.iter().find(|value| !value.is_finite());
            assert!(wrong.is_none(), "{instructions:?} {path:?}: {what} holds {wrong:?}");
        }
    }
}

fn number(variable: &str, usual: u64) -> u64 {
    env::var(variable).map_or(usual, |text| text.parse().expect("a whole number"))
}

#[test]
fn random_layers_are_finite_and_agree_with_the_oracle() {
    let (count, first) = (number("UGMM_LAYERS", FEW), number("UGMM_SEED", 1));
    for seed in first..first + count {
        let (layer, kind) = layer(seed);
        let check = || {
            assert_finite(&layer);
            if !matches!(kind, Kind::AnyBits) {
                assert_agrees_with_oracle(&layer, &TOLERANCE);
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(check)) {
            eprintln!("UGMM_SEED={seed} UGMM_LAYERS=1 makes this layer again: {:?}", layer.shape);
            resume_unwind(panic);
        }
    }
    println!("{count} layers from seed {first} on");
}
