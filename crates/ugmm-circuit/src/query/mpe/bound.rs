//! Upper bounds of the density over boxes.

use super::climb::climb;
use super::domain::Cell;
use super::problem::{Point, Problem};
use crate::compute::{
    Compiled, CompiledGaussians, CompiledInner, CompiledRegion, CompiledTable, log_sum_exp,
};
use std::sync::Arc;
use std::time::Instant;
use ugmm_kernels::bounds::rounding;
use ugmm_kernels::branch_and_bound::{Bounded, Found, Maximization};

/// Sums below this are recomputed term by term.
const SMALLEST_SUM: f64 = 1e-280;
const IMPOSSIBLE: f64 = f64::NEG_INFINITY;

/// Branch and bound over boxes of the queried variables.
pub(super) struct Boxes<'p, 'c> {
    problem: &'p Problem<'c>,
    compiled: Arc<Compiled<f64>>,
    /// For each variable its index among the queried ones.
    places: Vec<Option<usize>>,
    /// log-densities of the regions without queried variables, which are equal for all boxes.
    fixed: Vec<Option<Vec<f64>>>,
    until: Option<Instant>,
}

/// A cell for each queried variable, and the variable to split.
pub(super) struct QueryBox {
    cells: Vec<Cell>,
    split: Option<usize>,
}

/// Upper bounds over a box for each region; empty where [`Boxes::fixed`] has the values.
struct Upward {
    /// Bounds of each region, `[units]`.
    bounds: Vec<Vec<f64>>,
    /// Bounds of each inner region's products, `[width]`.
    products: Vec<Vec<f64>>,
}

impl<'p, 'c> Boxes<'p, 'c> {
    pub fn new(problem: &'p Problem<'c>, until: Option<Instant>) -> Self {
        let compiled = problem.circuit.compiled();
        let mut places = vec![None; problem.circuit.variables().len()];
        for (place, domain) in problem.asked.iter().enumerate() {
            places[domain.variable] = Some(place);
        }
        let count = compiled.regions.len();
        let mut boxes = Self { problem, compiled, places, fixed: vec![None; count], until };
        let mut is_open = vec![false; count];
        let cells: Vec<Cell> = problem.asked.iter().map(|domain| domain.whole).collect();
        let all = boxes.upward(&cells).bounds;
        for (index, (region, values)) in boxes.compiled.regions.iter().zip(all).enumerate() {
            is_open[index] = match region {
                CompiledRegion::Inner(inner) => children(inner).any(|child| is_open[child]),
                CompiledRegion::Discrete(table) => boxes.places[table.variable].is_some(),
                CompiledRegion::Gaussian(gaussians) => boxes.places[gaussians.variable].is_some(),
            };
            boxes.fixed[index] = (!is_open[index]).then_some(values);
        }
        boxes
    }

    pub fn whole(&self) -> QueryBox {
        QueryBox { cells: self.problem.asked.iter().map(|domain| domain.whole).collect(), split: None }
    }

    fn upward(&self, cells: &[Cell]) -> Upward {
        let count = self.compiled.regions.len();
        let mut upward = Upward { bounds: Vec::with_capacity(count), products: vec![Vec::new(); count] };
        for (index, (region, fixed)) in self.compiled.regions.iter().zip(&self.fixed).enumerate() {
            let bounds = match (fixed, region) {
                (Some(_), _) => Vec::new(),
                (None, CompiledRegion::Discrete(table)) => self.of_table(table, cells),
                (None, CompiledRegion::Gaussian(gaussians)) => self.of_gaussians(gaussians, cells),
                (None, CompiledRegion::Inner(inner)) => {
                    upward.products[index] = self.products(inner, &upward.bounds);
                    sums(inner, &upward.products[index])
                }
            };
            upward.bounds.push(bounds);
        }
        upward
    }

    fn values<'v>(&'v self, bounds: &'v [Vec<f64>], region: usize) -> &'v [f64] {
        self.fixed[region].as_deref().unwrap_or(&bounds[region])
    }

