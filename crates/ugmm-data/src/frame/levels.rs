//! The different values of a column and how often each occurs.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{boolean, number};

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

/// Finds the level that a text stands for, however a program writes it: `1.0` stands for the level `1` if there is no level `1.0`,
/// and `TRUE` for the level `yes` if the levels are one word for true and one for false.
///
/// ```
/// use ugmm_data::frame::LevelIndex;
///
/// let index = LevelIndex::new(&["0".into(), "1".into(), "many".into()]);
/// assert_eq!(["1", "1.0", "many", "2"].map(|text| index.position(text)), [Some(1), Some(1), Some(2), None]);
/// let index = LevelIndex::new(&["no".into(), "yes".into()]);
/// assert_eq!(["yes", "TRUE", "0", "x"].map(|text| index.position(text)), [Some(1), Some(1), Some(0), None]);
/// ```
#[derive(Debug, Clone)]
pub struct LevelIndex {
    exact: HashMap<String, u32>,
    /// By the bits of the numbers that levels are.
    numbers: HashMap<u64, u32>,
    /// The levels for false and true, where there are no others.
    truths: Option<[u32; 2]>,
}

impl LevelIndex {
    /// The index of these levels; a level that is there twice has its last position.
    pub fn new(levels: &[String]) -> Self {
        let numbers = levels.iter().zip(0..);
        let numbers = numbers.filter_map(|(level, code)| Some((number::plain(level)?.to_bits(), code)));
        let truths = match levels {
            [first, second] => match [first, second].map(|level| boolean::parse(level)) {
                [Some(0.0), Some(1.0)] => Some([0, 1]),
                [Some(1.0), Some(0.0)] => Some([1, 0]),
                _ => None,
            },
            _ => None,
        };
        Self { exact: levels.iter().cloned().zip(0..).collect(), numbers: numbers.collect(), truths }
    }

    /// The position of the level that `text`, without blanks around it, stands for.
    pub fn position(&self, text: &str) -> Option<u32> {
        let number = || self.numbers.get(&number::plain(text)?.to_bits()).copied();
        let truth =
            || self.truths.zip(boolean::parse(text)).map(|(truths, value)| truths[usize::from(value != 0.0)]);
        self.exact.get(text).copied().or_else(number).or_else(truth)
    }
}

/// Counts the rows of each level until there are too many levels, and then forgets them.
pub(super) struct LevelCounter {
    counts: Option<HashMap<Box<str>, usize>>,
    bytes: usize,
}

impl LevelCounter {
    pub(super) fn new() -> Self {
        Self { counts: Some(HashMap::new()), bytes: 0 }
    }

    /// Counts `text` `times` times, unless there were more than `limit` levels already.
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

    /// The levels, in the order of [`sorted_labels`]. Levels that are one whole number (`1` and `1.0`) or, of booleans, one value (`True` and `TRUE`)
    /// are one, under the text that most rows have.
    pub(super) fn finish(self, booleans: bool) -> Option<Vec<Level>> {
        let mut levels: Vec<Level> =
            self.counts?.into_iter().map(|(text, rows)| Level { text: text.into(), rows }).collect();
        let value = |level: &Level| match booleans {
            true => boolean::parse(&level.text),
            // `1.1` and `1.10` may be two versions.
            false => number::plain(&level.text).filter(|number| number.fract() == 0.0),
        };
        // The most frequent first; of booleans any word before the numbers 1 and 0.
        let is_number = |level: &Level| booleans && boolean::pairs(&level.text) == 0;
        levels.sort_unstable_by(|a, b| {
            let by_rows = b.rows.cmp(&a.rows).then_with(|| a.text.cmp(&b.text));
            is_number(a).cmp(&is_number(b)).then(by_rows)
        });
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut merged: Vec<Level> = Vec::with_capacity(levels.len());
        for level in levels {
            match value(&level).map(|value| *places.entry(value.to_bits()).or_insert(merged.len())) {
                Some(place) if place < merged.len() => merged[place].rows += level.rows,
                _ => merged.push(level),
            }
        }
        Some(sorted_labels(merged, |level| &level.text))
    }
}

/// Labels in order: as numbers if all of them are finite numbers, else lexicographically.
pub(crate) fn sorted_labels<T>(mut labels: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    labels.sort_unstable_by(|a, b| text(a).cmp(text(b)));
    let number = |label: &T| text(label).parse().ok().filter(|number: &f64| number.is_finite());
    let Some(numbers) = labels.iter().map(number).collect::<Option<Vec<f64>>>() else { return labels };
    let mut numbered: Vec<(f64, T)> = numbers.into_iter().zip(labels).collect();
    // The sort is stable: equal numbers stay in lexicographic order.
    numbered.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    numbered.into_iter().map(|(_, label)| label).collect()
}
