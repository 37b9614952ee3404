//! Predicted classes against those of a table.

use super::{LeftOut, usable_inputs};
use crate::error::CliError;
use crate::first_rows::class_of;
use crate::output::{percent, table};
use serde::Serialize;
use std::path::Path;
use ugmm_data::frame::Values;
use ugmm_experiments::mean_and_sd;
use ugmm_network::metrics::{
    ClassMeasures, Confusion, Metrics, ReliabilityBin, areas_one_against_rest, reliability,
};
use ugmm_tabular::{Batch, ClassBaseline, ModelReader, TabularModel};

/// Bins of the reliability table that is printed; fewer than the calibration error has, for a look.
const PRINTED_BINS: usize = 10;
/// Classes up to which the confusion matrix is printed; it is in the JSON file whatever their number.
const PRINTED_CLASSES: usize = 20;

#[derive(Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    metrics: Metrics,
    #[serde(flatten)]
    pub left_out: LeftOut,
    /// Mean recall of the classes.
    balanced_accuracy: Option<f64>,
    /// Mean over the classes of the area under the ROC curve, one against the others.
    area_under_roc: Option<f64>,
    baseline: Option<ClassBaseline>,
    /// Of generative models: mean joint score of features and right label.
    mean_score: Option<f64>,
    target: &'a str,
    classes: Vec<String>,
    /// In the order of the classes.
    by_class: Vec<ClassMeasures>,
    /// `confusion[right][predicted]` counts rows.
    confusion: Confusion,
    reliability: Vec<ReliabilityBin>,
}

/// Compares with the rows of a file.
pub fn measure<'m>(
    data: &Path,
    model: &'m TabularModel,
    reader: &mut ModelReader<'m>,
) -> Result<Report<'m>, CliError> {
    let names = model.classes();
    let classes = names.len();
    let (mut log_probabilities, mut labels, mut scores) = (Vec::new(), Vec::new(), 0f64);
    let saved = model.saved();
    let is_generative = saved.task().objective.label_encoding().is_some();
    let mut left_out = LeftOut::default();
    for batch in reader {
        let batch = batch?;
        let Some(Values::Text(texts)) = &batch.target else { unreachable!("classes are read as text") };
        let (usable, places) = left_out.sort(&batch, |place| texts[place].is_some());
        let right = labels_of(data, model, &batch, texts, &places)?;
        let inputs = usable_inputs(batch, &usable);
        if right.is_empty() {
            continue;
        }
        let of_classes = model.class_scores(&inputs)?;
        if is_generative {
            let rows = of_classes.chunks(classes).zip(&right);
            scores += rows.map(|(row, &label)| f64::from(row[label])).sum::<f64>();
        }
        log_probabilities.extend(saved.log_probabilities_of(of_classes));
        labels.extend(right);
    }
    if labels.is_empty() {
        return Err(CliError::NothingToCompare {
            path: data.to_path_buf(),
            target: model.target_name().into(),
        });
    }
    let mean_score = is_generative.then(|| scores / labels.len() as f64);
    let decisions = model.decisions(&log_probabilities);
    let said = Said { log_probabilities, labels, decisions };
    Ok(Report { mean_score, left_out, ..Report::of(model.target_name(), names.to_vec(), &said) })
}

/// What is said of rows, and what is right.
pub struct Said {
    /// `[rows, classes]`.
    pub log_probabilities: Vec<f32>,
    /// The right class of each row.
    pub labels: Vec<usize>,
    /// The predicted one.
    pub decisions: Vec<usize>,
}

