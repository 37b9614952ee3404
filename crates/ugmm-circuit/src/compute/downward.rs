//! The downward pass from the root to flows. A flow is the share of a row's density that goes through a unit;
//! it gives the gradient and the statistics of expectation maximisation (Darwiche 2003; Peharz et al. 2016).
//!
//! With F the flow of a sum S = Σ_j W_j e_j: G = F / S, the flow of product j is W_j e_j G, and G e_j is the derivative of the
//! log-likelihood with respect to W_j.

use super::Real;
use super::compiled::{Compiled, CompiledInner, CompiledRegion};
use super::log_exp::vectorized;
use super::matrix::{add_transposed_product, multiply};
use super::statistics::{LeafStatistics, RegionStatistics, Statistics};
use super::workspace::{RegionBuffers, Workspace};
use pulp::NullaryFnOnce;

impl<T: Real> Compiled<T> {
    /// Adds the statistics of a block of rows on which [`Self::upward`] has just run, each times its weight, which is
    /// the flow of the root; 1 without weights.
    pub(crate) fn downward(
        &self,
        rows: &[T],
        weights: Option<&[T]>,
        workspace: &mut Workspace<T>,
        statistics: &mut Statistics<T>,
    ) {
        vectorized(Downward { compiled: self, rows, weights, workspace, statistics });
    }

    #[inline(always)]
    fn all_flows(
        &self,
        rows: &[T],
        weights: Option<&[T]>,
        workspace: &mut Workspace<T>,
        statistics: &mut Statistics<T>,
    ) {
        let count = rows.len() / self.variables;
        let Workspace { regions, cotangents, products, .. } = workspace;
        for buffers in regions.iter_mut() {
            buffers.reached = false;
        }
        if let Some(root) = regions.last_mut() {
            root.reached = true;
            let flows = root.flows.iter_mut().zip(&root.values).take(count);
            for (row, (flow, &value)) in flows.enumerate() {
                let weight = weights.map_or(T::one(), |weights| weights[row]);
                *flow = if value > T::LOWEST { weight } else { T::zero() };
            }
        }
        for (index, region) in self.regions.iter().enumerate().rev() {
            let (below, rest) = regions.split_at_mut(index);
            let buffers = &mut rest[0];
            if !buffers.reached {
                continue;
            }
            match (region, &mut statistics.regions[index]) {
                (
                    CompiledRegion::Gaussian(gaussians),
                    RegionStatistics::Leaf(LeafStatistics::Moments(moments)),
                ) => {
                    let values = rows.chunks_exact(self.variables).map(|row| row[gaussians.variable]);
                    gaussians.add_moments(values, &buffers.values, &buffers.flows, moments);
                }
                (CompiledRegion::Inner(inner), RegionStatistics::Inner(weights)) => {
                    inner.flows(count, buffers, cotangents, products, weights);
                    let flows = &products[..count * inner.width];
                    self.distribute(inner, rows, flows, below, &mut statistics.regions);
                }
                _ => {}
            }
        }
    }

    /// Adds the flows of products to the flows of their factors: each factor gets the whole flow.
    #[inline(always)]
    fn distribute(
        &self,
        inner: &CompiledInner<T>,
        rows: &[T],
        flows: &[T],
        below: &mut [RegionBuffers<T>],
        statistics: &mut [RegionStatistics<T>],
    ) {
        for partition in &inner.partitions {
            let columns = partition.offset..partition.offset + partition.width;
            let flows = || flows.chunks_exact(inner.width).map(|row| &row[columns.clone()]);
            for &child in &partition.children {
                if let (
                    CompiledRegion::Discrete(table),
                    RegionStatistics::Leaf(LeafStatistics::Counts(counts)),
                ) = (&self.regions[child], &mut statistics[child])
                {
                    for (row, flows) in rows.chunks_exact(self.variables).zip(flows()) {
                        if let Some(state) = table.state(row[table.variable]) {
                            add(&mut counts[state * table.units..(state + 1) * table.units], flows);
                        }
                    }
                    continue;
                }
                let buffers = &mut below[child];
                for (to, flows) in buffers.flows.chunks_exact_mut(partition.width).zip(flows()) {
                    if buffers.reached {
                        add(to, flows);
                    } else {
                        to.copy_from_slice(flows);
                    }
                }
                buffers.reached = true;
            }
        }
    }
}

#[inline(always)]
fn add<T: Real>(to: &mut [T], from: &[T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

impl<T: Real> CompiledInner<T> {
    /// Writes the flows of the products to `products` `[rows, width]`, and adds the derivatives with respect
    /// to the weights to `derivatives` `[units, width]`.
    #[inline(always)]
    fn flows(
        &self,
        count: usize,
        buffers: &RegionBuffers<T>,
        cotangents: &mut [T],
        products: &mut [T],
        derivatives: &mut [T],
    ) {
        let numbers = count * self.units;
        let exponentials = &buffers.exponentials[..count * self.width];
        let cotangents = &mut cotangents[..numbers];
        let products = &mut products[..count * self.width];
        let sums = buffers.flows.iter().zip(&buffers.inverse_sums);
        for (cotangent, (&flow, &inverse)) in cotangents.iter_mut().zip(sums) {
            *cotangent = flow * inverse;
        }
        add_transposed_product(cotangents, self.units, exponentials, self.width, derivatives);
        multiply(cotangents, &self.weights, self.units, products, self.width);
        for (product, &exponential) in products.iter_mut().zip(exponentials) {
            *product *= exponential;
        }
        for (row, unit, terms) in &buffers.rescued {
            let at = row * self.units + unit;
            let (flow, total) = (buffers.flows[at], buffers.values[at]);
            if total == T::LOWEST || flow == T::zero() {
                continue;
            }
            let weights = self.row(*unit);
            let derivatives = &mut derivatives[unit * self.width..(unit + 1) * self.width];
            let products = &mut products[row * self.width..(row + 1) * self.width];
            for (j, &term) in terms.iter().enumerate() {
                let share = flow * (term - total).exp();
                if share > T::zero() {
                    products[j] += share;
                    derivatives[j] += share / weights[j];
                }
            }
        }
    }
}

struct Downward<'a, T> {
    compiled: &'a Compiled<T>,
    rows: &'a [T],
    weights: Option<&'a [T]>,
    workspace: &'a mut Workspace<T>,
    statistics: &'a mut Statistics<T>,
}

impl<T: Real> NullaryFnOnce for Downward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.compiled.all_flows(self.rows, self.weights, self.workspace, self.statistics);
    }
}
