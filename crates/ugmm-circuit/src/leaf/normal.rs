//! The standard normal distribution: masses of intervals, even in the far tails.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Φ(x).
pub(crate) fn cumulative(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Mills' ratio (1 - Φ(x)) / φ(x) for x ≥ 0, to about 14 digits: by rational functions of Cody (1969, *Rational
/// Chebyshev approximations for the error function*), and far from 0 by a continued fraction.
fn mills_ratio(x: f64) -> f64 {
    let ratio = |start: f64, last: f64, numerator: &[f64], denominator: &[f64]| {
        let (mut above, mut below) = (last * start, start);
        for (n, d) in numerator.iter().zip(denominator).take(denominator.len() - 1) {
            above = (above + n) * start;
            below = (below + d) * start;
        }
        let end = denominator.len() - 1;
        (above + numerator[end]) / (below + denominator[end])
    };
    if x < NEAR {
        let squared = x * x;
        let inside = x * ratio(squared, NEAR_LAST, &NEAR_NUMERATOR, &NEAR_DENOMINATOR);
        (0.5 - inside) * TAU.sqrt() * (0.5 * squared).exp()
    } else if x < FAR {
        TAU.sqrt() * ratio(x, MIDDLE_LAST, &MIDDLE_NUMERATOR, &MIDDLE_DENOMINATOR)
    } else {
        // Laplace's continued fraction 1/(1 + y/(1 + 2y/(1 + …))) for x times the ratio, with y = x⁻², as the
        // ratio of two polynomials, which takes one division.
        let squared = 1.0 / (x * x);
        let (mut above, mut below) = ([1.0, 1.0], [1.0, 1.0 + squared]);
        for term in 2..=TERMS {
            let by = term as f64 * squared;
            above = [above[1], above[1] + by * above[0]];
            below = [below[1], below[1] + by * below[0]];
        }
        above[1] / below[1] / x
    }
}

/// Ends of the ranges of [`mills_ratio`].
const NEAR: f64 = 0.674_489_75;
const FAR: f64 = 5.656_854_249_492_381;
/// Number of terms of the continued fraction, enough beyond [`FAR`].
const TERMS: usize = 16;

const NEAR_NUMERATOR: [f64; 4] =
    [2.235_252_035_460_684, 161.028_231_068_555_87, 1_067.689_485_460_371, 18_154.981_253_343_56];
const NEAR_LAST: f64 = 0.065_682_337_918_207_45;
const NEAR_DENOMINATOR: [f64; 4] =
    [47.202_581_904_688_245, 976.098_551_737_776_7, 10_260.932_208_618_979, 45_507.789_335_026_73];
const MIDDLE_NUMERATOR: [f64; 8] = [
    0.398_941_512_088_134_66,
    8.883_149_794_388_377,
    93.506_656_132_177_85,
    597.270_276_394_800_2,
    2_494.537_585_290_372_6,
    6_848.190_450_536_283,
    11_602.651_437_647_35,
    9_842.714_838_383_978,
];
const MIDDLE_LAST: f64 = 1.076_557_677_372_019_2e-8;
const MIDDLE_DENOMINATOR: [f64; 8] = [
    22.266_688_044_328_117,
    235.387_901_782_625,
    1_519.377_599_407_554_7,
    6_485.558_298_266_761,
    18_615.571_640_885_097,
    34_900.952_721_145_98,
    38_912.003_286_093_27,
    19_685.429_676_859_992,
];
/// An end of intervals, with Mills' ratio at its distance from 0, which neighbouring intervals share.
#[derive(Clone, Copy)]
pub(crate) struct End {
    z: f64,
    mills: f64,
}

impl End {
    pub(crate) fn at(z: f64) -> Self {
        Self { z, mills: mills_ratio(z.abs()) }
    }

    fn mirrored(self) -> Self {
        Self { z: -self.z, ..self }
    }
}

/// A standard normal variable given that it lies in an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Truncated {
    /// The logarithm of the interval's mass.
    pub(crate) log_mass: f64,
    /// E z.
    pub(crate) first: f64,
    /// E z².
    pub(crate) second: f64,
}

impl Truncated {
    /// The variable truncated to the interval from `a` to `b`, where a < b.
    pub(crate) fn new(a: f64, b: f64) -> Self {
        Self::between(End::at(a), End::at(b))
    }

