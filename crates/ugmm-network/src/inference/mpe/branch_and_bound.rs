//! Branch and bound over boxes of the query variables.

use super::polish::polish;
use super::problem::{Cell, Cells, Choice, Problem, Values};
use crate::verification::bounds::{Analysis, Region};
use std::time::Instant;
use ugmm_kernels::branch_and_bound::{Bounded, Found, Maximization};

/// Weight of a bound's linear parts, relative to the loss by curvature, in the choice of the variable to
/// split. Linear parts are exact where the score increases towards a side, and loose only elsewhere.
const LINEAR_SHARE: f64 = 0.1;

/// The problem of bounding and maximising scores over boxes. `search` looks for a better point by other
/// means, given the best point and the number of the call.
pub(super) struct Proving<'a, S> {
    pub problem: &'a Problem,
    pub until: Option<Instant>,
    pub search: S,
}

/// The remaining domain of each variable, and the variable to split.
pub(super) struct QueryBox {
    cells: Vec<Cell>,
    split: Option<usize>,
}

impl QueryBox {
    pub fn whole(problem: &Problem) -> Self {
        Self { cells: problem.domain(), split: None }
    }
}

impl<S: Fn(&Found<Vec<Choice>>, u64) -> Found<Vec<Choice>> + Sync> Maximization for Proving<'_, S> {
    type Region = QueryBox;
    type Point = Vec<Choice>;

    fn bounded(&self, QueryBox { cells, .. }: QueryBox) -> Bounded<QueryBox, Vec<Choice>> {
        let inside = self.problem.candidate(self.problem.middle(&cells));
        let region = Cells::new(self.problem, &cells);
        let analysis = Analysis::new(&self.problem.function, &region);
        let (costs, slopes) = analysis.looseness();
        let (low, high) = region.sides();
        let weight = |at: usize| -> f64 {
            let variable = &self.problem.variables[at];
            let linear = |k: usize| LINEAR_SHARE * slopes[k].abs() * (high[k] - low[k]);
            variable.inputs.clone().map(|k| costs[k] + linear(k)).sum()
        };
        let can_split = (0..cells.len()).filter(|&at| self.halves_of(&cells, at).is_some());
        let split = can_split.max_by(|&a, &b| {
            let by_weight = weight(a).total_cmp(&weight(b));
            // Where the bound does not discriminate, the widest cell is split.
            by_weight.then_with(|| self.share_left(&cells, a).total_cmp(&self.share_left(&cells, b)))
        });
        let upper_bound = analysis.upper(0).max(inside.value);
        drop(region);
        Bounded { region: QueryBox { cells, split }, upper_bound, inside }
    }

    fn halves(&self, QueryBox { cells, split }: &QueryBox) -> Option<[QueryBox; 2]> {
        let at = (*split)?;
        let with = |part: Cell| {
            let mut cells = cells.clone();
            cells[at] = part;
            QueryBox { cells, split: None }
        };
        self.halves_of(cells, at).map(|halves| halves.map(with))
    }

    fn polished(&self, found: Found<Vec<Choice>>) -> Found<Vec<Choice>> {
        polish(self.problem, found, self.until)
    }

    fn searched(&self, best: &Found<Vec<Choice>>, round: u64) -> Found<Vec<Choice>> {
        (self.search)(best, round)
    }

    fn region_bytes(&self) -> usize {
        self.problem.variables.len() * size_of::<Cell>()
    }
}

impl<S> Proving<'_, S> {
    fn halves_of(&self, cells: &[Cell], at: usize) -> Option<[Cell; 2]> {
        cells[at].halves(&self.problem.variables[at].values)
    }

    /// The fraction of a variable's domain that its cell covers.
    fn share_left(&self, cells: &[Cell], at: usize) -> f64 {
        match (cells[at], &self.problem.variables[at].values) {
            (Cell::Number(low, high), Values::Numbers(all)) if all.high > all.low => {
                (high - low) / (all.high - all.low)
            }
            (Cell::States(_, count), Values::States(states)) => count as f64 / states.len() as f64,
            _ => 0.0,
        }
    }
}