impl<'a> Report<'a> {
    /// Of rows, which must not be none.
    pub fn of(target: &'a str, classes: Vec<String>, said: &Said) -> Self {
        let Said { log_probabilities, labels, decisions } = said;
        let areas = areas_one_against_rest(log_probabilities, labels, classes.len());
        let known_areas: Vec<f64> = areas.iter().flatten().copied().collect();
        let confusion = Confusion::of(decisions, labels, classes.len());
        Self {
            metrics: Metrics::of_decisions(log_probabilities, labels, decisions),
            left_out: LeftOut::default(),
            balanced_accuracy: confusion.balanced_accuracy(),
            area_under_roc: (!known_areas.is_empty()).then(|| mean_and_sd(&known_areas).mean),
            baseline: ClassBaseline::of(&classes, labels),
            mean_score: None,
            target,
            by_class: confusion.by_class(&areas),
            confusion,
            reliability: reliability(log_probabilities, labels, PRINTED_BINS),
            classes,
        }
    }
}

/// The class index of each row at these places, all of which have a text.
fn labels_of(
    path: &Path,
    model: &TabularModel,
    batch: &Batch,
    texts: &[Option<String>],
    places: &[usize],
) -> Result<Vec<usize>, CliError> {
    let class = |&place: &usize| class_of(path, model, batch, place, texts[place].as_deref()).transpose();
    places.iter().filter_map(class).collect()
}

/// As it is printed.
pub fn text(report: &Report) -> String {
    let metrics = &report.metrics;
    let mut text = report.left_out.text();
    text += &format!("{} rows, accuracy {} %", metrics.rows, percent(metrics.accuracy, 2));
    if let Some(ClassBaseline { class, accuracy, .. }) = &report.baseline {
        text += &format!("; always guessing {class:?} gets {} %", percent(*accuracy, 2));
    }
    let share = |value: Option<f64>, decimals| value.map_or("–".into(), |value| percent(value, decimals));
    text += &format!(
        "\nbalanced accuracy {} %, mean area under ROC curves {} %\nlog-loss {:.4}, Brier score {:.4}, calibration error \
         {} %\n",
        share(report.balanced_accuracy, 2),
        share(report.area_under_roc, 2),
        metrics.log_loss,
        metrics.brier_score,
        percent(metrics.calibration_error, 2)
    );
    if let Some(score) = report.mean_score {
        text += &format!("mean joint score of features and label {score:.4} (a score, not a likelihood)\n");
    }
    text += &format!("\n{}", classes(report));
    if report.classes.len() <= PRINTED_CLASSES {
        text += &format!("\n{}", confusion(report));
    }
    text + &format!("\n{}", reliability_table(report))
}

fn classes(report: &Report) -> String {
    let header = [report.target, "rows", "precision, %", "recall, %", "F1, %", "area under ROC, %"];
    let mut rows = vec![header.map(String::from).to_vec()];
    let share = |value: Option<f64>| value.map_or("–".into(), |value| percent(value, 1));
    for (class, measures) in report.classes.iter().zip(&report.by_class) {
        let ClassMeasures { rows: count, precision, recall, f1, area_under_roc } = *measures;
        let mut row = vec![class.clone(), count.to_string()];
        row.extend([precision, recall, f1, area_under_roc].map(share));
        rows.push(row);
    }
    table(&rows)
}

fn confusion(report: &Report) -> String {
    let mut rows = vec![vec![format!("{} \\ predicted", report.target)]];
    rows[0].extend(report.classes.iter().cloned());
    for (right, class) in report.classes.iter().enumerate() {
        let mut row = vec![class.clone()];
        row.extend(report.confusion.row(right).iter().map(usize::to_string));
        rows.push(row);
    }
    table(&rows)
}

/// How often predictions are right that claim to be so sure.
fn reliability_table(report: &Report) -> String {
    let header = ["probability of the most probable class, %", "rows", "mean, %", "right, %"];
    let mut rows = vec![header.map(String::from).to_vec()];
    for bin in report.reliability.iter().filter(|bin| bin.rows > 0) {
        let lower = bin.upper - 1.0 / PRINTED_BINS as f64;
        rows.push(vec![
            format!("{} to {}", percent(lower, 0), percent(bin.upper, 0)),
            bin.rows.to_string(),
            percent(bin.probability, 1),
            percent(bin.accuracy, 1),
        ]);
    }
    table(&rows)
}
