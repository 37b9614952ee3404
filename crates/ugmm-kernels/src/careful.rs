//! The `f64` path for pairs of row and neuron that `f32` cannot express. It takes exponentials relative to
//! the pair's own largest exponent and bounds intermediate values, so that it works for any finite arguments.

use crate::layout::prepare::Mixing;
use crate::simd::exp::{at_least, at_most, exp};
use crate::{LayerArguments, LayerShape, simd::dispatch::InstructionSet};

/// Inputs are padded to a multiple of this, for the compiler to vectorise without a remainder.
const LANES: usize = 8;

/// Bound on |z|, so that z² is a number.
const LARGEST_Z: f64 = 1e150;

/// Bound on |log σ| where 1/σ is taken, so that 1/σ and its products with finite `f32` values are numbers.
const LARGEST_LOG_SIGMA: f64 = 300.0;

/// Bound on one term of a gradient sum: 10⁸ such terms still have a finite sum.
const LARGEST_TERM: f64 = 1e300;

/// The exponent of padding and of missing values, below the exponent of any component.
const PADDING_EXPONENT: f64 = -1e307;

/// Exponents below this belong to padding, to missing values or to dropped components: z² is at most 1e300.
const NOTHING_SEEN: f64 = -1e305;

/// Difference to the largest exponent beyond which an exponential is negligible: 1e-304 of the largest.
const NEGLIGIBLE: f64 = 700.0;

