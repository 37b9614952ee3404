//! Importance and effects of columns in words, for reports and for the command.

use std::num::NonZeroUsize;
use ugmm_tabular::network::Loss;
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
pub fn value_text(column: &Column, value: f64) -> String {
    match value.is_nan() {
        true => "missing".into(),
        false => column.given_text(value),
    }
}
