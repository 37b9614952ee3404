//! The `f64` exponential of the careful path, in a form that compilers vectorise.

use std::f64::consts::LOG2_E;

/// Adding this number rounds to an integer, because doubles of its size have a spacing of 1; the low bits of
/// the sum then hold that integer plus the exponent bias 1023.
const ROUND_AND_BIAS: f64 = 6_755_399_441_055_744.0 + 1023.0;

const MANTISSA_BITS: u32 = 52;

/// Coefficients, from the constant upwards, of the degree 10 minimax polynomial of 2^f on [-1/2, 1/2] (Remez
/// exchange on the relative error, which is 2.2e-16).
const COEFFICIENTS: [f64; 11] = [
    1.000_000_000_000_000_07,
    0.693_147_180_559_949_7,
    0.240_226_506_959_087_68,
    0.055_504_108_664_458_83,
    0.009_618_129_108_034_597,
    0.001_333_355_822_856_176_6,
    0.000_154_035_299_611_270_76,
    0.000_015_252_658_116_409_854,
    0.000_001_321_566_283_595_924,
    1.020_853_792_965_740_4e-7,
    7.037_278_846_726_901e-9,
];

/// e^value, to a relative error of 1e-15 plus 1e-16·|value|, which comes from rounding the product with
/// log₂e.
///
/// The result is exactly 0 below about -709 and about 2^1023 above 709, so that it is finite for every
/// number.
#[inline(always)]
pub fn exp(value: f64) -> f64 {
    let exponent = at_most(at_least(value * LOG2_E, -1023.0), 1023.0);
    let rounded = exponent + ROUND_AND_BIAS;
    let fraction = exponent - (rounded - ROUND_AND_BIAS);
    let [lower @ .., mut polynomial] = COEFFICIENTS;
    for coefficient in lower.into_iter().rev() {
        polynomial = polynomial * fraction + coefficient;
    }
    polynomial * f64::from_bits(rounded.to_bits() << MANTISSA_BITS)
}

/// The larger value, in one instruction; `f64::max` takes more because of its treatment of NaN.
#[inline(always)]
pub(crate) fn at_least(value: f64, bound: f64) -> f64 {
    if value > bound { value } else { bound }
}

/// The smaller value, in one instruction; see [`at_least`].
#[inline(always)]
pub(crate) fn at_most(value: f64, bound: f64) -> f64 {
    if value < bound { value } else { bound }
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_standard_library() {
        for step in -700_000..700_000 {
            let value = f64::from(step) * 1e-3 + 1e-5;
            let error = (exp(value) / value.exp() - 1.0).abs();
            assert!(error < 1e-15 + 2e-16 * value.abs(), "exp({value}) is off by {error}");
        }
    }

    #[test]
    fn ends_are_finite() {
        for value in [-1e300, -710.0, f64::MIN] {
            assert_eq!(exp(value), 0.0);
        }
        for value in [1e300, 710.0, f64::MAX] {
            assert!(exp(value) > 1e307 && exp(value).is_finite());
        }
        assert!((exp(0.0) - 1.0).abs() < 4e-16);
    }
}
