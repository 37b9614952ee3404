//! Training.

use crate::advice;
use crate::call::interruptible;
use crate::error::{raise, value_error};
use crate::frame::Frame;
use crate::model::Model;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Duration;
use ugmm_data::frame::{Doubt, ReadOptions, Schema, UsualMarks};
use ugmm_tabular::network::small_grid;
use ugmm_tabular::run::{EpochProgress, Measure, Progress, Stage};
use ugmm_tabular::target::prepare_target;
use ugmm_tabular::{
    DensityOptions, FitOptions, Run, Table, TableModel, TabularError, TaskChoice, fit,
    fit_density as train_density,
};

/// Default time between checkpoints.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// How a call is carried out.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Call {
    /// Number of threads; 0 stands for one for each core.
    threads: usize,
    /// Seconds.
    time_limit: Option<f64>,
    checkpoint: Option<PathBuf>,
    resume: bool,
    /// Whether to choose from the small grid of settings.
    small_grid: bool,
    missing: Vec<String>,
    numeric: Vec<String>,
    categorical: Vec<String>,
    ignore: Vec<String>,
    /// Columns in which the usual marks of missing values, such as "NA" and "none", are values.
    keep_text: Vec<String>,
}

impl Call {
    fn read_options(&self) -> ReadOptions {
        ReadOptions {
            missing: self.missing.clone(),
            numeric: self.numeric.clone(),
            categorical: self.categorical.clone(),
            ignore: self.ignore.clone(),
            usual_marks: match self.keep_text.is_empty() {
                true => UsualMarks::Missing,
                false => UsualMarks::TextIn(self.keep_text.clone()),
            },
            ..ReadOptions::default()
        }
    }

    fn time_limit(&self) -> PyResult<Option<Duration>> {
        let duration = |seconds| {
            Duration::try_from_secs_f64(seconds).map_err(|_| {
                value_error(format!("time_limit is {seconds:?}, but must be a number of seconds"))
            })
        };
        self.time_limit.map(duration).transpose()
    }
}

/// Trains a network on a frame, whose rows may have weights. Returns the model, the report as JSON, and sentences that say what is in doubt.
#[pyfunction]
#[pyo3(signature = (frame, target, classification, options, call, callback=None, weights=None))]
#[allow(clippy::too_many_arguments, reason = "they are the arguments of the call in Python")]
pub fn fit_network(
    py: Python,
    frame: &Frame,
    target: &str,
    classification: bool,
    options: &str,
    call: &str,
    callback: Option<&Bound<'_, PyAny>>,
    weights: Option<PyReadonlyArray1<'_, f64>>,
) -> PyResult<(Model, String, Vec<String>)> {
    let (mut options, call): (FitOptions, Call) = (parsed(options)?, parsed(call)?);
    let task = if classification { TaskChoice::Classification } else { TaskChoice::Regression };
    if call.small_grid {
        options.search = small_grid(task);
    }
    trained(py, frame, Some((target, Some(task))), &call, callback, weights, |rows, run| {
        let target = rows.target.expect("a network has a target");
        let (model, report) = fit(&rows.table, &target, &options, run)?;
        let doubts = report.doubts.iter().map(|doubt| format!("{doubt}{}", advice::of(doubt.remedies())));
        let doubts = doubts.collect();
        Ok((Box::new(model) as Box<dyn TableModel>, json(&report), doubts))
    })
}

/// Trains a density on a frame; the target is optional. Returns what [`fit_network`] returns.
#[pyfunction]
#[pyo3(signature = (frame, target, options, call, callback=None, weights=None))]
pub fn fit_density(
    py: Python,
    frame: &Frame,
    target: Option<&str>,
    options: &str,
    call: &str,
    callback: Option<&Bound<'_, PyAny>>,
    weights: Option<PyReadonlyArray1<'_, f64>>,
) -> PyResult<(Model, String, Vec<String>)> {
    let (options, call): (DensityOptions, Call) = (parsed(options)?, parsed(call)?);
    let target = target.map(|target| (target, None));
    trained(py, frame, target, &call, callback, weights, |rows, run| {
        let (model, report) = train_density(&rows.table, rows.target.as_ref(), &options, run)?;
        Ok((Box::new(model) as Box<dyn TableModel>, json(&report), Vec::new()))
    })
}

/// A table that has been read, and its target.
struct Rows {
    table: Table,
    target: Option<ugmm_tabular::target::PreparedTarget>,
}

type Trained = (Box<dyn TableModel>, String, Vec<String>);

