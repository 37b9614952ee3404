//! `ugmm train`: a classifier from a CSV file.

use crate::arguments::{Common, Hidden, ModelKind, ObjectiveKind, Train};
use crate::error::CliError;
use crate::output::{check_outputs, percent, print, write_json};
use crate::progress::Progress;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Instant;
use ugmm::model_file::{Columns, SavedModel};
use ugmm::training::{
    Dataset, EpochReport, Features, Metrics, Schedule, TrainingConfig, evaluate, init_model, train,
};
use ugmm::{ModelConfig, Objective, Preset, Standardization, Task, UgmmError};
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
    let task = Task {
        features: table.columns(),
        classes: classes.len(),
        objective: match options.objective {
            ObjectiveKind::Discriminative => Objective::Discriminative,
            ObjectiveKind::Generative => Objective::Generative { label: preset.label_encoding() },
            ObjectiveKind::Hybrid => Objective::Hybrid {
                label: preset.label_encoding(),
                weight: options.cross_entropy_weight.unwrap_or(Preset::CROSS_ENTROPY_WEIGHT),
            },
        },
    };
    let config = model_config(options, preset, &task)?;
    let split = split(options.validation, &labels, options.seed)?;
    let training = training_config(options, preset, &config, task.objective, split.train.len());
    config.validate()?;
    training.validate()?;
    task.objective.validate()?;

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

fn model_config(options: &Train, preset: Preset, task: &Task) -> Result<ModelConfig, CliError> {
    let hidden = match &options.hidden {
        Some(Hidden(sizes)) => sizes.clone(),
        None => preset.hidden(task.objective),
    };
    let not_for_mlp =
        |setting, value: String| UgmmError::Setting { setting, value, expected: "left out with --model mlp" };
    let mut config = match options.model {
        ModelKind::Ugmm => preset.ugmm(task, &hidden),
        ModelKind::Mlp => match (options.objective, options.min_sigma) {
            (ObjectiveKind::Generative, _) => {
                return Err(not_for_mlp("--objective", "generative".into()).into());
            }
            (ObjectiveKind::Hybrid, _) => {
                return Err(not_for_mlp("--objective", "hybrid".into()).into());
            }
            (_, Some(min_sigma)) => return Err(not_for_mlp("--min-sigma", min_sigma.to_string()).into()),
            _ => preset.mlp(task, &hidden),
        },
    };
    match &mut config {
        ModelConfig::Ugmm(network) => {
            if let Some(min_sigma) = options.min_sigma {
                *network = network.clone().with_min_sigma(min_sigma);
            }
            if let Some(dropout) = &options.dropout {
                if dropout.len() > network.layers.len() {
                    let expected = "no longer than the number of layers";
                    let value = format!("a list of {}", dropout.len());
                    return Err(UgmmError::Setting { setting: "--dropout", value, expected }.into());
                }
                let every_layer: Vec<f64> = dropout
                    .iter()
                    .copied()
                    .chain(std::iter::repeat(0.0))
                    .take(network.layers.len())
                    .collect();
                *network = network.clone().with_dropout(&every_layer);
            }
        }
        ModelConfig::Mlp(network) => {
            if let Some(dropout) = &options.dropout {
                network.dropout = dropout.clone();
            }
        }
    }
    Ok(config)
}

fn training_config(
    options: &Train,
    preset: Preset,
    config: &ModelConfig,
    objective: Objective,
    rows: usize,
) -> TrainingConfig {
    let mut training = preset.training(config, objective, rows, options.seed);
    training.epochs = options.epochs.map_or(training.epochs, NonZeroUsize::get);
    training.batch_size = options.batch_size.map_or(training.batch_size, NonZeroUsize::get);
    training.max_gradient_norm = options.clip;
    if let Some(rate) = options.learning_rate {
        let (Schedule::Constant { learning_rate }
        | Schedule::MultiStep { learning_rate, .. }
        | Schedule::Cosine { learning_rate, .. }) = &mut training.schedule;
        *learning_rate = rate;
    }
    training
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
