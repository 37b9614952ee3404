//! The vectorised `f32` power of two at the heart of the kernels.

use pulp::Simd;
use std::hint::black_box;

/// Exponents below this give exactly 0: the power of two is then assembled from exponent bits that are all 0.
/// Padding and components without weight rely on it.
pub(crate) const ZERO_BELOW: f32 = -127.0;

/// Adding this number rounds to an integer, because floats of its size (1.5·2²³) have a spacing of 1; the low
/// bits of the sum then hold that integer plus the exponent bias 127.
const ROUND_AND_BIAS: f32 = 12_582_912.0 + 127.0;

const MANTISSA_BITS: u32 = 23;

/// Coefficients, from the constant upwards, of the degree 5 minimax polynomial of 2^f on [-1/2, 1/2].
///
/// Found by Remez exchange on the relative error, which is 7.5e-8 in exact arithmetic. With the coefficients
/// and every step rounded to `f32` the largest relative error is under 2.5e-7; the test below holds it to
/// that.
const COEFFICIENTS: [f32; 6] =
    [1.000_000_1, 0.693_146_94, 0.240_221_2, 0.055_507_13, 0.009_675_541, 0.001_327_647_2];

/// Constants of the exponential, spread over vectors once per call.
#[derive(Clone, Copy)]
pub(crate) struct Exp2<S: Simd> {
    simd: S,
    zero_below: S::f32s,
    round_and_bias: S::f32s,
    mantissa_bits: S::u32s,
    coefficients: [S::f32s; 6],
}

impl<S: Simd> Exp2<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        // A compiler that knows these numbers broadcasts them again at every use, an instruction each, when
        // it runs out of registers. Unknown numbers it keeps as whole vectors, which instructions read in
        // passing.
        let [c0, c1, c2, c3, c4, c5] = black_box(COEFFICIENTS);
        Exp2 {
            simd,
            zero_below: simd.splat_f32s(black_box(ZERO_BELOW)),
            round_and_bias: simd.splat_f32s(black_box(ROUND_AND_BIAS)),
            mantissa_bits: simd.splat_u32s(MANTISSA_BITS),
            coefficients: [
                simd.splat_f32s(c0),
                simd.splat_f32s(c1),
                simd.splat_f32s(c2),
                simd.splat_f32s(c3),
                simd.splat_f32s(c4),
                simd.splat_f32s(c5),
            ],
        }
    }

    /// For each of some exponents of at most 0 two factors whose product is 2^exponent, left apart so that a
    /// caller can multiply and add in one instruction.
    ///
    /// One exponential is a chain of a dozen dependent instructions. Taking each step for several of them
    /// before the next keeps the processor's arithmetic units busy.
    #[inline(always)]
    pub(crate) fn factors<const COUNT: usize>(
        &self,
        exponents: [S::f32s; COUNT],
    ) -> ([S::f32s; COUNT], [S::f32s; COUNT]) {
        let simd = self.simd;
        let mut fractions = exponents;
        let mut powers = exponents;
        let mut polynomials = [self.coefficients[5]; COUNT];
        for index in 0..COUNT {
            fractions[index] = simd.max_f32s(exponents[index], self.zero_below);
        }
        for index in 0..COUNT {
            powers[index] = simd.add_f32s(fractions[index], self.round_and_bias);
        }
        for index in 0..COUNT {
            let rounded = simd.sub_f32s(powers[index], self.round_and_bias);
            fractions[index] = simd.sub_f32s(fractions[index], rounded);
        }
        for coefficient in self.coefficients[..5].iter().rev() {
            for index in 0..COUNT {
                polynomials[index] = simd.mul_add_e_f32s(polynomials[index], fractions[index], *coefficient);
            }
        }
        for power in &mut powers {
            let bits = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(*power), self.mantissa_bits);
            *power = simd.transmute_f32s_u32s(bits);
        }
        (polynomials, powers)
    }
}

#[cfg(test)]
mod tests {
    use super::{Exp2, ZERO_BELOW};
    use crate::dispatch::InstructionSet;
    use pulp::{Simd, WithSimd};

    struct Exponentials<'a> {
        exponents: &'a [f32],
    }

    impl WithSimd for Exponentials<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
            let exp2 = Exp2::new(simd);
            let mut results = Vec::new();
            for &exponent in self.exponents {
                let ([polynomial], [power]) = exp2.factors([simd.splat_f32s(exponent)]);
                let product = simd.mul_f32s(polynomial, power);
                results.push(simd.reduce_sum_f32s(product) / S::F32_LANES as f32);
            }
            results
        }
    }

    fn on_both(exponents: &[f32], check: impl Fn(f32, f32)) {
        for instructions in [InstructionSet::Best, InstructionSet::Scalar] {
            let results = instructions.run(Exponentials { exponents });
            exponents.iter().zip(results).for_each(|(&exponent, result)| check(exponent, result));
        }
    }

    #[test]
    fn relative_error_is_under_a_quarter_of_a_millionth() {
        let fractions = (0..2_000_000).map(|step| -1.25 * step as f32 / 2_000_000.0);
        let everywhere = (0..1_000_000).map(|step| -126.0 * step as f32 / 1_000_000.0);
        let exponents: Vec<f32> = fractions.chain(everywhere).collect();
        on_both(&exponents, |exponent, result| {
            let error = (f64::from(result) / f64::from(exponent).exp2() - 1.0).abs();
            assert!(error < 2.5e-7, "2^{exponent} = {result} is off by {error}");
        });
    }

    #[test]
    fn far_below_is_exactly_zero() {
        let exponents = [ZERO_BELOW, -127.5, -1e4, -1e30, f32::MIN];
        on_both(&exponents, |exponent, result| assert_eq!(result.to_bits(), 0, "2^{exponent}"));
    }
}
