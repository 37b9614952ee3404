//! Exact samples given any evidence: choices from the root to the leaves, each by its posterior probability.

use crate::circuit::Circuit;
use crate::compute::{Compiled, CompiledRegion, Workspace};
use crate::error::CircuitError;
use crate::leaf::LeafDistribution;
use crate::region::Region;
use crate::rows::Rows;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::f64::consts::TAU;

/// Number of rows drawn with one generator. It is fixed, so that samples do not depend on the number of
/// threads.
const ROWS_PER_GENERATOR: usize = 1024;

impl Circuit {
    /// Samples from the density of the missing values (NaN) given the others, `[count, variables]`; given
    /// values of `evidence` `[variables]` stay. If all are missing, samples are from the whole density.
    /// Samples are independent and exact.
    ///
    /// ```
    /// use rand::SeedableRng;
    /// # use ugmm_circuit::{Rows, TrainingConfig, Variable, train};
    /// # let values = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    /// # let variables = vec![Variable::categorical(2), Variable::categorical(2)];
    /// # let circuit = train(Rows::new(&values, 2)?, variables, &TrainingConfig::default(), |_| true)?.circuit;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    /// let rows = circuit.sample(10, &[1.0, f64::NAN], &mut rng)?;
    /// assert_eq!((rows.len(), rows[0]), (20, 1.0));
    /// # Ok::<(), ugmm_circuit::CircuitError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the evidence does not fit the circuit, or its values cannot occur together.
    pub fn sample<R: Rng + ?Sized>(
        &self,
        count: usize,
        evidence: &[f64],
        rng: &mut R,
    ) -> Result<Vec<f64>, CircuitError> {
        let width = self.variables().len();
        if evidence.len() != width {
            return Err(CircuitError::Columns { found: evidence.len(), expected: width });
        }
        let choices = Choices::new(self, evidence)?;
        let seeds: Vec<u64> = (0..count.div_ceil(ROWS_PER_GENERATOR)).map(|_| rng.random()).collect();
        let mut rows = evidence.repeat(count);
        rows.par_chunks_mut(ROWS_PER_GENERATOR * width).zip(seeds).for_each(|(rows, seed)| {
            let mut generator = ChaCha8Rng::seed_from_u64(seed);
            for row in rows.chunks_exact_mut(width) {
                choices.draw(row, &mut generator);
            }
        });
        Ok(rows)
    }
}

/// The posterior distribution of the choice at each unit of each region, given the evidence.
struct Choices<'c> {
    circuit: &'c Circuit,
    regions: Vec<RegionChoices>,
}

enum RegionChoices {
    /// Cumulative weights of the products, `[units, width]`, up to a factor per unit.
    Products(Vec<f64>),
    /// Cumulative probabilities of a discrete variable, `[units, states]`.
    States(Vec<f64>),
    /// Cumulative weights of components, `[units, components]`.
    Components(Vec<f64>),
    /// The variable's value is given.
    Given,
}

impl<'c> Choices<'c> {
    fn new(circuit: &'c Circuit, evidence: &[f64]) -> Result<Self, CircuitError> {
        let encoded = circuit.encode(Rows::new(evidence, evidence.len())?)?;
        let compiled = circuit.compiled();
        let mut workspace = Workspace::new(&compiled, 1, false);
        if compiled.upward(&encoded, &mut workspace)[0] == f64::NEG_INFINITY {
            return Err(CircuitError::Impossible { row: 0 });
        }
        let regions = circuit.regions().par_iter().enumerate();
        let regions = regions.map(|(index, region)| match region {
            Region::Inner(_) => RegionChoices::Products(product_weights(&compiled, index, &workspace)),
            Region::Leaf(leaf) if !evidence[leaf.variable].is_nan() => RegionChoices::Given,
            Region::Leaf(leaf) => {
                match (&leaf.distribution, leaf.log_table(&circuit.variables()[leaf.variable])) {
                    (LeafDistribution::Gaussians(mixtures), None) => RegionChoices::Components(cumulative(
                        &transposed(&mixtures.weights, leaf.units),
                        mixtures.components,
                    )),
                    (_, table) => {
                        let table: Vec<f64> = table.unwrap_or_default().into_iter().map(f64::exp).collect();
                        let states = table.len() / leaf.units;
                        RegionChoices::States(cumulative(&transposed(&table, leaf.units), states))
                    }
                }
            }
        });
        let regions = regions.collect();
        Ok(Self { circuit, regions })
    }

