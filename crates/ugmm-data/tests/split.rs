//! Stratified splits.

use std::collections::HashSet;
use ugmm_data::{
    DataError, Split, grouped_folds, grouped_split, stratified_folds, stratified_split, timed_folds,
    timed_split,
};

/// `counts[c]` rows of each class c, class after class.
fn classes(counts: &[usize]) -> Vec<usize> {
    counts.iter().enumerate().flat_map(|(class, &count)| vec![class; count]).collect()
}

/// Rows of class `class` among `rows`.
fn count(rows: &[usize], classes: &[usize], class: usize) -> usize {
    rows.iter().filter(|&&row| classes[row] == class).count()
}

#[test]
fn every_row_is_on_one_side() {
    for seed in 0..20 {
        for fraction in [1e-9, 0.1, 0.5, 0.999_999] {
            let classes = classes(&[1, 2, 3, 10, 101]);
            let split = stratified_split(&classes, fraction, seed).unwrap();
            let mut rows = [split.train, split.test].concat();
            rows.sort_unstable();
            assert_eq!(rows, (0..classes.len()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn classes_keep_their_proportions() {
    let classes = classes(&[50, 100, 10]);
    let split = stratified_split(&classes, 0.2, 3).unwrap();
    assert_eq!([0, 1, 2].map(|class| count(&split.test, &classes, class)), [10, 20, 2]);
}

#[test]
fn two_rows_of_a_class_go_to_both_sides_and_one_is_learned_from() {
    let classes = classes(&[1, 2, 3]);
    for fraction in [1e-9, 0.999_999] {
        let split = stratified_split(&classes, fraction, 0).unwrap();
        assert_eq!((count(&split.train, &classes, 0), count(&split.test, &classes, 0)), (1, 0));
        for class in [1, 2] {
            assert!(count(&split.train, &classes, class) >= 1 && count(&split.test, &classes, class) >= 1);
        }
    }
}

#[test]
fn the_seed_decides() {
    let classes = classes(&[50, 50]);
    let split = |seed| stratified_split(&classes, 0.2, seed).unwrap();
    assert_eq!(split(1), split(1));
    assert_ne!(split(1), split(2));
}

#[test]
fn classes_are_mixed() {
    let classes = classes(&[50, 50]);
    let split = stratified_split(&classes, 0.2, 1).unwrap();
    assert!(!split.train.iter().map(|&row| classes[row]).is_sorted());
}

#[test]
fn class_numbers_may_be_anything() {
    let split = stratified_split(&[usize::MAX, 7, usize::MAX, 7], 0.5, 0).unwrap();
    assert_eq!((split.train.len(), split.test.len()), (2, 2));
}

#[test]
fn bad_fractions_are_refused() {
    for fraction in [0.0, 1.0, -0.5, 2.0, f64::INFINITY, f64::NAN] {
        let error = stratified_split(&[0, 0], fraction, 0).unwrap_err();
        assert!(matches!(error, DataError::TestFraction { .. }));
        assert_eq!(
            error.to_string(),
            format!("the test fraction is {fraction}; it must be more than 0 and less than 1")
        );
    }
}

#[test]
fn too_few_rows_are_refused() {
    for (classes, rows) in [(vec![], "0 rows"), (vec![0], "1 row"), (vec![0, 1, 2], "3 rows")] {
        assert_eq!(
            stratified_split(&classes, 0.2, 0).unwrap_err().to_string(),
            format!("{rows} cannot be split into training and test rows; at least one class needs two rows")
        );
    }
}

#[test]
fn folds_are_alike_and_test_every_row_once() {
    let classes = classes(&[1, 7, 50, 33]);
    for folds in [2, 5, 10, 91] {
        let splits = stratified_folds(&classes, folds, 4).unwrap();
        let mut tested: Vec<usize> = splits.iter().flat_map(|split| split.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..classes.len()).collect::<Vec<_>>());
        for split in &splits {
            let mut rows = [split.train.clone(), split.test.clone()].concat();
            rows.sort_unstable();
            assert_eq!(rows, (0..classes.len()).collect::<Vec<_>>());
            assert!(split.test.len().abs_diff(classes.len() / folds) <= 1);
            for class in 0..4 {
                let rows = classes.iter().filter(|&&of| of == class).count();
                assert!(count(&split.test, &classes, class).abs_diff(rows / folds) <= 1);
            }
        }
    }
    assert_eq!(stratified_folds(&classes, 5, 1).unwrap(), stratified_folds(&classes, 5, 1).unwrap());
    assert_ne!(stratified_folds(&classes, 5, 1).unwrap(), stratified_folds(&classes, 5, 2).unwrap());
}

#[test]
fn folds_that_cannot_be_are_refused() {
    for (rows, folds) in [(5, 1), (5, 6), (0, 2), (3, 0)] {
        assert!(matches!(stratified_folds(&vec![0; rows], folds, 0), Err(DataError::Folds { .. })));
    }
}

/// Groups of 1 to 7 rows, whose class is the same in most groups.
fn groups_and_classes() -> (Vec<usize>, Vec<usize>) {
    let (mut groups, mut classes) = (Vec::new(), Vec::new());
    for group in 0..60 {
        for row in 0..1 + group * 5 % 7 {
            groups.push(group);
            classes.push(if group % 4 == 0 { row % 3 } else { group % 3 });
        }
    }
    (groups, classes)
}

fn shares(rows: &[usize], classes: &[usize]) -> Vec<f64> {
    (0..3)
        .map(|class| rows.iter().filter(|&&row| classes[row] == class).count() as f64 / rows.len() as f64)
        .collect()
}

#[test]
fn no_group_is_on_both_sides_and_classes_keep_their_shares() {
    let (groups, classes) = groups_and_classes();
    let all: Vec<usize> = (0..groups.len()).collect();
    let expected = shares(&all, &classes);
    let check = |split: &Split, size: f64| {
        let of = |rows: &[usize]| -> HashSet<usize> { rows.iter().map(|&row| groups[row]).collect() };
        assert!(of(&split.train).is_disjoint(&of(&split.test)));
        let mut rows = [&split.train[..], &split.test].concat();
        rows.sort_unstable();
        assert_eq!(rows, all);
        // A group has at most seven rows.
        assert!((split.test.len() as f64 - size * all.len() as f64).abs() <= 7.0, "{}", split.test.len());
        for (found, expected) in shares(&split.test, &classes).into_iter().zip(&expected) {
            assert!((found - expected).abs() < 0.06, "{found} {expected}");
        }
    };
    for seed in 0..20 {
        for fraction in [0.1, 0.2, 0.5] {
            check(&grouped_split(&groups, &classes, fraction, seed).unwrap(), fraction);
        }
        for folds in [2, 5] {
            let splits = grouped_folds(&groups, &classes, folds, seed).unwrap();
            splits.iter().for_each(|split| check(split, 1.0 / folds as f64));
            let mut tested: Vec<usize> = splits.into_iter().flat_map(|split| split.test).collect();
            tested.sort_unstable();
            assert_eq!(tested, all);
        }
    }
    assert_eq!(grouped_split(&groups, &classes, 0.2, 1), grouped_split(&groups, &classes, 0.2, 1));
    assert_ne!(grouped_split(&groups, &classes, 0.2, 1), grouped_split(&groups, &classes, 0.2, 2));
}

#[test]
fn groups_of_unequal_sizes_leave_no_part_empty_and_too_few_are_refused() {
    // One group has almost all rows.
    let groups: Vec<usize> = (0..100).map(|row| row.max(96) - 96).collect();
    let classes = vec![0; 100];
    for split in grouped_folds(&groups, &classes, 4, 0).unwrap() {
        assert!(!split.test.is_empty() && !split.train.is_empty());
    }
    let split = grouped_split(&groups, &classes, 0.2, 0).unwrap();
    assert!(split.test.len() <= 3 && !split.test.is_empty(), "{split:?}");
    // What only one group has can be trained on.
    for seed in 0..20 {
        let split = grouped_split(&[0, 0, 1, 1, 2, 2, 3], &[0, 0, 0, 0, 1, 1, 0], 0.4, seed).unwrap();
        assert!(split.train.contains(&4) && split.train.contains(&5), "{split:?}");
    }
    let message = grouped_folds(&groups, &classes, 5, 0).unwrap_err().to_string();
    assert!(message.starts_with("the rows have 4 groups, which cannot be divided into 5 parts"), "{message}");
    let message = grouped_split(&[3, 3], &[0, 1], 0.5, 0).unwrap_err().to_string();
    assert!(message.contains("1 group,"), "{message}");
}

#[test]
fn what_is_tested_is_later_than_what_is_learned() {
    // Out of order, with up to four rows of one time.
    let times: Vec<f64> = (0..200).map(|row| f64::from(row * 37 % 200 / 3)).collect();
    let before = |split: &Split| {
        let last = split.train.iter().map(|&row| times[row]).fold(f64::NEG_INFINITY, f64::max);
        let first = split.test.iter().map(|&row| times[row]).fold(f64::INFINITY, f64::min);
        assert!(last < first, "{last} {first}");
    };
    for fraction in [0.01, 0.1, 0.2, 0.5, 0.99] {
        let split = timed_split(&times, fraction, 7).unwrap();
        before(&split);
        assert_eq!(split.train.len() + split.test.len(), times.len());
        // Rows of one time stay together.
        assert!((split.test.len() as f64 - 200.0 * fraction).abs() <= 3.0, "{}", split.test.len());
        assert_eq!(split, timed_split(&times, fraction, 7).unwrap());
    }
    for folds in [2, 5, 66] {
        let splits = timed_folds(&times, folds, 0).unwrap();
        assert_eq!(splits.len(), folds);
        let mut tested: Vec<usize> = Vec::new();
        for split in &splits {
            before(split);
            assert!(!split.test.is_empty() && !split.train.is_empty());
            assert!((split.test.len() as f64 - 200.0 / (folds + 1) as f64).abs() <= 5.0);
            tested.extend(&split.test);
        }
        // Each row but those of the first block is tested once.
        tested.extend(&splits[0].train);
        tested.sort_unstable();
        assert_eq!(tested, (0..200).collect::<Vec<_>>());
    }
    // Most rows have one time: no block stays empty.
    let mut uneven = vec![5.0; 100];
    uneven[3] = 1.0;
    uneven[50] = 9.0;
    assert_eq!(timed_split(&uneven, 0.2, 0).unwrap().test, [50]);
    let splits = timed_folds(&uneven, 2, 0).unwrap();
    assert_eq!([splits[0].test.len(), splits[1].test.len()], [98, 1]);
    let message = timed_folds(&uneven, 3, 0).unwrap_err().to_string();
    assert!(message.starts_with("the rows have 3 times, which cannot be divided into 4 parts"), "{message}");
    assert!(matches!(timed_split(&[2.0; 5], 0.5, 0), Err(DataError::TooFewTimes { times: 1, parts: 2 })));
    assert!(matches!(timed_split(&[], 0.5, 0), Err(DataError::TooFewTimes { .. })));
    assert!(matches!(timed_split(&times, 1.0, 0), Err(DataError::TestFraction { .. })));
}
