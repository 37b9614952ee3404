//! Starting points of the climb.

use super::domain::{Cell, Domain};
use super::problem::{Point, Problem};
use crate::compute::{CompiledInner, CompiledRegion};
use crate::error::CircuitError;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const IMPOSSIBLE: f64 = f64::NEG_INFINITY;

/// The Viterbi solution and `samples` samples as starting points, and the log-likelihood of the former.
pub(super) fn starts(
    problem: &Problem,
    samples: usize,
    seed: u64,
) -> Result<(Vec<Point>, f64), CircuitError> {
    let viterbi = Viterbi::new(problem).point();
    let value = problem.value(&viterbi);
    let mut starts = vec![viterbi];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let evidence = problem.decoded(&problem.evidence);
    let drawn = problem.circuit.sample(samples, &evidence, &mut rng)?;
    for row in drawn.chunks_exact(evidence.len()) {
        let mut point = problem.evidence.clone();
        for domain in &problem.asked {
            let about = &problem.circuit.variables()[domain.variable];
            let Cell { low, high } = domain.whole;
            point[domain.variable] =
                about.encode(row[domain.variable]).map_or(low, |value| value.clamp(low, high));
        }
        starts.push(point);
    }
    Ok((starts, value))
}

/// The greatest value of each unit if every sum is replaced by its best product.
struct Viterbi<'p, 'c> {
    problem: &'p Problem<'c>,
    /// Logarithms of these values for each region, `[units]`.
    values: Vec<Vec<f64>>,
}

impl<'p, 'c> Viterbi<'p, 'c> {
    fn new(problem: &'p Problem<'c>) -> Self {
        let compiled = problem.circuit.compiled();
        let mut viterbi = Self { problem, values: Vec::with_capacity(compiled.regions.len()) };
        for region in &compiled.regions {
            let values = match region {
                CompiledRegion::Inner(inner) => {
                    let products = viterbi.products(inner);
                    (0..inner.units).map(|unit| best_product(inner, unit, &products).1).collect()
                }
                leaf => {
                    let asked = viterbi.domain(variable(leaf));
                    (0..leaf.units()).map(|unit| viterbi.best_value(leaf, unit, asked).1).collect()
                }
            };
            viterbi.values.push(values);
        }
        viterbi
    }

    fn domain(&self, variable: usize) -> Option<&'p Domain> {
        self.problem.asked.iter().find(|domain| domain.variable == variable)
    }

    fn products(&self, inner: &CompiledInner<f64>) -> Vec<f64> {
        let mut products = vec![0.0; inner.width];
        for partition in &inner.partitions {
            let products = &mut products[partition.offset..partition.offset + partition.width];
            for &child in &partition.children {
                products.iter_mut().zip(&self.values[child]).for_each(|(product, value)| *product += value);
            }
        }
        products
    }

    /// The approximate maximum of a leaf's unit over its domain and the log-density there; for a variable
    /// that is not queried, its value and log-density.
    fn best_value(&self, leaf: &CompiledRegion<f64>, unit: usize, asked: Option<&Domain>) -> (f64, f64) {
        let evidence = self.problem.evidence[variable(leaf)];
        let (low, high) = asked.map_or((evidence, evidence), |domain| (domain.whole.low, domain.whole.high));
        if low.is_nan() {
            return (low, 0.0);
        }
        let mut best = (low, IMPOSSIBLE);
        let mut consider = |value: f64, log_density: f64| {
            if log_density > best.1 {
                best = (value, log_density);
            }
        };
        match leaf {
            CompiledRegion::Discrete(table) => {
                for state in low as usize..=high as usize {
                    consider(state as f64, table.table[state * table.units + unit]);
                }
            }
            CompiledRegion::Gaussian(gaussians) => {
                let mut densities = vec![0.0; gaussians.units];
                for component in 0..gaussians.components {
                    let value = gaussians.means[component * gaussians.units + unit].clamp(low, high);
                    gaussians.log_densities(value, &mut densities);
                    consider(value, densities[unit]);
                }
            }
            CompiledRegion::Inner(_) => {}
        }
        best
    }

    /// The point that the best products determine.
    fn point(&self) -> Point {
        let compiled = self.problem.circuit.compiled();
        let mut point = self.problem.evidence.clone();
        // A variable that no product reaches stays in the middle.
        for domain in &self.problem.asked {
            point[domain.variable] = domain.middle(domain.whole);
        }
        let mut open = vec![(compiled.regions.len() - 1, 0)];
        while let Some((region, unit)) = open.pop() {
            match &compiled.regions[region] {
                CompiledRegion::Inner(inner) => {
                    let (column, _) = best_product(inner, unit, &self.products(inner));
                    let within = |start: usize, width: usize| (start..start + width).contains(&column);
                    if let Some(partition) = inner.partitions.iter().find(|one| within(one.offset, one.width))
                    {
                        let unit = column - partition.offset;
                        open.extend(partition.children.iter().map(|&child| (child, unit)));
                    }
                }
                leaf => {
                    if let Some(domain) = self.domain(variable(leaf)) {
                        point[domain.variable] = self.best_value(leaf, unit, Some(domain)).0;
                    }
                }
            }
        }
        point
    }
}

fn variable(leaf: &CompiledRegion<f64>) -> usize {
    match leaf {
        CompiledRegion::Discrete(table) => table.variable,
        CompiledRegion::Gaussian(gaussians) => gaussians.variable,
        CompiledRegion::Inner(_) => usize::MAX,
    }
}

/// The index and the logarithm of a unit's greatest weighted product.
fn best_product(inner: &CompiledInner<f64>, unit: usize, products: &[f64]) -> (usize, f64) {
    let mut best = (0, IMPOSSIBLE);
    for (column, (weight, product)) in inner.row(unit).iter().zip(products).enumerate() {
        let value = weight.ln() + product;
        if value > best.1 {
            best = (column, value);
        }
    }
    best
}
