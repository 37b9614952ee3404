//! Splitting rows into training and test rows.

use std::collections::{BTreeMap, HashSet};

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
    /// Training rows, in random order.
    pub train: Vec<usize>,
    /// Test rows, in random order.
    pub test: Vec<usize>,
}

/// Which rows depend on each other, and must therefore not be told apart at random when rows are divided.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Dependence {
    /// No row depends on another.
    #[default]
    None,
    /// The group of each row, such as a patient: no group has rows in two parts.
    Groups(Vec<usize>),
    /// The time of each row, a finite number: what is tested is later than what is learned. Rows of the same time stay
    /// together.
    Times(Vec<f64>),
}

impl Dependence {
    /// The dependence of these rows, in their order.
    #[must_use]
    pub fn of_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::None => Self::None,
            Self::Groups(groups) => Self::Groups(rows.iter().map(|&row| groups[row]).collect()),
            Self::Times(times) => Self::Times(rows.iter().map(|&row| times[row]).collect()),
        }
    }

    /// Splits the rows into training and test rows by [`stratified_split`], [`grouped_split`] or [`timed_split`]. `classes`
    /// holds the class of each row, `[rows]`; `test_fraction` is in (0, 1).
    ///
    /// # Errors
    ///
    /// Those of these functions.
    pub fn split(&self, classes: &[usize], test_fraction: f64, seed: u64) -> Result<Split, DataError> {
        match self {
            Self::None => stratified_split(classes, test_fraction, seed),
            Self::Groups(groups) => grouped_split(groups, classes, test_fraction, seed),
            Self::Times(times) => timed_split(times, test_fraction, seed),
        }
    }

    /// Splits the rows so that the test rows are a simple random sample of them, or those of a simple random sample of groups,
    /// whatever their classes; `rows` is their number, and `test_fraction` is in (0, 1). `None` if times order the rows.
    ///
    /// # Errors
    ///
    /// [`DataError::TestFraction`], [`DataError::TooFewToSplit`] if there is one row, or [`DataError::TooFewGroups`] if there
    /// is one group.
    pub fn random_split(
        &self,
        rows: usize,
        test_fraction: f64,
        seed: u64,
    ) -> Result<Option<Split>, DataError> {
        match self {
            Self::None => stratified_split(&vec![0; rows], test_fraction, seed).map(Some),
            Self::Groups(groups) => {
                let mut names = groups.clone();
                names.sort_unstable();
                names.dedup();
                if let [] | [_] = names[..] {
                    return Err(DataError::TooFewGroups { groups: names.len(), parts: 2 });
                }
                check_fraction(test_fraction)?;
                // One sequence of random numbers for the groups and the rows: which rows come first says nothing of whether
                // their groups were drawn.
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                names.shuffle(&mut rng);
                let sampled: HashSet<usize> =
                    names[..test_count(names.len(), test_fraction)].iter().copied().collect();
                let part_of: Vec<usize> =
                    groups.iter().map(|group| usize::from(sampled.contains(group))).collect();
                let mut order: Vec<usize> = (0..rows).collect();
                order.shuffle(&mut rng);
                Ok(Some(tested_on(1, &part_of, &order)))
            }
            Self::Times(_) => Ok(None),
        }
    }

    /// Divides the rows into folds by [`stratified_folds`], [`grouped_folds`] or [`timed_folds`]. `classes` holds the class
    /// of each row, `[rows]`.
    ///
    /// # Errors
    ///
    /// Those of these functions.
    pub fn folds(&self, classes: &[usize], folds: usize, seed: u64) -> Result<Vec<Split>, DataError> {
        match self {
            Self::None => stratified_folds(classes, folds, seed),
            Self::Groups(groups) => grouped_folds(groups, classes, folds, seed),
            Self::Times(times) => timed_folds(times, folds, seed),
        }
    }
}