    /// Logarithms of an inner region's products.
    fn products(&self, inner: &CompiledInner<f64>, bounds: &[Vec<f64>]) -> Vec<f64> {
        let mut products = vec![0.0; inner.width];
        for partition in &inner.partitions {
            let products = &mut products[partition.offset..partition.offset + partition.width];
            let mut magnitudes = vec![0.0; partition.width];
            for &child in &partition.children {
                for (at, value) in self.values(bounds, child).iter().enumerate() {
                    products[at] += value;
                    magnitudes[at] += value.abs();
                }
            }
            for (product, magnitude) in products.iter_mut().zip(magnitudes) {
                *product += rounding(partition.children.len(), magnitude);
            }
        }
        // Infinities of both signs give NaN; impossible products stay impossible.
        products
            .iter_mut()
            .for_each(|product| *product = if product.is_nan() { IMPOSSIBLE } else { *product });
        products
    }

    /// The greatest log-probability of each unit over the states of a cell, `[units]`.
    fn of_table(&self, table: &CompiledTable<f64>, cells: &[Cell]) -> Vec<f64> {
        let Some(place) = self.places[table.variable] else {
            let value = self.problem.evidence[table.variable];
            return table.row(value).map_or_else(|| vec![0.0; table.units], <[f64]>::to_vec);
        };
        let mut greatest = vec![IMPOSSIBLE; table.units];
        let states = cells[place].low as usize..cells[place].high as usize + 1;
        for row in table.table[states.start * table.units..states.end * table.units].chunks_exact(table.units)
        {
            greatest.iter_mut().zip(row).for_each(|(greatest, value)| *greatest = greatest.max(*value));
        }
        greatest
    }

    /// Upper bounds of the log-densities of mixtures over a cell, `[units]`.
    fn of_gaussians(&self, gaussians: &CompiledGaussians<f64>, cells: &[Cell]) -> Vec<f64> {
        let cell = match self.places[gaussians.variable] {
            Some(place) => cells[place],
            None => {
                let value = self.problem.evidence[gaussians.variable];
                if value.is_nan() {
                    return vec![0.0; gaussians.units];
                }
                Cell { low: value, high: value }
            }
        };
        let mut bounds = vec![0.0; gaussians.units];
        gaussians.greatest_log_densities(cell.low, cell.high, &mut bounds);
        bounds
    }

    /// For each queried variable, the difference between its leaves' bounds and their densities in the middle
    /// of the box, weighted by the share of the bound that goes through each leaf. It estimates the gain of
    /// splitting.
    fn looseness(&self, cells: &[Cell], Upward { bounds, products }: &Upward) -> Vec<f64> {
        let middle = self.problem.middle(cells);
        let mut gains = vec![0.0; cells.len()];
        let mut flows: Vec<Vec<f64>> = bounds.iter().map(|values| vec![0.0; values.len()]).collect();
        if let Some(root) = flows.last_mut() {
            root.fill(1.0);
        }
        for (index, region) in self.compiled.regions.iter().enumerate().rev() {
            if self.fixed[index].is_some() {
                continue;
            }
            let (below, rest) = flows.split_at_mut(index);
            let flows = &rest[0];
            let mut add = |variable: usize, at_middle: &[f64]| {
                let Some(place) = self.places[variable] else { return };
                for ((flow, bound), value) in flows.iter().zip(&bounds[index]).zip(at_middle) {
                    if *flow > 0.0 {
                        // A value that is impossible in the middle counts as the largest useful difference.
                        gains[place] += flow * (bound - value).min(700.0);
                    }
                }
            };
            match region {
                CompiledRegion::Discrete(table) => {
                    add(table.variable, table.row(middle[table.variable]).unwrap_or_default());
                }
                CompiledRegion::Gaussian(gaussians) => {
                    let mut values = vec![0.0; gaussians.units];
                    gaussians.log_densities(middle[gaussians.variable], &mut values);
                    add(gaussians.variable, &values);
                }
                CompiledRegion::Inner(inner) => {
                    let shares = shares(inner, &products[index], &bounds[index], flows);
                    for partition in &inner.partitions {
                        let shares = &shares[partition.offset..partition.offset + partition.width];
                        for &child in &partition.children {
                            below[child].iter_mut().zip(shares).for_each(|(flow, share)| *flow += share);
                        }
                    }
                }
            }
        }
        gains
    }
}

