//! The distribution of one variable.

use super::sample::{choose, normal_between};
use crate::leaf::gaussian::between;
use crate::leaf::normal::cumulative;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::f64::consts::{E, TAU};
use ugmm_kernels::root_mean_square;

/// Number of bisections: enough to reduce any interval to neighbouring doubles.
const BISECTIONS: usize = 200;

/// Standard deviations beyond which a component has no mass in double precision.
const REACH: f64 = 9.0;

/// One Gaussian of a mixture, in the data's units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaussianComponent {
    /// π.
    pub weight: f64,
    /// μ.
    pub mean: f64,
    /// σ, positive.
    pub sigma: f64,
}

/// The distribution of one variable given others, in closed form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnivariateMixture {
    /// The distribution of a continuous variable: a mixture of Gaussians, truncated at the ends of the
    /// variable if it has any.
    Continuous {
        /// The components; between the ends the density is their weighted sum. Without ends the weights sum
        /// to 1; with ends each weight is divided by the component's mass between them.
        components: Vec<GaussianComponent>,
        /// The least possible value; `None` for no bound.
        low: Option<f64>,
        /// The greatest possible value; `None` for no bound.
        high: Option<f64>,
    },
    /// The distribution of a discrete variable: probabilities of `first`, `first` + 1 and so on, which sum to
    /// 1.
    Discrete {
        /// The least possible value.
        first: i64,
        /// Probability of each value.
        probabilities: Vec<f64>,
    },
}

impl UnivariateMixture {
    /// The least and the greatest value of a continuous variable; infinite if there is no bound.
    fn ends(&self) -> (f64, f64) {
        match self {
            Self::Continuous { low, high, .. } => {
                (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
            }
            Self::Discrete { .. } => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Whether a continuous variable can have this value.
    fn reaches(&self, value: f64) -> bool {
        let (low, high) = self.ends();
        (low..=high).contains(&value)
    }

    /// Probability, mean and standard deviation of each component between the ends.
    fn parts(&self) -> impl Iterator<Item = (f64, f64, f64)> + Clone {
        let components: &[GaussianComponent] = match self {
            Self::Continuous { components, .. } => components,
            Self::Discrete { .. } => &[],
        };
        let ends = self.ends();
        components.iter().map(move |c| match between(ends, c.mean, c.sigma) {
            None => (c.weight, c.mean, c.sigma),
            Some(inside) => {
                let deviation = (inside.second - inside.first.powi(2)).max(0.0).sqrt() * c.sigma;
                (c.weight * inside.log_mass.exp(), c.mean + c.sigma * inside.first, deviation)
            }
        })
    }

    /// The density at a value, per unit of the data, or the probability of a discrete value.
    #[must_use]
    pub fn density(&self, value: f64) -> f64 {
        match self {
            Self::Continuous { .. } if !self.reaches(value) => 0.0,
            Self::Continuous { components, .. } => {
                components.iter().map(|component| component.density(value)).sum()
            }
            Self::Discrete { first, probabilities } => {
                let index = value - *first as f64;
                if index.fract() == 0.0 && (0.0..probabilities.len() as f64).contains(&index) {
                    probabilities[index as usize]
                } else {
                    0.0
                }
            }
        }
    }

    /// The logarithm of [`Self::density`], finite even where the density underflows.
    #[must_use]
    pub fn log_density(&self, value: f64) -> f64 {
        match self {
            Self::Continuous { .. } if !self.reaches(value) => f64::NEG_INFINITY,
            Self::Continuous { components, .. } => {
                let logs: Vec<f64> =
                    components.iter().map(|component| component.log_density(value)).collect();
                crate::compute::log_sum_exp(&logs)
            }
            Self::Discrete { .. } => self.density(value).ln(),
        }
    }

    /// P(X ≤ `value`), in [0, 1].
    #[must_use]
    pub fn cumulative(&self, value: f64) -> f64 {
        match self {
            Self::Continuous { components, .. } => {
                let (low, high) = self.ends();
                let part = |c: &GaussianComponent| {
                    let below = |value: f64| cumulative((value - c.mean) / c.sigma);
                    c.weight * (below(value.clamp(low, high)) - below(low))
                };
                components.iter().map(part).sum::<f64>().min(1.0)
            }
            Self::Discrete { first, probabilities } => {
                let count = (value - *first as f64).floor() + 1.0;
                probabilities.iter().take(count.max(0.0) as usize).sum::<f64>().min(1.0)
            }
        }
    }

    /// The mean. For a categorical variable it is meaningful only if its states are ordered.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Continuous { .. } => {
                let (low, high) = self.ends();
                self.parts().map(|(weight, mean, _)| weight * mean).sum::<f64>().clamp(low, high)
            }
            Self::Discrete { .. } => self.values().map(|(value, probability)| value * probability).sum(),
        }
    }

