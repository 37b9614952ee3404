//! The distribution of one variable.

use super::sample::{choose, normal_between};
use crate::compute::vectorized;
use crate::leaf::gaussian::between;
use crate::leaf::normal::cumulative;
use pulp::NullaryFnOnce;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::f64::consts::{E, TAU};
use ugmm_kernels::{exp, root_mean_square};

/// Number of bisections: enough to reduce any interval to neighbouring doubles.
const BISECTIONS: usize = 200;

/// Number of the highest components for each wanted mode whose means are compared as starting values.
const PEAKS_PER_MODE: usize = 4;

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

    /// At most `most` modes of a mixture of Gaussians, found from the means of the largest densities among those
    /// of the highest components.
    pub(super) fn modes(&self, most: usize) -> Vec<f64> {
        let Self::Continuous { components, .. } = self else { return Vec::new() };
        let (low, high) = self.ends();
        let prepared = Prepared::new(components);
        // The density at a mean is at least that of its own component.
        let means = prepared.highest(most.saturating_mul(PEAKS_PER_MODE)).into_iter();
        let mut starts: Vec<(f64, f64)> =
            means.map(|mean| (mean, prepared.slope(mean).log_density)).collect();
        starts.sort_by(|a, b| b.1.total_cmp(&a.1));
        starts.truncate(most);
        // Means are between the ends, and so are the modes between them.
        starts.into_iter().map(|(start, _)| prepared.climb(start).clamp(low, high)).collect()
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

/// Number of components that are evaluated together.
const LANES: usize = 16;

/// The components of a mixture that have a weight, in the form in which its modes are searched: vectors of
/// components, of which the last is filled up with components of density 0.
struct Prepared {
    peaks: Vec<Peaks>,
}

#[derive(Clone, Copy)]
struct Peaks {
    means: [f64; LANES],
    /// 1 / σ.
    inverse_sigmas: [f64; LANES],
    /// Logarithms of the components' weighted densities at their means.
    log_heights: [f64; LANES],
}

/// The density of a mixture around a value.
#[derive(Clone, Copy)]
struct Slope {
    log_density: f64,
    /// The derivative of the density, divided by the density.
    first: f64,
    /// The second derivative of the density, divided by the density.
    second: f64,
    /// The mean of 1 / σ² by responsibility.
    precision: f64,
}

impl Prepared {
    fn new(components: &[GaussianComponent]) -> Self {
        let weighted: Vec<&GaussianComponent> = components.iter().filter(|c| c.weight > 0.0).collect();
        let vector = |components: &[&GaussianComponent]| {
            let none = [0.0; LANES];
            let impossible = [f64::NEG_INFINITY; LANES];
            let mut peaks = Peaks { means: none, inverse_sigmas: none, log_heights: impossible };
            for (lane, c) in components.iter().enumerate() {
                peaks.means[lane] = c.mean;
                peaks.inverse_sigmas[lane] = 1.0 / c.sigma;
                peaks.log_heights[lane] = c.log_density(c.mean);
            }
            peaks
        };
        Self { peaks: weighted.chunks(LANES).map(vector).collect() }
    }

    /// The means of the highest components, at most `most` of them.
    fn highest(&self, most: usize) -> Vec<f64> {
        let of_vector = |peaks: &Peaks| peaks.log_heights.into_iter().zip(peaks.means).collect::<Vec<_>>();
        let mut all: Vec<(f64, f64)> = self.peaks.iter().flat_map(of_vector).collect();
        all.retain(|(height, _)| *height > f64::NEG_INFINITY);
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.truncate(most);
        all.into_iter().map(|(_, mean)| mean).collect()
    }

    fn slope(&self, value: f64) -> Slope {
        vectorized(SlopeAt { peaks: &self.peaks, value })
    }

    /// The mode above a starting value, by Newton's method. Where the density is convex, or Newton's step
    /// would lower it, the step goes to the mean of the means, weighted by responsibility over variance, which
    /// never lowers the density.
    fn climb(&self, start: f64) -> f64 {
        let (mut value, mut slope) = (start, self.slope(start));
        for _ in 0..1000 {
            let safe = slope.first / slope.precision;
            let newton = -slope.first / slope.second;
            let (mut step, mut next) = (safe, None);
            if slope.second < 0.0 && newton.is_finite() {
                let at_newton = self.slope(value + newton);
                if at_newton.log_density >= slope.log_density {
                    (step, next) = (newton, Some(at_newton));
                }
            }
            value += step;
            // The tolerance is relative to the width of the narrowest component with influence here.
            if step.abs() <= 1e-10 / slope.precision.sqrt() {
                break;
            }
            slope = next.unwrap_or_else(|| self.slope(value));
        }
        value
    }
}

struct SlopeAt<'a> {
    peaks: &'a [Peaks],
    value: f64,
}

impl NullaryFnOnce for SlopeAt<'_> {
    type Output = Slope;

    #[inline(always)]
    fn call(self) -> Slope {
        let mut largest = [f64::NEG_INFINITY; LANES];
        for peaks in self.peaks {
            for (lane, largest) in largest.iter_mut().enumerate() {
                let log = peaks.log_density(self.value, lane);
                *largest = if log > *largest { log } else { *largest };
            }
        }
        let largest = largest.into_iter().fold(f64::NEG_INFINITY, f64::max);
        // The densities relative to the largest, their derivatives, and their sums weighted by 1 / σ².
        let mut sums = [[0.0; LANES]; 4];
        for peaks in self.peaks {
            for (lane, &inverse_sigma) in peaks.inverse_sigmas.iter().enumerate() {
                let density = exp(peaks.log_density(self.value, lane) - largest);
                let pull = (peaks.means[lane] - self.value) * inverse_sigma * inverse_sigma;
                let precision = inverse_sigma * inverse_sigma;
                sums[0][lane] += density;
                sums[1][lane] += density * pull;
                sums[2][lane] += density * (pull * pull - precision);
                sums[3][lane] += density * precision;
            }
        }
        let [total, first, second, precision] = sums.map(|sums| sums.iter().sum::<f64>());
        Slope {
            log_density: largest + total.ln(),
            first: first / total,
            second: second / total,
            precision: precision / total,
        }
    }
}

impl Peaks {
    #[inline(always)]
    fn log_density(&self, value: f64, lane: usize) -> f64 {
        let z = (self.means[lane] - value) * self.inverse_sigmas[lane];
        self.log_heights[lane] - 0.5 * z * z
    }
}
