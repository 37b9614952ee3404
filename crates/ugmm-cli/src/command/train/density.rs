//! `ugmm train --objective density`: a density of all columns of a table.

use super::files::Files;
use super::report::{OF_DENSITIES, in_words};
use super::{Dependent, read_table};
use crate::arguments::Common;
use crate::config_file::Options;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{count, left_out, log_likelihood, print, table, write_json};
use crate::progress::Display;
use crate::table::{doubts, overview_as};
use serde::Serialize;
use std::num::NonZeroUsize;
use std::path::Path;
use ugmm_data::frame::Schema;
use ugmm_tabular::density::{DensityRows, DensityStructure, LogLikelihoods, prepare_pixels};
use ugmm_tabular::distribution::LogLikelihoodMeasures;
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{
    Column as ModelColumn, DensityModel, DensityOptions, DensityReport, Run, TableModel, TaskChoice,
};

#[derive(Serialize)]
struct Report<'a> {
    data: &'a Path,
    model_file: &'a Path,
    objective: &'static str,
    target: Option<&'a str>,
    columns: Vec<Column<'a>>,
    parameters: usize,
    #[serde(flatten)]
    dependent: Dependent<'a>,
    /// Mean log-likelihood in bits per pixel for images without a target, on the held-out rows, or, without
    /// these, on the training rows.
    bits_per_pixel: Option<f64>,
    #[serde(flatten)]
    fitted: &'a DensityReport,
    #[serde(skip)]
    model: &'a DensityModel,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    taken_as: &'a str,
}

pub fn run(options: &Options, common: &Common) -> Result<(), CliError> {
    options.train.device.refuse_for_densities()?;
    refuse_network_options(options)?;
    let files = Files::of(options, common)?;
    let read_options = options.read_options();
    let mut schema = Schema::infer(&files.data, &read_options)?;
    prepare_pixels(&mut schema);
    let (train, settings, usual) = (&options.train, &options.settings, DensityOptions::default());
    let given = train.task.map(Into::into);
    let prepare = |target: &String| prepare_target(&mut schema, target, given);
    let target = train.target.as_ref().map(prepare).transpose().map_err(|error| files.in_table(error))?;
    let fit_options = DensityOptions {
        structure: train.structure.map(Into::into).unwrap_or_default(),
        units: train.units.map(NonZeroUsize::get),
        members: train.members.map(NonZeroUsize::get),
        method: train.method.map(Into::into),
        epochs: settings.epochs,
        patience: settings.patience,
        batch_size: settings.batch_size,
        learning_rate: settings.learning_rate,
        validation: train.validation.unwrap_or(usual.validation),
        seed: train.seed.unwrap_or(usual.seed),
    };
    let table = read_table(&files, schema, options)?;
    let rows = DensityRows::prepare(&table, target.as_ref(), &fit_options);
    let rows = rows.map_err(|error| files.in_table(error))?;
    let dependent = Dependent::of(&table, options);
    let introduction =
        introduction(table.schema(), rows.columns(), train.target.as_deref()) + &dependent.line();
    let mut progress = Display::new(introduction, common.quiet);
    let mut run = Run { time_limit: train.time_limit, ..Run::new(&mut progress, interrupt::watch()?) };
    let (model, fitted) = rows.fit(&mut run).map_err(|error| files.in_table(error))?;
    let mut found = vec![("seed", fit_options.seed.to_string())];
    found.extend(target.as_ref().map(|target| match target.task() {
        TaskChoice::Classification => ("task", "classification".to_owned()),
        TaskChoice::Regression => ("task", "regression".to_owned()),
    }));
    files.write(&model, options, &found)?;
    let seen = fitted.validation_log_likelihoods.unwrap_or(fitted.training_log_likelihoods);
    let report = Report {
        data: &files.data,
        model_file: &files.output,
        objective: "density",
        target: model.target_name(),
        columns: model
            .columns()
            .iter()
            .map(|column| Column { name: column.name(), taken_as: column.kind_name() })
            .collect(),
        parameters: model.circuit().parameters(),
        dependent,
        bits_per_pixel: seen.model.mean.and_then(|mean| model.bits_per_pixel(mean)),
        fitted: &fitted,
        model: &model,
    };
    write_json(common.json.as_deref(), "ugmm/train", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report)) }
}

/// Fails with an error if an option is for networks only.
fn refuse_network_options(options: &Options) -> Result<(), CliError> {
    let train = &options.train;
    let given = [
        ("scaling", train.scaling.is_some()),
        ("ordinal", !train.ordinal.is_empty()),
        ("preset", train.preset.is_some()),
        ("class_weights", train.class_weights.is_some()),
        ("folds", train.folds.is_some()),
        ("conformal", train.conformal),
        ("search", train.search.is_some()),
        ("checkpoint_interval", train.checkpoint_interval.is_some()),
        ("resume", train.resume),
    ];
    let mut settings = options.settings.clone();
    // These settings also apply to densities.
    (settings.epochs, settings.batch_size) = (None, None);
    (settings.learning_rate, settings.patience) = (None, None);
    let settings = serde_json::to_value(&settings).map_err(std::io::Error::from)?;
    let set = settings.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let key = given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key.to_owned());
    match key.chain(set.map(|(key, _)| key.clone())).next() {
        None => Ok(()),
        Some(key) => {
            let key = options.option_of(&key).unwrap_or(key);
            let reason = format!("{key} is for networks only; leave it out");
            Err(CliError::Option { key: "--objective density", reason })
        }
    }
}

