//! `ugmm train`: a classifier from a table.

mod cross_validation;
mod learner;

use crate::arguments::{Common, Hidden, Train};
use crate::error::CliError;
use crate::output::{check_outputs, percent, print, write_json};
use crate::settings_file::read_settings;
use crate::table::{TrainingTable, doubts, overview, read_for_training};
use cross_validation::CrossValidation;
use learner::Learner;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Instant;
use ugmm::model_file::{Columns, SavedModel};
use ugmm::training::{EpochReport, TrainingConfig};
use ugmm::{Architecture, Metrics, ModelConfig, Preset, Settings, Task, UgmmError};
use ugmm_data::frame::ReadOptions;
use ugmm_data::{Split, stratified_folds, stratified_split};

#[derive(Serialize)]
struct Report<'a> {
    data: &'a std::path::Path,
    model_file: &'a std::path::Path,
    rows: usize,
    training_rows: usize,
    validation_rows: usize,
    columns: &'a Columns,
    task: Task,
    model: &'a ModelConfig,
    training: &'a TrainingConfig,
    parameters: usize,
    seconds: f64,
    training_metrics: Metrics,
    validation_metrics: Option<Metrics>,
    cross_validation: Option<&'a CrossValidation>,
    history: &'a [EpochReport],
}

pub fn run(options: &Train, common: &Common) -> Result<(), CliError> {
    check_outputs(&[Some(&options.output), common.json.as_deref()], &[&options.data])?;
    let read_options = ReadOptions {
        numeric: options.numeric.clone(),
        categorical: options.categorical.clone(),
        ignore: options.ignore.clone(),
        ..options.table.read_options()
    };
    let settings = settings(options)?;
    let table = read_for_training(&options.data, &options.target, &read_options)?;
    if settings.model.unwrap_or_default() == Architecture::Mlp {
        check_complete(options, &table)?;
    }
    let preset = options.preset.preset();
    let feature_names = table.encoder.names();
    let learner = Learner {
        features: &table.features,
        columns: feature_names.len(),
        labels: &table.labels,
        classes: table.classes.len(),
        settings: &settings,
        preset,
        standardize: !options.raw && preset != Preset::Paper,
        seed: options.seed,
    };
    // What can be wrong with the options is found before anything is said about the file.
    learner.recipe(table.labels.len())?;
    let (split, folds) = match options.folds {
        None => (split(options.validation, &table.labels, options.seed)?, None),
        Some(folds) => {
            // All rows: how good the model is, the folds say.
            let all = Split { train: (0..table.labels.len()).collect(), test: Vec::new() };
            (all, Some(stratified_folds(&table.labels, folds.get(), options.seed)?))
        }
    };
    eprint!("{}", overview(&table.schema, &options.target));
    eprint!("{}{}", doubts(&table.schema, &options.target), remarks(&table));
    let start = Instant::now();
    let cross_validation = folds.map(|folds| CrossValidation::run(&learner, &folds)).transpose()?;
    let fitted = learner.fit("training", &split)?;

    let columns = Columns {
        features: feature_names,
        target: options.target.clone(),
        classes: table.classes.names().to_vec(),
        reading: Some(serde_json::to_value(&table.encoder).map_err(std::io::Error::from)?),
    };
    let training_metrics =
        Metrics::of(&fitted.log_probabilities(&fitted.training_rows)?, fitted.training_rows.labels());
    // Measured after the last epoch, on the network as it is now.
    let validation_metrics = fitted.history.last().and_then(|report| report.validation);
    let saved = SavedModel {
        model: fitted.network,
        config: fitted.config.settled(),
        task: fitted.task,
        columns,
        standardization: fitted.standardization,
        training: Some(fitted.training),
        temperature: cross_validation.as_ref().map(|measured| measured.temperature),
    };
    saved.save(&options.output)?;
    let report = Report {
        data: &options.data,
        model_file: &options.output,
        rows: table.labels.len(),
        training_rows: split.train.len(),
        validation_rows: split.test.len(),
        columns: &saved.columns,
        task: saved.task,
        model: &saved.config,
        training: saved.training.as_ref().expect("set above"),
        parameters: burn::module::Module::num_params(&saved.model),
        seconds: start.elapsed().as_secs_f64(),
        training_metrics,
        validation_metrics,
        cross_validation: cross_validation.as_ref(),
        history: &fitted.history,
    };
    write_json(common.json.as_deref(), "ugmm/train", &report)?;
    print(&text(&report))
}

