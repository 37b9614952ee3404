//! What a network is worth on rows that it has not seen, from every row; and what makes its probabilities true.

use crate::distribution::measures::Measures;
use crate::error::TabularError;
use crate::network::learner::{Fitted, Learner};
use crate::network::outputs::Outputs;
use crate::run::Stages;
use crate::target::TargetValues;
use serde::Serialize;
use ugmm_data::{Split, stratified_folds};
use ugmm_network::Settings;
use ugmm_network::calibration::{SPREAD_RANGE, TEMPERATURE_RANGE, spread, temperature};

/// What is nearer to the end of a range than this, as a factor, is at it.
const NEAR: f64 = 1.001;

/// Measures of networks that were trained on all folds but one, on that one.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidation {
    /// How many there are.
    pub folds: usize,
    /// Over all rows, each predicted by the network that has not seen it.
    pub metrics: Measures,
    /// Of classes: fitted on these predictions, and saved with the model ([`ugmm_network::calibration::temperature`]); 1 where another
    /// would have made the predictions of rows that it was not fitted to worse.
    pub temperature: Option<f64>,
    /// Of numbers: likewise ([`ugmm_network::calibration::spread`]), and made to fit the saved network, whose densities are not
    /// as wide as those of the networks that have seen fewer rows.
    pub spread: Option<f64>,
    /// The temperature or spread that was fitted, where 1 is saved in its place.
    pub rejected: Option<f64>,
    /// Whether the fitted temperature or spread is the smallest or the largest that there is.
    pub at_limit: bool,
    /// The same with a temperature or spread: each fold's predictions with the one that fits the other folds' best.
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

/// Places, with the widths of 90 % intervals there.
pub(crate) type Widths = Vec<(usize, f64)>;

/// What networks say each of which was trained on all folds but one.
pub(crate) struct HeldOut {
    /// Of each fold, by the network that has not seen it.
    pub(crate) outputs: Vec<Outputs>,
    /// Of numbers: places that the networks did learn from, and how wide their 90 % intervals are there.
    pub(crate) widths: Widths,
}

/// Trains these networks.
pub(crate) fn cross_validate(
    learner: &Learner,
    settings: &Settings,
    folds: &[Split],
    prefix: &str,
    stages: &mut Stages,
) -> Result<HeldOut, TabularError> {
    let mut held_out = HeldOut { outputs: Vec::with_capacity(folds.len()), widths: Vec::new() };
    for (index, fold) in folds.iter().enumerate() {
        let name = match folds {
            [_] => prefix.to_owned(),
            _ => format!("{prefix}fold {} of {}", index + 1, folds.len()),
        };
        let learned = learned_places(learner, fold);
        let places = [fold.test.as_slice(), &learned].concat();
        let outputs = outputs_of(learner, settings, fold, &places, &name, stages)?;
        let (of_fold, of_learned) = outputs.divided(fold.test.len());
        held_out.outputs.push(of_fold);
        held_out.widths.extend(learned.into_iter().zip(of_learned.widths()));
    }
    Ok(held_out)
}

/// Places that the network without this fold learns from, as many as the fold has, for [`HeldOut::widths`].
fn learned_places(learner: &Learner, fold: &Split) -> Vec<usize> {
    match &learner.values {
        TargetValues::Classes(..) => Vec::new(),
        TargetValues::Numbers(_) => {
            let rows = fold.test.len();
            let step = (fold.train.len() / rows.max(1)).max(1);
            fold.train.iter().copied().step_by(step).take(rows).collect()
        }
    }
}

/// What a network that was trained on one side of a split says of the rows at `places`.
fn outputs_of(
    learner: &Learner,
    settings: &Settings,
    split: &Split,
    places: &[usize],
    name: &str,
    stages: &mut Stages,
) -> Result<Outputs, TabularError> {
    if let Some(outputs) = stages.journal.finished(stages.number + 1) {
        let outputs = outputs.clone();
        stages.skip();
        return Ok(outputs);
    }
    let fitted = learner.fit(settings, split, stages, name)?;
    let outputs = learner.outputs(&fitted, places)?;
    stages.journal.finish(outputs.clone(), stages.run.checkpoint_interval)?;
    Ok(outputs)
}

