//! The two precisions of computations.

use super::log_exp;
use ndarray::LinalgScalar;
use std::fmt::Debug;
use std::ops::{AddAssign, MulAssign, Neg, SubAssign};

/// A floating-point type: `f32` for training, `f64` for exact queries.
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

    /// Sums of exponentials below this are recomputed term by term, relative to their own maximum.
    const SMALLEST_SUM: Self;

    /// A distance in standard deviations whose square is finite.
    const FARTHEST: Self;

    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;

    /// e^value of values of at most 0, in a form that compilers vectorise.
    fn exp(self) -> Self;

    /// log of a positive normal number, in a form that compilers vectorise.
    fn ln(self) -> Self;

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn is_missing(self) -> bool {
        self.to_f64().is_nan()
    }
}

impl Real for f32 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const SMALLEST_SUM: Self = 1e-30;
    const FARTHEST: Self = 1e15;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        // Finite numbers are clamped to the range; infinities stand for impossible values and stay.
        if value.is_finite() {
            value.clamp(Self::MIN.into(), Self::MAX.into()) as Self
        } else {
            value as Self
        }
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        log_exp::exp(self)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        log_exp::ln(self)
    }
}

impl Real for f64 {
    const LOWEST: Self = Self::NEG_INFINITY;
    const SMALLEST_SUM: Self = 1e-280;
    const FARTHEST: Self = 1e150;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        ugmm_kernels::exp(self)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        log_exp::ln_double(self)
    }
}
