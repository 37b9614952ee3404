//! Decides before a call whether every product of the fast path stays far inside the range of `f32`.
//!
//! Ordinary arguments do so by a wide margin, and the inner loops then need no guards. Other arguments take
//! the careful path as a whole.

use crate::{LayerArguments, simd::dispatch::InstructionSet};

/// Largest value that the fast path takes for three quantities: the distance between an input and a mean in
/// their unit, that distance in standard deviations, and 1/σ. Its square is finite, and so is its product
/// with a moderate number.
const LARGEST_FACTOR: f64 = 1e18;

/// Largest cotangent that the fast path takes: `w z²` is at most 128 times as large where it is not 0, and a
/// block of rows adds up at most [`crate::layout::tile::ROWS`] such terms.
const LARGEST_COTANGENT: f64 = 1e30;

/// Largest bound on the partial sums of the gradient with respect to the inputs that the fast path takes.
const LARGEST_INPUT_GRADIENT: f64 = 1e35;

/// Extremes of a call's arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    distance: f64,
    largest_inverse_sigma: f64,
    smallest_inverse_sigma: f64,
}

impl Range {
    pub(crate) fn of(instructions: InstructionSet, arguments: LayerArguments<'_>) -> Self {
        let largest_magnitude = |values: &[f32]| {
            instructions.vectorised(
                #[inline(always)]
                || largest_magnitude(values),
            )
        };
        let (lowest_log_sigma, highest_log_sigma) = instructions.vectorised(
            #[inline(always)]
            || extremes(arguments.log_sigmas),
        );
        Range {
            distance: largest_magnitude(arguments.x) + largest_magnitude(arguments.means),
            largest_inverse_sigma: (-lowest_log_sigma).exp(),
            smallest_inverse_sigma: (-highest_log_sigma).exp(),
        }
    }

    /// Whether the exponents can be computed in `f32`.
    pub(crate) fn suits_fast_forward(&self) -> bool {
        self.distance <= LARGEST_FACTOR
            && self.largest_inverse_sigma <= LARGEST_FACTOR
            && self.smallest_inverse_sigma >= 1.0 / LARGEST_FACTOR
            && self.distance * self.largest_inverse_sigma <= LARGEST_FACTOR
    }

    /// Whether the parameter gradients can be summed in `f32` as well.
    pub(crate) fn suits_fast_backward(&self, cotangent: &[f32]) -> bool {
        self.suits_fast_forward() && largest_magnitude(cotangent) <= LARGEST_COTANGENT
    }

    /// Whether the gradient with respect to the inputs can be summed in `f32`.
    pub(crate) fn suits_fast_input_gradient(&self, cotangent: &[f32]) -> bool {
        // |z| is under 14.5 wherever the exponential is not 0, and a panel adds up at most 32 neurons.
        let terms = 14.5 * 32.0;
        self.suits_fast_backward(cotangent)
            && largest_magnitude(cotangent) * self.largest_inverse_sigma * terms <= LARGEST_INPUT_GRADIENT
    }
}

/// The largest magnitude; 0 for an empty slice.
#[inline(always)]
pub(crate) fn largest_magnitude(values: &[f32]) -> f64 {
    let (lowest, highest) = extremes(values);
    highest.max(-lowest).max(0.0)
}

/// The smallest and the largest value; (∞, -∞) for an empty slice.
#[inline(always)]
pub(crate) fn extremes(values: &[f32]) -> (f64, f64) {
    // Independent lanes and plain comparisons let the compiler use vector instructions.
    const LANES: usize = 32;
    let mut lowest = [f32::INFINITY; LANES];
    let mut highest = [f32::NEG_INFINITY; LANES];
    let mut include = |chunk: &[f32]| {
        for (lane, &value) in chunk.iter().enumerate() {
            lowest[lane] = if value < lowest[lane] { value } else { lowest[lane] };
            highest[lane] = if value > highest[lane] { value } else { highest[lane] };
        }
    };
    let (chunks, rest) = values.as_chunks::<LANES>();
    chunks.iter().for_each(|chunk| include(chunk));
    include(rest);
    let lowest = lowest.into_iter().fold(f32::INFINITY, f32::min);
    let highest = highest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    (f64::from(lowest), f64::from(highest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The range of one component, with an input and a mean of these sizes.
    fn of(x: f32, mean: f32, log_sigma: f32) -> Range {
        let (x, means, log_sigmas) = ([x, 0.0], [0.0, mean], [log_sigma, 0.0]);
        let arguments =
            LayerArguments { x: &x, means: &means, log_sigmas: &log_sigmas, mixing_logits: &[0.0; 2] };
        Range::of(InstructionSet::Scalar, arguments)
    }

    #[test]
    fn the_fast_forward_pass_takes_distances_and_deviations_up_to_its_largest_factor() {
        assert!(of(1.0, -1.0, 0.0).suits_fast_forward());
        // The distance is the sum of both magnitudes: each alone is small enough, and with a mean of 0 the
        // input alone decides.
        assert!(of(6e17, 0.0, 0.0).suits_fast_forward());
        assert!(of(0.0, -6e17, 0.0).suits_fast_forward());
        assert!(!of(6e17, -6e17, 0.0).suits_fast_forward());
        assert!(!of(-2e18, 0.0, 0.0).suits_fast_forward());
        // log 1e18 is 41.4.
        assert!(of(0.0, 0.0, -41.0).suits_fast_forward());
        assert!(!of(0.0, 0.0, -42.0).suits_fast_forward());
        assert!(of(0.0, 0.0, 41.0).suits_fast_forward());
        assert!(!of(0.0, 0.0, 42.0).suits_fast_forward());
        // The distance is too large in standard deviations.
        assert!(!of(1e10, 0.0, -20.0).suits_fast_forward());
    }

    #[test]
    fn the_fast_backward_pass_takes_moderate_cotangents() {
        let ordinary = of(1.0, 1.0, 0.0);
        assert!(ordinary.suits_fast_backward(&[1.0, -9e29]));
        assert!(!ordinary.suits_fast_backward(&[1.0, -2e30]));
        assert!(!of(1e19, 0.0, 0.0).suits_fast_backward(&[1.0]));
        assert!(ordinary.suits_fast_input_gradient(&[9e29]));
        // Each of the two conditions alone rejects the call.
        assert!(!ordinary.suits_fast_input_gradient(&[2e30]));
        assert!(!of(0.0, 0.0, -12.0).suits_fast_input_gradient(&[1e29]));
        assert!(!of(1e19, 0.0, 0.0).suits_fast_input_gradient(&[1.0]));
    }

    #[test]
    fn extremes_are_found_at_every_place() {
        assert_eq!(extremes(&[]), (f64::INFINITY, f64::NEG_INFINITY));
        for length in [1, 31, 32, 33, 70] {
            for at in 0..length {
                let mut values = vec![0.5; length];
                values[at] = 2.0;
                assert_eq!(extremes(&values).1, 2.0);
                values[at] = -2.0;
                assert_eq!(extremes(&values).0, -2.0);
            }
        }
    }
}
