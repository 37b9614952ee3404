//! Smooth densities that are no mixtures of Gaussians.

use std::f64::consts::{PI, TAU};

/// A density on the line.
pub struct Target {
    /// For files.
    pub id: &'static str,
    /// The name of the density.
    pub name: &'static str,
    pub density: fn(f64) -> f64,
    pub cumulative: fn(f64) -> f64,
    /// The range that is drawn.
    pub shown: (f64, f64),
}

/// One for each way to be far from a Gaussian.
pub const TARGETS: [Target; 5] = [
    Target {
        id: "skewed",
        name: "skewed (log-normal)",
        density: |x| if x > 0.0 { (-0.5 * x.ln().powi(2)).exp() / (x * TAU.sqrt()) } else { 0.0 },
        cumulative: |x| if x > 0.0 { normal_cumulative(x.ln()) } else { 0.0 },
        shown: (0.0, 8.0),
    },
    Target {
        id: "heavy-tailed",
        name: "heavy-tailed (Student's t, 3 degrees)",
        density: |x| 2.0 / (PI * 3f64.sqrt() * (1.0 + x * x / 3.0).powi(2)),
        cumulative: |x| {
            let t = x / 3f64.sqrt();
            0.5 + (t / (1.0 + t * t) + t.atan()) / PI
        },
        shown: (-8.0, 8.0),
    },
    Target {
        id: "multimodal",
        name: "multimodal (three logistic peaks)",
        density: |x| PEAKS.iter().map(|(weight, m, s)| weight * logistic_density((x - m) / s) / s).sum(),
        cumulative: |x| PEAKS.iter().map(|(weight, m, s)| weight * logistic((x - m) / s)).sum(),
        shown: (-7.0, 8.0),
    },
    Target {
        id: "interval",
        name: "on an interval (beta, 2 and 5)",
        density: |x| if (0.0..1.0).contains(&x) { 30.0 * x * (1.0 - x).powi(4) } else { 0.0 },
        cumulative: |x| {
            let x = x.clamp(0.0, 1.0);
            1.0 - (1.0 - x).powi(5) * (1.0 + 5.0 * x)
        },
        shown: (-0.1, 1.1),
    },
    Target {
        id: "plateau",
        name: "flat with steep sides",
        density: |x| (logistic((x + 2.0) / EDGE) - logistic((x - 2.0) / EDGE)) / 4.0,
        cumulative: |x| EDGE / 4.0 * (softplus((x + 2.0) / EDGE) - softplus((x - 2.0) / EDGE)),
        shown: (-3.0, 3.0),
    },
];

/// Weight, place and scale.
const PEAKS: [(f64, f64, f64); 3] = [(0.3, -3.5, 0.35), (0.5, 0.0, 0.2), (0.2, 3.0, 0.7)];
/// How wide the sides of the plateau are.
const EDGE: f64 = 0.1;

impl Target {
    /// The x with this share of the probability below it, above 0 and below 1, to the last digits.
    pub fn quantile(&self, share: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        while (self.cumulative)(low) > share {
            low *= 2.0;
        }
        while (self.cumulative)(high) < share {
            high *= 2.0;
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return middle;
            }
            if (self.cumulative)(middle) < share { low = middle } else { high = middle }
        }
    }

    /// The middles of `count` parts of equal probability.
    pub fn quantiles(&self, count: usize) -> Vec<f64> {
        (0..count).map(|part| self.quantile((part as f64 + 0.5) / count as f64)).collect()
    }
}

pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub fn logistic_density(x: f64) -> f64 {
    let share = logistic(-x.abs());
    share * (1.0 - share)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// By the continued fraction of the tail, or the series about 0; to about 1e-15.
fn normal_cumulative(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / TAU.sqrt();
    if x.abs() < 4.0 {
        // Φ(x) = ½ + φ(x) (x + x³ / 3 + x⁵ / 15 + …)
        let (mut term, mut sum) = (x, x);
        for odd in (3..).step_by(2) {
            term *= x * x / f64::from(odd);
            sum += term;
            if term.abs() < 1e-18 * sum.abs() || term == 0.0 {
                break;
            }
        }
        return 0.5 + density * sum;
    }
    let tail = (1..60).rev().fold(x.abs(), |tail, term| x.abs() + f64::from(term) / tail);
    if x > 0.0 { 1.0 - density / tail } else { density / tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_are_the_slopes_of_their_distributions() {
        for target in &TARGETS {
            for part in 1..400 {
                let share = f64::from(part) / 400.0;
                let x = target.quantile(share);
                assert!(((target.cumulative)(x) - share).abs() < 1e-12, "{} {share}", target.id);
                let step = 1e-4 * (1.0 + x.abs());
                let slope = ((target.cumulative)(x + step) - (target.cumulative)(x - step)) / (2.0 * step);
                let density = (target.density)(x);
                assert!(
                    (slope - density).abs() < 1e-4 * (1.0 + density),
                    "{} {x}: {slope} {density}",
                    target.id
                );
            }
            assert!(
                (target.cumulative)(1e9) > 1.0 - 1e-9 && (target.cumulative)(-1e9) < 1e-9,
                "{}",
                target.id
            );
        }
    }
}