fn text(report: &Report) -> String {
    let metrics = |what: &str, metrics: &Metrics| {
        let (rows, accuracy) = (metrics.rows, percent(metrics.accuracy, 2));
        format!("{what} rows: {rows}, accuracy {accuracy} %, log-loss {:.4}\n", metrics.log_loss)
    };
    let (features, classes) = (report.task.features, report.columns.classes.join(", "));
    let mut text =
        format!("{} rows, {features} features; {} is one of {classes}\n", report.rows, report.columns.target);
    text += &metrics("training", &report.training_metrics);
    match (&report.validation_metrics, report.cross_validation) {
        (Some(validation), _) => text += &metrics("held-out", validation),
        (None, Some(measured)) => text += &measured.text(),
        (None, None) => text += "no rows were held out, so how well the model does on new rows is unknown\n",
    }
    text + &format!(
        "{}: {} parameters, trained in {:.1} s\n",
        report.model_file.display(),
        report.parameters,
        report.seconds
    )
}

/// Refuses missing values, for a network that cannot do without them.
fn check_complete(options: &Train, table: &TrainingTable) -> Result<(), CliError> {
    let features = table.encoder.requests().iter().map(|request| &request.name);
    let columns =
        table.schema.columns.iter().filter(|column| features.clone().any(|name| *name == column.name));
    match columns.into_iter().find(|column| column.missing > 0) {
        Some(column) => {
            let (path, missing) = (options.data.clone(), column.missing);
            Err(CliError::Incomplete { path, column: column.name.clone(), missing })
        }
        None => Ok(()),
    }
}

/// What of the file was left out or is missing.
fn remarks(table: &TrainingTable) -> String {
    let mut text = String::new();
    if table.without_label > 0 {
        text += &format!("left out: {} rows without a label\n", table.without_label);
    }
    if table.without_features > 0 {
        text += &format!("left out: {} rows with nothing but a label\n", table.without_features);
    }
    if table.encoded.missing > 0 {
        text += &format!("{} values are missing; the network does without them\n", table.encoded.missing);
    }
    text
}

/// The settings file's, and over them what was typed.
fn settings(options: &Train) -> Result<Settings, CliError> {
    let mut settings = options.settings.as_deref().map(read_settings).transpose()?.unwrap_or_default();
    // An option that was not typed leaves what is there.
    fn set<T>(setting: &mut Option<T>, typed: Option<T>) {
        if typed.is_some() {
            *setting = typed;
        }
    }
    set(&mut settings.model, options.model.map(Into::into));
    set(&mut settings.objective, options.objective.map(Into::into));
    set(&mut settings.cross_entropy_weight, options.cross_entropy_weight);
    set(&mut settings.hidden, options.hidden.clone().map(|Hidden(sizes)| sizes));
    set(&mut settings.dropout, options.dropout.clone());
    set(&mut settings.min_sigmas, options.min_sigma.map(|min_sigma| vec![min_sigma]));
    set(&mut settings.epochs, options.epochs.map(NonZeroUsize::get));
    set(&mut settings.batch_size, options.batch_size.map(NonZeroUsize::get));
    set(&mut settings.learning_rate, options.learning_rate);
    set(&mut settings.max_gradient_norm, options.clip);
    Ok(settings)
}

/// Training and held-out rows.
fn split(validation: f64, labels: &[usize], seed: u64) -> Result<Split, CliError> {
    if validation == 0.0 {
        return Ok(Split { train: (0..labels.len()).collect(), test: Vec::new() });
    }
    if !(0.0..1.0).contains(&validation) {
        let (setting, expected) = ("--validation", "at least 0 and less than 1");
        return Err(UgmmError::Setting { setting, value: validation.to_string(), expected }.into());
    }
    Ok(stratified_split(labels, validation, seed)?)
}
