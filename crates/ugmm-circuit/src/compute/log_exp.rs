//! Exponentials and logarithms of `f32`, compiled for the widest vectors of the machine.

use pulp::{Arch, NullaryFnOnce};
use std::f32::consts::{LN_2, LOG2_E, SQRT_2};
use std::sync::LazyLock;

/// The instruction set of this machine.
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Coefficients, from the constant upwards, of a degree 6 polynomial of 2^f on [-½, ½], fitted by minimising
/// the largest relative error, 1.9e-9.
const COEFFICIENTS: [f32; 7] =
    [1.0, LN_2, 0.240_226_47, 0.055_503_29, 0.009_618_489, 0.001_339_993_1, 0.000_153_458_12];

const MANTISSA_BITS: u32 = 23;

/// Adding this number rounds to an integer, because floats of its size have a spacing of 1; the low bits of the sum then
/// hold that integer plus the exponent bias 127.
const ROUND_AND_BIAS: f32 = 12_582_912.0 + 127.0;

/// Runs an operation compiled for this machine's widest vectors; all its inner functions must be inlined.
pub(crate) fn vectorized<F: NullaryFnOnce>(operation: F) -> F::Output {
    ARCH.dispatch(operation)
}

/// e^value, to a relative error of 1e-6 for values from -87 to 0; exactly 0 far below, minus infinity
/// included.
#[inline(always)]
pub(super) fn exp(value: f32) -> f32 {
    let exponent = value * LOG2_E;
    let exponent = if exponent > -127.0 { exponent } else { -127.0 };
    let exponent = if exponent < 127.0 { exponent } else { 127.0 };
    let rounded = exponent + ROUND_AND_BIAS;
    let fraction = exponent - (rounded - ROUND_AND_BIAS);
    let [lower @ .., mut polynomial] = COEFFICIENTS;
    for coefficient in lower.into_iter().rev() {
        polynomial = polynomial * fraction + coefficient;
    }
    polynomial * f32::from_bits(rounded.to_bits() << MANTISSA_BITS)
}

/// log of a positive normal number, with an absolute error of 3e-7 near 0 and a relative one of that size
/// elsewhere; unspecified for any other value.
///
/// The number is split into m·2^e with m from √½ to √2, and log m = 2 artanh((m - 1)/(m + 1)), whose series
/// is cut after the ninth power.
#[inline(always)]
pub(super) fn ln(value: f32) -> f32 {
    let above_root = value.to_bits().wrapping_sub((SQRT_2 / 2.0).to_bits());
    let exponent = (above_root.cast_signed() >> MANTISSA_BITS) as f32;
    let mantissa = f32::from_bits(value.to_bits().wrapping_sub(above_root & (u32::MAX << MANTISSA_BITS)));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let squared = s * s;
    let mut series = 1.0 / 9.0;
    for odd in [7.0, 5.0, 3.0, 1.0] {
        series = series * squared + 1.0 / odd;
    }
    exponent * LN_2 + 2.0 * s * series
}

/// log of a positive normal number in double precision, with an absolute error of 4e-16 near 0 and a relative
/// one of that size elsewhere; unspecified for any other value. The method is that of [`ln`], with the series
/// cut after the nineteenth power.
#[inline(always)]
pub(super) fn ln_double(value: f64) -> f64 {
    const BITS: u32 = f64::MANTISSA_DIGITS - 1;
    const BIAS: u64 = 1023;
    /// A double of this size, 2^52, has a spacing of 1: its low bits are an integer.
    const INTEGER: f64 = 4_503_599_627_370_496.0;
    let above_root = value.to_bits().wrapping_sub((std::f64::consts::SQRT_2 / 2.0).to_bits());
    let biased = above_root.wrapping_add(BIAS << BITS) >> BITS;
    let exponent = f64::from_bits(biased | INTEGER.to_bits()) - (INTEGER + BIAS as f64);
    let mantissa = f64::from_bits(value.to_bits().wrapping_sub(above_root & (u64::MAX << BITS)));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let squared = s * s;
    let mut series = 1.0 / 19.0;
    for odd in [17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * squared + 1.0 / odd;
    }
    exponent * std::f64::consts::LN_2 + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use super::{exp, ln, ln_double};

    #[test]
    fn logarithms_in_double_precision_agree_with_the_standard_library() {
        for step in 0..600_000 {
            let number = 10_f64.powf(f64::from(step) * 1e-3 - 300.0);
            let (found, exact) = (ln_double(number), number.ln());
            assert!((found - exact).abs() < 5e-16 * exact.abs().max(1.0), "ln({number}) is {found}");
        }
    }

    #[test]
    fn exponentials_agree_with_double_precision() {
        let exponents: Vec<f32> = (0..870_000).map(|step| step as f32 * -1e-4).collect();
        for exponent in &exponents {
            let found = exp(*exponent);
            let exact = f64::from(*exponent).exp();
            // The rounding error of the product with log₂e grows with the exponent.
            let allowed = 4e-7 + 1.2e-7 * f64::from(exponent.abs());
            assert!((f64::from(found) / exact - 1.0).abs() < allowed, "exp({exponent}) is {found}");
        }
    }

    #[test]
    fn what_cannot_be_is_nothing() {
        assert_eq!([f32::NEG_INFINITY, -1e30, -200.0, 0.0].map(exp), [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn logarithms_agree_with_double_precision() {
        let numbers: Vec<f32> = (0..300_000).map(|step| 10_f32.powf(step as f32 * 2.2e-4 - 33.0)).collect();
        for number in &numbers {
            let found = ln(*number);
            let exact = f64::from(*number).ln();
            assert!(
                (f64::from(found) - exact).abs() < 3e-7 * exact.abs().max(1.0),
                "ln({number}) is {found}"
            );
        }
    }
}