/// Splits the rows of each class by itself, so that both sides have the classes in the same proportions.
///
/// `classes` holds the class of each row, `[rows]`; `test_fraction` is in (0, 1). Of a class with n rows, the
/// nearest whole number to n · `test_fraction` are test rows, but a class of two rows or more has a row on both
/// sides, and the row of a class of one is a training row. The same arguments give the same split.
///
/// # Errors
///
/// [`DataError::TestFraction`] if the fraction is not in (0, 1), [`DataError::TooFewToSplit`] if no class has two
/// rows.
pub fn stratified_split(classes: &[usize], test_fraction: f64, seed: u64) -> Result<Split, DataError> {
    check_fraction(test_fraction)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut split = Split { train: Vec::new(), test: Vec::new() };
    for rows in shuffled_by_class(classes, &mut rng) {
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

/// Divides the rows into `folds` folds of the same size, give or take a row, that have the classes in the same
/// proportions, give or take a row; in each split the test rows are one fold and the training rows the others.
///
/// `classes` holds the class of each row, `[rows]`. A class with fewer rows than there are folds is missing from some
/// folds. The same arguments give the same splits.
///
/// # Errors
///
/// [`DataError::Folds`] unless there are at least two folds and as many rows as folds.
pub fn stratified_folds(classes: &[usize], folds: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    let rows = classes.len();
    if folds < 2 || folds > rows {
        return Err(DataError::Folds { folds, rows });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Dealt like cards, one class after the other without a new beginning: no part gets the odd row of every class.
    let dealt = shuffled_by_class(classes, &mut rng).concat();
    let mut fold_of = vec![0; rows];
    dealt.iter().enumerate().for_each(|(place, &row)| fold_of[row] = place % folds);
    let mut order = dealt;
    order.shuffle(&mut rng);
    Ok((0..folds).map(|fold| tested_on(fold, &fold_of, &order)).collect())
}

/// Splits the rows as [`stratified_split`] does, but no group has rows on both sides; `groups` holds the group of each
/// row, `[rows]`. The proportions are as close to those wanted as whole groups allow. A class that one group has alone is a
/// training class.
///
/// # Errors
///
/// [`DataError::TestFraction`] if the fraction is not in (0, 1), [`DataError::TooFewGroups`] if there is one group only.
pub fn grouped_split(
    groups: &[usize],
    classes: &[usize],
    test_fraction: f64,
    seed: u64,
) -> Result<Split, DataError> {
    check_fraction(test_fraction)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shares = [1.0 - test_fraction, test_fraction];
    let part_of = dealt_groups(groups, classes, &shares, true, &mut rng)?;
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.shuffle(&mut rng);
    Ok(tested_on(1, &part_of, &order))
}

/// Divides the rows as [`stratified_folds`] does, but no group has rows in two folds; `groups` holds the group of each row,
/// `[rows]`. Sizes and proportions are as equal as whole groups allow.
///
/// # Errors
///
/// [`DataError::Folds`] if there are fewer than two folds, [`DataError::TooFewGroups`] if there are fewer groups than
/// folds.
pub fn grouped_folds(
    groups: &[usize],
    classes: &[usize],
    folds: usize,
    seed: u64,
) -> Result<Vec<Split>, DataError> {
    if folds < 2 {
        return Err(DataError::Folds { folds, rows: groups.len() });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let fold_of = dealt_groups(groups, classes, &vec![1.0 / folds as f64; folds], false, &mut rng)?;
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.shuffle(&mut rng);
    Ok((0..folds).map(|fold| tested_on(fold, &fold_of, &order)).collect())
}

/// Splits the rows so that the test rows are the latest; `times` holds the time of each row, `[rows]`. Rows of the same time
/// stay together, so the share of test rows is as close to `test_fraction` as that allows.
///
/// # Errors
///
/// [`DataError::TestFraction`] if the fraction is not in (0, 1), [`DataError::TooFewTimes`] if there is one time only.
pub fn timed_split(times: &[f64], test_fraction: f64, seed: u64) -> Result<Split, DataError> {
    check_fraction(test_fraction)?;
    let blocks = timed_blocks(times, &[1.0 - test_fraction, test_fraction])?;
    Ok(later_tested(&blocks, 1, times.len(), seed))
}

/// Divides the rows by time into `folds` + 1 blocks of nearly the same size. The split with index i learns from all blocks up
/// to i, counted from 0, and is tested on the next block, so the earliest block is never tested. `times` holds the time of
/// each row, `[rows]`; rows of the same time stay together.
///
/// # Errors
///
/// [`DataError::Folds`] if there are fewer than two folds, [`DataError::TooFewTimes`] if there are not more times than
/// folds.
pub fn timed_folds(times: &[f64], folds: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    if folds < 2 {
        return Err(DataError::Folds { folds, rows: times.len() });
    }
    let blocks = timed_blocks(times, &vec![1.0 / (folds + 1) as f64; folds + 1])?;
    Ok((1..=folds).map(|tested| later_tested(&blocks, tested, times.len(), seed)).collect())
}

/// The block of each row, if the rows are divided by time into blocks with about these shares of the rows, none of them empty.
fn timed_blocks(times: &[f64], shares: &[f64]) -> Result<Vec<usize>, DataError> {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|&a, &b| times[a].total_cmp(&times[b]));
    // Where a block may begin: places in that order at which the time is later than before.
    let starts: Vec<usize> =
        (1..order.len()).filter(|&place| times[order[place - 1]] < times[order[place]]).collect();
    let cuts = shares.len() - 1;
    if starts.len() < cuts {
        return Err(DataError::TooFewTimes { times: starts.len() + 1, parts: shares.len() });
    }
    let (mut block_of, mut first, mut wanted) = (vec![0; times.len()], 0, 0.0);
    for (cut, share) in shares[..cuts].iter().enumerate() {
        wanted += share * times.len() as f64;
        // Enough places remain for the later cuts.
        let possible = first..starts.len() - (cuts - 1 - cut);
        let distance = |&at: &usize| (starts[at] as f64 - wanted).abs();
        let nearest = possible.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(first);
        order[starts[nearest]..].iter().for_each(|&row| block_of[row] = cut + 1);
        first = nearest + 1;
    }
    Ok(block_of)
}

/// The split whose test rows are those of a block, and whose training rows are those of all blocks before it.
fn later_tested(block_of: &[usize], tested: usize, rows: usize, seed: u64) -> Split {
    let mut order: Vec<usize> = (0..rows).filter(|&row| block_of[row] <= tested).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    tested_on(tested, block_of, &order)
}

fn check_fraction(fraction: f64) -> Result<(), DataError> {
    if fraction > 0.0 && fraction < 1.0 { Ok(()) } else { Err(DataError::TestFraction { fraction }) }
}

/// The split whose test rows are those of one part; both sides are in this order.
fn tested_on(part: usize, part_of: &[usize], order: &[usize]) -> Split {
    let (test, train) = order.iter().partition(|&&row| part_of[row] == part);
    Split { train, test }
}

/// The part of each row, if whole groups are dealt to parts with these shares of all rows: the largest group first, each to
/// the part that it brings closest to its share of each class. No part stays empty. With `first_has_all`, a group with all
/// rows of a class goes to the first part, unless another part would stay empty.
fn dealt_groups(
    groups: &[usize],
    classes: &[usize],
    shares: &[f64],
    first_has_all: bool,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<usize>, DataError> {
    let mut rows_of_group: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &group) in groups.iter().enumerate() {
        rows_of_group.entry(group).or_default().push(row);
    }
    if rows_of_group.len() < shares.len() {
        return Err(DataError::TooFewGroups { groups: rows_of_group.len(), parts: shares.len() });
    }
    let mut rows_of_class: BTreeMap<usize, f64> = BTreeMap::new();
    classes.iter().for_each(|&class| *rows_of_class.entry(class).or_default() += 1.0);
    let mut dealt: Vec<Vec<usize>> = rows_of_group.into_values().collect();
    // Groups of one size are in random order, because the sort is stable.
    dealt.shuffle(rng);
    dealt.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let mut filled: Vec<BTreeMap<usize, f64>> = vec![BTreeMap::new(); shares.len()];
    let mut part_of = vec![0; groups.len()];
    let mut left = dealt.len();
    for rows in dealt {
        let mut own: BTreeMap<usize, f64> = BTreeMap::new();
        rows.iter().for_each(|&row| *own.entry(classes[row]).or_default() += 1.0);
        let empty = filled.iter().filter(|part| part.is_empty()).count();
        // How much the squared distances from the wanted counts grow, relative to these counts.
        let cost = |part: usize| -> f64 {
            let of_class = |(class, count): (&usize, &f64)| {
                let wanted = shares[part] * rows_of_class[class];
                let now = filled[part].get(class).copied().unwrap_or(0.0);
                ((now + count - wanted).powi(2) - (now - wanted).powi(2)) / (wanted * rows_of_class[class])
            };
            own.iter().map(of_class).sum()
        };
        let has_class = own.iter().any(|(class, count)| *count == rows_of_class[class]);
        let parts = if first_has_all && has_class && left > empty { 1 } else { shares.len() };
        let open = (0..parts).filter(|&part| left > empty || filled[part].is_empty());
        let best = open.min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(0);
        for (class, count) in own {
            *filled[best].entry(class).or_default() += count;
        }
        rows.into_iter().for_each(|row| part_of[row] = best);
        left -= 1;
    }
    Ok(part_of)
}

/// The rows of each class in random order, class after class.
fn shuffled_by_class(classes: &[usize], rng: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    // Ordered by class, so that the random numbers go to the same rows every time.
    let mut rows_of_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &class) in classes.iter().enumerate() {
        rows_of_class.entry(class).or_default().push(row);
    }
    rows_of_class
        .into_values()
        .map(|mut rows| {
            rows.shuffle(rng);
            rows
        })
        .collect()
}

/// How many of a class's `rows` are test rows.
fn test_count(rows: usize, test_fraction: f64) -> usize {
    match rows {
        0 | 1 => 0,
        _ => ((rows as f64 * test_fraction).round() as usize).clamp(1, rows - 1),
    }
}
