//! The power of two by a polynomial, on any instruction set.

use super::{Exp2, LOWEST, Pairs, split};
use pulp::Simd;
use std::hint::black_box;

/// Adding this number rounds to an integer, because floats of its size (1.5·2²³) have a spacing of 1; the low
/// bits of the sum then hold that integer plus the exponent bias 127.
const ROUND_AND_BIAS: f32 = 12_582_912.0 + 127.0;

const MANTISSA_BITS: u32 = 23;

/// Coefficients, from the constant upwards, of the degree 5 minimax polynomial of 2^f on [-1/2, 1/2].
///
/// It was found by Remez exchange on the relative error, which is 7.5e-8 in exact arithmetic. With the
/// coefficients and every step rounded to `f32` the largest relative error is under 2.5e-7, which the tests
/// check.
const COEFFICIENTS: [f32; 6] =
    [1.000_000_1, 0.693_146_94, 0.240_221_2, 0.055_507_13, 0.009_675_541, 0.001_327_647_2];

/// Constants of the exponential, spread over vectors once per call.
#[derive(Clone, Copy)]
pub(crate) struct PolynomialExp2<S: Simd> {
    simd: S,
    lowest: S::f32s,
    round_and_bias: S::f32s,
    mantissa_bits: S::u32s,
    coefficients: [S::f32s; 6],
}

impl<S: Simd> Exp2<S> for PolynomialExp2<S> {
    #[inline(always)]
    fn new(simd: S) -> Self {
        // A compiler that knows these numbers and runs out of registers broadcasts them again at every use,
        // with an instruction each. It keeps unknown numbers as whole vectors, which instructions read in
        // passing.
        let coefficients = black_box(COEFFICIENTS);
        PolynomialExp2 {
            simd,
            lowest: simd.splat_f32s(black_box(LOWEST)),
            round_and_bias: simd.splat_f32s(black_box(ROUND_AND_BIAS)),
            mantissa_bits: simd.splat_u32s(MANTISSA_BITS),
            coefficients: coefficients.map(
                #[inline(always)]
                |coefficient| simd.splat_f32s(coefficient),
            ),
        }
    }

    #[inline(always)]
    fn factors<const V: usize, const N: usize>(self, exponents: [[S::f32s; V]; N]) -> Pairs<S, V, N> {
        let simd = self.simd;
        let (fractions, mut powers) = split(simd, exponents, self.lowest, self.round_and_bias);
        let mut polynomials = [[self.coefficients[5]; V]; N];
        for coefficient in self.coefficients[..5].iter().rev() {
            for n in 0..N {
                for v in 0..V {
                    polynomials[n][v] = simd.mul_add_e_f32s(polynomials[n][v], fractions[n][v], *coefficient);
                }
            }
        }
        for n in 0..N {
            for v in 0..V {
                let bits = simd.transmute_u32s_f32s(powers[n][v]);
                powers[n][v] = simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(bits, self.mantissa_bits));
            }
        }
        (polynomials, powers)
    }

    #[inline(always)]
    fn simd(self) -> S {
        self.simd
    }
}