    /// Samples the missing values of a row.
    fn draw(&self, row: &mut [f64], rng: &mut ChaCha8Rng) {
        let mut stack = vec![(self.regions.len() - 1, 0)];
        while let Some((region, unit)) = stack.pop() {
            match (&self.circuit.regions()[region], &self.regions[region]) {
                (Region::Inner(inner), RegionChoices::Products(weights)) => {
                    let width = inner.width();
                    let mut product = choose(&weights[unit * width..(unit + 1) * width], rng);
                    for children in &inner.partitions {
                        let units = self.circuit.regions()[children[0]].units();
                        if product < units {
                            stack.extend(children.iter().map(|&child| (child, product)));
                            break;
                        }
                        product -= units;
                    }
                }
                (Region::Leaf(leaf), RegionChoices::States(weights)) => {
                    let states = weights.len() / leaf.units;
                    let state = choose(&weights[unit * states..(unit + 1) * states], rng);
                    row[leaf.variable] = self.circuit.variables()[leaf.variable].decode(state as f64);
                }
                (Region::Leaf(leaf), RegionChoices::Components(weights)) => {
                    let components = weights.len() / leaf.units;
                    let component = choose(&weights[unit * components..(unit + 1) * components], rng);
                    if let LeafDistribution::Gaussians(mixtures) = &leaf.distribution {
                        let (_, mean, sigma) = mixtures.component(component, unit, leaf.units);
                        let about = &self.circuit.variables()[leaf.variable];
                        row[leaf.variable] =
                            about.decode(normal_between(about.standard_ends(), mean, sigma, rng));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Cumulative posterior weights of a region's products, `[units, width]`.
fn product_weights(compiled: &Compiled<f64>, index: usize, workspace: &Workspace<f64>) -> Vec<f64> {
    let CompiledRegion::Inner(inner) = &compiled.regions[index] else { return Vec::new() };
    let buffers = &workspace.regions[index];
    let mut weights = inner.weights.clone();
    for row in weights.chunks_exact_mut(inner.width) {
        for (weight, exponential) in row.iter_mut().zip(&buffers.exponentials) {
            *weight *= exponential;
        }
    }
    for (_, unit, terms) in &buffers.rescued {
        let total = buffers.values[*unit];
        for (weight, term) in weights[unit * inner.width..].iter_mut().zip(terms) {
            *weight = if total == f64::NEG_INFINITY { 0.0 } else { (term - total).exp() };
        }
    }
    cumulative(&weights, inner.width)
}

/// Transposes `[any, units]` to `[units, any]`.
fn transposed(values: &[f64], units: usize) -> Vec<f64> {
    (0..units).flat_map(|unit| values.iter().skip(unit).step_by(units).copied()).collect()
}

/// Cumulative sums of each row of `[any, width]`.
fn cumulative(values: &[f64], width: usize) -> Vec<f64> {
    let mut sums = values.to_vec();
    for row in sums.chunks_exact_mut(width) {
        let mut sum = 0.0;
        for value in row {
            sum += *value;
            *value = sum;
        }
    }
    sums
}

/// An index whose probability is proportional to its weight, given cumulative weights; never one without
/// weight.
pub(super) fn choose<R: Rng + ?Sized>(cumulative: &[f64], rng: &mut R) -> usize {
    let total = cumulative.last().copied().unwrap_or(0.0);
    let point = rng.random::<f64>() * total;
    let index = cumulative.partition_point(|&sum| sum <= point);
    // Rounding may make the point equal to the total.
    if index < cumulative.len() { index } else { cumulative.partition_point(|&sum| sum < total) }
}

/// A draw of N(mean, sigma²) truncated to two ends that contain the mean, by rejection; at least about every
/// second draw is accepted.
pub(super) fn normal_between<R: Rng + ?Sized>(
    (low, high): (f64, f64),
    mean: f64,
    sigma: f64,
    rng: &mut R,
) -> f64 {
    loop {
        let value = if high - low < sigma {
            // The ends are so close that the density is almost constant between them.
            let value = low + (high - low) * rng.random::<f64>();
            let z = (value - mean) / sigma;
            if rng.random::<f64>() > (-0.5 * z * z).exp() {
                continue;
            }
            value
        } else {
            mean + sigma * normal(rng)
        };
        if (low..=high).contains(&value) {
            return value;
        }
    }
}

/// A draw of N(0, 1) by the Box–Muller transform (Box and Muller 1958), finite for every source.
fn normal<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (-u).ln_1p()).sqrt() * (TAU * v).cos()
}
