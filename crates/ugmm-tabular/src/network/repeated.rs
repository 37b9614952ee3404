//! Rows that measure a model and repeat rows that it was trained on.

use crate::network::learner::Learner;
use crate::run::fingerprint::Fingerprint;
use crate::run::identity::add_value;
use std::collections::HashSet;
use ugmm_data::Split;
use ugmm_data::frame::Values;

/// Number of test rows of these splits that have the same values as a training row of their split in every column, the target
/// included.
pub(crate) fn repeated_rows(learner: &Learner, splits: &[Split]) -> usize {
    if splits.iter().all(|split| split.test.is_empty()) {
        return 0;
    }
    let columns = &learner.table.schema().columns;
    let columns: Vec<&Values> =
        columns.iter().filter_map(|column| learner.table.column(&column.name).ok()).collect();
    let fingerprint = |&row: &usize| {
        let mut fingerprint = Fingerprint::new();
        columns.iter().for_each(|values| add_value(&mut fingerprint, values, row));
        fingerprint.value()
    };
    let of_rows: Vec<u64> = learner.rows.iter().map(fingerprint).collect();
    let of_split = |split: &Split| {
        let learned: HashSet<u64> = split.train.iter().map(|&place| of_rows[place]).collect();
        split.test.iter().filter(|&&place| learned.contains(&of_rows[place])).count()
    };
    splits.iter().map(of_split).sum()
}
