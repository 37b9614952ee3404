//! Certified robustness: whether any input within ε of a row in every coordinate changes the decision of a
//! classifier.
//!
//! A row is *proved* when an upper bound of every margin (another class's score minus that of the decided
//! class) over the box around it is below 0. It is *disproved* by an input in the box with another decision,
//! which projected gradient ascent of the margin searches for. It is *undecided* when neither is found within
//! the budget. Boxes are split where a bound does not decide, as in branch and bound.

mod attack;
mod margins;
mod options;
mod plain;

pub use options::RobustnessOptions;

use crate::{Classification, Model, UgmmError};
use attack::{ROWS, attack};
use margins::{Margins, UgmmMargins};
use plain::PlainMargins;
use rayon::prelude::*;
use serde::Serialize;

/// The result for a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No input in the box has another decision.
    Proved,
    /// An input in the box has another decision.
    Disproved {
        /// The features of that input, `[features]`.
        example: Vec<f32>,
        /// The class that the network decides for there.
        class: usize,
    },
    /// Neither a proof nor a counter-example was found.
    Undecided,
}

/// The certificate of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The class that the network decides for.
    pub class: usize,
    /// The result for this decision.
    pub verdict: Verdict,
    /// Whether interval bounds alone prove it, without lines and splitting.
    pub by_intervals: bool,
}

/// Certificates of the rows of `features` `[rows, features]`, row-major, in the network's units: one per row.
/// The decided class has the greatest score plus `log_weights` `[classes]`, the logarithms of class weights,
/// which may be empty.
///
/// # Errors
///
/// [`UgmmError`] when epsilon is out of its range, or the sizes of the rows, of `movable` or of the weights do not
/// fit the task.
pub fn certify(
    model: &Model,
    task: &Classification,
    features: &[f32],
    log_weights: &[f64],
    options: &RobustnessOptions,
) -> Result<Vec<Certificate>, UgmmError> {
    check(task, features, log_weights, options)?;
    let log_weights = if log_weights.is_empty() { vec![0.0; task.classes()] } else { log_weights.to_vec() };
    let margins: Box<dyn Margins> = match model {
        Model::Ugmm(network) => Box::new(UgmmMargins::new(network, task)?),
        Model::Mlp(network) => Box::new(PlainMargins::new(network, task)?),
    };
    let decide = |features: &[f32]| decisions(model, task, features, &log_weights);
    let classes = decide(features);
    let attacks = attack(model, task, features, &classes, &log_weights, options);
    let found = decide(&attacks);
    let rows: Vec<(&[f32], &[f32], usize, usize)> = (features.chunks(task.features()))
        .zip(attacks.chunks(task.features()))
        .zip(classes.iter().zip(found))
        .map(|((row, attack), (&class, other))| (row, attack, class, other))
        .collect();
    let certified = rows.into_par_iter().map(|(row, attack, class, other)| {
        let (low, high) = options.sides(row);
        let greatest = |low: &[f64], high: &[f64], by_intervals: bool| {
            let bounds = margins.greatest(row, low, high, class, &log_weights, by_intervals);
            bounds.into_iter().fold(f64::NEG_INFINITY, f64::max)
        };
        let by_intervals = greatest(&low, &high, true) < 0.0;
        let verdict = if other != class {
            Verdict::Disproved { example: attack.to_vec(), class: other }
        } else if by_intervals || margins.has_lines() && split(&greatest, low, high, options) {
            Verdict::Proved
        } else {
            Verdict::Undecided
        };
        Certificate { class, verdict, by_intervals: by_intervals && other == class }
    });
    Ok(certified.collect())
}

/// Whether the bounds prove the whole box within the budget. Boxes that are not proved are halved along their
/// longest side.
fn split(
    greatest: &impl Fn(&[f64], &[f64], bool) -> f64,
    low: Vec<f64>,
    high: Vec<f64>,
    options: &RobustnessOptions,
) -> bool {
    let mut open = vec![(low, high)];
    let mut boxes = 1;
    while let Some((low, high)) = open.pop() {
        if greatest(&low, &high, false) < 0.0 {
            continue;
        }
        let width = |k: &usize| high[*k] - low[*k];
        let longest = (0..low.len()).max_by(|a, b| width(a).total_cmp(&width(b)));
        let Some(at) = longest.filter(|at| width(at) > 0.0) else { return false };
        boxes += 1;
        if boxes > options.most_boxes {
            return false;
        }
        let middle = 0.5 * low[at] + 0.5 * high[at];
        let (mut left, mut right) = (high.clone(), low.clone());
        left[at] = middle;
        right[at] = middle;
        open.push((low, left));
        open.push((right, high));
    }
    true
}

/// The class with the greatest weighted score of each row, `[rows]`; the first of equal ones.
fn decisions(model: &Model, task: &Classification, features: &[f32], log_weights: &[f64]) -> Vec<usize> {
    let mut scores = Vec::with_capacity(features.len() / task.features() * task.classes());
    for rows in features.chunks(ROWS * task.features()) {
        scores.extend(task.class_scores(model, rows));
    }
    let weighted = |row: &[f32], class: usize| f64::from(row[class]) + log_weights[class];
    let best = |row: &[f32]| {
        (0..task.classes()).rev().max_by(|&a, &b| weighted(row, a).total_cmp(&weighted(row, b))).unwrap_or(0)
    };
    scores.chunks(task.classes()).map(best).collect()
}

fn check(
    task: &Classification,
    features: &[f32],
    log_weights: &[f64],
    options: &RobustnessOptions,
) -> Result<(), UgmmError> {
    if !(options.epsilon >= 0.0 && options.epsilon.is_finite()) {
        return Err(UgmmError::setting("epsilon", options.epsilon, "at least 0 and finite"));
    }
    let sizes = [
        ("the list of inputs that move", options.movable.len(), "entries", task.features()),
        ("the last row", features.len() % task.features(), "values", 0),
    ];
    let weights = ("the list of class weights", log_weights.len(), "entries", task.classes());
    for (what, found, unit, expected) in sizes.into_iter().chain((!log_weights.is_empty()).then_some(weights))
    {
        if found != expected {
            return Err(UgmmError::Size { what, found, unit, expected });
        }
    }
    Ok(())
}
