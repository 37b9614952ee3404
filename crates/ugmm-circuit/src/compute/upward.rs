//! The upward pass from the values of a row to the log-densities of all regions.

use super::compiled::{Compiled, CompiledInner, CompiledRegion};
use super::log_exp::vectorized;
use super::matrix::multiply_transposed;
use super::workspace::{RegionBuffers, Workspace};
use super::{BLOCK, Real};
use pulp::NullaryFnOnce;

/// Distance from the mean, in standard units, beyond which values are shifted.
const FAR: f64 = 1e3;

impl<T: Real> Compiled<T> {
    /// Computes the log-densities of all regions for at most [`BLOCK`] rows `[rows, variables]`; returns
    /// those of the root, `[rows]`. The regions' values in the workspace lack its [`Workspace::shifts`].
    pub(crate) fn upward<'w>(&self, rows: &[T], workspace: &'w mut Workspace<T>) -> &'w [T] {
        let count = rows.len() / self.variables;
        debug_assert!(count <= BLOCK, "a block at most");
        vectorized(Upward { compiled: self, rows, workspace });
        let root = &workspace.regions[self.regions.len() - 1].values[..count];
        workspace.totals.clear();
        workspace.totals.extend_from_slice(root);
        for &(row, _, shift) in &workspace.shifts {
            workspace.totals[row] += shift;
        }
        &workspace.totals
    }

    #[inline(always)]
    fn all_regions(&self, rows: &[T], workspace: &mut Workspace<T>) {
        let count = rows.len() / self.variables;
        workspace.shifts.clear();
        for (region, buffers) in self.regions.iter().zip(&mut workspace.regions) {
            let CompiledRegion::Gaussian(gaussians) = region else { continue };
            let values = rows.chunks_exact(self.variables).map(|row| row[gaussians.variable]);
            gaussians.log_densities_of(values.clone(), &mut buffers.values);
            for (row, value) in values.enumerate() {
                if value.larger(-value) > T::from_f64(FAR) {
                    workspace.shifts.push((row, gaussians.variable, T::zero()));
                }
            }
        }
        self.shift_far(workspace);
        for (index, region) in self.regions.iter().enumerate() {
            let CompiledRegion::Inner(inner) = region else { continue };
            // Children come before their parents.
            let (below, rest) = workspace.regions.split_at_mut(index);
            let buffers = &mut rest[0];
            let products = buffers.exponentials[..count * inner.width].chunks_exact_mut(inner.width);
            for (row, products) in products.enumerate() {
                self.log_products(inner, rows, row, below, products);
            }
            inner.sum(count, buffers, &mut workspace.maxima);
            self.rescue(inner, rows, below, buffers);
        }
    }

    /// Subtracts from the log-densities of all leaves of a variable the largest of them, where a value is far
    /// from all components. Each product has one leaf of a variable, so that all sums decrease equally.
    /// Without this, the terms of other variables and of weights would be lost by rounding beside such large
    /// numbers.
    fn shift_far(&self, workspace: &mut Workspace<T>) {
        let Workspace { regions, shifts, .. } = workspace;
        shifts.sort_by_key(|&(row, variable, _)| (row, variable));
        shifts.dedup_by_key(|(row, variable, _)| (*row, *variable));
        for (row, variable, shift) in shifts.iter_mut() {
            let mut each = |change: &mut dyn FnMut(&mut [T])| {
                for (region, buffers) in self.regions.iter().zip(regions.iter_mut()) {
                    if let CompiledRegion::Gaussian(gaussians) = region
                        && gaussians.variable == *variable
                    {
                        change(&mut buffers.values[*row * gaussians.units..(*row + 1) * gaussians.units]);
                    }
                }
            };
            let mut maximum = T::LOWEST;
            each(&mut |values| maximum = maximum.larger(largest(values)));
            if maximum > T::LOWEST {
                *shift = maximum;
                each(&mut |values| values.iter_mut().for_each(|value| *value -= maximum));
            }
        }
    }

    /// Writes the logarithms of an inner region's products for one row.
    #[inline(always)]
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

    /// The log-densities of a child region for one row; `None` if its only variable is missing.
    #[inline(always)]
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

    /// Recomputes sums that are 0 or too small, relative to the row's largest product, for their terms to be
    /// exact.
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
                *product =
                    if weight > T::zero() { *product + T::from_f64(weight.to_f64().ln()) } else { T::LOWEST };
            }
            buffers.values[*row * inner.units + *unit] = log_sum_exp(products);
        }
        buffers.rescued = rescued;
    }
}

impl<T: Real> CompiledInner<T> {
    /// Replaces log-products in `exponentials` by exponentials, and computes the logarithms of the sums.
    #[inline(always)]
    fn sum(&self, count: usize, buffers: &mut RegionBuffers<T>, maxima: &mut [T]) {
        let exponentials = &mut buffers.exponentials[..count * self.width];
        for (row, maximum) in exponentials.chunks_exact_mut(self.width).zip(maxima.iter_mut()) {
            *maximum = largest(row);
            // Minus infinity less minus infinity would be NaN.
            let shift = if *maximum == T::LOWEST { T::zero() } else { *maximum };
            for value in row {
                *value -= shift;
            }
        }
        // All rows together fill whole vectors, which short rows do not.
        for value in exponentials.iter_mut() {
            *value = value.exp();
        }
        let values = &mut buffers.values[..count * self.units];
        let inverse_sums = &mut buffers.inverse_sums[..count * self.units];
        multiply_transposed(exponentials, &self.weights, self.width, values, self.units);
        let mut all_large = true;
        for (value, inverse) in values.iter_mut().zip(inverse_sums.iter_mut()) {
            let sum = *value;
            let large = sum >= T::SMALLEST_SUM;
            all_large &= large;
            *inverse = if large { T::one() / sum } else { T::zero() };
            *value = if large { sum.ln() } else { T::LOWEST };
        }
        for (row, &maximum) in values.chunks_exact_mut(self.units).zip(maxima.iter()) {
            // A row without any possible product has no large sum either.
            let shift = if maximum == T::LOWEST { T::zero() } else { maximum };
            for value in row {
                *value += shift;
            }
        }
        buffers.rescued.clear();
        if all_large {
            return;
        }
        for (row, (inverses, &maximum)) in
            inverse_sums.chunks_exact(self.units).zip(maxima.iter()).enumerate()
        {
            if maximum > T::LOWEST {
                let small = inverses.iter().enumerate().filter(|(_, inverse)| **inverse == T::zero());
                buffers.rescued.extend(small.map(|(unit, _)| (row, unit, Vec::new())));
            }
        }
    }
}

struct Upward<'a, T> {
    compiled: &'a Compiled<T>,
    rows: &'a [T],
    workspace: &'a mut Workspace<T>,
}

impl<T: Real> NullaryFnOnce for Upward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.compiled.all_regions(self.rows, self.workspace);
    }
}

/// The largest of some numbers, with several independent chains.
#[inline(always)]
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

/// log Σ e^value; minus infinity for an empty list.
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
