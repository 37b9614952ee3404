//! Sound bounds of a layer over boxes of inputs, in `f64`.
//!
//! Over a box each component's z² has an exact minimum and maximum, and log-sum-exp grows with every
//! exponent, so that the interval of an activation follows in closed form ([`Mixtures::intervals`]). It is
//! exact for a first layer, because the components of a neuron look at different inputs. Intervals do not
//! keep the dependence between activations. [`Relaxation`] keeps it to first order: two linear functions of
//! the inputs, one above and one below each activation, with errors of the second order in the width of the
//! box (Weng et al. 2018, Zhang et al. 2018 for other neurons).
//!
//! A bound here holds for the function that [`crate::oracle`] computes, its rounding included: every step
//! moves it outwards by more than the rounding error of that step.

mod bump;
mod mixtures;
#[cfg(test)]
#[path = "../../tests/common/nearest_lines.rs"]
mod nearest_lines;
mod relaxation;

pub use mixtures::{InputBox, Mixtures};
pub use relaxation::Relaxation;

/// Bound on the rounding error of a sum of `terms` terms whose magnitudes sum to `magnitude`, with room for
/// the rounding of the terms themselves (a few units in the last place each, see `exp`).
#[must_use]
pub fn rounding(terms: usize, magnitude: f64) -> f64 {
    (terms as f64 + 64.0) * f64::EPSILON * magnitude
}
