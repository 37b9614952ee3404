//! Cross-validation: measures of networks on rows that they were not trained on, and the calibration of their
//! probabilities.

use crate::distribution::measures::Measures;
use crate::error::TabularError;
use crate::network::learner::{Fitted, Learner};
use crate::network::outputs::Outputs;
use crate::run::Group;
use crate::target::TargetValues;
use serde::Serialize;
use ugmm_data::Split;
use ugmm_network::calibration::{SPREAD_RANGE, TEMPERATURE_RANGE, spread, temperature};
use ugmm_network::{RowWeights, Settings};

/// Factor within which a value counts as at the end of its range.
const NEAR: f64 = 1.001;

/// Measures of networks that were each trained on all folds but one, on the fold that was left out.
#[derive(Clone, Debug, Serialize)]
pub struct CrossValidation {
    /// Number of folds.
    pub folds: usize,
    /// Measures over all rows, each predicted by the network that was not trained on it.
    pub metrics: Measures,
    /// The temperature of a classifier, fitted to these predictions and saved with the model
    /// ([`ugmm_network::calibration::temperature`]); 1 if another one would make the predictions of held-out
    /// rows worse. `None` for a regressor.
    pub temperature: Option<f64>,
    /// The spread of a regressor, fitted to these predictions ([`ugmm_network::calibration::spread`]) and
    /// then adapted to the saved network, whose densities are narrower than those of networks trained on
    /// fewer rows. `None` for a classifier.
    pub spread: Option<f64>,
    /// The fitted temperature or spread if it was rejected, so that 1 is saved instead.
    pub rejected: Option<f64>,
    /// Whether the fitted temperature or spread is the smallest or the largest possible one.
    pub at_limit: bool,
    /// Measures over all rows with calibration: each fold uses the temperature or spread that was fitted to
    /// the other folds.
    pub scaled_metrics: Measures,
    /// The measures of each fold.
    pub by_fold: Vec<Measures>,
}

/// Places, and the widths of the 90 % intervals there.
pub(crate) type Widths = Vec<(usize, f64)>;

/// Outputs of networks that were each trained on all folds but one.
pub(crate) struct HeldOut {
    /// For each fold, the outputs of the network that was not trained on it.
    pub(crate) outputs: Vec<Outputs>,
    /// For a regressor: places in the training rows of these networks, and the widths of their 90 % intervals
    /// there.
    pub(crate) widths: Widths,
}

/// A network that is trained on one side of a split, to predict the other side.
pub(crate) struct Part<'p> {
    /// The name of its stage.
    pub(crate) name: String,
    pub(crate) settings: &'p Settings,
    pub(crate) split: &'p Split,
}

/// A part for each of these splits.
pub(crate) fn parts<'p>(settings: &'p Settings, splits: &'p [Split], prefix: &str) -> Vec<Part<'p>> {
    let name = |index: usize| match splits {
        [_] => prefix.to_owned(),
        _ if prefix.is_empty() => format!("fold {} of {}", index + 1, splits.len()),
        _ => format!("{prefix}, fold {} of {}", index + 1, splits.len()),
    };
    let part = |(index, split)| Part { name: name(index), settings, split };
    splits.iter().enumerate().map(part).collect()
}

/// The outputs of the network of a part, which is the stage with this number, for the rows of
/// [`held_out`].
pub(crate) fn outputs_of(
    learner: &Learner,
    Part { name, settings, split }: &Part,
    stages: &Group,
    number: usize,
) -> Result<Outputs, TabularError> {
    if let Some(outputs) = stages.outputs(number) {
        return Ok(outputs);
    }
    // Measuring the other side after each epoch would take a fifth of the time.
    let trained_on = Split { train: split.train.clone(), test: Vec::new() };
    let (fitted, stage) = learner.fit(settings, &trained_on, |epochs| stages.begin(number, name, epochs))?;
    let outputs =
        learner.outputs(&fitted, &[split.test.as_slice(), &learned_places(learner, split)].concat())?;
    stage.end(Some(&outputs))?;
    Ok(outputs)
}

/// The outputs of the networks of all folds.
pub(crate) fn held_out(learner: &Learner, folds: &[Split], outputs: Vec<Outputs>) -> HeldOut {
    let mut held_out = HeldOut { outputs: Vec::with_capacity(folds.len()), widths: Vec::new() };
    for (fold, outputs) in folds.iter().zip(outputs) {
        let (of_fold, of_learned) = outputs.divided(fold.test.len());
        held_out.outputs.push(of_fold);
        held_out.widths.extend(learned_places(learner, fold).into_iter().zip(of_learned.widths()));
    }
    held_out
}

/// Places in the training rows of the network for this fold, as many as the fold has, for
/// [`HeldOut::widths`].
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

