//! Best-first branch and bound: the greatest value of anything that has upper bounds over regions.

use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::Instant;

/// Regions split at a time: enough for all threads, few enough that the best are split first. It does not depend on the number
/// of threads, so that the answer does not.
const BATCH: usize = 64;
/// Batches between two searches for something better.
const BATCHES_PER_SEARCH: usize = 16;
/// What open regions may take of memory, in bytes.
const MOST_MEMORY: usize = 1 << 30;

/// A point and its value.
#[derive(Clone, Debug)]
pub struct Found<P> {
    /// Where it is.
    pub point: P,
    /// How much it is worth.
    pub value: f64,
}

/// A region with what is known of it.
pub struct Bounded<R, P> {
    /// The region.
    pub region: R,
    /// No point in it has a greater value.
    pub upper_bound: f64,
    /// A point in it.
    pub inside: Found<P>,
}

/// Something to maximise.
pub trait Maximization: Sync {
    /// A set of points.
    type Region: Send;
    /// What has a value.
    type Point: Clone + Send + Sync;

    /// Bounds a region.
    fn bounded(&self, region: Self::Region) -> Bounded<Self::Region, Self::Point>;

    /// Two regions that hold all points of one; `None` if it cannot be divided.
    fn halves(&self, region: &Self::Region) -> Option<[Self::Region; 2]>;

    /// A point at least as good, near a promising one.
    fn polished(&self, found: Found<Self::Point>) -> Found<Self::Point>;

    /// From time to time: a point found by other means, given the best so far and the number of the time.
    fn searched(&self, best: &Found<Self::Point>, round: u64) -> Found<Self::Point>;

    /// What a region takes of memory, in bytes.
    fn region_bytes(&self) -> usize;
}

/// How much is spent.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Difference of upper bound and value that is small enough.
    pub gap: f64,
    /// When to stop.
    pub until: Option<Instant>,
    /// Regions to bound at most.
    pub most_regions: usize,
}

/// How far a proof is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProofProgress {
    /// The greatest value found.
    pub value: f64,
    /// What no value exceeds.
    pub upper_bound: f64,
    /// Regions bounded so far.
    pub regions: usize,
    /// Regions left to split.
    pub open: usize,
}

/// What a search ends with.
#[derive(Clone, Debug)]
pub struct Proof<P> {
    /// The best point found.
    pub best: Found<P>,
    /// What no value exceeds, at least that of the best.
    pub upper_bound: f64,
    /// Regions bounded.
    pub regions: usize,
}

/// A region that may hold something better.
struct Open<R> {
    upper_bound: f64,
    region: R,
}

impl<R> PartialEq for Open<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<R> Eq for Open<R> {}

impl<R> PartialOrd for Open<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Open<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.upper_bound.total_cmp(&other.upper_bound)
    }
}

/// Splits regions, beginning with `whole`, until nothing can be better than the best found, at first `best`, by more than the
/// gap, or the budget is spent, or `progress` breaks it off.
pub fn maximize<M: Maximization>(
    problem: &M,
    whole: M::Region,
    mut best: Found<M::Point>,
    budget: Budget,
    mut progress: impl FnMut(ProofProgress) -> ControlFlow<()>,
) -> Proof<M::Point> {
    let Bounded { region, upper_bound, .. } = problem.bounded(whole);
    // The greatest bound of the regions that are neither open nor worse than the best: those that cannot be split further.
    let mut settled = f64::NEG_INFINITY;
    let (mut regions, mut batches) = (1usize, 0usize);
    let mut open = BinaryHeap::from([Open { upper_bound, region }]);
    let bytes = size_of::<Open<M::Region>>() + problem.region_bytes();
    loop {
        let top = open.peek().map_or(f64::NEG_INFINITY, |open| open.upper_bound);
        let upper_bound = top.max(settled).max(best.value);
        let state = ProofProgress { value: best.value, upper_bound, regions, open: open.len() };
        let is_late = budget.until.is_some_and(|until| Instant::now() >= until);
        let is_full = regions >= budget.most_regions || open.len().saturating_mul(bytes) > MOST_MEMORY;
        let stop = progress(state).is_break() || is_late || is_full;
        if stop || upper_bound - best.value <= budget.gap || top < settled.max(best.value) {
            return Proof { best, upper_bound, regions };
        }
        let mut halves = Vec::with_capacity(2 * BATCH);
        while halves.len() < 2 * BATCH {
            // A region within the tolerance needs no splitting.
            match open.peek() {
                Some(next) if next.upper_bound - best.value > budget.gap => {}
                _ => break,
            }
            let Some(Open { upper_bound, region }) = open.pop() else { break };
            match problem.halves(&region) {
                Some(parts) => halves.extend(parts.map(|part| (part, upper_bound))),
                None => settled = settled.max(upper_bound),
            }
        }
        regions += halves.len();
        let bounded = |(region, parent): (M::Region, f64)| {
            let mut bounded = problem.bounded(region);
            // What holds for a region holds for its parts.
            bounded.upper_bound = bounded.upper_bound.min(parent).max(bounded.inside.value);
            bounded
        };
        let children: Vec<_> = halves.into_par_iter().map(bounded).collect();
        let promising = children.iter().map(|child| &child.inside).max_by(|a, b| a.value.total_cmp(&b.value));
        if let Some(better) = promising.filter(|found| found.value > best.value) {
            best = problem.polished(better.clone());
        }
        batches += 1;
        if batches.is_multiple_of(BATCHES_PER_SEARCH) {
            let found = problem.searched(&best, (batches / BATCHES_PER_SEARCH) as u64);
            if found.value > best.value {
                best = found;
            }
        }
        let left = children.into_iter().filter(|child| child.upper_bound > best.value);
        open.extend(left.map(|child| Open { upper_bound: child.upper_bound, region: child.region }));
    }
}

#[cfg(test)]
mod tests;
