//! Counts the rows of the rare levels, which share an input.

use std::collections::HashMap;
use ugmm_data::frame::Request;
use ugmm_data::{Preprocessor, Table};

/// For each column of a preprocessor, the number of rows among `rows` of a table that have each of its rare
/// levels, in their order; empty for a column without rare levels.
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
