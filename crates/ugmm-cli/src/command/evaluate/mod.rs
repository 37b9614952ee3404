//! `ugmm evaluate`: a model's predictions against what a table holds.

mod classes;
mod numbers;

use crate::arguments::{Common, Evaluate};
use crate::error::CliError;
use crate::output::{check_outputs, print, write_json};
use ugmm_tabular::{ModelReader, TabularModel};

/// Rows that are read and predicted at a time.
const BATCH_ROWS: usize = 4096;
/// The same where each row passes the network many times.
const DENSITY_BATCH_ROWS: usize = 512;

pub fn run(options: &Evaluate, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model, &options.data])?;
    let model = TabularModel::load(&options.model)?;
    let of_numbers = model.classes().is_empty();
    let batch_rows = if of_numbers { DENSITY_BATCH_ROWS } else { BATCH_ROWS };
    let read_options = options.table.read_options();
    let reader = ModelReader::open(&options.data, &model, true, &read_options, batch_rows)?;
    let json = common.json.as_deref();
    let text = if of_numbers {
        let report = numbers::measure(&options.data, &model, reader)?;
        write_json(json, "ugmm/evaluate", &report)?;
        numbers::text(&report)
    } else {
        let report = classes::measure(&options.data, &model, reader)?;
        write_json(json, "ugmm/evaluate", &report)?;
        classes::text(&report)
    };
    if common.quiet { Ok(()) } else { print(&text) }
}

/// Joint scores of features and right label, of models that have them.
struct ScoreRow<'m> {
    model: &'m TabularModel,
}

impl<'m> ScoreRow<'m> {
    fn of(model: &'m TabularModel) -> Self {
        Self { model }
    }

    fn is_generative(&self) -> bool {
        self.model.saved().task.objective.label_encoding().is_some()
    }

    /// The sum over some rows; 0 of a model that has none.
    fn sum(&self, inputs: &[f32], labels: &[usize]) -> Result<f64, CliError> {
        if !self.is_generative() {
            return Ok(0.0);
        }
        let scores = self.model.saved().class_scores(inputs, &burn::tensor::Device::flex())?;
        let rows = scores.chunks(self.model.classes().len()).zip(labels);
        Ok(rows.map(|(row, &label)| f64::from(row[label])).sum())
    }
}