/// The spread for the densities of a network that was trained on all rows of these folds. `factor` is the
/// spread that fits the networks for single folds, and `widths` are theirs.
///
/// With fewer rows, and therefore fewer training steps, densities are wider before they are stretched; the
/// difference is measured on rows that both networks were trained on. Errors on new rows are also larger: for
/// a model that is fixed by n rows, squared errors on new rows are about 1 + c/n times those of the best
/// model, and on training rows 1 − c/n times. Without a fraction h of the rows, the factor on new rows is 1 +
/// c/(n (1 − h)). The squared error on new rows of a network trained on all rows therefore lies h/(2 − h) of
/// the way from there to the squared error on training rows.
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
    let weights = learner.weights_of(&places);
    let of_rows = RowWeights(weights.as_deref());
    let ratio = |(row, (&(_, width), own)): (usize, (&(usize, f64), f64))| (width / own, of_rows.of(row));
    let mut ratios: Vec<(f64, f64)> = widths.iter().zip(own).enumerate().map(ratio).collect();
    ratios.retain(|(ratio, _)| ratio.is_finite());
    let of_new_rows = factor * median(ratios).unwrap_or(1.0);

    let places: Vec<usize> = folds.iter().flat_map(|fold| &fold.test).copied().collect();
    let right: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
    let (densities, right) = learner.outputs(fitted, &places)?.network_densities(&right);
    let weights = learner.weights_of(&places);
    let of_learned_rows = spread(&densities, &right, weights.as_deref())?;
    // In order of time, the last fold is the one whose network learned from nearly all rows.
    let last = folds.last().map_or((0, 1), |fold| (fold.test.len(), fold.train.len()));
    let left_out = last.0 as f64 / (last.0 + last.1) as f64;
    let part = left_out / (2.0 - left_out);
    let factor = ((1.0 - part) * of_new_rows.powi(2) + part * of_learned_rows.powi(2)).sqrt();
    Ok(factor.clamp(SPREAD_RANGE.0, SPREAD_RANGE.1))
}

/// The median of values with their weights, the greater of two in the middle; `None` without values.
fn median(mut values: Vec<(f64, f64)>) -> Option<f64> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (half, mut reached) = (0.5 * values.iter().map(|(_, weight)| weight).sum::<f64>(), 0.0);
    let middle = values.iter().find(|(_, weight)| {
        reached += weight;
        reached > half
    });
    middle.or(values.last()).map(|&(value, _)| value)
}

/// The temperature or spread that fits the predictions of some folds best.
pub(crate) fn fitted_factor<'o>(
    learner: &Learner,
    folds: impl Iterator<Item = (&'o Split, &'o Outputs)>,
) -> Result<f64, TabularError> {
    match &learner.values {
        TargetValues::Classes(classes, labels) => {
            let (mut scores, mut right, mut kept) = (Vec::new(), Vec::new(), Vec::new());
            for (fold, outputs) in folds {
                // A network's output for a class that it never met has no information about the other
                // classes.
                let mut known = vec![false; classes.len()];
                fold.train.iter().for_each(|&place| known[labels[place]] = true);
                for (&place, row) in fold.test.iter().zip(outputs.values.chunks(outputs.width)) {
                    if known[labels[place]] {
                        scores.extend_from_slice(row);
                        right.push(labels[place]);
                        kept.push(place);
                    }
                }
            }
            match right.is_empty() {
                true => Ok(1.0),
                false => {
                    let weights = learner.weights_of(&kept);
                    let class_weights = learner.class_weights.as_deref();
                    Ok(temperature(&scores, &right, class_weights, weights.as_deref())?)
                }
            }
        }
        TargetValues::Numbers(numbers) => {
            let (mut densities, mut right, mut kept) = (Vec::new(), Vec::new(), Vec::new());
            for (fold, outputs) in folds {
                kept.extend(&fold.test);
                let of_fold: Vec<f64> = fold.test.iter().map(|&place| numbers[place]).collect();
                let (found, places) = outputs.network_densities(&of_fold);
                densities.extend(found);
                right.extend(places);
            }
            Ok(spread(&densities, &right, learner.weights_of(&kept).as_deref())?)
        }
    }
}

/// Whether a temperature or spread improves the predictions of rows that it was not fitted to.
fn is_better(before: &Measures, after: &Measures) -> bool {
    match (before, after) {
        (Measures::Classes(before), Measures::Classes(after)) => {
            after.log_loss <= before.log_loss && after.calibration_error <= before.calibration_error
        }
        // The width of densities before they are stretched has no meaning.
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
        let of_fold =
            |(fold, own): (&Split, &Outputs)| learner.measures(std::slice::from_ref(own), &fold.test);
        folds.iter().zip(outputs).map(of_fold).collect()
    };
    let factor = fitted_factor(learner, folds.iter().zip(outputs))?;
    let class_weights = learner.class_weights.as_deref();
    let metrics = learner.measures(outputs, &places);
    let scaled = |(index, own): (usize, &Outputs)| -> Result<Outputs, TabularError> {
        let others = folds.iter().zip(outputs).enumerate().filter(|(other, _)| *other != index);
        let of_others = fitted_factor(learner, others.map(|(_, fold)| fold))?;
        Ok(own.clone().calibrated(Some(of_others), class_weights))
    };
    let scaled: Vec<Outputs> = outputs.iter().enumerate().map(scaled).collect::<Result<_, _>>()?;
    let scaled_metrics = learner.measures(&scaled, &places);
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
        by_fold: by_fold(outputs),
    })
}
