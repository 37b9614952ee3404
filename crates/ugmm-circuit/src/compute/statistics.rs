//! Sufficient statistics of batches of rows.

use super::compiled::{Compiled, CompiledRegion};
use super::workspace::Workspace;
use super::{BLOCK, Real};
use crate::leaf::gaussian::Moments;
use rayon::prelude::*;

/// Sums over rows for each region.
#[derive(Clone, Debug)]
pub(crate) struct Statistics<T> {
    pub(crate) regions: Vec<RegionStatistics<T>>,
}

#[derive(Clone, Debug)]
pub(crate) enum RegionStatistics<T> {
    /// `[units, width]`: while rows are added, derivatives of the log-likelihood with respect to the weights;
    /// at the end, these times the weights, which are expected counts.
    Inner(Vec<T>),
    Leaf(LeafStatistics<T>),
}

#[derive(Clone, Debug)]
pub(crate) enum LeafStatistics<T> {
    /// Expected counts `[states, units]`.
    Counts(Vec<T>),
    Moments(Moments<T>),
}

impl<T: Real> Statistics<T> {
    pub(crate) fn zeros<U>(compiled: &Compiled<U>) -> Self {
        let room = |numbers: usize| vec![T::zero(); numbers];
        let zeros = |region: &CompiledRegion<U>| match region {
            CompiledRegion::Inner(inner) => RegionStatistics::Inner(room(inner.units * inner.width)),
            CompiledRegion::Discrete(table) => {
                RegionStatistics::Leaf(LeafStatistics::Counts(room(table.table.len())))
            }
            CompiledRegion::Gaussian(gaussians) => {
                let numbers = gaussians.numbers();
                RegionStatistics::Leaf(LeafStatistics::Moments(Moments {
                    counts: room(numbers),
                    first: room(numbers),
                    second: room(numbers),
                }))
            }
        };
        Self { regions: compiled.regions.iter().map(zeros).collect() }
    }

    pub(crate) fn clear(&mut self) {
        for region in &mut self.regions {
            for numbers in region.parts_mut() {
                numbers.fill(T::zero());
            }
        }
    }

    fn numbers(&self) -> usize {
        self.regions.iter().flat_map(RegionStatistics::parts).map(<[T]>::len).sum()
    }
}

impl<T> RegionStatistics<T> {
    pub(crate) fn parts(&self) -> Vec<&[T]> {
        match self {
            Self::Inner(numbers) | Self::Leaf(LeafStatistics::Counts(numbers)) => vec![numbers],
            Self::Leaf(LeafStatistics::Moments(moments)) => {
                vec![&moments.counts, &moments.first, &moments.second]
            }
        }
    }

    pub(crate) fn parts_mut(&mut self) -> Vec<&mut [T]> {
        match self {
            Self::Inner(numbers) | Self::Leaf(LeafStatistics::Counts(numbers)) => vec![numbers],
            Self::Leaf(LeafStatistics::Moments(moments)) => {
                vec![&mut moments.counts, &mut moments.first, &mut moments.second]
            }
        }
    }
}

/// Largest memory of partial sums, in bytes. More partial sums keep more threads busy.
const PARTIAL_SUM_BYTES: usize = 256 << 20;

/// Largest number of partial sums.
const MAXIMUM_LANES: usize = 16;

/// Number of blocks that are worth a partial sum of their own: setting it to 0 and adding it to the others
/// takes about as long as a block.
const BLOCKS_PER_LANE: usize = 2;

/// Largest number of rows whose statistics are summed in the precision of the computation; longer sums are
/// accumulated in double precision.
const LONGEST_SUM: usize = 1 << 14;

/// Partial sums over rows. Their number depends on the model only, and each adds fixed rows in a fixed order,
/// so that results do not depend on the number of threads.
pub(crate) struct Lanes<T> {
    lanes: Vec<Lane<T>>,
}

struct Lane<T> {
    statistics: Statistics<T>,
    workspace: Workspace<T>,
    rows: Vec<T>,
    weights: Vec<T>,
    log_likelihood: f64,
}

