//! The different values of a column and how often each occurs.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Most levels of a column.
pub const LEVEL_LIMIT: usize = 10_000;

/// Most bytes of a column's levels together, so that long texts do not fill the memory.
const BYTE_LIMIT: usize = 16 << 20;

/// A value that occurs in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The value as in the file, without blanks around it.
    pub text: String,
    /// Number of rows with it.
    pub rows: usize,
}

impl Level {
    /// Whether the text is a number as it stands.
    pub fn is_number(&self) -> bool {
        self.text.parse::<f64>().is_ok()
    }
}

/// Counts levels until there are too many, and then forgets them.
pub(super) struct LevelCounter {
    counts: Option<HashMap<Box<str>, usize>>,
    bytes: usize,
}

impl LevelCounter {
    pub(super) fn new() -> Self {
        Self { counts: Some(HashMap::new()), bytes: 0 }
    }

    /// Counts `text` so many times, unless there were more than `limit` levels already.
    pub(super) fn add(&mut self, text: &str, times: usize, limit: usize) {
        let Some(counts) = &mut self.counts else { return };
        if let Some(count) = counts.get_mut(text) {
            *count += times;
            return;
        }
        self.bytes += text.len();
        if counts.len() >= limit || self.bytes > BYTE_LIMIT {
            self.counts = None;
        } else {
            counts.insert(text.into(), times);
        }
    }

    pub(super) fn is_counting(&self) -> bool {
        self.counts.is_some()
    }

    /// Whether there is one level.
    pub(super) fn is_constant(&self) -> bool {
        self.counts.as_ref().is_some_and(|counts| counts.len() == 1)
    }

    /// The levels, [`sorted`].
    pub(super) fn finish(self) -> Option<Vec<Level>> {
        Some(sorted(self.counts?.into_iter().map(|(text, rows)| Level { text: text.into(), rows }).collect()))
    }
}

/// The levels in the order of class labels: as numbers if all of them are finite numbers, else lexicographically.
pub(super) fn sorted(mut levels: Vec<Level>) -> Vec<Level> {
    levels.sort_unstable_by(|a, b| a.text.cmp(&b.text));
    let number = |level: &Level| level.text.parse().ok().filter(|number: &f64| number.is_finite());
    let Some(numbers) = levels.iter().map(number).collect::<Option<Vec<f64>>>() else { return levels };
    let mut numbered: Vec<(f64, Level)> = numbers.into_iter().zip(levels).collect();
    // The sort is stable: equal numbers stay in lexicographic order.
    numbered.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    numbered.into_iter().map(|(_, level)| level).collect()
}
