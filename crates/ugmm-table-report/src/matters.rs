//! Importance and effects of columns in words, for reports and for the command.

use crate::network::largest;
use std::num::NonZeroUsize;
use ugmm_tabular::network::{Effect, Loss};
use ugmm_tabular::{Column, NetworkModel};

/// What importance says, depending on the rows.
pub const ABOUT_ROWS: &str =
    "On training rows, importance shows what the model uses; on held-out rows, also what generalises.";

/// The default number of rows on which importance and effects are measured: 2000 for classes; 500 for numbers, because
/// the network evaluates each row for every cell of a density.
#[must_use]
pub fn usual_rows(model: &NetworkModel) -> NonZeroUsize {
    let rows = if model.classes().is_empty() { 500 } else { 2000 };
    NonZeroUsize::new(rows).expect("both numbers are positive")
}

/// Name of a loss.
#[must_use]
pub fn loss_name(loss: Loss) -> &'static str {
    match loss {
        Loss::LogLoss => "log-loss",
        Loss::Crps => "CRPS",
    }
}

/// The value of a point of an effect as the table would write it.
#[must_use]
pub fn point_text(column: &Column, value: f64) -> String {
    match value.is_nan() {
        true => "missing".into(),
        false => column.given_text(value),
    }
}

/// The outputs whose effects are shown, in ascending order: the second of two classes, whose probability determines that of
/// the first, or at most `most` classes, on which the effects are largest; the only one for a number.
#[must_use]
pub fn shown_outputs(model: &NetworkModel, effects: &[Effect], most: usize) -> Vec<usize> {
    match model.classes().len() {
        0 => vec![0],
        2 => vec![1],
        classes => {
            let points = || effects.iter().flat_map(|effect| effect.points.iter().chain(&effect.missing));
            let size = |output: usize| points().map(|point| point.effect[output].abs()).fold(0.0, f64::max);
            let mut outputs = largest(&(0..classes).map(size).collect::<Vec<f64>>(), most);
            outputs.sort_unstable();
            outputs
        }
    }
}
