//! A circuit's parameters in the form that computations read.

use super::Real;
use super::gaussian_leaf::LANES;
use crate::leaf::{Leaf, LeafDistribution};
use crate::region::{InnerRegion, Region};
use crate::variable::Variable;
use rayon::prelude::*;

/// All regions, children first.
#[derive(Clone, Debug)]
pub(crate) struct Compiled<T> {
    pub(crate) variables: usize,
    pub(crate) regions: Vec<CompiledRegion<T>>,
}

#[derive(Clone, Debug)]
pub(crate) enum CompiledRegion<T> {
    Inner(CompiledInner<T>),
    Discrete(CompiledTable<T>),
    Gaussian(CompiledGaussians<T>),
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledInner<T> {
    pub(crate) units: usize,
    /// Number of columns of the weights.
    pub(crate) width: usize,
    pub(crate) partitions: Vec<CompiledPartition>,
    /// `[units, width]`.
    pub(crate) weights: Vec<T>,
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledPartition {
    /// First column of the partition's products.
    pub(crate) offset: usize,
    pub(crate) width: usize,
    pub(crate) children: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct CompiledTable<T> {
    pub(crate) variable: usize,
    pub(crate) units: usize,
    /// log-probabilities, `[states, units]`.
    pub(crate) table: Vec<T>,
}

/// The components of a Gaussian leaf. Component m of unit k has index m * units + k, and its log-density is
/// constant - ½ ((x - mean) * inverse sigma)². After the last component each list has room for a vector of
/// [`LANES`] numbers.
#[derive(Clone, Debug)]
pub(crate) struct CompiledGaussians<T> {
    pub(crate) variable: usize,
    pub(crate) units: usize,
    pub(crate) components: usize,
    /// Number of the last components of each unit that training does not change.
    pub(crate) held: usize,
    pub(crate) means: Vec<T>,
    pub(crate) inverse_sigmas: Vec<T>,
    /// log π - log σ - ½ log 2π - log scale - log of the mass between the variable's ends.
    pub(crate) constants: Vec<T>,
}

impl<T: Real> Compiled<T> {
    /// The compiled form of the regions of a circuit, children first. With `seen`, the states of each variable
    /// in ascending order, it is valid for rows with these states only, which takes less time for integers.
    pub(crate) fn new(variables: &[Variable], regions: &[Region], seen: Option<&[Vec<usize>]>) -> Self {
        let compile = |region: &Region| match region {
            Region::Inner(inner) => CompiledRegion::Inner(CompiledInner::new(inner, regions)),
            Region::Leaf(leaf) => {
                leaf_region(leaf, &variables[leaf.variable], seen.map(|seen| &seen[leaf.variable][..]))
            }
        };
        Self { variables: variables.len(), regions: regions.par_iter().map(compile).collect() }
    }
}

impl<T> CompiledGaussians<T> {
    /// Number of components of all units together.
    pub(crate) fn numbers(&self) -> usize {
        self.components * self.units
    }
}

impl<T> CompiledRegion<T> {
    pub(crate) fn units(&self) -> usize {
        match self {
            Self::Inner(inner) => inner.units,
            Self::Discrete(table) => table.units,
            Self::Gaussian(gaussians) => gaussians.units,
        }
    }
}

impl<T: Real> CompiledInner<T> {
    fn new(inner: &InnerRegion, regions: &[Region]) -> Self {
        let mut offset = 0;
        let mut partitions = Vec::with_capacity(inner.partitions.len());
        for children in &inner.partitions {
            let width = regions[children[0]].units();
            partitions.push(CompiledPartition { offset, width, children: children.clone() });
            offset += width;
        }
        let weights = inner.weights.iter().map(|&weight| T::from_f64(weight)).collect();
        Self { units: inner.units, width: offset, partitions, weights }
    }

    /// The weights of one unit, `[width]`.
    pub(crate) fn row(&self, unit: usize) -> &[T] {
        &self.weights[unit * self.width..(unit + 1) * self.width]
    }
}

impl<T: Real> CompiledTable<T> {
    /// The log-probabilities of an encoded state under each unit, `[units]`; `None` where it is missing.
    pub(crate) fn row(&self, state: T) -> Option<&[T]> {
        let state = self.state(state)?;
        Some(&self.table[state * self.units..(state + 1) * self.units])
    }

    /// The index of an encoded state; `None` where it is missing.
    pub(crate) fn state(&self, state: T) -> Option<usize> {
        // Encoded states are integers below 2^16, which encoding checks.
        if state.is_missing() { None } else { Some(state.to_f64() as usize) }
    }
}

/// The numbers, followed by room for a vector.
fn with_room<T: Real>(values: impl Iterator<Item = f64>) -> Vec<T> {
    values.map(T::from_f64).chain([T::zero(); LANES]).collect()
}

fn leaf_region<T: Real>(leaf: &Leaf, variable: &Variable, seen: Option<&[usize]>) -> CompiledRegion<T> {
    match (&leaf.distribution, leaf.log_peaks(variable)) {
        (LeafDistribution::Gaussians(mixtures), Some(peaks)) => CompiledRegion::Gaussian(CompiledGaussians {
            variable: leaf.variable,
            units: leaf.units,
            components: mixtures.components,
            held: mixtures.held,
            means: with_room(mixtures.means.iter().copied()),
            inverse_sigmas: with_room(mixtures.sigmas.iter().map(|sigma| 1.0 / sigma)),
            constants: with_room(peaks.into_iter()),
        }),
        _ => {
            let table = match seen {
                Some(seen) => leaf.log_table_of(variable, seen),
                None => leaf.log_table(variable),
            };
            let table = table.unwrap_or_default().into_iter().map(T::from_f64).collect();
            CompiledRegion::Discrete(CompiledTable { variable: leaf.variable, units: leaf.units, table })
        }
    }
}