fn children(inner: &CompiledInner<f64>) -> impl Iterator<Item = usize> {
    inner.partitions.iter().flat_map(|partition| partition.children.iter().copied())
}

/// Logarithms of an inner region's sums of products, increased by more than their rounding error.
fn sums(inner: &CompiledInner<f64>, products: &[f64]) -> Vec<f64> {
    let greatest = products.iter().copied().fold(IMPOSSIBLE, f64::max);
    if greatest == IMPOSSIBLE {
        return vec![IMPOSSIBLE; inner.units];
    }
    let exponentials: Vec<f64> = products.iter().map(|product| (product - greatest).exp()).collect();
    let of_unit = |unit: usize| {
        let row = inner.row(unit);
        let sum: f64 = row.iter().zip(&exponentials).map(|(weight, e)| weight * e).sum();
        let value = match sum >= SMALLEST_SUM {
            true => greatest + sum.ln(),
            false => {
                let terms = row.iter().zip(products).filter(|(weight, _)| **weight > 0.0);
                log_sum_exp(&terms.map(|(weight, product)| weight.ln() + product).collect::<Vec<f64>>())
            }
        };
        // Minus infinity has no rounding error.
        if value == IMPOSSIBLE {
            value
        } else {
            value + rounding(inner.width, value.abs() + greatest.abs() + 1.0)
        }
    };
    (0..inner.units).map(of_unit).collect()
}

/// The part of each unit's flow that goes through each product, `[width]`, at least approximately.
fn shares(inner: &CompiledInner<f64>, products: &[f64], sums: &[f64], flows: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; inner.width];
    let greatest = products.iter().copied().fold(IMPOSSIBLE, f64::max);
    for (unit, (&flow, &sum)) in flows.iter().zip(sums).enumerate() {
        if flow > 0.0 && sum > IMPOSSIBLE {
            // The product of weight and flow of one unit of the greatest product, which the others follow. A
            // sum far below that product is of no use for the choice of a split.
            let scale = flow * (greatest - sum).min(700.0).exp();
            for (share, weight) in shares.iter_mut().zip(inner.row(unit)) {
                *share += scale * weight;
            }
        }
    }
    shares.iter_mut().zip(products).for_each(|(share, product)| *share *= (product - greatest).exp());
    shares
}

impl Maximization for Boxes<'_, '_> {
    type Region = QueryBox;
    type Point = Point;

    fn bounded(&self, QueryBox { cells, .. }: QueryBox) -> Bounded<QueryBox, Point> {
        let inside = self.problem.found(self.problem.middle(&cells));
        let upward = self.upward(&cells);
        let root = upward.bounds.len() - 1;
        let upper_bound = self.values(&upward.bounds, root)[0].max(inside.value);
        let gains = self.looseness(&cells, &upward);
        let asked = &self.problem.asked;
        let can_split = (0..cells.len()).filter(|&at| asked[at].halves(cells[at]).is_some());
        let split = can_split.max_by(|&a, &b| {
            let by_gain = gains[a].total_cmp(&gains[b]);
            by_gain.then_with(|| asked[a].share(cells[a]).total_cmp(&asked[b].share(cells[b])))
        });
        Bounded { region: QueryBox { cells, split }, upper_bound, inside }
    }

    fn halves(&self, QueryBox { cells, split }: &QueryBox) -> Option<[QueryBox; 2]> {
        let at = (*split)?;
        let with = |part: Cell| {
            let mut cells = cells.clone();
            cells[at] = part;
            QueryBox { cells, split: None }
        };
        self.problem.asked[at].halves(cells[at]).map(|halves| halves.map(with))
    }

    fn polished(&self, found: Found<Point>) -> Found<Point> {
        climb(self.problem, found, self.until)
    }

    fn searched(&self, best: &Found<Point>, _: u64) -> Found<Point> {
        best.clone()
    }

    fn region_bytes(&self) -> usize {
        self.problem.asked.len() * size_of::<Cell>()
    }
}
