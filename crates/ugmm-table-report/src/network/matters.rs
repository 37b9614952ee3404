//! Importance of the columns, and the effects of the most important ones.

use super::diagrams::largest;
use super::seen::Seen;
use crate::error::ReportError;
use crate::matters::{ABOUT_ROWS, loss_name, point_text, shown_outputs, usual_rows};
use crate::naming::value_text;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use ugmm_network::inspect::Histogram as Counted;
use ugmm_report::{
    ColumnEffect, ColumnImportance, EffectPoints, Histogram, Matters, Text, count, six_digits,
};
use ugmm_tabular::network::{CELLS, Effect, Importance, ImportanceOptions};
use ugmm_tabular::read::RowSample;
use ugmm_tabular::{NetworkModel, TableModel, TabularError};

/// Largest number of columns whose importance is drawn, and whose effect is.
const COLUMNS: usize = 20;
const CURVES: usize = 6;
/// Largest number of classes that effects are drawn of, and of levels of a column.
const OUTPUTS: usize = 6;
const LEVELS: usize = 10;
/// Largest number of intervals of a number.
const BINS: NonZeroUsize = NonZeroUsize::new(20).expect("it is positive");
/// Number of bars of a histogram.
const BARS: usize = 28;
/// Largest number of evaluations of components, which takes a processor some seconds.
const MOST_WORK: f64 = 4e9;
/// Evaluations of a row for its contributions, and for the effects of some columns, about.
const CONTRIBUTION_PASSES: usize = 8;
const EFFECT_PASSES: usize = 4 * CURVES;
/// The fewest rows of which importance by permutation is measured, and contributions.
const FEWEST_PERMUTED: usize = 100;
const FEWEST_ROWS: usize = 100;
/// Largest number of levels of a column whose effect is drawn: each is a prediction of all rows.
const MOST_LEVELS: usize = 40;
/// Seed of the drawn rows and of the permutations.
const SEED: u64 = 0;

/// What matters to the model; `None` if it would take too long to measure. Contributions stand in for permutations of
/// columns that would take too long, or for which there are too few true values.
pub fn matters(model: &NetworkModel, seen: &Seen) -> Result<Option<Matters>, ReportError> {
    let never = AtomicBool::new(false);
    let width = model.columns().len();
    let options = ImportanceOptions { seed: SEED, ..ImportanceOptions::default() };
    let rows = seen.values.chunks_exact(width);
    let is_labelled = |row: &&[f64]| !row[width - 1].is_nan();
    let labelled = rows.clone().filter(is_labelled).count();
    let permuted = affordable_rows(model, seen, (width - 1) * options.repetitions.get());
    let (sample, why) = match (labelled, affordable_rows(model, seen, CONTRIBUTION_PASSES)) {
        (2.., _) if permuted >= FEWEST_PERMUTED.min(labelled) => {
            (RowSample::draw(rows.clone().filter(is_labelled), at_least_one(permuted), SEED), None)
        }
        (_, few) if few < FEWEST_ROWS.min(seen.rows()) => return Ok(None),
        (0 | 1, most) => (RowSample::draw(rows.clone(), at_least_one(most), SEED), Some(Why::NoTargets)),
        (_, most) => (RowSample::draw(rows.clone(), at_least_one(most), SEED), Some(Why::TakesLong)),
    };
    let (importance, why) = match why {
        Some(_) => (None, why),
        None => match model.importance(&sample.values, options, &never) {
            Ok(importance) => (Some(importance), None),
            Err(TabularError::InfiniteLoss { .. }) => (None, Some(Why::InfiniteLoss)),
            Err(error) => return Err(error.into()),
        },
    };
    let sizes: Vec<f64> = match &importance {
        Some(importance) => importance.columns.iter().map(|column| column.mean).collect(),
        None => model.mean_contributions(&sample.values, &never)?,
    };
    let ranked = largest(&sizes, COLUMNS);
    let of_column = |&column: &usize| ColumnImportance {
        name: model.columns()[column].name().into(),
        importance: sizes[column],
        deviation: importance.as_ref().and_then(|importance| importance.columns[column].sd),
    };
    // Effects need no targets.
    let mut effects = Vec::new();
    let drawn = RowSample::draw(rows, at_least_one(sample.rows()), SEED);
    for &column in ranked.iter().take(CURVES) {
        let values = drawn.values.chunks_exact(width).map(|row| row[column]).filter(|value| !value.is_nan());
        let different: BTreeSet<u64> = values.map(f64::to_bits).collect();
        let is_drawn = model.columns()[column].is_number() || different.len() <= MOST_LEVELS;
        if is_drawn && !different.is_empty() {
            effects.push(model.effect(&drawn.values, column, BINS, &never)?);
        }
    }
    effects.retain(|effect| effect.points.len() > 1);
    let outputs = shown_outputs(model, &effects, OUTPUTS);
    let on_rows = match sample.rows() < sample.of {
        true => format!("{} of {} rows, drawn at random", sample.rows(), sample.of),
        false => count(sample.rows(), "row"),
    };
    let columns = match sizes.len() > ranked.len() {
        true => format!(" The {} most important of {} columns are shown.", ranked.len(), sizes.len()),
        false => String::new(),
    };
    let classes = model.classes();
    Ok(Some(Matters {
        about_importance: (about_importance(importance.as_ref().ok_or(why), &on_rows) + &columns).into(),
        measure: match &importance {
            Some(importance) => format!("rise of {}", loss_name(importance.loss)).into(),
            None => "mean |contribution|, nats".into(),
        },
        importances: ranked.iter().map(of_column).collect(),
        about_effects: about_effects(model, &outputs).into(),
        units: match classes {
            [] if model.target_date().is_some() => "difference, days".into(),
            [] => "difference".into(),
            _ => "difference of probability".into(),
        },
        effects: effects.iter().map(|effect| curve(model, &drawn, effect, &outputs)).collect(),
        outputs: outputs
            .iter()
            .map(|&output| classes.get(output).map_or_else(|| model.target_name().into(), Text::from))
            .collect(),
    }))
}

