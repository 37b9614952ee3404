//! `ugmm import`: a model file from a checkpoint of the paper's published code.

use crate::arguments::{Common, Import, List};
use crate::error::CliError;
use crate::output::{check_outputs, count, print, write_json};
use serde::Serialize;
use std::path::Path;
use ugmm_network::model_file::network_of_paper;
use ugmm_tabular::network::ImportedNames;
use ugmm_tabular::{NetworkModel, TableModel};

#[derive(Serialize)]
struct Report<'a> {
    model_file: &'a Path,
    /// Number of inputs, then of neurons of each layer.
    sizes: Vec<usize>,
    parameters: usize,
    features: Vec<String>,
    target: &'a str,
    classes: &'a [String],
}

pub fn run(options: &Import, common: &Common) -> Result<(), CliError> {
    check_outputs(&[Some(&options.output), common.json.as_deref()], &[&options.checkpoint])?;
    let network = network_of_paper(&options.checkpoint)?;
    let sizes = network.layers.first().map(|layer| layer.inputs()).into_iter();
    let sizes: Vec<usize> = sizes.chain(network.layers.iter().map(|layer| layer.neurons())).collect();
    let parameters = network.layers.iter().map(|layer| layer.parameter_count()).sum();
    let names = ImportedNames {
        features: List::names(&options.columns),
        target: options.target.clone(),
        classes: List::names(&options.classes),
    };
    let model = NetworkModel::imported(network, names)?;
    model.save(&options.output)?;
    let report = Report {
        model_file: &options.output,
        sizes,
        parameters,
        features: model.preprocessor().names(),
        target: model.target_name(),
        classes: model.classes(),
    };
    write_json(common.json.as_deref(), "ugmm/import", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

fn text(report: &Report) -> String {
    let sizes: Vec<String> = report.sizes.iter().map(usize::to_string).collect();
    let columns = match report.features.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    format!(
        "{}: {}, {}\npredicts {:?} ({}) from {}: {columns}, numbers in the units of the training\n",
        report.model_file.display(),
        sizes.join("-"),
        count(report.parameters, "parameter"),
        report.target,
        count(report.classes.len(), "class"),
        count(report.features.len(), "column"),
    )
}
