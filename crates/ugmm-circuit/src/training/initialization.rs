//! Initialisation of circuits from clusters of rows, one for each unit.
//!
//! Random rows are anchors, and every row belongs to the nearest anchor. Unit k of a leaf has the
//! distribution of its variable in cluster k, and unit k of an inner region prefers unit k of its children. A
//! circuit therefore starts near the mixture of the clusters, with noise that lets training leave it.

use super::config::TrainingConfig;
use super::expectation_maximization::Priors;
use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::leaf::{GaussianMixtures, Leaf, LeafDistribution};
use crate::region::{InnerRegion, Region};
use crate::structure::{RegionShape, Structure};
use crate::variable::{Variable, VariableKind};
use rand::RngExt;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Largest number of rows used.
const MAXIMUM_ROWS: usize = 10_000;

/// Pseudo-count with which a cluster's distribution of a variable is shrunk to that of all rows.
const SMOOTHING: f64 = 2.0;

/// Weight of a region's unit for the unit of its children with the same index, in addition to noise.
const PREFERENCE: f64 = 0.5;

/// The standard deviation of the background of a continuous variable, in units of its scale.
const BACKGROUND_SIGMA: f64 = 4.0;

/// Encoded rows, `[rows, variables]`.
pub(super) struct Encoded<'a> {
    pub(super) values: &'a [f64],
    pub(super) variables: &'a [Variable],
    /// The weight of each row, 1 on average; `None` for equal weights.
    pub(super) weights: Option<&'a [f64]>,
}

impl Encoded<'_> {
    fn count(&self) -> usize {
        self.values.len() / self.variables.len()
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.variables.len()..(row + 1) * self.variables.len()]
    }
}

/// Frequencies of the states of each categorical variable, none of them 0; empty for other variables.
pub(super) fn frequencies(rows: &Encoded<'_>) -> Vec<Vec<f64>> {
    let of_variable = |(index, variable): (usize, &Variable)| {
        let VariableKind::Categorical { states } = variable.kind else { return Vec::new() };
        // Each state gets half a row (Krichevsky and Trofimov 1981).
        let mut counts = vec![0.5; states];
        for (row, value) in rows.values.iter().skip(index).step_by(rows.variables.len()).enumerate() {
            if !value.is_nan() {
                counts[*value as usize] += rows.weight(row);
            }
        }
        let total: f64 = counts.iter().sum();
        counts.iter().map(|count| count / total).collect()
    };
    rows.variables.par_iter().enumerate().map(of_variable).collect()
}

/// The initial circuit of training.
pub(super) fn initialize(
    rows: &Encoded<'_>,
    structure: &Structure,
    config: &TrainingConfig,
    priors: &Priors,
    rng: &mut ChaCha8Rng,
) -> Result<Circuit, CircuitError> {
    let units = structure.regions().iter().filter(|shape| !matches!(shape, RegionShape::Indicator { .. }));
    let clusters = Clusters::new(rows, units.map(RegionShape::units).max().unwrap_or(1), rng);
    let mut regions: Vec<Region> = Vec::with_capacity(structure.regions().len());
    for shape in structure.regions() {
        let region = match shape {
            RegionShape::Leaf { variable, units } => Region::Leaf(Leaf {
                variable: *variable,
                units: *units,
                distribution: clusters.leaf(*variable, *units, config, priors, rng),
                trained: true,
            }),
            RegionShape::Indicator { variable, states } => Region::Leaf(Leaf::indicator(*variable, *states)),
            RegionShape::Inner { units, partitions } => {
                let widths =
                    partitions.iter().map(|children| regions[children[0]].units()).collect::<Vec<_>>();
                let weights = weights(*units, &widths, rng);
                Region::Inner(InnerRegion { units: *units, partitions: partitions.clone(), weights })
            }
        };
        regions.push(region);
    }
    Circuit::new(rows.variables.to_vec(), regions)
}

