//! The printed report of a finished training.

use super::Dependent;
use super::files::Files;
use crate::advice;
use crate::output::{count, error_text, left_out, percent, table};
use serde::Serialize;
use std::path::Path;
use ugmm_experiments::mean_and_sd;
use ugmm_network::model_file::Columns;
use ugmm_network::training::TrainingConfig;
use ugmm_network::{ModelConfig, Task};
use ugmm_tabular::distribution::Measures;
use ugmm_tabular::network::{Baseline, Calibration, ConformalReport, CrossValidation, NumberBaseline};
use ugmm_tabular::{FitReport, NetworkModel, TableModel};

#[derive(Serialize)]
pub struct Report<'a> {
    data: &'a Path,
    model_file: &'a Path,
    columns: &'a Columns,
    task: Task,
    model: ModelConfig,
    training: Option<&'a TrainingConfig>,
    parameters: usize,
    #[serde(flatten)]
    dependent: Dependent<'a>,
    #[serde(skip)]
    is_date: bool,
    #[serde(flatten)]
    fitted: &'a FitReport,
    /// The doubts as sentences that end with what to type.
    doubts: Vec<String>,
}

impl<'a> Report<'a> {
    pub fn of(
        files: &'a Files,
        model: &'a NetworkModel,
        dependent: Dependent<'a>,
        fitted: &'a FitReport,
    ) -> Self {
        let saved = model.saved();
        Self {
            data: &files.data,
            model_file: &files.output,
            dependent,
            columns: saved.columns(),
            task: *saved.task(),
            model: saved.model().config(),
            training: saved.training(),
            parameters: saved.model().parameter_count(),
            is_date: model.target_date().is_some(),
            fitted,
            doubts: fitted
                .doubts
                .iter()
                .map(|doubt| format!("{doubt}{}", advice::of(doubt.remedies())))
                .collect(),
        }
    }
}

/// Largest number of classes that a line names.
const NAMED_CLASSES: usize = 5;
/// Fraction of the rows that measure a model up to which repeated rows are no reason for a remark.
const FEW_REPEATED: f64 = 0.01;

/// A remark that is printed if a log-density is above 0 or a loss, its negative, is below 0.
pub const OF_DENSITIES: &str = "a log-density above 0, and a loss below 0, is normal: densities exceed 1 where numbers lie close together\n";

pub fn text(report: &Report) -> String {
    let Report { fitted, columns, is_date, .. } = report;
    let target = &columns.target;
    let what = match columns.classes.as_slice() {
        [] if *is_date => format!("{target} is a date"),
        [] => format!("{target} is a number"),
        classes => format!("{target} is one of {}", classes.join(", ")),
    };
    let (rows, features) = (count(fitted.rows, "row"), count(report.task.features(), "feature"));
    let mut text = format!("{rows}, {features}; {what}\n");
    text += &left_out(fitted.rows_without_target, "no target");
    text += &left_out(fitted.rows_without_features, "only a target");
    if !fitted.search.is_empty() {
        text += &search(fitted);
    }
    if let Some(epoch) = fitted.best_epoch {
        let epochs = fitted.history.len();
        text += &format!("stopped after {epochs} epochs; the model is that of epoch {epoch}\n");
    }
    if fitted.skipped_epochs > 0 {
        let (done, skipped) = (fitted.history.len(), fitted.skipped_epochs);
        text += &format!("there was time for {done} of {} epochs\n", done + skipped);
    }
    text += &measures("training", &fitted.training_metrics, *is_date);
    if let Some(validation) = &fitted.validation_metrics {
        text += &measures("held-out", validation, *is_date);
        text += &interval(validation);
    }
    if let Some(measured) = &fitted.cross_validation {
        text += &cross_validation(measured, fitted.training_rows, *is_date);
    }
    text += &repeated(fitted);
    if let Some(conformal) = &fitted.conformal {
        text += &conformal_line(conformal, columns.classes.is_empty());
    }
    let is_dense =
        |measures: &Measures| matches!(measures, Measures::Numbers(numbers) if numbers.log_density > 0.0);
    let measured = [Some(&fitted.training_metrics), fitted.validation_metrics.as_ref()];
    if measured.into_iter().flatten().any(is_dense)
        || fitted.history.iter().any(|epoch| epoch.training_loss < 0.0)
    {
        text += OF_DENSITIES;
    }
    if let Some(Calibration { rows, spread }) = fitted.calibration {
        text += &format!(
            "densities are stretched by {spread:.3} about their medians; the factor was fitted to {}, each predicted by a \
             network that was not trained on it\n",
            count(rows, "training row")
        );
    }
    if let Some(baseline) = &fitted.baseline {
        let rows = match (&fitted.validation_metrics, &fitted.cross_validation) {
            (Some(_), _) => "held-out rows",
            (None, Some(_)) => "the rows of the folds",
            (None, None) => "training rows",
        };
        text += &format!("baseline on {rows}: {}\n", baseline_in_words(baseline, target, *is_date));
    }
    if fitted.validation_metrics.is_none() && fitted.cross_validation.is_none() {
        text += "no rows were held out, so how well the model does on new rows is unknown\n";
    }
    for doubt in &report.doubts {
        text += &format!("warning: {doubt}\n");
    }
    let (file, parameters) = (report.model_file.display(), report.parameters);
    text + &format!("{file}: {parameters} parameters, trained in {:.1} s\n", fitted.seconds)
}

