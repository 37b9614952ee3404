//! What a network is worth on rows that it has not seen, from every row; and what makes its probabilities true.

use crate::error::TabularError;
use crate::learner::Learner;
use crate::measures::Measures;
use crate::outputs::Outputs;
use crate::run::Stages;
use crate::target::TargetValues;
use serde::Serialize;
use ugmm::Settings;
use ugmm::calibration::{spread, temperature};
use ugmm_data::{Split, stratified_folds};

/// Measures of networks that were trained on all folds but one, on that one.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidation {
    /// How many there are.
    pub folds: usize,
    /// Over all rows, each predicted by the network that has not seen it.
    pub metrics: Measures,
    /// Of classes: fitted on these predictions, and saved with the model ([`ugmm::calibration::temperature`]).
    pub temperature: Option<f64>,
    /// Of numbers: likewise ([`ugmm::calibration::spread`]).
    pub spread: Option<f64>,
    /// The same with this temperature or spread, and therefore a little too good.
    pub scaled_metrics: Measures,
    /// Of each fold.
    pub by_fold: Vec<Measures>,
}

/// Folds of the rows to learn from, as places.
pub(crate) fn inner_folds(
    learner: &Learner,
    split: &Split,
    folds: usize,
) -> Result<Vec<Split>, TabularError> {
    let strata = learner.strata(&split.train, split.train.len() as f64 / folds as f64);
    let places = |chosen: Vec<usize>| chosen.into_iter().map(|index| split.train[index]).collect();
    let folds = stratified_folds(&strata, folds, learner.options.seed)?;
    Ok(folds.into_iter().map(|fold| Split { train: places(fold.train), test: places(fold.test) }).collect())
}

/// What networks that were trained on all folds but one say of that one.
pub(crate) fn cross_validate(
    learner: &Learner,
    settings: &Settings,
    folds: &[Split],
    prefix: &str,
    stages: &mut Stages,
) -> Result<Vec<Outputs>, TabularError> {
    let mut all = Vec::with_capacity(folds.len());
    for (index, fold) in folds.iter().enumerate() {
        let name = format!("{prefix}fold {} of {}", index + 1, folds.len());
        if let Some(outputs) = stages.journal.finished(stages.number + 1) {
            all.push(outputs.clone());
            stages.skip();
            continue;
        }
        let fitted = learner.fit(settings, fold, stages, &name)?;
        let outputs = learner.outputs(&fitted, &fold.test)?;
        stages.journal.finish(outputs.clone(), stages.run.checkpoint_interval)?;
        all.push(outputs);
    }
    Ok(all)
}

pub(crate) fn measured_folds(
    learner: &Learner,
    folds: &[Split],
    outputs: Vec<Outputs>,
) -> Result<CrossValidation, TabularError> {
    let places: Vec<usize> = folds.iter().flat_map(|fold| &fold.test).copied().collect();
    let by_fold = |outputs: &[Outputs]| -> Vec<Measures> {
        folds.iter().zip(outputs).map(|(fold, outputs)| learner.measures(outputs, &fold.test)).collect()
    };
    let whole = |parts: &[Measures], outputs: &[Outputs]| {
        if let TargetValues::Numbers(numbers) = &learner.values
            && let Some(together) = Measures::together(parts, numbers)
        {
            // Each fold has a range of its own.
            return together;
        }
        let width = outputs[0].width;
        let values = outputs.iter().flat_map(|outputs| &outputs.values).copied().collect();
        learner.measures(&Outputs { values, width, number: None }, &places)
    };
    let factor = match &learner.values {
        TargetValues::Classes(_, labels) => {
            let right: Vec<usize> = places.iter().map(|&place| labels[place]).collect();
            let scores: Vec<f32> = outputs.iter().flat_map(|outputs| &outputs.values).copied().collect();
            temperature(&scores, &right)?
        }
        TargetValues::Numbers(numbers) => {
            let densities: Vec<_> = outputs.iter().flat_map(Outputs::densities).collect();
            let right: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
            spread(&densities, &right)?
        }
    };
    let parts = by_fold(&outputs);
    let metrics = whole(&parts, &outputs);
    let scaled: Vec<Outputs> = outputs.into_iter().map(|outputs| outputs.calibrated(Some(factor))).collect();
    let scaled_metrics = whole(&by_fold(&scaled), &scaled);
    let (temperature, spread) = match &learner.values {
        TargetValues::Classes(..) => (Some(factor), None),
        TargetValues::Numbers(_) => (None, Some(factor)),
    };
    Ok(CrossValidation { folds: folds.len(), metrics, temperature, spread, scaled_metrics, by_fold: parts })
}