fn trained(
    py: Python,
    frame: &Frame,
    target: Option<(&str, Option<TaskChoice>)>,
    call: &Call,
    callback: Option<&Bound<'_, PyAny>>,
    weights: Option<PyReadonlyArray1<'_, f64>>,
    train: impl FnOnce(Rows, &mut Run) -> Result<Trained, TabularError> + Send,
) -> PyResult<(Model, String, Vec<String>)> {
    let (read_options, time_limit, wanted) = (call.read_options(), call.time_limit()?, callback.is_some());
    let weights: Option<Vec<f64>> = weights.map(|weights| weights.as_array().to_vec());
    let work = |interrupted: &_, events: Sender<Epoch>| -> Result<Trained, TabularError> {
        let mut schema = Schema::infer(frame.table.clone(), &read_options)?;
        let target = target.map(|(target, task)| prepare_target(&mut schema, target, task)).transpose()?;
        let mut table = Table::read_as(frame.table.clone(), schema, &read_options)?;
        if let Some(weights) = &weights {
            table = table.weighted(weights)?;
        }
        let sentence = |doubt: &Doubt| format!("{doubt}{}", advice::of(doubt.remedies()));
        let mut doubts: Vec<String> = table.schema().doubts.iter().map(sentence).collect();
        let mut progress = Sending { events, wanted };
        let mut run = Run {
            time_limit,
            checkpoint: call.checkpoint.clone(),
            checkpoint_interval: CHECKPOINT_INTERVAL,
            resume: call.resume,
            ..Run::new(&mut progress, interrupted)
        };
        let (model, report, more) = train(Rows { table, target }, &mut run)?;
        run.discard_checkpoint()?;
        doubts.extend(more);
        Ok((model, report, doubts))
    };
    let on_event = |epoch: Epoch| match callback {
        Some(callback) => callback.call1((as_dict(py, &epoch)?,)).map(drop),
        None => Ok(()),
    };
    let (model, report, doubts) = interruptible(py, call.threads, work, on_event)?.map_err(raise)?;
    Ok((Model::new(model), report, doubts))
}

/// The progress of a stage after an epoch.
struct Epoch {
    stage: String,
    number: usize,
    of: usize,
    epochs: usize,
    progress: EpochProgress,
}

/// Sends the progress to the thread that has Python's lock.
struct Sending {
    events: Sender<Epoch>,
    /// Whether anybody listens.
    wanted: bool,
}

impl Progress for Sending {
    fn on_epoch(&mut self, stage: &Stage, progress: &EpochProgress) {
        if self.wanted {
            let &Stage { name, number, of, epochs, .. } = stage;
            let epoch = Epoch { stage: name.to_owned(), number, of, epochs, progress: *progress };
            // Nobody receives after an exception, and training ends soon.
            let _ = self.events.send(epoch);
        }
    }
}

fn as_dict<'py>(py: Python<'py>, epoch: &Epoch) -> PyResult<Bound<'py, PyDict>> {
    let Epoch { stage, number, of, epochs, progress } = epoch;
    let dict = PyDict::new(py);
    dict.set_item("stage", stage)?;
    dict.set_item("stage_number", number)?;
    dict.set_item("stages", of)?;
    dict.set_item("epochs", epochs)?;
    dict.set_item("epoch", progress.epoch)?;
    let measure = match progress.measure {
        Measure::Loss => "loss",
        Measure::LogLikelihood => "log_likelihood",
    };
    dict.set_item("measure", measure)?;
    dict.set_item("training", progress.training)?;
    dict.set_item("held_out", progress.held_out)?;
    dict.set_item("accuracy", progress.accuracy)?;
    Ok(dict)
}

fn json(report: &impl serde::Serialize) -> String {
    serde_json::to_string(report).expect("reports are names and numbers")
}

/// Options from JSON. An error names the key and the value that is wrong.
fn parsed<T: DeserializeOwned + Default>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|whole| {
        let keys: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        let is_group = |key: &str| ["settings", "preprocessing"].contains(&key);
        let (groups, others): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(key, _)| is_group(key));
        let wrong = |(key, value): (String, Value), within: Option<&str>| {
            let one = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
            let one = match within {
                Some(outer) => Value::Object(Map::from_iter([(outer.to_owned(), one)])),
                None => one,
            };
            let reason = serde_json::from_value::<T>(one).err()?;
            Some(format!("{key} is {value}, which cannot be used: {}", plain(&reason.to_string())))
        };
        let of_groups = groups.into_iter().find_map(|(group, value)| match value {
            Value::Object(entries) => entries.into_iter().find_map(|entry| wrong(entry, Some(&group))),
            _ => None,
        });
        let message = of_groups.or_else(|| others.into_iter().find_map(|entry| wrong(entry, None)));
        value_error(message.unwrap_or_else(|| plain(&whole.to_string())))
    })
}

/// A reason without the names of Rust's types.
fn plain(reason: &str) -> String {
    let numbers = [("usize", "a whole number from 0"), ("u64", "a whole number from 0"), ("f64", "a number")];
    numbers.iter().fold(reason.to_owned(), |reason, (of_rust, words)| reason.replace(of_rust, words))
}
