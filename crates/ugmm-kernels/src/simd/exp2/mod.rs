//! The vectorised `f32` power of two at the heart of the kernels.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod polynomial;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::TableExp2;
pub(crate) use polynomial::PolynomialExp2;

use pulp::Simd;

/// Exponents below this give exactly 0, on which padding and components without weight rely.
pub(crate) const ZERO_BELOW: f32 = -127.0;

/// Exponents below this are raised to it; the exponent bits of its power are all 0.
const LOWEST: f32 = ZERO_BELOW;

/// Powers of two of vectors of exponents, to a relative error of 2.5e-7 where the result is a normal number;
/// exponents are at most 127.
///
/// One exponential is a chain of a dozen dependent instructions, so several are taken at once, each step for all of
/// them before the next, which keeps the processor's arithmetic units busy.
pub(crate) trait Exp2<S: Simd>: Copy {
    /// Creates the exponential with its constants spread over vectors.
    fn new(simd: S) -> Self;

    /// 2^exponent of each exponent.
    #[inline(always)]
    fn of<const V: usize, const N: usize>(self, exponents: [[S::f32s; V]; N]) -> [[S::f32s; V]; N] {
        let (mut polynomials, powers) = self.factors(exponents);
        for n in 0..N {
            for v in 0..V {
                polynomials[n][v] = self.simd().mul_f32s(polynomials[n][v], powers[n][v]);
            }
        }
        polynomials
    }

    /// Two factors of each power, not yet multiplied, so that a caller can multiply and add in one
    /// instruction.
    fn factors<const V: usize, const N: usize>(self, exponents: [[S::f32s; V]; N]) -> Pairs<S, V, N>;

    fn simd(self) -> S;
}

/// Raises exponents to at least `lowest` and splits each at the spacing of floats of the size of `round`.
/// Returns the remainders, of either sign, and the sums with `round`, whose low bits hold the rest as an
/// integer.
#[inline(always)]
fn split<S: Simd, const V: usize, const N: usize>(
    simd: S,
    exponents: [[S::f32s; V]; N],
    lowest: S::f32s,
    round: S::f32s,
) -> Pairs<S, V, N> {
    let mut fractions = exponents;
    let mut sums = exponents;
    for n in 0..N {
        for v in 0..V {
            fractions[n][v] = simd.max_f32s(exponents[n][v], lowest);
        }
    }
    for n in 0..N {
        for v in 0..V {
            sums[n][v] = simd.add_f32s(fractions[n][v], round);
        }
    }
    for n in 0..N {
        for v in 0..V {
            fractions[n][v] = simd.sub_f32s(fractions[n][v], simd.sub_f32s(sums[n][v], round));
        }
    }
    (fractions, sums)
}

/// Two values for each of some exponents.
pub(crate) type Pairs<S, const V: usize, const N: usize> =
    ([[<S as Simd>::f32s; V]; N], [[<S as Simd>::f32s; V]; N]);

#[cfg(test)]
mod tests {
    use super::{Exp2, ZERO_BELOW};
    use crate::simd::dispatch::InstructionSet;
    use crate::simd::vector::{Operation, Vector};

    struct Exponentials<'a> {
        exponents: &'a [f32],
    }

    impl Operation for Exponentials<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        fn run<S: Vector>(self, simd: S) -> Vec<f32> {
            let exp2 = S::Exp2::new(simd);
            let mut results = Vec::new();
            for &exponent in self.exponents {
                let [[result]] = exp2.of([[simd.splat_f32s(exponent)]]);
                results.push(simd.reduce_max_f32s(result));
            }
            results
        }
    }

    fn on_all(exponents: &[f32], check: impl Fn(f32, f32)) {
        for instructions in InstructionSet::all() {
            let results = instructions.run(Exponentials { exponents });
            exponents.iter().zip(results).for_each(|(&exponent, result)| check(exponent, result));
        }
    }

    #[test]
    fn relative_error_is_under_a_quarter_of_a_millionth() {
        let fractions = (0..2_000_000).map(|step| -1.25 * step as f32 / 2_000_000.0);
        let everywhere = (0..1_000_000).map(|step| -126.0 * step as f32 / 1_000_000.0);
        let large = (0..126).map(|step| step as f32 + 0.3);
        let exponents: Vec<f32> = fractions.chain(everywhere).chain(large).collect();
        on_all(&exponents, |exponent, result| {
            let error = (f64::from(result) / f64::from(exponent).exp2() - 1.0).abs();
            assert!(error < 2.5e-7, "2^{exponent} = {result} is off by {error}");
        });
    }

    #[test]
    fn far_below_is_exactly_zero() {
        let exponents = [ZERO_BELOW, -127.5, -1e4, -1e9, -1e20, -1e25];
        on_all(&exponents, |exponent, result| assert_eq!(result.to_bits(), 0, "2^{exponent}"));
    }

    #[test]
    fn what_is_no_normal_number_is_between_zero_and_its_value() {
        let exponents: Vec<f32> = (0..2_500).map(|step| -126.0 - 0.01 * step as f32).collect();
        on_all(&exponents, |exponent, result| {
            let largest = f64::from(exponent).exp2() * (1.0 + 1e-6) + 2e-45;
            assert!((0.0..=largest).contains(&f64::from(result)), "2^{exponent} = {result}");
        });
    }
}
