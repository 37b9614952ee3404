//! From the values of a row to log-densities of all regions.

use super::compiled::{Compiled, CompiledInner, CompiledRegion};
use super::matrix::multiply_transposed;
use super::workspace::{RegionBuffers, Workspace};
use super::{BLOCK, Real};

impl<T: Real> Compiled<T> {
    /// log-densities of all regions for at most [`BLOCK`] rows `[rows, variables]`; returns those of the root.
    pub(crate) fn upward<'w>(&self, rows: &[T], workspace: &'w mut Workspace<T>) -> &'w [T] {
        let count = rows.len() / self.variables;
        debug_assert!(count <= BLOCK, "a block at most");
        for (index, region) in self.regions.iter().enumerate() {
            // Children come before.
            let (below, rest) = workspace.regions.split_at_mut(index);
            let buffers = &mut rest[0];
            match region {
                CompiledRegion::Discrete(_) => {}
                CompiledRegion::Gaussian(gaussians) => {
                    let values = rows.chunks_exact(self.variables).map(|row| row[gaussians.variable]);
                    for (value, to) in values.zip(buffers.values.chunks_exact_mut(gaussians.units)) {
                        gaussians.log_densities(value, to);
                    }
                }
                CompiledRegion::Inner(inner) => {
                    let numbers = count * inner.width;
                    for (row, products) in
                        buffers.exponentials[..numbers].chunks_exact_mut(inner.width).enumerate()
                    {
                        self.log_products(inner, rows, row, below, products);
                    }
                    inner.sum(count, buffers, &mut workspace.maxima);
                    self.rescue(inner, rows, below, buffers);
                }
            }
        }
        let root = &workspace.regions[self.regions.len() - 1];
        &root.values[..count * self.regions[self.regions.len() - 1].units()]
    }

    /// Logarithms of an inner region's products for one row.
    pub(crate) fn log_products(
        &self,
        inner: &CompiledInner<T>,
        rows: &[T],
        row: usize,
        below: &[RegionBuffers<T>],
        products: &mut [T],
    ) {
        for partition in &inner.partitions {
            let products = &mut products[partition.offset..partition.offset + partition.width];
            let mut empty = true;
            for &child in &partition.children {
                let Some(values) = self.child_values(child, rows, row, below) else { continue };
                if empty {
                    products.copy_from_slice(values);
                } else {
                    for (product, &value) in products.iter_mut().zip(values) {
                        *product += value;
                    }
                }
                empty = false;
            }
            if empty {
                products.fill(T::zero());
            }
        }
    }

    /// log-densities of a region below for one row; `None` where its only variable is missing.
    pub(crate) fn child_values<'v>(
        &'v self,
        child: usize,
        rows: &[T],
        row: usize,
        below: &'v [RegionBuffers<T>],
    ) -> Option<&'v [T]> {
        match &self.regions[child] {
            CompiledRegion::Discrete(table) => table.row(rows[row * self.variables + table.variable]),
            region => {
                let units = region.units();
                Some(&below[child].values[row * units..(row + 1) * units])
            }
        }
    }

    /// Sums that are too small beside the row's largest product for their terms to be told from 0, or that are 0.
    fn rescue(
        &self,
        inner: &CompiledInner<T>,
        rows: &[T],
        below: &[RegionBuffers<T>],
        buffers: &mut RegionBuffers<T>,
    ) {
        let mut rescued = std::mem::take(&mut buffers.rescued);
        for (row, unit, products) in &mut rescued {
            products.resize(inner.width, T::zero());
            self.log_products(inner, rows, *row, below, products);
            for (product, &weight) in products.iter_mut().zip(inner.row(*unit)) {
                *product = if weight > T::zero() { *product + weight.ln() } else { T::LOWEST };
            }
            buffers.values[*row * inner.units + *unit] = log_sum_exp(products);
        }
        buffers.rescued = rescued;
    }
}

impl<T: Real> CompiledInner<T> {
    /// From log-products, in the place of the exponentials, to exponentials and log-sums.
    fn sum(&self, count: usize, buffers: &mut RegionBuffers<T>, maxima: &mut [T]) {
        let exponentials = &mut buffers.exponentials[..count * self.width];
        for (row, maximum) in exponentials.chunks_exact_mut(self.width).zip(maxima.iter_mut()) {
            *maximum = largest(row);
            // Less minus infinity would be no number.
            let shift = if *maximum == T::LOWEST { T::zero() } else { *maximum };
            for value in row {
                *value -= shift;
            }
        }
        T::exp_all(exponentials);
        let values = &mut buffers.values[..count * self.units];
        let inverse_sums = &mut buffers.inverse_sums[..count * self.units];
        multiply_transposed(exponentials, &self.weights, self.width, values, self.units);
        buffers.rescued.clear();
        for (at, (sum, inverse)) in values.iter_mut().zip(inverse_sums.iter_mut()).enumerate() {
            if *sum >= T::SMALLEST_SUM {
                *inverse = T::one() / *sum;
            } else {
                *inverse = T::zero();
                *sum = T::one();
                let row = at / self.units;
                if maxima[row] > T::LOWEST {
                    buffers.rescued.push((row, at % self.units, Vec::new()));
                }
            }
        }
        T::ln_all(values);
        for (row, &maximum) in values.chunks_exact_mut(self.units).zip(maxima.iter()) {
            for value in row {
                *value += maximum;
            }
        }
    }
}

/// The largest of some numbers, several chains at once.
fn largest<T: Real>(values: &[T]) -> T {
    const CHAINS: usize = 16;
    let mut maxima = [T::LOWEST; CHAINS];
    let (whole, rest) = values.as_chunks::<CHAINS>();
    for chunk in whole {
        for (maximum, &value) in maxima.iter_mut().zip(chunk) {
            *maximum = maximum.larger(value);
        }
    }
    maxima.iter().chain(rest).fold(T::LOWEST, |maximum, &value| maximum.larger(value))
}

/// log Σ e^value; minus infinity of nothing.
pub(crate) fn log_sum_exp<T: Real>(values: &[T]) -> T {
    let maximum = largest(values);
    if maximum == T::LOWEST {
        return maximum;
    }
    let mut sum = T::zero();
    for &value in values {
        sum += (value - maximum).exp();
    }
    maximum + sum.ln()
}
