//! Fisher's Iris table, part of the program so that nothing has to be downloaded to try it.
//!
//! `data/README.md` says where the numbers come from.

use std::collections::BTreeMap;

use crate::labelled_table::LabelledTable;
use crate::split::Split;

/// The random states that [`iris_split`] knows: the one used in most examples, then the first five.
pub const IRIS_SPLIT_STATES: [u64; 6] = [42, 0, 1, 2, 3, 4];

/// The table of [`iris`] as the text of a CSV file: the features, and the column `species`.
pub const IRIS_CSV: &str = include_str!("../data/iris.csv");
const SPLITS: &str = include_str!("../data/iris_splits.json");

/// The Iris table: 150 rows, 4 features in cm, 3 species of 50 rows each.
///
/// Features: length and width of the sepal, length and width of the petal. The rows are in scikit-learn's order:
/// setosa, versicolor, virginica.
///
/// Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936),
/// measured by E. Anderson; the numbers are those of scikit-learn and R.
///
/// ```
/// let table = ugmm_data::iris();
/// assert_eq!((table.rows(), table.columns()), (150, 4));
/// assert_eq!(table.row(0), [5.1, 3.5, 1.4, 0.2]);
/// ```
pub fn iris() -> LabelledTable {
    const RIGHT: &str = "the bundled table cannot be wrong: the tests read it";
    let mut reader = csv::Reader::from_reader(IRIS_CSV.as_bytes());
    let mut names: Vec<String> = reader.headers().expect(RIGHT).iter().map(String::from).collect();
    names.pop();
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.expect(RIGHT);
        features.extend(record.iter().take(names.len()).map(|cell| cell.parse::<f32>().expect(RIGHT)));
        labels.push(record[names.len()].to_owned());
    }
    LabelledTable { feature_names: names, features, labels }
}

/// The split of [`iris`] into 120 training rows and 30 test rows that scikit-learn's
/// `train_test_split(test_size=0.2, random_state=random_state)` makes (without stratification).
///
/// `None` unless `random_state` is one of [`IRIS_SPLIT_STATES`].
///
/// ```
/// let split = ugmm_data::iris_split(42).expect("42 is a known state");
/// assert_eq!((split.train.len(), split.test.len()), (120, 30));
/// assert!(ugmm_data::iris_split(5).is_none());
/// ```
pub fn iris_split(random_state: u64) -> Option<Split> {
    let mut splits: BTreeMap<u64, Split> =
        serde_json::from_str(SPLITS).expect("the bundled splits cannot be wrong: the tests read them");
    splits.remove(&random_state)
}
