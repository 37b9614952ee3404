//! `ugmm evaluate`: a model's predictions against what a table holds.

mod classes;
mod density;
mod numbers;

use crate::arguments::{Common, Evaluate};
use crate::error::CliError;
use crate::output::{check_outputs, left_out, print, write_json};
use crate::table::reading_doubts;
use crate::unseen::lines;
use serde::Serialize;
use ugmm_tabular::{AnyModel, Batch, ModelReader};

pub fn run(options: &Evaluate, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model, &options.data])?;
    let model = match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => model,
        AnyModel::Density(model) => {
            options.device.refuse_for_densities()?;
            return density::run(&model, options, common);
        }
    };
    let of_numbers = model.classes().is_empty();
    let read_options = options.table.read_options();
    let mut reader = ModelReader::open(&options.data, &model, true, &[], &read_options)?;
    let json = common.json.as_deref();
    let text = if of_numbers {
        let report = numbers::measure(&options.data, &model, &mut reader)?;
        write_json(json, "ugmm/evaluate", &report)?;
        numbers::text(&report, model.target_date().is_some())
    } else {
        let report = classes::measure(&options.data, &model, &mut reader)?;
        write_json(json, "ugmm/evaluate", &report)?;
        classes::text(&report)
    };
    if common.quiet { Ok(()) } else { print(&(unseen(&reader) + &reading_doubts(&reader.doubts()) + &text)) }
}

/// What was met of categories that training did not have, if anything.
fn unseen(reader: &ModelReader) -> String {
    match reader.unseen() {
        none if none.is_empty() => String::new(),
        unseen => format!("categories that training did not have:\n{}", lines(&unseen)),
    }
}

/// Rows that are not compared.
#[derive(Clone, Copy, Default, Serialize)]
pub struct LeftOut {
    /// Rows whose target is missing.
    pub rows_without_target: usize,
    /// Rows without any value that the model looks at.
    rows_without_values: usize,
}

impl LeftOut {
    pub fn text(self) -> String {
        left_out(self.rows_without_target, "no value to compare with")
            + &left_out(self.rows_without_values, "no value that the model looks at")
    }

    /// Takes note of the rows of a batch that have no target or no values, and gives for each of the rows that the batch
    /// has inputs of, whether it has a target, and for each row that can be compared where it is among all.
    fn sort(&mut self, batch: &Batch, has_target: impl Fn(usize) -> bool) -> (Vec<bool>, Vec<usize>) {
        let (mut usable, mut places) = (Vec::new(), Vec::new());
        for (place, &known) in batch.known.iter().enumerate() {
            let target = has_target(place);
            self.rows_without_target += usize::from(!target);
            self.rows_without_values += usize::from(target && !known);
            if known {
                usable.push(target);
            }
            if known && target {
                places.push(place);
            }
        }
        (usable, places)
    }
}

/// The inputs of the rows that can be used.
fn usable_inputs(batch: Batch, usable: &[bool]) -> Vec<f32> {
    if !usable.contains(&false) {
        return batch.inputs;
    }
    let width = batch.inputs.len() / usable.len();
    let rows = batch.inputs.chunks(width).zip(usable).filter(|(_, usable)| **usable);
    rows.flat_map(|(row, _)| row).copied().collect()
}