fn measures(what: &str, measures: &Measures, is_date: bool) -> String {
    format!("{what} rows: {}, {}\n", measures.rows(), in_words(measures, is_date))
}

/// The coverage of the prediction intervals of numbers.
fn interval(measures: &Measures) -> String {
    match measures {
        Measures::Classes(_) => String::new(),
        Measures::Numbers(metrics) => {
            format!("  90 % intervals cover {} % of the numbers\n", percent(metrics.coverage_90, 1))
        }
    }
}

/// A remark on rows that measure the model but repeat training rows; empty if there are few.
fn repeated(fitted: &FitReport) -> String {
    let measured = match (&fitted.validation_metrics, &fitted.cross_validation) {
        (Some(measures), _) => measures.rows(),
        (None, Some(measured)) => measured.metrics.rows(),
        (None, None) => 0,
    };
    let repeated = fitted.repeated_rows;
    if repeated as f64 <= FEW_REPEATED * measured as f64 {
        return String::new();
    }
    format!(
        "{} of the {measured} rows that measure the model {} a training row in every column that is used; if new rows do not \
         repeat, expect less of the model\n",
        repeated,
        if repeated == 1 { "repeats" } else { "repeat" }
    )
}

/// What the calibration rows of conformal prediction allow.
fn conformal_line(found: &ConformalReport, is_number: bool) -> String {
    let &ConformalReport { rows, ref categories, highest_level, by_group } = found;
    let what = if is_number { "prediction intervals" } else { "prediction sets" };
    let shared: String =
        categories.iter().filter(|classes| classes.len() > 1).map(|classes| shared_line(classes)).collect();
    let of_groups = if by_group { ", one of each group," } else { "" };
    // Rounded down, so that the level can be asked for.
    let percent = (1000.0 * highest_level).floor() / 10.0;
    format!(
        "conformal: {}{of_groups} {} {what}; levels up to {percent} %\n{shared}",
        count(rows, "held-out row"),
        if rows == 1 { "calibrates" } else { "calibrate" }
    )
}

/// A line about classes with too few rows for a guarantee of their own.
fn shared_line(classes: &[String]) -> String {
    let named: Vec<&str> = classes.iter().take(NAMED_CLASSES).map(String::as_str).collect();
    let more = match classes.len() - named.len() {
        0 => String::new(),
        more => format!(" and {}", count(more, "other")),
    };
    format!("  guaranteed for {}{more} together, not for each: too few rows\n", named.join(", "))
}

/// Measures in a few words; errors are in days if the target is a date.
pub fn in_words(measures: &Measures, is_date: bool) -> String {
    match measures {
        Measures::Classes(metrics) => {
            format!("accuracy {} %, log-loss {:.4}", percent(metrics.accuracy, 2), metrics.log_loss)
        }
        Measures::Numbers(metrics) => {
            let explained = metrics.r2.map_or("–".into(), |r2| percent(r2, 1));
            format!(
                "root mean squared error {}, explained variance {explained} %, mean log-density {:.4}",
                error_text(metrics.rmse, is_date),
                metrics.log_density
            )
        }
    }
}

/// The baseline in words, with the significant digits of an error.
pub fn baseline_in_words(baseline: &Baseline, target: &str, is_date: bool) -> String {
    match baseline {
        Baseline::Class(_) => baseline.in_words(target),
        Baseline::Number(NumberBaseline { rmse, .. }) => format!(
            "always predicting the mean of {target} has a root mean squared error of {}",
            error_text(*rmse, is_date)
        ),
    }
}

