//! Best-first branch and bound over boxes of the query variables.

use super::polish::polish;
use super::problem::{Cell, Cells, Problem, Values};
use super::{Candidate, MpeOptions, MpeProgress};
use crate::inference::bounds::{Analysis, Region};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;
use std::time::Instant;

/// Boxes split at a time: enough for all threads, few enough that the best are split first. It does not depend on the number
/// of threads, so that the answer does not.
const BATCH: usize = 64;

/// What open boxes may take of memory, in bytes.
const MOST_MEMORY: usize = 1 << 30;

/// What linear parts of a bound count for in the choice of the variable to split, beside what curvature costs: they are real
/// where the score grows towards a side, and loose only where it does not.
const LINEAR_SHARE: f64 = 0.1;

pub(super) struct Proof {
    pub best: Candidate,
    pub upper_bound: f64,
    pub boxes: usize,
}

/// A box that may hold something better.
struct Open {
    upper_bound: f64,
    cells: Vec<Cell>,
    /// The variable to split.
    split: Option<usize>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.upper_bound.total_cmp(&other.upper_bound)
    }
}

/// A box with its bound, and the score of a point in it.
struct Bounded {
    open: Open,
    inside: Candidate,
}

/// Batches of boxes between two searches for something better.
const BATCHES_PER_SEARCH: usize = 16;

/// Splits boxes until nothing can be better than the best found by more than the tolerance, or the budget is spent. From time to
/// time `search`, given the best found and the number of the time, looks for something better.
pub(super) fn prove(
    problem: &Problem,
    mut best: Candidate,
    options: &MpeOptions,
    until: Option<Instant>,
    mut search: impl FnMut(&Candidate, u64) -> Candidate,
    progress: &mut impl FnMut(MpeProgress) -> ControlFlow<()>,
) -> Proof {
    let mut batches = 0usize;
    let whole = bounded(problem, problem.domain(), f64::INFINITY);
    // The greatest bound of the boxes that are neither open nor worse than the best: those that cannot be split further.
    let mut settled = f64::NEG_INFINITY;
    let mut boxes = 1;
    let mut open = BinaryHeap::from([whole.open]);
    let bytes = size_of::<Open>() + problem.variables.len() * size_of::<Cell>();
    loop {
        let top = open.peek().map_or(f64::NEG_INFINITY, |open| open.upper_bound);
        let upper_bound = top.max(settled).max(best.value);
        let state = MpeProgress { value: best.value, upper_bound, boxes, open: open.len() };
        let is_late = until.is_some_and(|until| Instant::now() >= until);
        let is_full = boxes >= options.most_boxes || open.len().saturating_mul(bytes) > MOST_MEMORY;
        let stop = progress(state).is_break() || is_late || is_full;
        if stop || upper_bound - best.value <= options.gap || top < settled.max(best.value) {
            return Proof { best, upper_bound, boxes };
        }
        let mut halves = Vec::with_capacity(2 * BATCH);
        while halves.len() < 2 * BATCH {
            // A box within the tolerance needs no splitting.
            match open.peek() {
                Some(next) if next.upper_bound - best.value > options.gap => {}
                _ => break,
            }
            let Some(Open { upper_bound, cells, split }) = open.pop() else { break };
            let Some((at, parts)) = halves_of(problem, &cells, split) else {
                settled = settled.max(upper_bound);
                continue;
            };
            for part in parts {
                let mut cells = cells.clone();
                cells[at] = part;
                halves.push((cells, upper_bound));
            }
        }
        boxes += halves.len();
        let children: Vec<Bounded> =
            halves.into_par_iter().map(|(cells, upper)| bounded(problem, cells, upper)).collect();
        let promising = children.iter().map(|child| &child.inside).max_by(|a, b| a.value.total_cmp(&b.value));
        if let Some(better) = promising.filter(|candidate| candidate.value > best.value) {
            best = polish(problem, better.clone(), until);
        }
        batches += 1;
        if batches.is_multiple_of(BATCHES_PER_SEARCH) {
            let found = search(&best, (batches / BATCHES_PER_SEARCH) as u64);
            if found.value > best.value {
                best = found;
            }
        }
        open.extend(
            children.into_iter().map(|child| child.open).filter(|child| child.upper_bound > best.value),
        );
    }
}

/// Bounds a box; `parent` is the bound of a box that it is part of.
fn bounded(problem: &Problem, cells: Vec<Cell>, parent: f64) -> Bounded {
    let inside = problem.candidate(problem.middle(&cells));
    let (upper_bound, split) = {
        let region = Cells::new(problem, &cells);
        let analysis = Analysis::new(&problem.function, &region);
        let (costs, slopes) = analysis.looseness();
        let (low, high) = region.sides();
        let weight = |at: usize| -> f64 {
            let variable = &problem.variables[at];
            let linear = |k: usize| LINEAR_SHARE * slopes[k].abs() * (high[k] - low[k]);
            variable.inputs.clone().map(|k| costs[k] + linear(k)).sum()
        };
        let can_split = (0..cells.len()).filter(|&at| halves_of(problem, &cells, Some(at)).is_some());
        let split = can_split.max_by(|&a, &b| {
            let by_weight = weight(a).total_cmp(&weight(b));
            // Where the bound says nothing, the widest.
            by_weight.then_with(|| share_left(problem, &cells, a).total_cmp(&share_left(problem, &cells, b)))
        });
        (analysis.upper(0).min(parent).max(inside.value), split)
    };
    Bounded { open: Open { upper_bound, cells, split }, inside }
}

/// The variable to split and the halves of its cell, if it has some.
fn halves_of(problem: &Problem, cells: &[Cell], at: Option<usize>) -> Option<(usize, [Cell; 2])> {
    at.and_then(|at| Some((at, cells[at].halves(&problem.variables[at].values)?)))
}

/// How much of a variable's domain a cell still is.
fn share_left(problem: &Problem, cells: &[Cell], at: usize) -> f64 {
    match (cells[at], &problem.variables[at].values) {
        (Cell::Number(low, high), Values::Numbers(all)) if all.high > all.low => {
            (high - low) / (all.high - all.low)
        }
        (Cell::States(_, count), Values::States(states)) => count as f64 / states.len() as f64,
        _ => 0.0,
    }
}
