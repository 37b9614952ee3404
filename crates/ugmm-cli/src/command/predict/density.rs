//! Predictions of a density model: of its target, or, without one, how likely each row is.

use super::columns::{QUANTILES, column, deviation_name, exact, numbers, numbers_or_dates};
use super::kept;
use crate::arguments::{Common, Predict};
use crate::density_rows::{Met, outside_examples};
use crate::error::CliError;
use crate::output::{count, write_json};
use crate::row_output::{Column, Values, format_of, write_rows};
use serde::Serialize;
use ugmm_network::metrics::decisions;
use ugmm_tabular::{DensityBatch, DensityModel, DensityReader};

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    classes: Vec<String>,
    #[serde(flatten)]
    met: Met,
}

pub fn run(model: &DensityModel, options: &Predict, common: &Common) -> Result<(), CliError> {
    if options.explain.is_some() {
        let reason =
            "reasons are those of networks; ugmm score names the column of a row that surprises most".into();
        return Err(CliError::Option { key: "--explain", reason });
    }
    let format = format_of(options.rows.format, options.rows.output.as_deref())?;
    let read_options = options.rows.read_options(&options.table);
    let mut reader = DensityReader::open(&options.data, model, false, &options.rows.keep, &read_options)?;
    let types = reader.kept_types();
    let mut report = Report {
        target: model.target_name(),
        classes: model.classes().unwrap_or_default(),
        met: Met::default(),
    };
    let mut examples = Vec::new();
    write_rows(options.rows.output.as_deref(), format, |writer| {
        for batch in reader.by_ref() {
            let batch = batch?;
            report.met.add(&batch);
            outside_examples(model, &batch, &mut examples);
            let predicted = columns(model, &batch)?;
            writer
                .write(&kept(&options.rows.keep, &types, batch.kept).chain(predicted).collect::<Vec<_>>())?;
        }
        Ok(())
    })?;
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    if !common.quiet {
        let doing = if report.target.is_some() {
            "the rows were predicted from the others"
        } else {
            "integrated out"
        };
        eprint!("{}", report.met.remarks(doing, &examples, &reader.unseen()));
        eprint!("{}", crate::table::reading_doubts(&reader.doubts()));
        if report.target.is_none() && report.met.outside_values > 0 {
            let rows = count(report.met.rows_with_outside_values, "row");
            eprintln!("the log-likelihood of {rows} is minus infinity, written as -inf (JSON has null)");
        }
    }
    Ok(())
}

/// The columns of a batch's predictions.
fn columns(model: &DensityModel, batch: &DensityBatch) -> Result<Vec<Column>, CliError> {
    let rows = &batch.rows.values;
    let Some(target) = model.target_name() else {
        return Ok(vec![column("log-likelihood", Values::Exact(log_likelihoods(model, batch)?))]);
    };
    let predicted = format!("predicted {target}");
    let mut columns = Vec::new();
    match model.classes() {
        Some(classes) => {
            let logs = model.log_class_probabilities(rows)?;
            let names =
                decisions(&logs, classes.len(), None).into_iter().map(|class| Some(classes[class].clone()));
            columns.push(column(&predicted, Values::Text(names.collect())));
            for (class, name) in classes.iter().enumerate() {
                let of_class = logs.iter().skip(class).step_by(classes.len()).map(|log| log.exp());
                columns.push(column(&format!("probability of {name}"), numbers(of_class)));
            }
            // In natural units, from 0 for certainty to ln C.
            let entropy = |row: &[f32]| row.iter().map(|&log| -log * log.exp()).sum::<f32>().max(0.0);
            columns.push(column("entropy", numbers(logs.chunks(classes.len()).map(entropy))));
        }
        None => {
            let mixtures = model.predicted_mixtures(rows)?;
            let date = model.target_date();
            let means = mixtures.iter().map(|mixture| mixture.mean());
            columns.push(column(&predicted, numbers_or_dates(date, means)));
            let deviations = mixtures.iter().map(|mixture| mixture.deviation());
            columns.push(column(deviation_name(date), exact(deviations)));
            for (share, name) in QUANTILES {
                let quantiles = mixtures.iter().map(|mixture| mixture.quantile(share));
                columns.push(column(name, numbers_or_dates(date, quantiles)));
            }
        }
    }
    columns.push(column("log-likelihood", Values::Exact(log_likelihoods(model, batch)?)));
    Ok(columns)
}

/// The log-likelihood of each row's columns beside the target; minus infinity where one has a value that it cannot have.
fn log_likelihoods(model: &DensityModel, batch: &DensityBatch) -> Result<Vec<Option<f64>>, CliError> {
    let mut likelihoods = model.log_likelihood(&batch.rows.values)?;
    for outside in &batch.rows.outside {
        likelihoods[outside.row] = f64::NEG_INFINITY;
    }
    Ok(likelihoods.into_iter().map(Some).collect())
}
