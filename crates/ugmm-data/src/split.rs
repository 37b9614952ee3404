//! Splitting rows into training and test rows.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::error::DataError;

/// Row indices, counted from 0, of the two sides of a split; no row is on both.
///
/// ```
/// use ugmm_data::stratified_split;
///
/// # fn main() -> Result<(), ugmm_data::DataError> {
/// let split = stratified_split(&[0, 0, 0, 0, 1, 1], 0.25, 7)?;
/// assert_eq!((split.train.len(), split.test.len()), (4, 2));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Rows to learn from, in random order.
    pub train: Vec<usize>,
    /// Rows to test on, in random order.
    pub test: Vec<usize>,
}

/// Splits the rows of each class by itself, so that both sides have the classes in the same proportions.
///
/// `classes` holds the class of each row, `[rows]`; `test_fraction` is in (0, 1). Of a class with n rows, the
/// nearest whole number to n · `test_fraction` is tested on, but a class of two rows or more keeps a row on both
/// sides, and a class of one row is learned from. The same arguments give the same split.
///
/// # Errors
///
/// [`DataError::TestFraction`] if the fraction is not in (0, 1), [`DataError::TooFewToSplit`] if no class has two
/// rows.
pub fn stratified_split(classes: &[usize], test_fraction: f64, seed: u64) -> Result<Split, DataError> {
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        return Err(DataError::TestFraction { fraction: test_fraction });
    }
    // Ordered by class, so that the random numbers go to the same rows every time.
    let mut rows_of_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        rows_of_class.entry(class).or_default().push(row);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut split = Split { train: Vec::new(), test: Vec::new() };
    for rows in rows_of_class.values_mut() {
        rows.shuffle(&mut rng);
        let (test, train) = rows.split_at(test_count(rows.len(), test_fraction));
        split.test.extend_from_slice(test);
        split.train.extend_from_slice(train);
    }
    if split.test.is_empty() {
        return Err(DataError::TooFewToSplit { rows: classes.len() });
    }
    // Otherwise the classes would come one after the other.
    split.train.shuffle(&mut rng);
    split.test.shuffle(&mut rng);
    Ok(split)
}

/// How many of a class's `rows` are tested on.
fn test_count(rows: usize, test_fraction: f64) -> usize {
    match rows {
        0 | 1 => 0,
        _ => ((rows as f64 * test_fraction).round() as usize).clamp(1, rows - 1),
    }
}
