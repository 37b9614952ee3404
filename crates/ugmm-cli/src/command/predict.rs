//! `ugmm predict`: classes and their probabilities for the rows of a CSV file.

use crate::arguments::{Common, Predict};
use crate::error::CliError;
use crate::output::{check_outputs, print, write_json};
use serde::Serialize;
use ugmm::file::write_atomically;
use ugmm::metrics::most_probable;
use ugmm::model_file::{Columns, SavedModel};
use ugmm_data::read_csv_columns;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    classes: &'a [String],
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    class: &'a str,
    /// In the order of the classes.
    probabilities: &'a [f32],
}

pub fn run(options: &Predict, common: &Common) -> Result<(), CliError> {
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model, &options.data])?;
    let device = burn::tensor::Device::flex();
    let saved = SavedModel::load(&options.model, &device)?;
    let table = read_csv_columns(&options.data, &saved.columns.features, None)?;
    let probabilities = saved.class_probabilities(&table.features, &device)?;
    let Columns { target, classes, .. } = &saved.columns;
    let rows = probabilities
        .chunks(classes.len())
        .map(|probabilities| Row { class: &classes[most_probable(probabilities)], probabilities });
    let report = Report { target, classes, rows: rows.collect() };
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    let text = csv(&report)?;
    match &options.output {
        Some(path) => Ok(write_atomically(path, &text)?),
        None => print(&String::from_utf8_lossy(&text)),
    }
}

/// A header, then for each row the predicted class and the probability of every class.
fn csv(report: &Report) -> Result<Vec<u8>, CliError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = std::iter::once(format!("predicted {}", report.target))
        .chain(report.classes.iter().map(|class| format!("probability of {class}")));
    writer.write_record(header).map_err(std::io::Error::from)?;
    for row in &report.rows {
        let probabilities = row.probabilities.iter().map(f32::to_string);
        let record = std::iter::once(row.class.to_owned()).chain(probabilities);
        writer.write_record(record).map_err(std::io::Error::from)?;
    }
    Ok(writer.into_inner().map_err(|error| error.into_error())?)
}