/// The factor by which to stretch the densities of a network that learned from all rows of these folds, where `factor` makes
/// those of the networks without one each hold what they should on it, and `widths` are theirs.
///
/// The fewer rows, and so steps of training, the wider densities are before they are stretched; by how much is seen on rows
/// that both have learned from. Their errors on new rows are larger as well: of a model that n rows fix, squares of errors
/// are about 1 + c/n times as large as those of the best on new rows, and 1 − c/n times on rows learned from. Without a
/// share h of the rows it is 1 + c/(n (1 − h)), so that the square that new rows need lies h/(2 − h) of the way from there to
/// that of the rows learned from.
pub(crate) fn spread_of(
    learner: &Learner,
    fitted: &Fitted,
    folds: &[Split],
    factor: f64,
    widths: &Widths,
) -> Result<f64, TabularError> {
    let TargetValues::Numbers(numbers) = &learner.values else { return Ok(1.0) };
    let places: Vec<usize> = widths.iter().map(|&(place, _)| place).collect();
    let own = learner.outputs(fitted, &places)?.widths();
    let ratios = widths.iter().zip(own).map(|(&(_, width), own)| width / own);
    let mut ratios: Vec<f64> = ratios.filter(|ratio| ratio.is_finite()).collect();
    ratios.sort_by(f64::total_cmp);
    let of_new_rows = factor * ratios.get(ratios.len() / 2).copied().unwrap_or(1.0);

    let places: Vec<usize> = folds.iter().flat_map(|fold| &fold.test).copied().collect();
    let right: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
    let (densities, right) = learner.outputs(fitted, &places)?.network_densities(&right);
    let of_learned_rows = spread(&densities, &right)?;
    let left_out = folds[0].test.len() as f64 / (folds[0].train.len() + folds[0].test.len()) as f64;
    let part = left_out / (2.0 - left_out);
    let factor = ((1.0 - part) * of_new_rows.powi(2) + part * of_learned_rows.powi(2)).sqrt();
    Ok(factor.clamp(SPREAD_RANGE.0, SPREAD_RANGE.1))
}

/// The temperature or spread that fits the predictions of some folds best.
pub(crate) fn fitted_factor<'o>(
    learner: &Learner,
    folds: impl Iterator<Item = (&'o Split, &'o Outputs)>,
) -> Result<f64, TabularError> {
    match &learner.values {
        TargetValues::Classes(classes, labels) => {
            let (mut scores, mut right) = (Vec::new(), Vec::new());
            for (fold, outputs) in folds {
                // What a network says of a class that it never met tells nothing of the others.
                let mut known = vec![false; classes.len()];
                fold.train.iter().for_each(|&place| known[labels[place]] = true);
                for (&place, row) in fold.test.iter().zip(outputs.values.chunks(outputs.width)) {
                    if known[labels[place]] {
                        scores.extend_from_slice(row);
                        right.push(labels[place]);
                    }
                }
            }
            match right.is_empty() {
                true => Ok(1.0),
                false => Ok(temperature(&scores, &right, learner.class_weights.as_deref())?),
            }
        }
        TargetValues::Numbers(numbers) => {
            let (mut densities, mut right) = (Vec::new(), Vec::new());
            for (fold, outputs) in folds {
                let of_fold: Vec<f64> = fold.test.iter().map(|&place| numbers[place]).collect();
                let (found, places) = outputs.network_densities(&of_fold);
                densities.extend(found);
                right.extend(places);
            }
            Ok(spread(&densities, &right)?)
        }
    }
}

/// Whether a temperature or spread, on rows that it was not fitted to, makes nothing worse that it is for.
fn is_better(before: &Measures, after: &Measures) -> bool {
    match (before, after) {
        (Measures::Classes(before), Measures::Classes(after)) => {
            after.log_loss <= before.log_loss && after.calibration_error <= before.calibration_error
        }
        // Before they are stretched, densities are as wide as it happens.
        _ => true,
    }
}

pub(crate) fn measured_folds(
    learner: &Learner,
    folds: &[Split],
    outputs: &[Outputs],
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
    let factor = fitted_factor(learner, folds.iter().zip(outputs))?;
    let class_weights = learner.class_weights.as_deref();
    let parts = by_fold(outputs);
    let metrics = whole(&parts, outputs);
    let scaled = |(index, own): (usize, &Outputs)| -> Result<Outputs, TabularError> {
        let others = folds.iter().zip(outputs).enumerate().filter(|(other, _)| *other != index);
        let of_others = fitted_factor(learner, others.map(|(_, fold)| fold))?;
        Ok(own.clone().calibrated(Some(of_others), class_weights))
    };
    let scaled: Vec<Outputs> = outputs.iter().enumerate().map(scaled).collect::<Result<_, _>>()?;
    let scaled_metrics = whole(&by_fold(&scaled), &scaled);
    let (is_classes, (least, most)) = match &learner.values {
        TargetValues::Classes(..) => (true, TEMPERATURE_RANGE),
        TargetValues::Numbers(_) => (false, SPREAD_RANGE),
    };
    let is_taken = is_better(&metrics, &scaled_metrics);
    let taken = if is_taken { factor } else { 1.0 };
    Ok(CrossValidation {
        folds: folds.len(),
        metrics,
        temperature: is_classes.then_some(taken),
        spread: (!is_classes).then_some(taken),
        rejected: (!is_taken).then_some(factor),
        at_limit: factor <= least * NEAR || factor >= most / NEAR,
        scaled_metrics: if is_taken { scaled_metrics } else { metrics },
        by_fold: parts,
    })
}
