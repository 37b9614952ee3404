//! Tests of deletion curves.

use ugmm_network::UgmmError;
use ugmm_network::inspect::{Deletion, DeletionCurves, deletion_curves, random_importances};
use ugmm_network::{Stream, generator};

/// The sum of a row's values times 1, 2, 3 and so on; missing values count as 0.
fn weighted_sum(rows: &[f32], columns: usize) -> Result<Vec<f64>, UgmmError> {
    let sum = |row: &[f32]| {
        let values = row.iter().zip(1..).filter(|(value, _)| !value.is_nan());
        values.map(|(value, weight)| f64::from(*value) * f64::from(weight)).sum()
    };
    Ok(rows.chunks(columns).map(sum).collect())
}

#[test]
fn columns_go_in_descending_order_of_importance() {
    let x = [1.0, 10.0, 100.0, 2.0, 20.0, 200.0];
    let importances = [0.5, -1.0, 3.0, -0.1, 0.2, 0.2];
    let deletion = Deletion::Baseline(vec![0.0, 0.5, 0.0]);
    let curves =
        deletion_curves(&x, &[0, 1, 2], &importances, &deletion, |rows| weighted_sum(rows, 3)).unwrap();
    assert_eq!((curves.deleted.as_slice(), curves.columns), (&[0, 1, 2, 3][..], 3));
    // The first row loses the third, first and second column; the second row the second, third (the first of
    // equal ones) and first.
    assert_eq!(curves.values, [321.0, 21.0, 20.0, 1.0, 642.0, 603.0, 3.0, 1.0]);
    assert_eq!(curves.mean(), [481.5, 312.0, 11.5, 1.0]);
}

/// The inputs of a category are deleted together; a missing value cannot be deleted.
#[test]
fn a_columns_inputs_go_together_and_gaps_stay() {
    let x = [1.0, 0.0, 5.0, 0.0, 1.0, f32::NAN];
    let deletion = Deletion::Baseline(vec![0.25, 0.75, 2.0]);
    let mut seen = Vec::new();
    let predict = |rows: &[f32]| {
        seen.push(rows.to_vec());
        weighted_sum(rows, 3)
    };
    deletion_curves(&x, &[0, 0, 1], &[2.0, 1.0, 2.0, 1.0], &deletion, predict).unwrap();
    assert_eq!(seen[1][..5], [0.25, 0.75, 5.0, 0.25, 0.75]);
    assert!(seen[1][5].is_nan() && seen[2][5].is_nan());
    assert_eq!(seen[2][..3], [0.25, 0.75, 2.0]);
}

#[test]
fn something_is_always_left_of_a_row() {
    let x = [1.0, 2.0, 3.0, 4.0, f32::NAN, f32::NAN];
    let importances = [3.0, 2.0, 1.0, 3.0, 2.0, 1.0];
    let predict = |rows: &[f32]| {
        assert!(rows.chunks(3).all(|row| row.iter().any(|value| !value.is_nan())), "{rows:?}");
        weighted_sum(rows, 3)
    };
    let curves = deletion_curves(&x, &[0, 1, 2], &importances, &Deletion::Missing, predict).unwrap();
    assert_eq!(curves.deleted, [0, 1, 2]);
    assert_eq!(curves.values, [14.0, 13.0, 9.0, 4.0, 4.0, 4.0]);
}

#[test]
fn areas_are_means_over_the_share_deleted() {
    let curves =
        DeletionCurves { deleted: vec![0, 1, 4], columns: 4, values: vec![1.0, 0.5, 0.5, 0.8, 0.8, 0.8] };
    for (area, expected) in curves.areas().iter().zip([0.25 * 0.75 + 0.75 * 0.5, 0.8]) {
        assert!((area - expected).abs() < 1e-12, "{area} {expected}");
    }
}

/// With many columns a curve has only some numbers of deleted columns, including both ends.
#[test]
fn many_columns_have_a_few_points() {
    let (rows, columns) = (2, 784);
    let importances = random_importances(rows, columns, &mut generator(0, Stream::Deletion));
    assert_eq!(importances, random_importances(rows, columns, &mut generator(0, Stream::Deletion)));
    let sources: Vec<usize> = (0..columns).collect();
    let x = vec![1.0; rows * columns];
    let count = |rows: &[f32]| {
        Ok::<_, UgmmError>(rows.chunks(columns).map(|row| row.iter().sum::<f32>().into()).collect())
    };
    let curves =
        deletion_curves(&x, &sources, &importances, &Deletion::Baseline(vec![0.0; columns]), count).unwrap();
    assert!(curves.deleted.len() < 25 && curves.deleted.is_sorted_by(|a, b| a < b), "{:?}", curves.deleted);
    assert_eq!((curves.deleted[0], curves.deleted.last()), (0, Some(&columns)));
    for (left, deleted) in curves.mean().iter().zip(&curves.deleted) {
        assert_eq!(*left, (columns - deleted) as f64);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let message = |x: &[f32], importances: &[f32], deletion: Deletion, rows: usize| {
        let predict = |_: &[f32]| Ok::<_, UgmmError>(vec![0.0; rows]);
        deletion_curves(x, &[0, 1], importances, &deletion, predict).unwrap_err().to_string()
    };
    let missing = || Deletion::Missing;
    assert_eq!(
        message(&[1.0; 3], &[1.0; 2], missing(), 1),
        "the sample to delete from has 3 values, but 2 are needed"
    );
    assert_eq!(message(&[1.0; 4], &[1.0; 2], missing(), 2), "the attribution has 2 values, but 4 are needed");
    let baseline = Deletion::Baseline(vec![0.0; 3]);
    assert_eq!(message(&[1.0; 4], &[1.0; 4], baseline, 2), "the baseline has 3 values, but 2 are needed");
    assert_eq!(message(&[1.0; 4], &[1.0; 4], missing(), 1), "the prediction has 1 rows, but 2 are needed");
}
