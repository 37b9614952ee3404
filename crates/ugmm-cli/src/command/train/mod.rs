//! `ugmm train`: trains a model on a table.

mod density;
mod files;
mod report;

use self::files::Files;
use crate::advice;
use crate::arguments::{Common, Train};
use crate::config_file::Options;
use crate::error::CliError;
use crate::interrupt;
use crate::output::{count, print, write_json};
use crate::progress::Display;
use crate::table::{doubts, overview};
use crate::variants_file::read_variants;
use clap::ArgMatches;
use indexmap::IndexMap;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::time::Duration;
use ugmm_data::Dependence;
use ugmm_data::frame::{Column, Level, Schema};
use ugmm_network::{Preset, Settings};
use ugmm_tabular::network::small_grid;
use ugmm_tabular::target::{as_numbers, prepare_target};
use ugmm_tabular::{Device, FitOptions, Run, Table, TaskChoice, fit};

/// Default time between checkpoints, which is the most that an interruption loses.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// Largest number of labels with a single row that are named.
const NAMED_LABELS: usize = 5;
/// Number of classes up to which few rows for each class are no reason for a remark.
const FEW_CLASSES: usize = 4;
/// Mean number of rows for each class below which the classes may identify rows.
const ROWS_PER_CLASS: usize = 3;

pub fn run(typed: &ArgMatches, device: &Device, common: &Common) -> Result<(), CliError> {
    let options = Options::of(typed)?;
    let trained = match options.is_density() {
        true => density::run(&options, common),
        false => network(&options, device, common),
    };
    trained.map_err(|error| options.as_typed(error))
}

fn network(options: &Options, device: &Device, common: &Common) -> Result<(), CliError> {
    refuse_density_options(&options.train)?;
    let files = Files::of(options, common)?;
    let target = options.train.target.as_deref().ok_or(CliError::NotGiven("target"))?;
    let read_options = options.read_options();
    let mut schema = Schema::infer(&files.data, &read_options)?;
    let given = options.train.task.map(Into::into);
    let prepared = prepare_target(&mut schema, target, given).map_err(|error| files.in_table(error))?;
    let task = prepared.task();
    let fit_options = fit_options(options, task, schema.images.is_some())?;
    let table = read_table(&files, schema, options)?;
    let dependent = Dependent::of(&table, options);
    let introduction = overview(table.schema(), target)
        + &dependent.line()
        + &doubts(table.schema(), target)
        + &remarks(&table, target, task, given.is_some());
    let mut progress = Display::new(introduction, common.quiet);
    let mut run = Run {
        progress: &mut progress,
        interrupted: interrupt::watch()?,
        device: device.clone(),
        time_limit: options.train.time_limit,
        checkpoint: Some(files.checkpoint.clone()),
        checkpoint_interval: options.train.checkpoint_interval.unwrap_or(CHECKPOINT_INTERVAL),
        resume: options.train.resume,
    };
    let (model, fitted) =
        fit(&table, &prepared, &fit_options, &mut run).map_err(|error| files.in_table(error))?;
    let task = match task {
        TaskChoice::Classification => "classification",
        TaskChoice::Regression => "regression",
    };
    let preset = match fit_options.preset {
        Preset::Best => "best",
        Preset::Paper => "paper",
    };
    let seed = fit_options.seed.to_string();
    let found = [("task", task.to_owned()), ("preset", preset.to_owned()), ("seed", seed)];
    files.write(&model, options, &found)?;
    run.discard_checkpoint()?;
    let report = report::Report::of(&files, &model, dependent, &fitted);
    write_json(common.json.as_deref(), "ugmm/train", &report)?;
    if common.quiet { Ok(()) } else { print(&report::text(&report)) }
}

/// The table with the weights and the groups or times of its rows, if there are any.
fn read_table(files: &Files, schema: Schema, options: &Options) -> Result<Table, CliError> {
    let Train { target, weights, group, time_order, .. } = &options.train;
    let taken =
        [("weights", weights, "weights"), ("group", group, "groups"), ("time_order", time_order, "times")];
    for (place, (key, name, what)) in taken.iter().enumerate() {
        let earlier = taken[..place].iter().map(|(_, other, what)| (*what, *other));
        let other = earlier.chain([("target", target)]).find(|(_, other)| name.is_some() && *other == *name);
        if let (Some((other, _)), Some(name)) = (other, name) {
            let reason = format!("{name:?} is the column of the {other}; {what} need a column of their own");
            return Err(CliError::Option { key, reason });
        }
    }
    let mut table = Table::read_as(&files.data, schema, &options.read_options())?;
    if let Some(name) = group {
        table = table.grouped_by(name)?;
    }
    if let Some(name) = time_order {
        table = table.ordered_by(name, &files.data)?;
    }
    match weights {
        None => Ok(table),
        Some(name) => Ok(table.weighted_by(name, &files.data)?),
    }
}

