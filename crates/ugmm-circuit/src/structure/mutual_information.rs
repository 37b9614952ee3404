//! Mutual information of variables, estimated from counts.

use crate::rows::Rows;
use crate::variable::Variable;
use rayon::prelude::*;

/// Largest number of cells of a variable, which are bounded by its quantiles. More cells resolve finer
/// dependence but need more rows to separate it from chance.
const MAXIMUM_CELLS: usize = 16;

/// Largest number of rows used: more do not change the tree much, and time grows with them.
const MAXIMUM_ROWS: usize = 20_000;

/// The cell of missing values, which are ignored.
const MISSING: u8 = u8::MAX;

/// Mutual information of each pair in nats, `[variables, variables]`, symmetric, 0 on the diagonal. The bias
/// that chance causes is subtracted (Miller 1955): half the degrees of freedom, divided by the number of
/// rows.
pub(super) fn mutual_information(rows: Rows<'_>, variables: &[Variable]) -> Vec<f64> {
    let step = rows.count().div_ceil(MAXIMUM_ROWS).max(1);
    let columns: Vec<(Vec<u8>, usize)> =
        (0..variables.len()).into_par_iter().map(|variable| cells(rows, variable, step)).collect();
    let count = variables.len();
    let triangle: Vec<Vec<f64>> = (0..count)
        .into_par_iter()
        .map(|i| (0..i).map(|j| pair_information(&columns[i], &columns[j])).collect())
        .collect();
    let mut matrix = vec![0.0; count * count];
    for i in 0..count {
        for j in 0..i {
            matrix[i * count + j] = triangle[i][j];
            matrix[j * count + i] = triangle[i][j];
        }
    }
    matrix
}

/// The cell of each value and the number of cells. Equal values share a cell.
fn cells(rows: Rows<'_>, variable: usize, step: usize) -> (Vec<u8>, usize) {
    let values: Vec<f64> = rows.column(variable).step_by(step).collect();
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    // The upper ends of all cells but the last.
    let mut ends: Vec<f64> = if distinct.len() <= MAXIMUM_CELLS {
        distinct
    } else {
        // Fewer rows get fewer cells, so that each pair of cells occurs now and then.
        let wanted = ((sorted.len() as f64 / 5.0).sqrt() as usize).clamp(2, MAXIMUM_CELLS);
        // A value more frequent than the width of a cell, such as the black of an image, gets its own cell;
        // the others share the remaining cells evenly.
        let mut ends = Vec::new();
        let mut target = sorted.len() as f64 / wanted as f64;
        let (mut filled, mut left, mut remaining) = (0_usize, sorted.len(), wanted);
        for group in sorted.chunk_by(|a, b| a == b) {
            filled += group.len();
            if filled as f64 >= target && remaining > 1 {
                ends.push(group[0]);
                left -= filled;
                remaining -= 1;
                target = left as f64 / remaining as f64;
                filled = 0;
            }
        }
        ends.push(f64::INFINITY);
        ends
    };
    ends.dedup();
    let cell = |value: &f64| match value.is_nan() {
        true => MISSING,
        false => ends.partition_point(|end| end < value).min(ends.len().saturating_sub(1)) as u8,
    };
    (values.iter().map(cell).collect(), ends.len().max(1))
}

fn pair_information((a, a_cells): &(Vec<u8>, usize), (b, b_cells): &(Vec<u8>, usize)) -> f64 {
    let mut counts = [0_u32; MAXIMUM_CELLS * MAXIMUM_CELLS];
    for (&a, &b) in a.iter().zip(b) {
        if a != MISSING && b != MISSING {
            counts[usize::from(a) * MAXIMUM_CELLS + usize::from(b)] += 1;
        }
    }
    let (mut of_a, mut of_b) = ([0.0; MAXIMUM_CELLS], [0.0; MAXIMUM_CELLS]);
    for i in 0..*a_cells {
        for j in 0..*b_cells {
            let count = f64::from(counts[i * MAXIMUM_CELLS + j]);
            of_a[i] += count;
            of_b[j] += count;
        }
    }
    let total: f64 = of_a.iter().sum();
    if total == 0.0 {
        return 0.0;
    }
    let mut information = 0.0;
    for i in 0..*a_cells {
        for j in 0..*b_cells {
            let count = f64::from(counts[i * MAXIMUM_CELLS + j]);
            if count > 0.0 {
                information += count / total * (count * total / (of_a[i] * of_b[j])).ln();
            }
        }
    }
    let met = |counts: &[f64]| counts.iter().filter(|count| **count > 0.0).count().saturating_sub(1);
    information - (met(&of_a) * met(&of_b)) as f64 / (2.0 * total)
}
