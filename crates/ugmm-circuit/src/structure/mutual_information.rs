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
    let weights: Option<Vec<f64>> =
        rows.mean_1_weights().map(|weights| weights.into_iter().step_by(step).collect());
    let weights = weights.as_deref();
    let triangle: Vec<Vec<f64>> = (0..count)
        .into_par_iter()
        .map(|i| (0..i).map(|j| pair_information(&columns[i], &columns[j], weights)).collect())
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
    let weighed = values.iter().enumerate().map(|(place, &value)| (value, rows.weight(place * step)));
    let mut sorted: Vec<(f64, f64)> = weighed.filter(|(value, _)| !value.is_nan()).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut distinct: Vec<f64> = sorted.iter().map(|(value, _)| *value).collect();
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
        let weight = |rows: &[(f64, f64)]| rows.iter().map(|(_, weight)| weight).sum::<f64>();
        let (mut filled, mut left, mut remaining) = (0.0, weight(&sorted), wanted);
        let mut target = left / wanted as f64;
        for group in sorted.chunk_by(|a, b| a.0 == b.0) {
            filled += weight(group);
            if filled >= target && remaining > 1 {
                ends.push(group[0].0);
                left -= filled;
                remaining -= 1;
                target = left / remaining as f64;
                filled = 0.0;
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

fn pair_information(
    (a, a_cells): &(Vec<u8>, usize),
    (b, b_cells): &(Vec<u8>, usize),
    weights: Option<&[f64]>,
) -> f64 {
    let mut counts = [0.0; MAXIMUM_CELLS * MAXIMUM_CELLS];
    for (row, (&a, &b)) in a.iter().zip(b).enumerate() {
        if a != MISSING && b != MISSING {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            counts[usize::from(a) * MAXIMUM_CELLS + usize::from(b)] += weight;
        }
    }
    let (mut of_a, mut of_b) = ([0.0; MAXIMUM_CELLS], [0.0; MAXIMUM_CELLS]);
    for i in 0..*a_cells {
        for j in 0..*b_cells {
            let count = counts[i * MAXIMUM_CELLS + j];
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
            let count = counts[i * MAXIMUM_CELLS + j];
            if count > 0.0 {
                information += count / total * (count * total / (of_a[i] * of_b[j])).ln();
            }
        }
    }
    let met = |counts: &[f64]| counts.iter().filter(|count| **count > 0.0).count().saturating_sub(1);
    information - (met(&of_a) * met(&of_b)) as f64 / (2.0 * total)
}