/// Which rows depend on each other, by which columns.
#[derive(Serialize)]
struct Dependent<'o> {
    groups: Option<Groups<'o>>,
    /// The column of times.
    time_order: Option<&'o str>,
}

/// The column of the groups, and their number.
#[derive(Serialize)]
struct Groups<'o> {
    column: &'o str,
    count: usize,
}

impl<'o> Dependent<'o> {
    fn of(table: &Table, options: &'o Options) -> Self {
        let groups = match (table.dependence(), options.train.group.as_deref()) {
            (Dependence::Groups(groups), Some(column)) => {
                Some(Groups { column, count: groups.iter().max().map_or(0, |last| last + 1) })
            }
            _ => None,
        };
        Self { groups, time_order: options.train.time_order.as_deref() }
    }

    /// A line of the introduction; empty if no row depends on another.
    fn line(&self) -> String {
        match (&self.groups, self.time_order) {
            (Some(Groups { column, count: number }), _) => format!(
                "{} by {column}; none has both held-out rows and training rows\n",
                count(*number, "group")
            ),
            (None, Some(column)) => {
                format!(
                    "ordered by {column}; models are tested on rows that are later than those they were trained on\n"
                )
            }
            (None, None) => String::new(),
        }
    }
}

/// Fails with an error if an option is for densities only.
fn refuse_density_options(options: &Train) -> Result<(), CliError> {
    let given = [
        ("structure", options.structure.is_some()),
        ("units", options.units.is_some()),
        ("members", options.members.is_some()),
        ("method", options.method.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((key, _)) => {
            let reason = "this is a setting of density models; it needs --objective density".into();
            Err(CliError::Option { key, reason })
        }
    }
}

fn fit_options(options: &Options, task: TaskChoice, of_images: bool) -> Result<FitOptions, CliError> {
    let (usual, train) = (FitOptions::default(), &options.train);
    if train.folds.is_some() && train.validation.is_some() && !train.conformal {
        let reason =
            "with --folds, no rows are held out unless --conformal needs them; leave one of the two out";
        return Err(CliError::Option { key: "validation", reason: reason.into() });
    }
    let search = search(train, task)?;
    let mut preprocessing = options.preprocessing(of_images);
    // With augmentation, pixels that are the same in all images may vary.
    let moved = search.values().chain([&options.settings]).any(|settings| settings.augmentation.is_some());
    preprocessing.keep_constant = of_images && moved;
    Ok(FitOptions {
        preset: options.preset(),
        settings: options.settings.clone(),
        preprocessing,
        class_weights: train.class_weights.clone(),
        validation: train.validation.unwrap_or(usual.validation),
        conformal: train.conformal,
        folds: train.folds.map(NonZeroUsize::get),
        search,
        seed: train.seed.unwrap_or(usual.seed),
    })
}

/// The settings to choose from; empty without a search.
fn search(options: &Train, task: TaskChoice) -> Result<IndexMap<String, Settings>, CliError> {
    match &options.search {
        None => Ok(IndexMap::new()),
        Some(None) => Ok(small_grid(task)),
        Some(Some(path)) => read_variants(path),
    }
}

/// Remarks on missing values and on the kind of the target.
fn remarks(table: &Table, target: &str, task: TaskChoice, was_given: bool) -> String {
    let mut text = String::new();
    let used = |column: &&Column| column.name != target && column.is_informative();
    let missing: usize = table.schema().columns.iter().filter(used).map(|column| column.missing).sum();
    if missing > 0 {
        text += &format!("missing: {}; the network ignores them\n", count(missing, "value"));
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
                "{target:?} has {classes} classes in {rows} rows, too few rows of each class; if the column only identifies \
                 the rows: another --target{}\n",
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
        text += &format!("{target:?} is predicted as {taken}; if that is wrong: --task {other}\n");
    }
    text
}
