//! Weights of the classes in training.

use crate::error::TabularError;
use crate::network::baseline::class_sums;
use crate::network::options::ClassWeights;
use crate::target::TargetValues;
use std::collections::HashMap;
use ugmm_network::RowWeights;

/// The weight of each class, in the order of the classes, for rows with `row_weights`; `None` without class weights.
pub(crate) fn class_weights(
    target: &str,
    values: &TargetValues,
    row_weights: Option<&[f64]>,
    weights: Option<&ClassWeights>,
) -> Result<Option<Vec<f64>>, TabularError> {
    let Some(weights) = weights else { return Ok(None) };
    let TargetValues::Classes(classes, labels) = values else {
        let (setting, expected) = ("class weights", "left out where a number is predicted");
        return Err(ugmm_network::UgmmError::Setting { setting, value: "given".into(), expected }.into());
    };
    Ok(Some(match weights {
        ClassWeights::Balanced => {
            let sums = class_sums(classes.len(), labels, row_weights);
            let share = RowWeights(row_weights).sum(labels.len()) / classes.len() as f64;
            // A class may have no row left, if its only row has no features.
            sums.iter().map(|&sum| share / if sum > 0.0 { sum } else { 1.0 }).collect()
        }
        ClassWeights::ByLabel(given) => {
            let index = classes.index();
            let by_class: HashMap<u32, f64> =
                given.iter().filter_map(|(label, weight)| Some((index.position(label)?, *weight))).collect();
            let weights: Option<Vec<f64>> =
                (0..classes.len() as u32).map(|class| by_class.get(&class).copied()).collect();
            weights.filter(|weights| weights.len() == given.len()).ok_or_else(|| {
                let (given, classes) = (given.keys().cloned().collect(), classes.names().to_vec());
                TabularError::ClassWeights { target: target.into(), given, classes }
            })?
        }
    }))
}
