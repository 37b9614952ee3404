//! `ugmm train`: a model from a table.

mod density;
mod report;
mod typed;

use crate::advice;
use crate::arguments::{Common, Train};
use crate::config_file::{Config, Search};
use crate::error::CliError;
use crate::interrupt;
use crate::output::{check_outputs, count, print, write_json};
use crate::progress::Display;
use crate::table::{doubts, overview};
use crate::variants_file::read_variants;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use ugmm_data::frame::{Column, Level, Schema};
use ugmm_network::file::write_atomically;
use ugmm_network::{Settings, TargetKind};
use ugmm_tabular::{
    Device, FitOptions, Run, Table, TableModel, TabularError, TaskChoice, as_numbers, fit, prepare_target,
    small_grid,
};

/// Time between checkpoints that is lost at most, where it is not given.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// Labels of one row each that are named.
const NAMED_LABELS: usize = 5;
/// Classes for which two rows each are no reason to say anything.
const FEW_CLASSES: usize = 4;
/// Rows of each class, on average, with fewer than which the classes may be names of the rows.
const ROWS_PER_CLASS: usize = 3;

pub fn run(options: &Train, device: &Device, common: &Common) -> Result<(), CliError> {
    train(options, device, common).map_err(|error| typed::as_typed(error, options))
}

fn train(options: &Train, device: &Device, common: &Common) -> Result<(), CliError> {
    let (mut config, settings) = Config::of(options)?;
    if config.density {
        options.device.refuse_for_densities()?;
        return density::run(options, config, &settings, common);
    }
    refuse_density_options(&config)?;
    let data = config.data.clone().ok_or(CliError::NotGiven("table"))?;
    let target = config.target.clone().ok_or(CliError::NotGiven("target"))?;
    let output = config.output.clone().ok_or(CliError::NotGiven("output"))?;
    let config_output = beside(&output, "toml");
    let checkpoint = beside(&output, "checkpoint");
    let outputs = [&output, &config_output, &checkpoint].map(|path| Some(path.as_path()));
    check_outputs(&[&outputs[..], &[common.json.as_deref()]].concat(), &[&data])?;

    let read_options = config.read_options()?;
    let mut fit_options = fit_options(&config, settings.clone())?;
    let (time_limit, interval) = (config.time_limit()?, config.checkpoint_interval()?);
    let in_table = |error: TabularError| CliError::of_table(&data, error);
    let mut schema = Schema::infer(&data, &read_options)?;
    let task = prepare_target(&mut schema, &target, fit_options.task).map_err(in_table)?;
    fit_options.task = Some(task);
    fit_options.preprocessing = config.preprocessing(schema.images.is_some())?;
    fit_options.search = search(&config, task)?;
    // Images that are moved about have something where all of them had nothing.
    let mut settings_tried = fit_options.search.values().chain([&fit_options.settings]);
    let moved = settings_tried.any(|settings| settings.augmentation.is_some());
    fit_options.preprocessing.keep_constant = schema.images.is_some() && moved;
    let table = Table::read_as(&data, schema, &read_options)?;
    let introduction = overview(table.schema(), &target)
        + &doubts(table.schema(), &target)
        + &remarks(&table, &target, task, config.task.is_some());
    let mut progress = Display::new(introduction, common.quiet);
    let mut run = Run {
        progress: &mut progress,
        interrupted: interrupt::watch()?,
        device: device.clone(),
        time_limit,
        checkpoint: Some(checkpoint),
        checkpoint_interval: interval.unwrap_or(CHECKPOINT_INTERVAL),
        resume: options.resume,
    };
    let (model, fitted) = fit(&table, &target, &fit_options, &mut run).map_err(in_table)?;

    // What was found, for one who repeats it.
    config.task = Some(task);
    config.seed = Some(fit_options.seed);
    config.preset = Some(fit_options.preset);
    let config_text = config.text(&settings)?;
    model.save(&output)?;
    write_atomically(&config_output, config_text.as_bytes())?;
    run.discard_checkpoint()?;
    let report = report::Report::of(&data, &output, &model, &fitted);
    write_json(common.json.as_deref(), "ugmm/train", &report)?;
    if common.quiet { Ok(()) } else { print(&report::text(&report)) }
}

