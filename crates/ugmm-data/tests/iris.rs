//! The bundled table and its splits.

use ugmm_data::{ClassLabels, IRIS_SPLIT_STATES, iris, iris_split};

#[test]
fn the_table_has_its_known_shape() {
    let table = iris();
    assert_eq!((table.rows(), table.columns(), table.features.len()), (150, 4, 600));
    assert_eq!(table.feature_names, ["sepal_length", "sepal_width", "petal_length", "petal_width"]);
}

#[test]
fn there_are_fifty_of_each_species() {
    let labels = iris().labels;
    let classes = ClassLabels::from_labels(&labels).unwrap();
    assert_eq!(classes.names(), ["setosa", "versicolor", "virginica"]);
    let numbers = classes.encode(&labels).unwrap();
    assert_eq!(numbers, (0..150).map(|row| row / 50).collect::<Vec<_>>());
}

#[test]
fn known_rows_are_scikit_learns() {
    let table = iris();
    assert_eq!(table.row(0), [5.1, 3.5, 1.4, 0.2]);
    assert_eq!(table.row(50), [7.0, 3.2, 4.7, 1.4]);
    assert_eq!(table.row(149), [5.9, 3.0, 5.1, 1.8]);
    // Rows 35 and 38 counted from 1, where UCI's file differs from Fisher's paper.
    assert_eq!(table.row(34), [4.9, 3.1, 1.5, 0.2]);
    assert_eq!(table.row(37), [4.9, 3.6, 1.4, 0.1]);
}

#[test]
fn means_are_the_published_ones() {
    let table = iris();
    for (column, mean) in [5.843_333, 3.057_333, 3.758, 1.199_333].into_iter().enumerate() {
        let sum: f64 = (0..150).map(|row| f64::from(table.row(row)[column])).sum();
        assert!((sum / 150.0 - mean).abs() < 1e-5, "column {column}");
    }
}

#[test]
fn splits_are_disjoint_and_cover_the_table() {
    for state in IRIS_SPLIT_STATES {
        let split = iris_split(state).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (120, 30));
        let mut rows = [split.train, split.test].concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..150).collect::<Vec<_>>(), "state {state}");
    }
}

#[test]
fn splits_are_scikit_learns() {
    let split = iris_split(42).unwrap();
    assert_eq!(split.test[..6], [73, 18, 118, 78, 76, 31]);
    assert_eq!(split.train[..4], [22, 15, 65, 11]);
    assert_eq!(iris_split(5), None);
}
