//! The standard normal distribution: masses of intervals, even in the far tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2, TAU};

/// Smallest x for which the continued fraction converges within [`TERMS`] terms.
const FAR: f64 = 10.0;

const TERMS: usize = 20;

/// Φ(x).
pub(crate) fn cumulative(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Mills' ratio (1 - Φ(x)) / φ(x) for x ≥ 0.
fn mills_ratio(x: f64) -> f64 {
    if x < FAR {
        return (0.5 * x * x).exp() * (PI / 2.0).sqrt() * libm::erfc(x / SQRT_2);
    }
    // The continued fraction is Laplace's.
    let mut tail = x;
    for term in (1..=TERMS).rev() {
        tail = x + term as f64 / tail;
    }
    1.0 / tail
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
        if b <= 0.0 {
            let mirrored = Self::new(-b, -a);
            return Self { first: -mirrored.first, ..mirrored };
        }
        // All terms are divided by φ(a), or by φ(0) if the interval contains 0.
        let origin = a.max(0.0);
        let relative = |x: f64| (-0.5 * (x - origin) * (x + origin)).exp();
        let (at_a, at_b) = (relative(a), relative(b));
        let mass = if a >= 0.0 {
            mills_ratio(a) - at_b * mills_ratio(b)
        } else {
            TAU.sqrt() - at_a * mills_ratio(-a) - at_b * mills_ratio(b)
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
    use super::{Truncated, cumulative};

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
    fn cumulative_is_that_of_tables() {
        assert!((cumulative(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
        assert_eq!(cumulative(0.0), 0.5);
    }
}
