//! Adam (Kingma and Ba 2015) over unconstrained parameters: logits of weights and states, means, log σ.

use super::expectation_maximization::Priors;
use crate::circuit::Circuit;
use crate::compute::{LeafStatistics, RegionStatistics, Statistics};
use crate::leaf::gaussian::{ComponentSums, Limits};
use crate::leaf::{GaussianMixtures, Leaf, LeafDistribution, integer};
use crate::region::Region;
use crate::variable::Variable;
use rayon::prelude::*;

const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Lower bound of probabilities, which keeps their logits finite.
const SMALLEST_PROBABILITY: f64 = 1e-12;

/// Averages of gradients and of their squares, for each region and kind of parameter.
pub(super) struct Adam {
    averages: Vec<[Averages; 3]>,
    steps: i32,
}

#[derive(Clone, Default)]
struct Averages {
    first: Vec<f64>,
    second: Vec<f64>,
}

/// The constants of one step.
#[derive(Clone, Copy)]
struct Step {
    rate: f64,
    first_correction: f64,
    second_correction: f64,
}

impl Averages {
    /// The change of each parameter, for the gradient of the maximised function.
    fn rise(&mut self, gradient: &[f64], step: Step) -> Vec<f64> {
        self.first.resize(gradient.len(), 0.0);
        self.second.resize(gradient.len(), 0.0);
        let averages = self.first.iter_mut().zip(&mut self.second);
        let rise = |((first, second), g): ((&mut f64, &mut f64), &f64)| {
            *first += (1.0 - FIRST_DECAY) * (g - *first);
            *second += (1.0 - SECOND_DECAY) * (g * g - *second);
            step.rate * (*first / step.first_correction)
                / ((*second / step.second_correction).sqrt() + EPSILON)
        };
        averages.zip(gradient).map(rise).collect()
    }
}

impl Adam {
    pub(super) fn new(circuit: &Circuit) -> Self {
        Self { averages: vec![Default::default(); circuit.regions().len()], steps: 0 }
    }

    /// Takes one step for the mean log-likelihood of a batch of `rows` rows plus its part of the prior.
    pub(super) fn step(
        &mut self,
        circuit: &mut Circuit,
        batch: &Statistics<f64>,
        rows: f64,
        learning_rate: f64,
        priors: &Priors,
    ) {
        self.steps += 1;
        let step = Step {
            rate: learning_rate,
            first_correction: 1.0 - FIRST_DECAY.powi(self.steps),
            second_correction: 1.0 - SECOND_DECAY.powi(self.steps),
        };
        let variables = circuit.variables().to_vec();
        let all = circuit.regions_mut().par_iter_mut().zip(&mut self.averages).zip(&batch.regions);
        all.for_each(|((region, averages), batch)| match (region, batch) {
            (Region::Inner(inner), RegionStatistics::Inner(counts)) => {
                let width = inner.width();
                let groups: Vec<usize> = (0..counts.len()).map(|at| at / width).collect();
                raise_logits(&mut inner.weights, &groups, counts, rows, &mut averages[0], step);
            }
            (Region::Leaf(leaf), RegionStatistics::Leaf(statistics)) if leaf.trained => {
                raise_leaf(leaf, &variables[leaf.variable], statistics, priors, rows, averages, step);
            }
            _ => {}
        });
    }
}

fn raise_leaf(
    leaf: &mut Leaf,
    variable: &Variable,
    statistics: &LeafStatistics<f64>,
    priors: &Priors,
    rows: f64,
    averages: &mut [Averages; 3],
    step: Step,
) {
    let units = leaf.units;
    let limits = priors.of(variable).0;
    match (&mut leaf.distribution, statistics) {
        (LeafDistribution::Table(table), LeafStatistics::Counts(counts)) => {
            let groups: Vec<usize> = (0..table.len()).map(|at| at % units).collect();
            raise_logits(table, &groups, counts, rows, &mut averages[0], step);
        }
        (LeafDistribution::Gaussians(mixtures), LeafStatistics::Counts(counts)) => {
            let sums = integer::component_sums(mixtures, units, counts);
            raise_components(mixtures, units, &sums, limits, rows, averages, step);
        }
        (LeafDistribution::Gaussians(mixtures), LeafStatistics::Moments(moments)) => {
            let sums = ComponentSums::of_moments(mixtures, moments, variable.standard_ends());
            raise_components(mixtures, units, &sums, limits, rows, averages, step);
        }
        (LeafDistribution::Table(_), LeafStatistics::Moments(_)) => {}
    }
}

/// Changes components. By Fisher's identity the gradient is that of the expected complete log-likelihood: Σ r
/// z / σ for a mean, Σ r (z² - 1) for a log σ.
fn raise_components(
    mixtures: &mut GaussianMixtures,
    units: usize,
    sums: &ComponentSums,
    limits: Limits,
    rows: f64,
    averages: &mut [Averages; 3],
    step: Step,
) {
    let trained = (mixtures.components - mixtures.held) * units;
    let groups: Vec<usize> = (0..trained).map(|at| at % units).collect();
    mixtures.change_weights(units, |weights| {
        raise_logits(weights, &groups, &sums.shares[..trained], rows, &mut averages[0], step);
    });
    // A mean changes by fractions of its σ, which makes the step independent of units: the gradient is with
    // respect to μ / σ.
    let of_means: Vec<f64> = sums.first[..trained].iter().map(|first| first / rows).collect();
    let rises = averages[1].rise(&of_means, step);
    for ((mean, sigma), rise) in mixtures.means.iter_mut().zip(&mixtures.sigmas).zip(rises) {
        *mean = (*mean + sigma * rise).clamp(limits.lowest_mean, limits.highest_mean);
    }
    let of_sigmas: Vec<f64> = sums.second[..trained]
        .iter()
        .zip(&sums.counts)
        .map(|(second, count)| (second - count) / rows)
        .collect();
    let rises = averages[2].rise(&of_sigmas, step);
    for (sigma, rise) in mixtures.sigmas.iter_mut().zip(rises) {
        *sigma = (*sigma * rise.exp()).clamp(limits.lowest_sigma, limits.highest_sigma);
    }
}

/// Changes probabilities through their logits; those of a group sum to 1. The gradient is count - probability
/// × total count of the group.
fn raise_logits(
    probabilities: &mut [f64],
    groups: &[usize],
    counts: &[f64],
    rows: f64,
    averages: &mut Averages,
    step: Step,
) {
    let number = groups.iter().max().map_or(0, |last| last + 1);
    let mut totals = vec![0.0; number];
    for (&group, count) in groups.iter().zip(counts) {
        totals[group] += count;
    }
    let gradient: Vec<f64> = groups
        .iter()
        .zip(counts)
        .zip(probabilities.iter())
        .map(|((&group, count), probability)| (count - probability * totals[group]) / rows)
        .collect();
    let rises = averages.rise(&gradient, step);
    let mut sums = vec![0.0; number];
    for ((probability, rise), &group) in probabilities.iter_mut().zip(rises).zip(groups) {
        *probability = probability.max(SMALLEST_PROBABILITY) * rise.exp();
        sums[group] += *probability;
    }
    for (probability, &group) in probabilities.iter_mut().zip(groups) {
        *probability /= sums[group];
    }
}
