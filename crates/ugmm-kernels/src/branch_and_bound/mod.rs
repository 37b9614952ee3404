//! Best-first branch and bound: maximises any function that has upper bounds over regions. Networks and circuits find their
//! most probable explanations by it.

use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::Instant;

/// Number of regions split at a time: enough for all threads, and few enough that the best are split first.
/// It does not depend on the number of threads, so that the result does not either.
const BATCH: usize = 64;
/// Number of batches between two calls of [`Maximization::searched`].
const BATCHES_PER_SEARCH: usize = 16;
/// Largest memory of open regions, in bytes.
const MOST_MEMORY: usize = 1 << 30;

/// A point and its value.
#[derive(Clone, Debug)]
pub struct Found<P> {
    /// The point.
    pub point: P,
    /// The value at this point.
    pub value: f64,
}

/// A region and its bounds.
pub struct Bounded<R, P> {
    /// The region.
    pub region: R,
    /// An upper bound of the values in the region.
    pub upper_bound: f64,
    /// A point in the region and its value.
    pub inside: Found<P>,
}

/// A function to maximise.
pub trait Maximization: Sync {
    /// A set of points.
    type Region: Send;
    /// An argument of the function.
    type Point: Clone + Send + Sync;

    /// Computes an upper bound and a point of a region.
    fn bounded(&self, region: Self::Region) -> Bounded<Self::Region, Self::Point>;

    /// Two regions that together hold all points of `region`; `None` if it cannot be divided.
    fn halves(&self, region: &Self::Region) -> Option<[Self::Region; 2]>;

    /// A point near a promising one whose value is at least as great.
    fn polished(&self, found: Found<Self::Point>) -> Found<Self::Point>;

    /// A point found by other means than branch and bound. It is called from time to time with the best point
    /// so far and the number of the call.
    fn searched(&self, best: &Found<Self::Point>, round: u64) -> Found<Self::Point>;

    /// Memory of a region on the heap, in bytes.
    fn region_bytes(&self) -> usize;
}

/// The limits of a search.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Difference between upper bound and value at which the search ends.
    pub gap: f64,
    /// Time at which the search ends.
    pub until: Option<Instant>,
    /// Number of bounded regions at which the search ends.
    pub most_regions: usize,
}

/// The state of a proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProofProgress {
    /// The greatest value found.
    pub value: f64,
    /// An upper bound of all values.
    pub upper_bound: f64,
    /// Number of regions bounded so far.
    pub regions: usize,
    /// Number of regions left to split.
    pub open: usize,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub struct Proof<P> {
    /// The best point found.
    pub best: Found<P>,
    /// An upper bound of all values, at least that of `best`.
    pub upper_bound: f64,
    /// Number of regions bounded.
    pub regions: usize,
}

/// A region that may hold a better point.
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

/// Splits regions, starting with `whole` and the point `best`, until no point can exceed the best one found
/// by more than the gap, the budget is spent, or `progress` returns `Break`.
pub fn maximize<M: Maximization>(
    problem: &M,
    whole: M::Region,
    mut best: Found<M::Point>,
    budget: Budget,
    mut progress: impl FnMut(ProofProgress) -> ControlFlow<()>,
) -> Proof<M::Point> {
    let Bounded { region, upper_bound, .. } = problem.bounded(whole);
    // The greatest bound of the regions that cannot be split further; these are not open, but may exceed the
    // best value.
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
            // An upper bound of a region holds for its parts.
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
