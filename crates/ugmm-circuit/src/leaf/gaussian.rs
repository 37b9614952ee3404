//! Mixtures of Gaussians, and their maximisation from moments.

use super::normal::Truncated;
use serde::{Deserialize, Serialize};

/// Mixtures of Gaussians, `[components, units]` each: component m of unit k has index `m * units + k`.
///
/// For a continuous variable they are in its standard units, (x - location) / scale. For an integer variable
/// they are in its own units, counted from its lowest value: the probability of state s is the mass of [s -
/// ½, s + ½], divided by the mass of all states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GaussianMixtures {
    /// Number of components of each unit.
    pub components: usize,
    /// π: not negative; they sum to 1 over the components of a unit.
    pub weights: Vec<f64>,
    /// μ.
    pub means: Vec<f64>,
    /// σ, positive.
    pub sigmas: Vec<f64>,
    /// Number of the last components of each unit that training does not change.
    #[serde(default)]
    pub held: usize,
}

impl GaussianMixtures {
    /// Weight, mean and standard deviation of `component` of `unit`; `units` is the leaf's number of units.
    #[must_use]
    pub fn component(&self, component: usize, unit: usize, units: usize) -> (f64, f64, f64) {
        let at = component * units + unit;
        (self.weights[at], self.means[at], self.sigmas[at])
    }
}

/// Moments of each component, `[components, units]`: Σ r, Σ r z and Σ r z² with z = (x - μ) / σ. μ and σ are
/// the parameters with which the rows were evaluated, so that nothing cancels.
#[derive(Clone, Debug)]
pub(crate) struct Moments<T> {
    pub(crate) counts: Vec<T>,
    pub(crate) first: Vec<T>,
    pub(crate) second: Vec<T>,
}

/// Expected sums of each component, `[components, units]`, with z = (x - μ) / σ.
#[derive(Clone, Debug)]
pub(crate) struct ComponentSums {
    /// Expected number of rows from each component.
    pub(crate) shares: Vec<f64>,
    /// Expected number of rows, including those that the component would have outside of the variable's ends.
    pub(crate) counts: Vec<f64>,
    /// Σ z over the rows in `counts`.
    pub(crate) first: Vec<f64>,
    /// Σ z² over the rows in `counts`.
    pub(crate) second: Vec<f64>,
}

impl ComponentSums {
    pub(crate) fn zeros(numbers: usize) -> Self {
        let zeros = vec![0.0; numbers];
        Self { shares: zeros.clone(), counts: zeros.clone(), first: zeros.clone(), second: zeros }
    }

    /// The sums from the moments of rows. Between the ends of a variable each component is divided by its
    /// mass there; the sums therefore include the rows that it would have outside (Dempster, Laird and Rubin
    /// 1977, truncated data).
    pub(crate) fn of_moments(
        mixtures: &GaussianMixtures,
        moments: &Moments<f64>,
        ends: (f64, f64),
    ) -> ComponentSums {
        let mut sums = ComponentSums {
            shares: moments.counts.clone(),
            counts: moments.counts.clone(),
            first: moments.first.clone(),
            second: moments.second.clone(),
        };
        for at in 0..mixtures.means.len() {
            if let Some(inside) = between(ends, mixtures.means[at], mixtures.sigmas[at]) {
                sums.add_outside(at, inside);
            }
        }
        sums
    }

    /// Adds the expected rows of a component outside of the ends, given its moments inside.
    pub(crate) fn add_outside(&mut self, at: usize, inside: Truncated) {
        let share = self.shares[at];
        let inverse_mass = (-inside.log_mass).exp();
        self.counts[at] = share * inverse_mass;
        self.first[at] -= share * inside.first;
        self.second[at] += share * (inverse_mass - inside.second);
    }
}

/// A standard normal variable between the ends of a variable, in a component's units; `None` if there are no
/// ends.
pub(crate) fn between((low, high): (f64, f64), mean: f64, sigma: f64) -> Option<Truncated> {
    let is_bounded = low > f64::NEG_INFINITY || high < f64::INFINITY;
    is_bounded.then(|| Truncated::new((low - mean) / sigma, (high - mean) / sigma))
}

