//! How likely the rows of a table are by a density model, and how well it predicts its target.

use super::{LeftOut, classes, numbers};
use crate::arguments::{Common, Evaluate};
use crate::density_rows::{Met, outside_examples};
use crate::error::CliError;
use crate::output::{count, log_likelihood, print, write_json};
use serde::Serialize;
use ugmm_data::frame::UnseenValues;
use ugmm_network::metrics::decisions;
use ugmm_tabular::{DensityModel, DensityReader, LogLikelihoodMeasures, mixture_metrics};

#[derive(Serialize)]
struct Report<'a> {
    /// Of all columns, the target included where the table has it.
    log_likelihood: LogLikelihoodMeasures,
    /// Of images without a target.
    bits_per_pixel: Option<f64>,
    #[serde(flatten)]
    met: Met,
    /// Where the model has a target and the table, too.
    #[serde(flatten)]
    predictions: Option<Predictions<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Predictions<'a> {
    Classes(Box<classes::Report<'a>>),
    Numbers(Box<numbers::Report<'a>>),
}

pub fn run(model: &DensityModel, options: &Evaluate, common: &Common) -> Result<(), CliError> {
    let read_options = options.table.read_options();
    let target = model.target();
    // Its texts, so that a class that the model does not know can be named.
    let keep: Vec<String> = model.classes().and(model.target_name()).map(str::to_owned).into_iter().collect();
    let mut reader = DensityReader::open(&options.data, model, target.is_some(), &keep, &read_options)?;
    let width = model.columns().len();
    let (mut met, mut examples, mut likelihoods) = (Met::default(), Vec::new(), Vec::new());
    let mut left_out = LeftOut::default();
    let (mut logs, mut right, mut mixtures, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for batch in reader.by_ref() {
        let batch = batch?;
        met.add(&batch);
        outside_examples(model, &batch, &mut examples);
        let mut of_batch = model.log_likelihood(&batch.rows.values)?;
        for outside in &batch.rows.outside {
            of_batch[outside.row] = f64::NEG_INFINITY;
            if let (true, Some(classes)) = (Some(outside.column) == target, model.classes()) {
                return Err(CliError::Label {
                    path: options.data.clone(),
                    row: batch.places[outside.row],
                    target: keep[0].clone(),
                    found: batch.kept[0][outside.row].clone().unwrap_or_default(),
                    known: classes,
                });
            }
        }
        likelihoods.extend(of_batch);
        let Some(target) = target else { continue };
        let rows = batch.rows.values.chunks_exact(width);
        left_out.rows_without_target += rows.clone().filter(|row| row[target].is_nan()).count();
        let known: Vec<f64> = rows.filter(|row| !row[target].is_nan()).flatten().copied().collect();
        if known.is_empty() {
            continue;
        }
        let of_known = known.iter().skip(target).step_by(width).copied();
        match model.classes() {
            Some(_) => logs.extend(model.log_class_probabilities(&known)?),
            None => {
                let found = model.predicted_mixtures(&known)?;
                places.extend(
                    found.iter().zip(of_known.clone()).map(|(mixture, number)| mixture.cumulative(number)),
                );
                mixtures.extend(found);
            }
        }
        right.extend(of_known);
    }
    let predictions = match (model.target_name(), model.classes()) {
        (None, _) => None,
        (Some(target), _) if right.is_empty() => {
            return Err(CliError::NothingToCompare { path: options.data.clone(), target: target.into() });
        }
        (Some(target), Some(names)) => {
            let labels: Vec<usize> = right.iter().map(|&class| class as usize).collect();
            let decisions = decisions(&logs, names.len(), None);
            let said = classes::Said { log_probabilities: logs, labels, decisions };
            let mut report = classes::Report::of(target, names, &said);
            report.left_out = left_out;
            Some(Predictions::Classes(Box::new(report)))
        }
        (Some(target), None) => {
            let metrics = mixture_metrics(&mixtures, &right);
            let mut report = numbers::Report::of(target, metrics, &right, &places);
            report.left_out = left_out;
            Some(Predictions::Numbers(Box::new(report)))
        }
    };
    let found = LogLikelihoodMeasures::of(&likelihoods);
    let bits_per_pixel = found.mean.and_then(|mean| model.bits_per_pixel(mean));
    let report = Report { log_likelihood: found, bits_per_pixel, met, predictions };
    write_json(common.json.as_deref(), "ugmm/evaluate", &report)?;
    if common.quiet {
        return Ok(());
    }
    let assumed = crate::table::reading_doubts(&reader.doubts());
    print(&(assumed + &text(&report, model, &examples, &reader.unseen())))
}

fn text(report: &Report, model: &DensityModel, examples: &[String], unseen: &[UnseenValues]) -> String {
    let LogLikelihoodMeasures { rows, mean, impossible, .. } = report.log_likelihood;
    let learned = model.learned();
    let met = Met { missing_values: 0, ..report.met };
    let mut text = met.remarks("", examples, unseen);
    text += &format!(
        "{}{}; {} in training had {}\n",
        count(rows, "row"),
        log_likelihood(&report.log_likelihood),
        if learned.validation_rows > 0 { "held-out rows" } else { "the rows learned from" },
        learned.log_likelihood.map_or_else(|| "none".into(), |level| format!("{level:.4}"))
    );
    if impossible > 0 && mean.is_some() {
        text += &format!("without {} of log-likelihood minus infinity\n", count(impossible, "row"));
    }
    if let Some(bits) = report.bits_per_pixel {
        text += &format!("that is {bits:.4} bits per pixel\n");
    }
    text + &match &report.predictions {
        None => String::new(),
        Some(Predictions::Classes(report)) => format!("\n{}", classes::text(report)),
        Some(Predictions::Numbers(report)) => {
            format!("\n{}", numbers::text(report, model.target_date().is_some()))
        }
    }
}