/// Random weights, with a preference for the unit of the same index if there is one.
fn weights(units: usize, widths: &[usize], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut weights = Vec::with_capacity(units * widths.iter().sum::<usize>());
    for unit in 0..units {
        let start = weights.len();
        for &width in widths {
            for product in 0..width {
                let noise = 0.5 + rng.random::<f64>();
                let preferred = units > 1 && units == width && unit == product;
                let preference = if preferred { PREFERENCE / (1.0 - PREFERENCE) * width as f64 } else { 0.0 };
                weights.push(noise + preference);
            }
        }
        let sum: f64 = weights[start..].iter().sum();
        weights[start..].iter_mut().for_each(|weight| *weight /= sum);
    }
    weights
}

/// Mean and standard deviation of a background component, as wide as the possible values of a variable, in
/// the leaf's units.
fn background(variable: &Variable) -> (f64, f64) {
    match variable.states() {
        Some(states) => (states as f64 / 2.0 - 0.5, states as f64),
        None => (0.0, BACKGROUND_SIGMA),
    }
}

struct Clusters<'a> {
    rows: &'a Encoded<'a>,
    sample: Vec<usize>,
    /// The cluster of each row of the sample.
    cluster: Vec<usize>,
    count: usize,
}

impl<'a> Clusters<'a> {
    fn new(rows: &'a Encoded<'a>, count: usize, rng: &mut ChaCha8Rng) -> Self {
        let total = rows.count();
        let sample: Vec<usize> = index::sample(rng, total, total.min(MAXIMUM_ROWS)).into_vec();
        // There are at most as many anchors as rows; further units share them.
        let anchors: Vec<usize> = drawn(rows, &sample, rng).into_iter().cycle().take(count).collect();
        let distinct = count.min(sample.len());
        let spreads: Vec<f64> =
            rows.variables.iter().enumerate().map(|(index, _)| spread(rows, &sample, index)).collect();
        let nearest = |&row: &usize| {
            let mut best = (f64::INFINITY, 0);
            for (cluster, &anchor) in anchors[..distinct].iter().enumerate() {
                let distance = distance(rows, &spreads, row, anchor);
                if distance < best.0 {
                    best = (distance, cluster);
                }
            }
            best.1
        };
        let cluster = sample.par_iter().map(nearest).collect();
        Self { rows, sample, cluster, count: distinct }
    }

    /// The distributions of a variable in the first clusters, one per unit.
    fn leaf(
        &self,
        variable: usize,
        units: usize,
        config: &TrainingConfig,
        priors: &Priors,
        rng: &mut ChaCha8Rng,
    ) -> LeafDistribution {
        let about = &self.rows.variables[variable];
        if let VariableKind::Categorical { states } = about.kind {
            return LeafDistribution::Table(self.table(variable, units, states, priors));
        }
        let (limits, _) = priors.of(about);
        let of_all = self.moments(variable, None, (0.0, 1.0));
        let held = usize::from(config.background > 0.0);
        let components = config.components + held;
        let (middle, width) = background(about);
        let mut mixtures = GaussianMixtures {
            components,
            weights: vec![(1.0 - config.background) / config.components as f64; units * components],
            means: vec![middle; units * components],
            sigmas: vec![width; units * components],
            held,
        };
        if held > 0 {
            mixtures.weights[config.components * units..].fill(config.background);
        }
        for unit in 0..units {
            let (mean, deviation) = self.moments(variable, Some(unit % self.count), of_all);
            for component in 0..config.components {
                let at = component * units + unit;
                // Components of one unit are spread around the mean; noise separates units that share a
                // cluster.
                let place = (component as f64 + 0.5) / config.components as f64 * 2.0 - 1.0;
                let noise = 0.2 * (rng.random::<f64>() - 0.5);
                mixtures.means[at] =
                    (mean + (1.5 * place + noise) * deviation).clamp(limits.lowest_mean, limits.highest_mean);
                mixtures.sigmas[at] = deviation.clamp(limits.lowest_sigma, limits.highest_sigma);
            }
        }
        LeafDistribution::Gaussians(mixtures)
    }

    /// Weights and values of the rows of a cluster.
    fn members(&self, variable: usize, cluster: Option<usize>) -> impl Iterator<Item = (f64, f64)> {
        let rows = self.sample.iter().zip(&self.cluster);
        rows.filter(move |&(_, &of)| cluster.is_none_or(|cluster| cluster == of))
            .map(move |(&row, _)| (self.rows.weight(row), self.rows.row(row)[variable]))
            .filter(|(_, value)| !value.is_nan())
    }