impl<T: Real> Lanes<T> {
    /// Creates the partial sums for batches of `batch` rows.
    pub(crate) fn new(compiled: &Compiled<T>, batch: usize) -> Self {
        let statistics = Statistics::zeros(compiled);
        let bytes = statistics.numbers() * size_of::<T>();
        let blocks = batch.min(LONGEST_SUM).div_ceil(BLOCK).max(1);
        let count = (PARTIAL_SUM_BYTES / bytes.max(1)).clamp(2, MAXIMUM_LANES);
        let count = count.min(blocks.div_ceil(BLOCKS_PER_LANE));
        let lane = |_| Lane {
            statistics: statistics.clone(),
            workspace: Workspace::new(compiled, BLOCK, true),
            rows: Vec::with_capacity(BLOCK * compiled.variables),
            weights: Vec::with_capacity(BLOCK),
            log_likelihood: 0.0,
        };
        Self { lanes: (0..count).map(lane).collect() }
    }
}

/// Sets `totals` to the expected statistics of the rows `batch`, indices into `rows` `[any, variables]` and their
/// `weights` `[any]`, `None` for weights of 1; returns the weighted sum of their log-likelihoods.
pub(crate) fn expectation<T: Real>(
    compiled: &Compiled<T>,
    rows: &[T],
    weights: Option<&[f64]>,
    batch: &[u32],
    lanes: &mut Lanes<T>,
    totals: &mut Statistics<f64>,
) -> f64 {
    totals.clear();
    let mut log_likelihood = 0.0;
    for part in batch.chunks(LONGEST_SUM) {
        let share = part.len().div_ceil(BLOCK).div_ceil(lanes.lanes.len()) * BLOCK;
        lanes.lanes.par_iter_mut().enumerate().for_each(|(number, lane)| {
            let begin = (number * share).min(part.len());
            let end = (begin + share).min(part.len());
            lane.take_in(compiled, rows, weights, &part[begin..end]);
        });
        totals.regions.par_iter_mut().enumerate().for_each(|(index, total)| {
            for (part, total) in total.parts_mut().into_iter().enumerate() {
                for lane in &lanes.lanes {
                    let partial = lane.statistics.regions[index].parts()[part];
                    for (total, partial) in total.iter_mut().zip(partial) {
                        *total += partial.to_f64();
                    }
                }
            }
        });
        log_likelihood += lanes.lanes.iter().map(|lane| lane.log_likelihood).sum::<f64>();
    }
    totals.regions.par_iter_mut().zip(&compiled.regions).for_each(|(total, region)| {
        if let (RegionStatistics::Inner(total), CompiledRegion::Inner(inner)) = (total, region) {
            for (total, weight) in total.iter_mut().zip(&inner.weights) {
                *total *= weight.to_f64();
            }
        }
    });
    log_likelihood
}

impl<T: Real> Lane<T> {
    fn take_in(&mut self, compiled: &Compiled<T>, rows: &[T], weights: Option<&[f64]>, batch: &[u32]) {
        self.statistics.clear();
        self.log_likelihood = 0.0;
        let width = compiled.variables;
        for block in batch.chunks(BLOCK) {
            self.rows.clear();
            self.weights.clear();
            for &row in block {
                let row = row as usize;
                self.rows.extend_from_slice(&rows[row * width..(row + 1) * width]);
                self.weights.extend(weights.map(|weights| T::from_f64(weights[row])));
            }
            let densities = compiled.upward(&self.rows, &mut self.workspace);
            let weighed = |(&row, density): (&u32, &T)| {
                weights.map_or(1.0, |weights| weights[row as usize]) * density.to_f64()
            };
            self.log_likelihood += block.iter().zip(densities).map(weighed).sum::<f64>();
            let weights = weights.is_some().then_some(self.weights.as_slice());
            compiled.downward(&self.rows, weights, &mut self.workspace, &mut self.statistics);
        }
    }
}

/// log-likelihoods `[rows]` of encoded rows `[rows, variables]`.
pub(crate) fn log_likelihoods<T: Real>(compiled: &Compiled<T>, rows: &[T]) -> Vec<f64> {
    let width = compiled.variables;
    let mut densities = vec![0.0; rows.len() / width];
    densities.par_chunks_mut(BLOCK).zip(rows.par_chunks(BLOCK * width)).for_each_init(
        || Workspace::new(compiled, rows.len() / width, false),
        |workspace, (densities, rows)| {
            for (density, root) in densities.iter_mut().zip(compiled.upward(rows, workspace)) {
                *density = root.to_f64();
            }
        },
    );
    densities
}
