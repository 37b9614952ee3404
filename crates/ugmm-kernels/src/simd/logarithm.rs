//! The `f64` logarithm that turns sums into activations, in a form that compilers vectorise.

use std::f64::consts::{LN_2, SQRT_2};

const MANTISSA_BITS: u32 = 52;
const BIAS: u64 = 1023;

/// A double of this size, 2⁵², has a spacing of 1: its low bits are an integer.
const INTEGER: f64 = 4_503_599_627_370_496.0;

/// log of a positive normal number, with an absolute error of at most 2e-11; unspecified for any other value.
///
/// The number is split into m·2^e with m from √½ to √2, and log m = 2 artanh((m - 1)/(m + 1)), whose series is
/// cut after the eleventh power.
#[inline(always)]
pub(crate) fn ln(value: f64) -> f64 {
    let bits = value.to_bits();
    let above_root = bits.wrapping_sub((SQRT_2 / 2.0).to_bits());
    let biased = above_root.wrapping_add(BIAS << MANTISSA_BITS) >> MANTISSA_BITS;
    let exponent = f64::from_bits(biased | INTEGER.to_bits()) - (INTEGER + BIAS as f64);
    let mantissa = f64::from_bits(bits.wrapping_sub(above_root & (u64::MAX << MANTISSA_BITS)));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let squared = s * s;
    let mut series = 1.0 / 11.0;
    for odd in [9.0, 7.0, 5.0, 3.0, 1.0] {
        series = series * squared + 1.0 / odd;
    }
    exponent * LN_2 + 2.0 * s * series
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn agrees_with_the_standard_library() {
        for step in 0..300_000 {
            let value = 10_f64.powf(f64::from(step) * 2e-4 - 30.0);
            let error = (ln(value) - value.ln()).abs();
            assert!(error < 2e-11, "ln({value}) is off by {error}");
        }
        assert_eq!(ln(1.0), 0.0);
    }
}