    /// The variable truncated to the interval between two ends, the first one less.
    pub(crate) fn between(low: End, high: End) -> Self {
        let (a, b) = (low.z, high.z);
        if b <= 0.0 {
            let mirrored = Self::between(high.mirrored(), low.mirrored());
            return Self { first: -mirrored.first, ..mirrored };
        }
        // All terms are divided by φ(a), or by φ(0) if the interval contains 0.
        let origin = a.max(0.0);
        let relative = |x: f64| if x == origin { 1.0 } else { (-0.5 * (x - origin) * (x + origin)).exp() };
        let (at_a, at_b) = (relative(a), relative(b));
        let mass = if a >= 0.0 {
            low.mills - at_b * high.mills
        } else {
            TAU.sqrt() - at_a * low.mills - at_b * high.mills
        };
        // The interval may be too narrow for different values at its ends.
        let mass = mass.max((b - a) * at_a.min(at_b)).max(f64::MIN_POSITIVE);
        let times = |x: f64, density: f64| if density == 0.0 { 0.0 } else { x * density };
        Self {
            log_mass: mass.ln() - 0.5 * origin * origin - 0.5 * TAU.ln(),
            first: ((at_a - at_b) / mass).clamp(a, b),
            second: (1.0 + (times(a, at_a) - times(b, at_b)) / mass).clamp(0.0, (a * a).max(b * b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FAR, NEAR, Truncated, cumulative, mills_ratio};

    /// Moments by Simpson's rule on a fine grid, relative to the density at the end nearest to 0.
    fn quadrature(a: f64, b: f64) -> Truncated {
        let origin = if a > 0.0 {
            a
        } else if b < 0.0 {
            b
        } else {
            0.0
        };
        let steps = 20_000;
        let width = (b - a) / f64::from(steps);
        let mut sums = [0.0; 3];
        for step in 0..=steps {
            let z = a + width * f64::from(step);
            let weight = if step == 0 || step == steps { 1.0 } else { 2.0 + 2.0 * f64::from(step % 2) };
            let density = weight * width / 3.0 * (-0.5 * (z * z - origin * origin)).exp();
            for (sum, factor) in sums.iter_mut().zip([1.0, z, z * z]) {
                *sum += factor * density;
            }
        }
        let log_mass = sums[0].ln() - 0.5 * origin * origin - 0.5 * std::f64::consts::TAU.ln();
        Truncated { log_mass, first: sums[1] / sums[0], second: sums[2] / sums[0] }
    }

    #[test]
    fn intervals_agree_with_quadrature() {
        let intervals = [
            (-1.0, 1.0),
            (0.0, 0.5),
            (-0.25, 0.75),
            (3.0, 3.5),
            (9.9, 10.1),
            (20.0, 20.1),
            (-41.0, -40.0),
            (-3.0, 8.0),
            (-5.0, 0.1),
            (-8.0, 3.0),
            (1.0, 1.001),
            (150.0, 150.01),
        ];
        for (a, b) in intervals {
            let (found, expected) = (Truncated::new(a, b), quadrature(a, b));
            assert!(
                (found.log_mass - expected.log_mass).abs() < 1e-9 * expected.log_mass.abs().max(1.0),
                "{a} {b}"
            );
            assert!((found.first - expected.first).abs() < 1e-8 * expected.first.abs().max(1.0), "{a} {b}");
            assert!((found.second - expected.second).abs() < 1e-8 * expected.second.max(1.0), "{a} {b}");
        }
    }

    #[test]
    fn mills_ratio_agrees_with_the_error_function() {
        let ends = [NEAR, FAR].map(|end| [end - 1e-9, end + 1e-9]);
        for x in (0..2500).map(|step| f64::from(step) * 1e-2).chain(ends.concat()) {
            let expected = (0.5 * x * x).exp() * std::f64::consts::TAU.sqrt() * cumulative(-x);
            let found = mills_ratio(x);
            // The rounding error of x² / 2 grows with it.
            assert!((found / expected - 1.0).abs() < 1e-14 + 3e-16 * x * x, "{x}: {found}, not {expected}");
        }
        assert_eq!(mills_ratio(f64::INFINITY), 0.0);
    }

    #[test]
    fn cumulative_is_that_of_tables() {
        assert!((cumulative(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
        assert_eq!(cumulative(0.0), 0.5);
    }
}