/// Why importance is not measured by permutation.
#[derive(Clone, Copy)]
enum Why {
    NoTargets,
    TakesLong,
    InfiniteLoss,
}

fn at_least_one(rows: usize) -> NonZeroUsize {
    NonZeroUsize::new(rows).unwrap_or(NonZeroUsize::MIN)
}

/// The number of rows that can be evaluated `passes` times, and for effects, in reasonable time.
fn affordable_rows(model: &NetworkModel, seen: &Seen, passes: usize) -> usize {
    let components: usize = seen.network.layers.iter().map(|layer| layer.neurons() * layer.inputs()).sum();
    let cells = if model.classes().is_empty() { CELLS } else { 1 };
    let work = components as f64 * cells as f64 * (passes + EFFECT_PASSES) as f64;
    ((MOST_WORK / work) as usize).min(usual_rows(model).get())
}

fn about_importance(importance: Result<&Importance, Option<Why>>, on_rows: &str) -> String {
    match importance {
        Ok(Importance { loss, baseline, repetitions, .. }) => format!(
            "How much the {} of the predictions, {}, rises when the values of a column are permuted among the rows, so that \
             they no longer belong to their rows: the mean of {}, on {on_rows}. Columns with the same information can stand in for \
             each other, and then none of them seems important. {ABOUT_ROWS}",
            loss_name(*loss),
            six_digits(*baseline),
            count(*repetitions, "permutation"),
        ),
        Err(why) => format!(
            "How much a column adds to the logarithm of the predictions' probability, or takes from it, compared with the \
             average row: the mean absolute contribution, on {on_rows}. {}",
            match why {
                Some(Why::TakesLong) => {
                    "Measuring how much worse the predictions are without a column would take too long for a report."
                }
                Some(Why::InfiniteLoss) => {
                    "The loss of the predictions is infinite, so that it cannot be measured how much worse they are without a \
                     column."
                }
                _ => {
                    "Without two true values of the target, it cannot be measured how much worse the predictions are without a \
                     column."
                }
            }
        ),
    }
}

fn about_effects(model: &NetworkModel, outputs: &[usize]) -> String {
    let of = match model.classes() {
        [] => "the predicted mean".to_owned(),
        classes if classes.len() > outputs.len() && classes.len() > 2 => {
            format!("the probability of a class, for the {} classes with the largest effects", outputs.len())
        }
        _ => "the probability of a class".to_owned(),
    };
    format!(
        "The difference of {of} from its average over the rows, for values of the most important columns; all on one scale. \
         Curves of numbers are accumulated local effects in up to {BINS} intervals with about equally many rows; levels are \
         compared by the mean prediction with the level in every row; columns with more than {MOST_LEVELS} levels have no curve. \
         Behind the curves is how often the values occur."
    )
}

fn curve(model: &NetworkModel, sample: &RowSample, effect: &Effect, outputs: &[usize]) -> ColumnEffect {
    let column = &model.columns()[effect.column];
    let mut points: Vec<_> = effect.points.iter().collect();
    let name = match !column.is_number() && points.len() > LEVELS {
        true => format!("{} (the {LEVELS} most frequent of {} levels)", column.name(), points.len()),
        false => column.name().to_owned(),
    };
    if !column.is_number() {
        points.sort_by_key(|point| std::cmp::Reverse(point.rows));
        points.truncate(LEVELS);
    }
    let values = || sample.values.chunks_exact(model.columns().len()).map(|row| row[effect.column]);
    // Counted from the least one, because days and the like are far from 0.
    let least = values().filter(|value| value.is_finite()).fold(f64::INFINITY, f64::min);
    let histogram =
        |Counted { from, to, counts }: Counted| Histogram { from: from + least, to: to + least, counts };
    ColumnEffect {
        name: name.into(),
        effects: outputs
            .iter()
            .map(|&output| points.iter().map(|point| point.effect[output]).collect())
            .collect(),
        missing: effect
            .missing
            .as_ref()
            .map(|missing| outputs.iter().map(|&output| missing.effect[output]).collect()),
        missing_rows: effect.missing.as_ref().map_or(0, |missing| missing.rows),
        points: match column.is_number() {
            true => EffectPoints::Numbers {
                x: points.iter().map(|point| point.value).collect(),
                text: value_text(model, model.inputs_of(effect.column).start),
                values: Counted::of_values(values().map(|value| (value - least) as f32), BARS).map(histogram),
            },
            false => EffectPoints::Levels {
                names: points.iter().map(|point| point_text(column, point.value).into()).collect(),
                rows: points.iter().map(|point| point.rows).collect(),
            },
        },
    }
}
