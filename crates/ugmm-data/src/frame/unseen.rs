//! Values that are none of the categories requested.

use std::collections::HashSet;

use super::levels::LEVEL_LIMIT;

/// Values that are named.
const NAMED: usize = 5;

/// The values of a column that are none of the categories requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenValues {
    /// Name of the column.
    pub column: String,
    /// Rows with such a value.
    pub rows: usize,
    /// Different values; no more than [`LEVEL_LIMIT`](super::LEVEL_LIMIT) are counted.
    pub values: usize,
    /// The first of them, at most 5.
    pub first: Vec<String>,
}

/// Counts the values of a column that are none of the categories requested.
#[derive(Default)]
pub(super) struct UnseenCounter {
    rows: usize,
    values: HashSet<Box<str>>,
    first: Vec<String>,
}

impl UnseenCounter {
    pub(super) fn add(&mut self, text: &str) {
        self.rows += 1;
        if self.values.len() < LEVEL_LIMIT && !self.values.contains(text) {
            self.values.insert(text.into());
            if self.first.len() < NAMED {
                self.first.push(text.to_owned());
            }
        }
    }

    /// The values counted in the column `name`; none if there are none.
    pub(super) fn found(&self, name: &str) -> Option<UnseenValues> {
        let (rows, values, first) = (self.rows, self.values.len(), self.first.clone());
        (rows > 0).then(|| UnseenValues { column: name.to_owned(), rows, values, first })
    }
}