/// The nearest `f32`, with ±`f32::MAX` in place of anything beyond.
#[inline(always)]
pub(crate) fn saturate(value: f64) -> f32 {
    value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

/// A term of a gradient sum, clamped to ±[`LARGEST_TERM`].
#[inline(always)]
pub(crate) fn bounded_term(term: f64) -> f64 {
    at_most(at_least(term, -LARGEST_TERM), LARGEST_TERM)
}

/// 1/σ, bounded away from infinity and 0.
#[inline(always)]
pub(crate) fn inverse_sigma(log_sigma: f32) -> f64 {
    exp(-f64::from(log_sigma).clamp(-LARGEST_LOG_SIGMA, LARGEST_LOG_SIGMA))
}

/// One neuron in `f64`, with the buffers for evaluating it on a row.
pub(crate) struct CarefulNeuron {
    means: Vec<f64>,
    inverse_sigmas: Vec<f64>,
    exponents: Vec<f64>,
    x: Vec<f64>,
    z: Vec<f64>,
    unscaled: Vec<f64>,
    instructions: InstructionSet,
}

impl CarefulNeuron {
    pub(crate) fn new(
        instructions: InstructionSet,
        shape: LayerShape,
        arguments: LayerArguments<'_>,
        neuron: usize,
    ) -> Self {
        let components = neuron * shape.inputs..(neuron + 1) * shape.inputs;
        let means = &arguments.means[components.clone()];
        let log_sigmas = &arguments.log_sigmas[components.clone()];
        let logits = &arguments.mixing_logits[components];
        let padded = shape.inputs.next_multiple_of(LANES);
        let mut careful = CarefulNeuron {
            means: vec![0.0; padded],
            inverse_sigmas: vec![0.0; padded],
            exponents: vec![PADDING_EXPONENT; padded],
            x: vec![0.0; padded],
            z: vec![0.0; padded],
            unscaled: vec![0.0; padded],
            instructions,
        };
        instructions.vectorised(
            #[inline(always)]
            || {
                let mixing = Mixing::of(logits);
                for k in 0..shape.inputs {
                    careful.means[k] = f64::from(means[k]);
                    careful.inverse_sigmas[k] = inverse_sigma(log_sigmas[k]);
                    careful.exponents[k] = mixing.exponent(logits[k], log_sigmas[k]);
                }
            },
        );
        careful
    }

    /// The activation y for a row of x, `[inputs]`.
    pub(crate) fn activation(&mut self, x: &[f32]) -> f64 {
        let (largest, total) = self.evaluate(x);
        largest + total.ln()
    }

    /// Adds g·r, g·r·z and g·r·z² of one row of x to the sums of each component.
    pub(crate) fn add_parameter_terms(&mut self, x: &[f32], cotangent: f32, sums: &mut ParameterSums) {
        let (_, total) = self.evaluate(x);
        let ratio = f64::from(cotangent) / total;
        self.instructions.vectorised(
            #[inline(always)]
            || {
                let sums = sums.w.iter_mut().zip(&mut sums.wz).zip(&mut sums.wzz);
                for ((((sum_w, sum_wz), sum_wzz), &unscaled), &z) in sums.zip(&self.unscaled).zip(&self.z) {
                    let w = ratio * unscaled;
                    let wz = bounded_term(w * z);
                    *sum_w += w;
                    *sum_wz += wz;
                    *sum_wzz += bounded_term(wz * z);
                }
            },
        );
    }

    /// Adds g·r·z/σ of each component for one row of x to `sums`, `[inputs]`.
    pub(crate) fn add_input_terms(&mut self, x: &[f32], cotangent: f32, sums: &mut [f64]) {
        let (_, total) = self.evaluate(x);
        let ratio = f64::from(cotangent) / total;
        self.instructions.vectorised(
            #[inline(always)]
            || {
                let components = self.unscaled.iter().zip(&self.z).zip(&self.inverse_sigmas);
                for (sum, ((&unscaled, &z), &inverse_sigma)) in sums.iter_mut().zip(components) {
                    *sum += bounded_term(bounded_term(ratio * unscaled * z) * inverse_sigma);
                }
            },
        );
    }

    /// Fills `z` and `unscaled`, the exponentials relative to the largest exponent. Returns that exponent and
    /// the sum of the exponentials, which is at least 1. Where no component with weight sees a value, all
    /// exponentials are 0 and the sum is set to 1.
    fn evaluate(&mut self, x: &[f32]) -> (f64, f64) {
        let instructions = self.instructions;
        for (x64, &x) in self.x.iter_mut().zip(x) {
            *x64 = f64::from(x);
        }
        instructions.vectorised(
            #[inline(always)]
            || {
                let mut largest = [f64::MIN; LANES];
                let (x, _) = self.x.as_chunks::<LANES>();
                let (means, _) = self.means.as_chunks::<LANES>();
                let (inverse_sigmas, _) = self.inverse_sigmas.as_chunks::<LANES>();
                let (exponents, _) = self.exponents.as_chunks::<LANES>();
                let (z, _) = self.z.as_chunks_mut::<LANES>();
                let (unscaled, _) = self.unscaled.as_chunks_mut::<LANES>();
                let parameters = means.iter().zip(inverse_sigmas).zip(exponents);
                for (((z, t), x), ((mean, inverse_sigma), exponent)) in
                    z.iter_mut().zip(unscaled.iter_mut()).zip(x).zip(parameters)
                {
                    for lane in 0..LANES {
                        let is_missing = x[lane].is_nan();
                        let distance = (x[lane] - mean[lane]) * inverse_sigma[lane];
                        let z_seen = at_most(at_least(distance, -LARGEST_Z), LARGEST_Z);
                        z[lane] = if is_missing { 0.0 } else { z_seen };
                        let seen = exponent[lane] - 0.5 * z[lane] * z[lane];
                        t[lane] = if is_missing { PADDING_EXPONENT } else { seen };
                        largest[lane] = at_least(t[lane], largest[lane]);
                    }
                }
                let largest = largest.into_iter().fold(f64::MIN, at_least);
                if largest < NOTHING_SEEN {
                    unscaled.fill([0.0; LANES]);
                    return (largest, 1.0);
                }
                let mut total = [0.0_f64; LANES];
                for t in unscaled {
                    // Far from every mean one component tends to exceed all others, whose exponentials are
                    // then not computed.
                    if t.iter().all(|&exponent| exponent < largest - NEGLIGIBLE) {
                        *t = [0.0; LANES];
                        continue;
                    }
                    for lane in 0..LANES {
                        t[lane] = exp(t[lane] - largest);
                        total[lane] += t[lane];
                    }
                }
                (largest, total.iter().sum())
            },
        )
    }
}

/// Sums over rows of g·r, g·r·z and g·r·z² of one neuron, each `[inputs]` or longer.
pub(crate) struct ParameterSums {
    pub(crate) w: Vec<f64>,
    pub(crate) wz: Vec<f64>,
    pub(crate) wzz: Vec<f64>,
}

impl ParameterSums {
    pub(crate) fn zeros(length: usize) -> Self {
        ParameterSums { w: vec![0.0; length], wz: vec![0.0; length], wzz: vec![0.0; length] }
    }
}
