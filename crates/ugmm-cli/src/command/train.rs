//! `ugmm train`: a classifier from a CSV file.

use crate::arguments::{Common, Hidden, Train};
use crate::error::CliError;
use crate::output::{check_outputs, percent, print, write_json};
use crate::progress::Progress;
use crate::settings_file::read_settings;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Instant;
use ugmm::model_file::{Columns, SavedModel};
use ugmm::training::{Dataset, EpochReport, Features, TrainingConfig, evaluate, init_model, train};
use ugmm::{Metrics, ModelConfig, Preset, Recipe, Settings, Standardization, Task, UgmmError};
use ugmm_data::{ClassLabels, DataError, Split, Table, read_csv, stratified_split};

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
    history: &'a [EpochReport],
}

pub fn run(options: &Train, common: &Common) -> Result<(), CliError> {
    check_outputs(&[Some(&options.output), common.json.as_deref()], &[&options.data])?;
    let table = read_csv(&options.data, Some(&options.target))?;
    let (classes, labels) = classes(options, &table)?;
    let preset = options.preset.preset();
    let split = split(options.validation, &labels, options.seed)?;
    let Recipe { task, model: config, training } =
        settings(options)?.recipe(preset, table.columns(), classes.len(), split.train.len(), options.seed)?;

    let parts = |rows: &[usize]| -> Result<_, CliError> {
        Ok((table.select_rows(rows)?.features, rows.iter().map(|&row| labels[row]).collect::<Vec<_>>()))
    };
    let (mut training_features, training_labels) = parts(&split.train)?;
    let (mut validation_features, validation_labels) = parts(&split.test)?;
    let standardize = !options.raw && preset != Preset::Paper;
    let standardization =
        standardize.then(|| Standardization::fit(&training_features, task.features)).transpose()?;
    if let Some(standardization) = &standardization {
        standardization.apply(&mut training_features)?;
        standardization.apply(&mut validation_features)?;
    }
    let dataset =
        |features, labels| Dataset::new(Features::F32(features), task.features, labels, task.classes);
    let training_rows = dataset(training_features, training_labels)?;
    let validation_rows =
        (!split.test.is_empty()).then(|| dataset(validation_features, validation_labels)).transpose()?;

    let device = burn::tensor::Device::flex();
    let start = Instant::now();
    let network = init_model(&config, &task, &training_rows, options.seed, &device)?;
    let mut progress = Progress::new("training", training.epochs);
    let trained =
        train(network, &task, &training_rows, validation_rows.as_ref(), &training, &device, &mut progress)?;
    drop(progress);

    let columns = Columns {
        features: table.feature_names.clone(),
        target: options.target.clone(),
        classes: classes.names().to_vec(),
    };
    let saved = SavedModel {
        model: trained.network,
        config: config.settled(),
        task,
        columns,
        standardization,
        training: Some(training),
    };
    let training_metrics = evaluate(&saved.model, &task, &training_rows, &device)?;
    // Measured after the last epoch, on the network as it is now.
    let validation_metrics = trained.history.last().and_then(|report| report.validation);
    saved.save(&options.output)?;
    let report = Report {
        data: &options.data,
        model_file: &options.output,
        rows: table.rows(),
        training_rows: split.train.len(),
        validation_rows: split.test.len(),
        columns: &saved.columns,
        task,
        model: &saved.config,
        training: saved.training.as_ref().expect("set above"),
        parameters: burn::module::Module::num_params(&saved.model),
        seconds: start.elapsed().as_secs_f64(),
        training_metrics,
        validation_metrics,
        history: &trained.history,
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
    match &report.validation_metrics {
        Some(validation) => text += &metrics("held-out", validation),
        None => text += "no rows were held out, so how well the model does on new rows is unknown\n",
    }
    text + &format!(
        "{}: {} parameters, trained in {:.1} s\n",
        report.model_file.display(),
        report.parameters,
        report.seconds
    )
}

/// The classes of the target column, and the class index of each row.
fn classes(options: &Train, table: &Table) -> Result<(ClassLabels, Vec<usize>), CliError> {
    let in_file = |source: DataError| CliError::Labels { path: options.data.clone(), source };
    let labels = &table.target.as_ref().expect("read_csv was given a target").labels;
    let classes = ClassLabels::from_labels(labels).map_err(in_file)?;
    if let [label] = classes.names() {
        let (path, target) = (options.data.clone(), options.target.clone());
        return Err(CliError::OneClass { path, target, label: label.clone() });
    }
    let encoded = classes.encode(labels).map_err(in_file)?;
    Ok((classes, encoded))
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