/// The columns and how they are used.
fn introduction(schema: &Schema, columns: &[ModelColumn], target: Option<&str>) -> String {
    let kind = |name: &str| {
        let column = columns.iter().find(|column| column.name() == name);
        if column.is_none() && schema.is_label(name) {
            return Some("left out: labels");
        }
        column.map(|column| match target == Some(name) {
            true if column.states().is_some() => "target: classes",
            true => "target: a number",
            false => column.kind_name(),
        })
    };
    let target = target.unwrap_or_default();
    let mut text = overview_as(schema, target, &kind) + &doubts(schema, target);
    let is_used = |name: &str| columns.iter().any(|column| column.name() == name);
    let missing: usize =
        schema.columns.iter().filter(|column| is_used(&column.name)).map(|column| column.missing).sum();
    if missing > 0 {
        text += &format!("missing: {}; they are integrated out\n", count(missing, "value"));
    }
    text
}

fn text(report: &Report) -> String {
    let Report { fitted, model, .. } = report;
    let mut text = format!("{}; {}\n", count(fitted.rows, "row"), model.structure_in_words());
    text += &left_out(fitted.rows_without_values, "no value");
    text += &tried(fitted);
    if fitted.epochs > 0 && fitted.best_epoch < fitted.epochs {
        text += &format!(
            "stopped after {}; the model is that of epoch {}\n",
            count(fitted.epochs, "epoch"),
            fitted.best_epoch
        );
    }
    if fitted.out_of_time {
        text += &format!("the time limit ended training after {}", count(fitted.epochs, "epoch"));
        text += &match fitted.training.members {
            1 => "\n".to_owned(),
            asked => format!(" of the first circuit; the model has {} of {asked} circuits\n", fitted.members),
        };
    }
    text += &likelihoods("training", &fitted.training_log_likelihoods);
    match &fitted.validation_log_likelihoods {
        Some(held_out) => text += &likelihoods("held-out", held_out),
        None => text += "no rows were held out, so how likely new rows are is unknown\n",
    }
    if [Some(fitted.training_log_likelihoods), fitted.validation_log_likelihoods]
        .iter()
        .flatten()
        .any(|found| found.model.mean > Some(0.0))
    {
        text += OF_DENSITIES;
    }
    if let Some(bits) = report.bits_per_pixel {
        text += &format!("that is {bits:.4} bits per pixel\n");
    }
    if let (Some(target), Some(measures)) = (report.target, &fitted.predictions) {
        let rows = if fitted.validation_rows > 0 { "held-out" } else { "training" };
        text += &format!(
            "{target} of {rows} rows, predicted from the others: {}\n",
            in_words(measures, model.target_date().is_some())
        );
    }
    let (file, parameters) = (report.model_file.display(), report.parameters);
    text + &format!("{file}: {parameters} parameters, trained in {:.1} s\n", fitted.seconds)
}

/// The structures that were compared, with the measures that decided between them.
fn tried(fitted: &DensityReport) -> String {
    if fitted.tried.len() < 2 {
        return String::new();
    }
    // If only one structure is close to the best, the measure over all its circuits decides nothing.
    let finalists = fitted.tried.iter().filter(|tried| tried.of_all_circuits.is_some()).count();
    let mut header = vec!["structures tried".to_owned(), "log-likelihood of validation rows".into()];
    if let Some(folds) = fitted.folds {
        header[1] = format!("log-likelihood by {folds}-fold cross-validation");
    }
    if finalists > 1 {
        header.push(format!("the best {} with all {} circuits", finalists, fitted.members));
    }
    header.push(String::new());
    let mut rows = vec![header];
    for tried in &fitted.tried {
        let name = tried.structure.in_words();
        let name = match (tried.units, tried.structure) {
            (None, _) => name.to_owned(),
            (Some(parts), DensityStructure::Independent) => format!("{name}, {}", count(parts, "component")),
            (Some(units), _) => format!("{name}, {}", count(units, "unit")),
        };
        let mut row = vec![name, format!("{:.4}", tried.log_likelihood)];
        if finalists > 1 {
            row.push(tried.of_all_circuits.map_or("–".into(), |level| format!("{level:.4}")));
        }
        row.push(if tried.structure == fitted.structure { "chosen".into() } else { String::new() });
        rows.push(row);
    }
    let remark = match finalists {
        0 | 1 => "",
        _ => {
            "the last column decides; each circuit is measured on its own validation rows, so that these figures are comparable only with each other\n"
        }
    };
    table(&rows) + remark
}

fn likelihoods(what: &str, found: &LogLikelihoods) -> String {
    let LogLikelihoodMeasures { rows, impossible, .. } = found.model;
    let Some(independent) = found.independent.mean else {
        return format!("{what} rows: {rows}{}\n", log_likelihood(&found.model));
    };
    let impossible = match impossible {
        0 => String::new(),
        some => format!(" ({} impossible and left out)", count(some, "row")),
    };
    format!(
        "{what} rows: {rows}{}{impossible}; of independent columns {independent:.4}\n",
        log_likelihood(&found.model)
    )
}
