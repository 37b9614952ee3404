//! The two precisions.

use super::log_exp;
use ndarray::LinalgScalar;
use std::fmt::Debug;
use std::ops::{AddAssign, MulAssign, Neg, SubAssign};

/// `f32` for training, `f64` for exact answers.
pub(crate) trait Real:
    LinalgScalar
    + PartialOrd
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Debug
    + Default
    + Send
    + Sync
    + 'static
{
    const LOWEST: Self;

    /// Sums of exponentials below this are computed again term by term, with a maximum of their own.
    const SMALLEST_SUM: Self;

    /// A distance in standard deviations whose square is still finite.
    const FARTHEST: Self;

    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn exp(self) -> Self;
    fn ln(self) -> Self;

    /// e^(value - `shift`) of each, for values of at most the shift.
    fn exp_all(values: &mut [Self]);

    /// The logarithm of each positive normal number.
    fn ln_all(values: &mut [Self]);

    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    fn is_missing(self) -> bool {
        self.to_f64().is_nan()
    }
}

impl Real for f32 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const SMALLEST_SUM: Self = 1e-30;
    const FARTHEST: Self = 1e15;

    fn from_f64(value: f64) -> Self {
        // Numbers beyond its range stay numbers; infinities mean impossible and stay as well.
        if value.is_finite() {
            value.clamp(Self::MIN.into(), Self::MAX.into()) as Self
        } else {
            value as Self
        }
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn exp(self) -> Self {
        self.exp()
    }

    fn ln(self) -> Self {
        self.ln()
    }

    fn exp_all(values: &mut [Self]) {
        log_exp::exp_all(values);
    }

    fn ln_all(values: &mut [Self]) {
        log_exp::ln_all(values);
    }
}

impl Real for f64 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const SMALLEST_SUM: Self = 1e-280;
    const FARTHEST: Self = 1e150;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn exp(self) -> Self {
        self.exp()
    }

    fn ln(self) -> Self {
        self.ln()
    }

    fn exp_all(values: &mut [Self]) {
        for value in values {
            *value = value.exp();
        }
    }

    fn ln_all(values: &mut [Self]) {
        for value in values {
            *value = value.ln();
        }
    }
}
