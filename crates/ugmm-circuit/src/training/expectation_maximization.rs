//! Expectation maximisation on batches (Cappé and Moulines, *Online expectation-maximization*, 2009).

use super::config::TrainingConfig;
use crate::circuit::Circuit;
use crate::compute::{LeafStatistics, RegionStatistics, Statistics};
use crate::leaf::gaussian::{ComponentSums, FEWEST, Limits, Moments, Prior, maximize_columns};
use crate::leaf::{Leaf, LeafDistribution, integer};
use crate::region::{InnerRegion, Region};
use crate::variable::{Variable, VariableKind};
use rayon::prelude::*;

/// The σ of the prior, in units of the scale.
const PRIOR_SIGMA: f64 = 0.5;

/// Priors and limits of leaves.
pub(super) struct Priors {
    pseudo_count: f64,
    sigma_floor: f64,
    sigma_pseudo_count: f64,
    /// Frequencies of the states of each categorical variable; empty for others.
    pub(super) frequencies: Vec<Vec<f64>>,
}

impl Priors {
    pub(super) fn new(config: &TrainingConfig, frequencies: Vec<Vec<f64>>) -> Self {
        Self {
            pseudo_count: config.pseudo_count,
            sigma_floor: config.sigma_floor,
            sigma_pseudo_count: config.sigma_pseudo_count,
            frequencies,
        }
    }

    /// Limits and prior of the components of a leaf of this variable.
    pub(super) fn of(&self, variable: &Variable) -> (Limits, Prior) {
        let prior = |sigma| Prior { weights: self.pseudo_count, variance: self.sigma_pseudo_count, sigma };
        match variable.kind {
            VariableKind::Integer { .. } => {
                // Masses of intervals are below 1 for any σ, so that it may be well below a unit. Beyond
                // twice the range the masses are almost equal.
                let states = variable.states().unwrap_or(1) as f64;
                let limits = Limits {
                    lowest_mean: -0.5,
                    highest_mean: states - 0.5,
                    lowest_sigma: LOWEST_INTEGER_SIGMA,
                    highest_sigma: 2.0 * states,
                };
                (limits, prior((PRIOR_SIGMA * states / 4.0).max(LOWEST_INTEGER_SIGMA)))
            }
            _ => {
                let (low, high) = variable.standard_ends();
                let limits = Limits {
                    lowest_mean: low.max(f64::MIN),
                    highest_mean: high.min(f64::MAX),
                    lowest_sigma: self.sigma_floor,
                    // Beyond twice the range the density is almost constant between both ends.
                    highest_sigma: (2.0 * (high - low)).clamp(self.sigma_floor, f64::MAX),
                };
                (limits, prior(PRIOR_SIGMA))
            }
        }
    }
}

/// The least σ of an integer's component, in its own units: nearly all of its mass is on one integer.
const LOWEST_INTEGER_SIGMA: f64 = 0.15;

/// Running averages of statistics over batches, and the parameters that follow from them.
pub(super) struct ExpectationMaximization {
    running: Option<Statistics<f64>>,
}

impl ExpectationMaximization {
    pub(super) fn new() -> Self {
        Self { running: None }
    }

    /// Averages a batch's statistics, scaled by `scale` to those of all rows, with weight `step_size`, and
    /// sets the circuit's parameters to those that maximise the posterior for the average.
    pub(super) fn step(
        &mut self,
        circuit: &mut Circuit,
        batch: &Statistics<f64>,
        scale: f64,
        step_size: f64,
        priors: &Priors,
    ) {
        // The first batch replaces the empty average.
        let (running, step_size) = match &mut self.running {
            Some(running) => (running, step_size),
            empty => {
                let mut zeros = batch.clone();
                zeros.clear();
                (empty.insert(zeros), 1.0)
            }
        };
        let variables = circuit.variables().to_vec();
        let regions = circuit.regions_mut();
        let all = regions.par_iter_mut().zip(&mut running.regions).zip(&batch.regions);
        all.for_each(|((region, running), batch)| {
            for (running, batch) in running.parts_mut().into_iter().zip(batch.parts()) {
                for (running, batch) in running.iter_mut().zip(batch) {
                    *running += step_size * (batch * scale - *running);
                }
            }
            match (region, running) {
                (Region::Inner(inner), RegionStatistics::Inner(counts)) => {
                    maximize_weights(inner, counts, priors.pseudo_count);
                }
                (Region::Leaf(leaf), RegionStatistics::Leaf(statistics)) if leaf.trained => {
                    maximize_leaf(leaf, &variables[leaf.variable], statistics, priors);
                }
                _ => {}
            }
        });
    }
}

fn maximize_weights(inner: &mut InnerRegion, counts: &[f64], pseudo_count: f64) {
    let width = inner.width();
    let each = pseudo_count / width as f64;
    for (weights, counts) in inner.weights.chunks_exact_mut(width).zip(counts.chunks_exact(width)) {
        let total = sum(counts) + pseudo_count;
        if total > FEWEST {
            for (weight, count) in weights.iter_mut().zip(counts) {
                *weight = (count + each) / total;
            }
        }
    }
}

/// The sum of numbers, in several independent chains.
fn sum(numbers: &[f64]) -> f64 {
    const CHAINS: usize = 8;
    let (whole, rest) = numbers.as_chunks::<CHAINS>();
    let mut sums = [0.0; CHAINS];
    for chunk in whole {
        for (sum, number) in sums.iter_mut().zip(chunk) {
            *sum += number;
        }
    }
    sums.iter().chain(rest).sum()
}

fn maximize_leaf(
    leaf: &mut Leaf,
    variable: &Variable,
    statistics: &mut LeafStatistics<f64>,
    priors: &Priors,
) {
    let units = leaf.units;
    match (&mut leaf.distribution, statistics) {
        (LeafDistribution::Table(table), LeafStatistics::Counts(counts)) => {
            let frequencies = &priors.frequencies[leaf.variable];
            maximize_columns(table, units, counts, |state| priors.pseudo_count * frequencies[state]);
        }
        (LeafDistribution::Gaussians(mixtures), LeafStatistics::Counts(counts)) => {
            let (limits, prior) = priors.of(variable);
            let sums = integer::component_sums(mixtures, units, counts);
            mixtures.maximize(units, &sums, limits, prior);
        }
        (LeafDistribution::Gaussians(mixtures), LeafStatistics::Moments(moments)) => {
            let (limits, prior) = priors.of(variable);
            let old = (mixtures.means.clone(), mixtures.sigmas.clone());
            let sums = ComponentSums::of_moments(mixtures, moments, variable.standard_ends());
            mixtures.maximize(units, &sums, limits, prior);
            refer(moments, (&old.0, &old.1), (&mixtures.means, &mixtures.sigmas));
        }
        (LeafDistribution::Table(_), LeafStatistics::Moments(_)) => {}
    }
}

/// Converts moments about old means in old standard deviations to moments about new ones.
fn refer(moments: &mut Moments<f64>, (means, sigmas): (&[f64], &[f64]), new: (&[f64], &[f64])) {
    for at in 0..means.len() {
        let shift = means[at] - new.0[at];
        let (count, first, second) = (moments.counts[at], moments.first[at], moments.second[at]);
        let sigma = sigmas[at];
        let squares = sigma * sigma * second + 2.0 * shift * sigma * first + shift * shift * count;
        moments.first[at] = (sigma * first + shift * count) / new.1[at];
        moments.second[at] = squares.max(0.0) / (new.1[at] * new.1[at]);
    }
}