    /// Mean and standard deviation in a cluster, shrunk to the given ones.
    fn moments(&self, variable: usize, cluster: Option<usize>, (mean, deviation): (f64, f64)) -> (f64, f64) {
        let held = if cluster.is_some() { SMOOTHING } else { 0.0 };
        let (mut count, mut sum) = (0.0, 0.0);
        for (weight, value) in self.members(variable, cluster) {
            count += weight;
            sum += weight * value;
        }
        if count == 0.0 {
            return (mean, deviation);
        }
        let own = sum / count;
        let members = self.members(variable, cluster);
        let squares: f64 = members.map(|(weight, value)| weight * (value - own).powi(2)).sum();
        (own, ((squares + held * deviation * deviation) / (count + held)).sqrt())
    }

    fn table(&self, variable: usize, units: usize, states: usize, priors: &Priors) -> Vec<f64> {
        let mut table = vec![0.0; states * units];
        for (state, row) in table.chunks_exact_mut(units).enumerate() {
            row.fill(SMOOTHING * priors.frequencies[variable][state]);
        }
        let rows = self.sample.iter().zip(&self.cluster);
        for (&row, &cluster) in rows {
            let value = self.rows.row(row)[variable];
            if !value.is_nan() {
                for unit in (cluster..units).step_by(self.count) {
                    table[value as usize * units + unit] += self.rows.weight(row);
                }
            }
        }
        let mut totals = vec![0.0; units];
        for row in table.chunks_exact(units) {
            totals.iter_mut().zip(row).for_each(|(total, count)| *total += count);
        }
        for row in table.chunks_exact_mut(units) {
            row.iter_mut().zip(&totals).for_each(|(count, total)| *count /= total);
        }
        table
    }
}

/// The rows of a random sample in random order, rows of large weight earlier: each next one is drawn from the rest in
/// proportion to its weight (Efraimidis and Spirakis 2006).
fn drawn(rows: &Encoded<'_>, sample: &[usize], rng: &mut ChaCha8Rng) -> Vec<usize> {
    if rows.weights.is_none() {
        return sample.to_vec();
    }
    let key = |&row: &usize| (-(1.0 - rng.random::<f64>()).ln() / rows.weight(row), row);
    let mut keys: Vec<(f64, usize)> = sample.iter().map(key).collect();
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    keys.into_iter().map(|(_, row)| row).collect()
}

/// The standard deviation of a variable; 0 for states, whose order may be arbitrary.
fn spread(rows: &Encoded<'_>, sample: &[usize], variable: usize) -> f64 {
    // Many states are usually ordered, as in pixels; few states usually are not.
    const ORDERED: usize = 100;
    if let VariableKind::Categorical { states } = rows.variables[variable].kind
        && states < ORDERED
    {
        return 0.0;
    }
    let all = || sample.iter().map(|&row| (rows.weight(row), rows.row(row)[variable]));
    let values = || all().filter(|(_, value)| !value.is_nan());
    let total = values().map(|(weight, _)| weight).sum::<f64>();
    let total = if total > 0.0 { total } else { 1.0 };
    let mean = values().map(|(weight, value)| weight * value).sum::<f64>() / total;
    let squares = values().map(|(weight, value)| weight * (value - mean).powi(2)).sum::<f64>();
    (squares / total).sqrt().max(f64::MIN_POSITIVE)
}

/// Sum of squared distances in standard deviations; 1 for different states, 0 where a value is missing.
fn distance(rows: &Encoded<'_>, spreads: &[f64], row: usize, anchor: usize) -> f64 {
    let mut distance = 0.0;
    for ((a, b), spread) in rows.row(row).iter().zip(rows.row(anchor)).zip(spreads) {
        if a.is_nan() || b.is_nan() {
            continue;
        }
        distance += match *spread == 0.0 {
            true => f64::from(a != b),
            false => ((a - b) / spread).powi(2),
        };
    }
    distance
}
