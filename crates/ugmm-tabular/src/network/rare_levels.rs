//! How many rows have each of the levels that share an input, since too few rows have them.

use std::collections::HashMap;
use ugmm_data::frame::Request;
use ugmm_data::{Preprocessor, Table};

/// Of each column of a preprocessor the rows, of these rows of a table, that have each of its rare levels, in their order; nothing
/// of a column without such.
pub(crate) fn rare_rows(preprocessor: &Preprocessor, table: &Table, rows: &[usize]) -> Vec<Vec<usize>> {
    let of_column = |(column, Request { name, .. }): (usize, Request)| {
        let rare = preprocessor.states(column).map_or_else(Vec::new, |states| states.rare);
        let texts = if rare.is_empty() { Vec::new() } else { table.labels(&name).unwrap_or_default() };
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in rows.iter().filter_map(|&row| texts.get(row)?.as_deref()) {
            *counts.entry(text).or_default() += 1;
        }
        rare.iter().map(|level| counts.get(level.as_str()).copied().unwrap_or(0)).collect()
    };
    preprocessor.requests().into_iter().enumerate().map(of_column).collect()
}