/// Limits of components, in the leaf's units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) lowest_mean: f64,
    pub(crate) highest_mean: f64,
    pub(crate) lowest_sigma: f64,
    pub(crate) highest_sigma: f64,
}

/// Strength and values of the prior of components.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    /// Pseudo-count of the weights of a unit, spread evenly.
    pub(crate) weights: f64,
    /// Pseudo-count of each σ².
    pub(crate) variance: f64,
    /// The σ of the prior.
    pub(crate) sigma: f64,
}

/// Number of expected rows below which a component does not change.
pub(crate) const FEWEST: f64 = 1e-9;

impl GaussianMixtures {
    /// The maximisation step: sets the components to their most likely values within the limits.
    pub(crate) fn maximize(&mut self, units: usize, sums: &ComponentSums, limits: Limits, prior: Prior) {
        let trained = (self.components - self.held) * units;
        for at in 0..trained {
            let count = sums.counts[at];
            if count > FEWEST {
                let (mean, sigma) = (self.means[at], self.sigmas[at]);
                let wanted = mean + sigma * sums.first[at] / count;
                let best = wanted.clamp(limits.lowest_mean, limits.highest_mean);
                let shift = (best - mean) / sigma;
                // The sum of squared deviations from the new mean.
                let squares = sums.second[at] - 2.0 * shift * sums.first[at] + shift * shift * count;
                let held = prior.variance * prior.sigma * prior.sigma;
                let variance = (squares.max(0.0) * sigma * sigma + held) / (count + prior.variance);
                self.means[at] = best;
                self.sigmas[at] = variance.sqrt().clamp(limits.lowest_sigma, limits.highest_sigma);
            }
        }
        let each = prior.weights / (self.components - self.held).max(1) as f64;
        self.change_weights(units, |weights| {
            maximize_columns(weights, units, &sums.shares[..trained], |_| each)
        });
    }

    /// Changes the weights of the components that are not held. `change` gets and returns them normalised
    /// without the held ones.
    pub(crate) fn change_weights(&mut self, units: usize, change: impl FnOnce(&mut [f64])) {
        let (trained, held) = self.weights.split_at_mut((self.components - self.held) * units);
        let mut shares = vec![1.0; units];
        for row in held.chunks_exact(units) {
            shares.iter_mut().zip(row).for_each(|(share, weight)| *share -= weight);
        }
        let scale = |trained: &mut [f64], by: &dyn Fn(f64) -> f64| {
            for row in trained.chunks_exact_mut(units) {
                row.iter_mut().zip(&shares).for_each(|(weight, share)| *weight *= by(*share));
            }
        };
        if trained.is_empty() {
            return;
        }
        // If held components have all the weight, nothing can change.
        scale(trained, &|share| if share > 0.0 { 1.0 / share } else { 0.0 });
        change(trained);
        scale(trained, &|share| share.max(0.0));
    }
}

/// Sets the columns of `[any, units]` to the distributions of highest posterior, from expected counts and a
/// pseudo-count for each row. A unit without either does not change.
pub(crate) fn maximize_columns(
    probabilities: &mut [f64],
    units: usize,
    counts: &[f64],
    pseudo_count: impl Fn(usize) -> f64,
) {
    let mut totals = vec![0.0; units];
    for (row, counts) in counts.chunks_exact(units).enumerate() {
        for (total, count) in totals.iter_mut().zip(counts) {
            *total += count + pseudo_count(row);
        }
    }
    let rows = probabilities.chunks_exact_mut(units).zip(counts.chunks_exact(units));
    for (row, (probabilities, counts)) in rows.enumerate() {
        for ((probability, count), total) in probabilities.iter_mut().zip(counts).zip(&totals) {
            if *total > FEWEST {
                *probability = (count + pseudo_count(row)) / total;
            }
        }
    }
}