    /// The standard deviation: the root of the expected squared distance from the mean.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        match self {
            Self::Continuous { .. } => root_mean_square(
                self.parts().flat_map(|(weight, own, deviation)| [(weight, deviation), (weight, own - mean)]),
            ),
            Self::Discrete { .. } => {
                root_mean_square(self.values().map(|(value, probability)| (probability, value - mean)))
            }
        }
    }

    /// The mode. For a mixture of Gaussians it is found by climbing from every mean (Carreira-Perpiñán 2000),
    /// to about eight digits; for a discrete variable it is the most probable value, the least of equal ones.
    #[must_use]
    pub fn mode(&self) -> f64 {
        match self {
            Self::Continuous { components, .. } => {
                let mut best = (f64::NEG_INFINITY, f64::NAN);
                for value in self.modes(components.len()) {
                    let density = self.log_density(value);
                    if density > best.0 {
                        best = (density, value);
                    }
                }
                best.1
            }
            Self::Discrete { .. } => {
                let mut best = (f64::NEG_INFINITY, f64::NAN);
                for (value, probability) in self.values() {
                    if probability > best.0 {
                        best = (probability, value);
                    }
                }
                best.1
            }
        }
    }

    /// At most `most` modes of a mixture of Gaussians, found from the means of the largest densities.
    pub(super) fn modes(&self, most: usize) -> Vec<f64> {
        let Self::Continuous { components, .. } = self else { return Vec::new() };
        let (low, high) = self.ends();
        let starts = components.iter().filter(|c| c.weight > 0.0);
        let mut starts: Vec<(f64, f64)> = starts.map(|c| (c.mean, self.log_density(c.mean))).collect();
        starts.sort_by(|a, b| b.1.total_cmp(&a.1));
        starts.truncate(most);
        // Means are between the ends, and so are the modes between them.
        starts.into_iter().map(|(start, _)| climb(components, start).clamp(low, high)).collect()
    }

    /// The least value x with P(X ≤ x) ≥ `share`, for `share` from 0 to 1. At 0 and 1 it is an end of the
    /// range in which a continuous variable has probability in double precision.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        match self {
            Self::Continuous { components, .. } => {
                let reach = |sign: f64| components.iter().map(move |c| c.mean + sign * REACH * c.sigma);
                let (least, greatest) = self.ends();
                let mut low = reach(-1.0).fold(f64::INFINITY, f64::min).max(least);
                let mut high = reach(1.0).fold(f64::NEG_INFINITY, f64::max).min(greatest);
                for _ in 0..BISECTIONS {
                    let middle = low + (high - low) / 2.0;
                    if middle <= low || middle >= high {
                        break;
                    }
                    if self.cumulative(middle) < share { low = middle } else { high = middle }
                }
                high
            }
            Self::Discrete { .. } => {
                let mut sum = 0.0;
                let mut last = f64::NAN;
                for (value, probability) in self.values() {
                    sum += probability;
                    last = value;
                    // `share` may be a sum of probabilities, which rounding changes.
                    if sum >= share - 1e-12 && probability > 0.0 {
                        break;
                    }
                }
                last
            }
        }
    }

    /// Draws a value. For a discrete variable the probabilities need not sum to 1; only their ratios matter.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        match self {
            Self::Continuous { components, .. } => {
                let parts: Vec<f64> = self.parts().map(|(weight, ..)| weight).collect();
                let (low, high) = self.ends();
                let component = components.get(choose(&running_sums(&parts), rng));
                component.map_or(f64::NAN, |c| normal_between((low, high), c.mean, c.sigma, rng))
            }
            Self::Discrete { first, probabilities } => {
                (*first + choose(&running_sums(probabilities), rng) as i64) as f64
            }
        }
    }

    /// The entropy in nats: exact for a discrete variable, the differential entropy by quadrature, to about
    /// nine digits, for a continuous one.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        match self {
            Self::Continuous { components, .. } => self.differential_entropy(components),
            Self::Discrete { probabilities, .. } => {
                probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
            }
        }
    }

    /// -Σ_c π_c E_c log p, by Simpson's rule over each component, whose width determines the steps.
    fn differential_entropy(&self, components: &[GaussianComponent]) -> f64 {
        const STEPS: i32 = 100;
        let alone = |c: &GaussianComponent| 0.5 * (TAU * E).ln() + c.sigma.ln();
        let (low, high) = self.ends();
        if let ([component], false) = (components, low.is_finite() || high.is_finite()) {
            return alone(component);
        }
        // If a narrow component lies inside a wide one, the wide one's grid must be as fine there: the ends
        // of all components split the line into pieces.
        let mut ends: Vec<f64> = Vec::new();
        for c in components.iter().filter(|c| c.weight > 0.0) {
            for z in [-REACH, -6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0, REACH] {
                ends.push((c.mean + z * c.sigma).clamp(low, high));
            }
        }
        ends.sort_by(f64::total_cmp);
        ends.dedup();
        let steps = STEPS.min(20_000_000 / (ends.len() * components.len()).max(1) as i32).max(4) / 2 * 2;
        let term = |value: f64| {
            let log_density = self.log_density(value);
            if log_density.is_finite() { -log_density.exp() * log_density } else { 0.0 }
        };
        let mut entropy = 0.0;
        for pair in ends.windows(2) {
            let width = (pair[1] - pair[0]) / f64::from(steps);
            for step in 0..=steps {
                let factor = if step == 0 || step == steps { 1.0 } else { 2.0 + 2.0 * f64::from(step % 2) };
                entropy += factor * width / 3.0 * term(pair[0] + width * f64::from(step));
            }
        }
        entropy
    }

    /// Discrete values and their probabilities; empty for a continuous variable.
    fn values(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        let (first, probabilities): (i64, &[f64]) = match self {
            Self::Continuous { .. } => (0, &[]),
            Self::Discrete { first, probabilities } => (*first, probabilities),
        };
        probabilities.iter().enumerate().map(move |(index, &p)| ((first + index as i64) as f64, p))
    }
}

impl GaussianComponent {
    fn log_density(&self, value: f64) -> f64 {
        let z = (value - self.mean) / self.sigma;
        self.weight.ln() - self.sigma.ln() - 0.5 * TAU.ln() - 0.5 * z * z
    }

    fn density(&self, value: f64) -> f64 {
        self.log_density(value).exp()
    }
}

/// The cumulative sums of `values`.
fn running_sums(values: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    let add = |value: &f64| {
        sum += value;
        sum
    };
    values.iter().map(add).collect()
}

/// The mode above a starting value: the fixed point of the mean of the means, weighted by responsibility over
/// variance, a step that never lowers the density.
fn climb(components: &[GaussianComponent], start: f64) -> f64 {
    let mut value = start;
    for _ in 0..1000 {
        let largest = components.iter().map(|c| c.log_density(value)).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut total) = (0.0, 0.0);
        for c in components {
            let precision = (c.log_density(value) - largest).exp() / c.sigma.powi(2);
            total += precision;
            sum += precision * (c.mean - value);
        }
        let step = sum / total;
        value += step;
        // The tolerance is relative to the width of the narrowest component with influence here.
        if step.abs() <= 1e-10 / total.sqrt() {
            break;
        }
    }
    value
}