fn cross_validation(measured: &CrossValidation, training_rows: usize, is_date: bool) -> String {
    let CrossValidation { folds, metrics, temperature, spread, rejected, at_limit, scaled_metrics, by_fold } =
        measured;
    // In order of time, the earliest rows are never predicted.
    let predicted = match metrics.rows() {
        rows if rows < training_rows => format!("{rows} rows, each"),
        _ => "each row".to_owned(),
    };
    let head = format!(
        "{folds}-fold cross-validation, {predicted} predicted by a model that was not trained on it:\n"
    );
    let (with, what) = match (temperature, spread) {
        (Some(temperature), _) => (
            format!(
                "  a temperature of {temperature:.3} is saved with the model; each fold uses the temperature of the other folds:\n    "
            ),
            "temperature",
        ),
        (None, Some(spread)) => (
            format!(
                "  densities are stretched by {spread:.3} about their medians in the saved model; each fold uses the factor of the other folds:\n    "
            ),
            "stretching",
        ),
        (None, None) => ("  ".into(), "factor"),
    };
    let limit = match at_limit {
        true => {
            format!("  the {what} is at the end of its range, so it is uncertain\n")
        }
        false => String::new(),
    };
    if let Some(rejected) = rejected {
        let measures = match metrics {
            Measures::Classes(metrics) => format!(
                "{}, calibration error {} %",
                in_words(&Measures::Classes(*metrics), is_date),
                percent(metrics.calibration_error, 2)
            ),
            Measures::Numbers(_) => {
                format!("{}\n{}", in_words(metrics, is_date), interval(metrics).trim_end())
            }
        };
        return head
            + &format!(
                "  {measures}\n  a {what} of {rejected:.3} would make them worse on rows that it was not fitted to, so none \
                 is saved\n{limit}"
            );
    }
    head + &match (metrics, scaled_metrics) {
        (Measures::Classes(metrics), Measures::Classes(scaled)) => {
            let accuracies: Vec<f64> = by_fold
                .iter()
                .filter_map(|fold| match fold {
                    Measures::Classes(metrics) => Some(metrics.accuracy),
                    Measures::Numbers(_) => None,
                })
                .collect();
            format!(
                "  accuracy {} %, log-loss {:.4}, calibration error {} %\n{with}log-loss {:.4}, calibration error \
                 {} %\n",
                mean_and_sd(&accuracies).percent(2),
                metrics.log_loss,
                percent(metrics.calibration_error, 2),
                scaled.log_loss,
                percent(scaled.calibration_error, 2)
            )
        }
        (metrics, Measures::Numbers(scaled)) => format!(
            "  {}\n{with}{},\n    90 % intervals cover {} % of the numbers\n",
            in_words(metrics, is_date),
            in_words(&Measures::Numbers(*scaled), is_date),
            percent(scaled.coverage_90, 1)
        ),
        (metrics, scaled) => {
            format!("  {}\n{with}{}\n", in_words(metrics, is_date), in_words(scaled, is_date))
        }
    } + &limit
}

/// The settings that were compared, best first.
fn search(fitted: &FitReport) -> String {
    let mut candidates: Vec<_> = fitted.search.iter().collect();
    candidates.sort_by(|a, b| a.measures.loss().total_cmp(&b.measures.loss()));
    let loss = match fitted.training_metrics {
        Measures::Classes(_) => "log-loss",
        Measures::Numbers(_) => "− mean log-density",
    };
    let mut rows = vec![vec!["settings tried, by cross-validation".into(), loss.into(), String::new()]];
    for candidate in candidates {
        let mark = if candidate.chosen { "chosen" } else { "" };
        rows.push(vec![candidate.name.clone(), format!("{:.4}", candidate.measures.loss()), mark.into()]);
    }
    let chosen = fitted.search.iter().find(|candidate| candidate.chosen);
    let settings = chosen.and_then(|candidate| toml::to_string(&candidate.settings).ok()).unwrap_or_default();
    let settings: Vec<&str> = settings.lines().collect();
    let settings = if settings.is_empty() { "nothing changed".into() } else { settings.join(", ") };
    table(&rows) + &format!("chosen: {settings}\n")
}
