//! Sound bounds of a layer over boxes of inputs, in `f64`.
//!
//! Over a box each component's z² has an exact minimum and maximum, and log-sum-exp grows with every exponent, so that the
//! interval of an activation follows in closed form ([`Mixtures::intervals`]). For a first layer it is exact, because
//! the components of a neuron look at different inputs. Intervals lose what activations have in common;
//! [`Relaxation`] keeps it to first order: two linear functions of the inputs, one above and one below each activation,
//! with errors of the second order in the width of the box (Weng et al. 2018, Zhang et al. 2018 for other neurons).
//!
//! What is called a bound here holds for the function that [`crate::oracle`] computes, its rounding included: every step is
//! moved outwards by more than its rounding error.

mod bump;
mod mixtures;
#[cfg(test)]
#[path = "../../tests/common/nearest_lines.rs"]
mod nearest_lines;
mod relaxation;
mod search;

pub use mixtures::Mixtures;
pub use relaxation::{InputBox, Relaxation};
pub use search::{Bounded, Budget, Found, Maximization, Proof, ProofProgress, maximize};

/// What rounding may add to a sum of this many terms whose magnitudes sum to `magnitude`, with a factor to spare for the
/// rounding of the terms (a few units in the last place each, see `exp`).
#[must_use]
pub fn rounding(terms: usize, magnitude: f64) -> f64 {
    (terms as f64 + 64.0) * f64::EPSILON * magnitude
}
