//! Hidden Chow-Liu trees (Liu and Van den Broeck, *Tractable Regularization of Probabilistic Circuits*,
//! NeurIPS 2021): the tree of Chow and Liu (1968) with a hidden variable in place of each observed one.

use super::mutual_information::mutual_information;
use super::{RegionShape, Structure};
use crate::error::CircuitError;
use crate::rows::Rows;
use crate::variable::Variable;

/// The maximum spanning tree of the variables by mutual information, estimated from `rows`, with the root
/// that minimises the depth. Each variable depends on a hidden one of `units` states, and the hidden ones
/// form the tree.
///
/// Mutual information of continuous variables is estimated on cells between their quantiles; pairs with a
/// missing value are ignored. Time grows with rows × variables².
///
/// # Errors
///
/// [`CircuitError`] when there are no variables or no units.
pub fn hidden_chow_liu_tree(
    rows: Rows<'_>,
    variables: &[Variable],
    units: usize,
) -> Result<Structure, CircuitError> {
    let count = variables.len();
    if count == 0 || rows.columns() != count {
        return Err(CircuitError::Columns { found: rows.columns(), expected: count });
    }
    let neighbours = spanning_tree(count, &mutual_information(rows, variables));
    let root = centre(&neighbours);
    let mut regions = Vec::with_capacity(2 * count);
    // The search is depth first without recursion, since trees may be as deep as the number of variables. A
    // variable's leaf and its children's regions immediately precede the region that joins them.
    let mut stack = vec![Visit { variable: root, parent: None, next: 0, parts: Vec::new() }];
    while let Some(visit) = stack.last_mut() {
        if let Some(&neighbour) = neighbours[visit.variable].get(visit.next) {
            visit.next += 1;
            if visit.parent != Some(neighbour) {
                let parent = Some(visit.variable);
                stack.push(Visit { variable: neighbour, parent, next: 0, parts: Vec::new() });
            }
            continue;
        }
        let Some(Visit { variable, parent, mut parts, .. }) = stack.pop() else { break };
        regions.push(RegionShape::Leaf { variable, units });
        parts.push(regions.len() - 1);
        let units = if parent.is_some() { units } else { 1 };
        regions.push(RegionShape::Inner { units, partitions: vec![parts] });
        if let Some(above) = stack.last_mut() {
            above.parts.push(regions.len() - 1);
        }
    }
    Structure::new(count, regions)
}

struct Visit {
    variable: usize,
    parent: Option<usize>,
    /// Index of the next neighbour.
    next: usize,
    parts: Vec<usize>,
}

/// Neighbours of each variable in the maximum spanning tree of `weights` `[count, count]` (Prim 1957).
fn spanning_tree(count: usize, weights: &[f64]) -> Vec<Vec<usize>> {
    let mut neighbours = vec![Vec::new(); count];
    let mut best: Vec<(f64, usize)> = (0..count).map(|variable| (weights[variable], 0)).collect();
    let mut inside = vec![false; count];
    inside[0] = true;
    for _ in 1..count {
        let mut next: Option<usize> = None;
        for variable in (0..count).filter(|&variable| !inside[variable]) {
            if next.is_none_or(|next| best[variable].0 > best[next].0) {
                next = Some(variable);
            }
        }
        let Some(next) = next else { break };
        let parent = best[next].1;
        neighbours[next].push(parent);
        neighbours[parent].push(next);
        inside[next] = true;
        for variable in 0..count {
            let weight = weights[next * count + variable];
            if !inside[variable] && weight > best[variable].0 {
                best[variable] = (weight, next);
            }
        }
    }
    neighbours
}

/// The middle of a tree's longest path.
fn centre(neighbours: &[Vec<usize>]) -> usize {
    let (end, _) = farthest(neighbours, 0);
    let (mut variable, parents) = farthest(neighbours, end);
    let mut path = vec![variable];
    while let Some(parent) = parents[variable] {
        variable = parent;
        path.push(variable);
    }
    path[path.len() / 2]
}

/// A variable farthest from another, and the parent of each variable on the paths from it.
fn farthest(neighbours: &[Vec<usize>], from: usize) -> (usize, Vec<Option<usize>>) {
    let mut parents = vec![None; neighbours.len()];
    let mut queue = vec![from];
    let mut done = 0;
    while let Some(&variable) = queue.get(done) {
        done += 1;
        for &neighbour in &neighbours[variable] {
            if parents[variable] != Some(neighbour) {
                parents[neighbour] = Some(variable);
                queue.push(neighbour);
            }
        }
    }
    (queue[queue.len() - 1], parents)
}
