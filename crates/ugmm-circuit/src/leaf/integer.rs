//! Leaves of integers: the mass of a Gaussian on each unit interval, divided by the mass of all intervals.

use super::gaussian::{ComponentSums, GaussianMixtures};
use super::normal::Truncated;

/// A component over states 0 to `states` - 1, each an interval of half a unit below and above.
struct Discretised {
    mean: f64,
    sigma: f64,
    whole: Truncated,
}

impl Discretised {
    fn new(mean: f64, sigma: f64, states: usize) -> Self {
        let whole = Truncated::new((-0.5 - mean) / sigma, (states as f64 - 0.5 - mean) / sigma);
        Self { mean, sigma, whole }
    }

    /// The latent z = (y - μ) / σ, given that y falls into the interval of one state.
    fn cell(&self, state: usize) -> Truncated {
        let low = state as f64 - 0.5;
        Truncated::new((low - self.mean) / self.sigma, (low + 1.0 - self.mean) / self.sigma)
    }

    fn log_probability(&self, cell: Truncated) -> f64 {
        cell.log_mass - self.whole.log_mass
    }
}

/// log-probabilities, `[states, units]`.
pub(super) fn log_table(mixtures: &GaussianMixtures, units: usize, states: usize) -> Vec<f64> {
    let mut table = vec![f64::NEG_INFINITY; states * units];
    for unit in 0..units {
        for component in 0..mixtures.components {
            let (weight, mean, sigma) = mixtures.component(component, unit, units);
            if weight == 0.0 {
                continue;
            }
            let discretised = Discretised::new(mean, sigma, states);
            for state in 0..states {
                let term = weight.ln() + discretised.log_probability(discretised.cell(state));
                let entry = &mut table[state * units + unit];
                let maximum = entry.max(term);
                *entry = maximum + ((*entry - maximum).exp() + (term - maximum).exp()).ln();
            }
        }
    }
    table
}

/// The sums of the components from expected counts `[states, units]`: the moments of the latent numbers,
/// including those outside of the range (Dempster, Laird and Rubin 1977, grouped and truncated data), so that
/// expectation maximisation has a closed form.
pub(crate) fn component_sums(mixtures: &GaussianMixtures, units: usize, counts: &[f64]) -> ComponentSums {
    let states = counts.len() / units;
    let table = log_table(mixtures, units, states);
    let mut sums = ComponentSums::zeros(mixtures.means.len());
    for unit in 0..units {
        for component in 0..mixtures.components {
            let (weight, mean, sigma) = mixtures.component(component, unit, units);
            if weight == 0.0 {
                continue;
            }
            let at = component * units + unit;
            let discretised = Discretised::new(mean, sigma, states);
            let (mut share, mut first, mut second) = (0.0, 0.0, 0.0);
            for state in 0..states {
                let count = counts[state * units + unit];
                if count <= 0.0 {
                    continue;
                }
                let cell = discretised.cell(state);
                let log_share = weight.ln() + discretised.log_probability(cell) - table[state * units + unit];
                let from_here = count * log_share.min(0.0).exp();
                share += from_here;
                first += from_here * cell.first;
                second += from_here * cell.second;
            }
            (sums.shares[at], sums.first[at], sums.second[at]) = (share, first, second);
            sums.add_outside(at, discretised.whole);
        }
    }
    sums
}