/// Refuses settings of densities for a network.
fn refuse_density_options(config: &Config) -> Result<(), CliError> {
    let given = [
        ("structure", config.structure.is_some()),
        ("units", config.units.is_some()),
        ("members", config.members.is_some()),
        ("method", config.method.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((key, _)) => {
            let reason = "this is a setting of density models; say --objective density as well".into();
            Err(CliError::Option { key, reason })
        }
    }
}

fn fit_options(config: &Config, settings: Settings) -> Result<FitOptions, CliError> {
    let usual = FitOptions::default();
    Ok(FitOptions {
        task: config.task,
        preset: config.preset.unwrap_or(usual.preset),
        settings,
        preprocessing: config.preprocessing(false)?,
        class_weights: config.class_weights()?,
        validation: config.validation.unwrap_or(usual.validation),
        folds: config.folds.map(std::num::NonZeroUsize::get),
        search: usual.search,
        seed: config.seed.unwrap_or(usual.seed),
    })
}

/// The settings to choose from; none without a search.
fn search(config: &Config, task: TaskChoice) -> Result<IndexMap<String, Settings>, CliError> {
    let kind = match task {
        TaskChoice::Classification => TargetKind::Classes(2),
        TaskChoice::Regression => TargetKind::Number { low: 0.0, high: 1.0 },
    };
    match &config.search {
        None | Some(Search::Grid(false)) => Ok(IndexMap::new()),
        Some(Search::Grid(true)) => Ok(small_grid(kind)),
        Some(Search::File(path)) => read_variants(path),
    }
}

/// The model's name with another ending after it.
fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// What of the file is missing, and what the target was taken for.
fn remarks(table: &Table, target: &str, task: TaskChoice, was_given: bool) -> String {
    let mut text = String::new();
    let used = |column: &&Column| column.name != target && column.is_informative();
    let missing: usize = table.schema().columns.iter().filter(used).map(|column| column.missing).sum();
    if missing > 0 {
        text += &format!("missing: {}; the network does without them\n", count(missing, "value"));
    }
    if task == TaskChoice::Classification {
        let column = table.schema().column(target).ok();
        let levels = column.and_then(|column| column.levels.as_deref()).unwrap_or_default();
        let once = || levels.iter().filter(|level| level.rows == 1);
        for Level { text: label, .. } in once().take(NAMED_LABELS) {
            text += &format!(
                "{label:?} is the label of one row only; how well it is predicted cannot be measured\n"
            );
        }
        let more = once().count().saturating_sub(NAMED_LABELS);
        if more > 0 {
            text += &format!("so {} {}\n", if more == 1 { "is" } else { "are" }, count(more, "more label"));
        }
        let rows: usize = levels.iter().map(|level| level.rows).sum();
        if levels.len() > FEW_CLASSES && rows < ROWS_PER_CLASS * levels.len() {
            let classes = levels.len();
            text += &format!(
                "{target:?} has {classes} classes in {rows} rows, too few of each to learn; if it only names the rows, say \
                 another --target{}\n",
                advice::of(column.map_or_else(Vec::new, |column| as_numbers(table.schema(), column)))
            );
        }
    }
    let other = match task {
        TaskChoice::Regression if !was_given => Some(("a number", "classification")),
        TaskChoice::Classification if !was_given && !table.schema().is_label(target) => {
            let levels = table.schema().column(target).ok().and_then(|column| column.levels.as_ref());
            let numbers =
                levels.is_some_and(|levels| levels.len() > 2 && levels.iter().all(Level::is_number));
            numbers.then_some(("classes", "regression"))
        }
        _ => None,
    };
    if let Some((taken, other)) = other {
        text += &format!("{target:?} is predicted as {taken}; if that is wrong, say --task {other}\n");
    }
    text
}
