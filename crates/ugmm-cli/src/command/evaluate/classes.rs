//! Measures of predicted classes.

use super::{Guarantee, LEVEL};
use crate::output::{percent, table};
use serde::Serialize;
use ugmm_experiments::mean_and_sd;
use ugmm_network::RowWeights;
use ugmm_network::metrics::{
    ClassMeasures, Confusion, Metrics, ReliabilityBin, areas_one_against_rest, reliability,
};
use ugmm_tabular::Conformal;
use ugmm_tabular::distribution::ClassPredictions;
use ugmm_tabular::network::ClassBaseline;

/// Number of bins of the printed reliability table; the calibration error has more.
const PRINTED_BINS: usize = 10;
/// Largest number of classes for which the confusion matrix is printed; the JSON file always has it.
const PRINTED_CLASSES: usize = 20;

#[derive(Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    metrics: Metrics,
    /// Mean recall over the classes.
    balanced_accuracy: Option<f64>,
    /// Mean over the classes of the area under the ROC curve of one class against the others.
    area_under_roc: Option<f64>,
    baseline: Option<ClassBaseline>,
    /// Mean joint score of features and true label; `None` for discriminative models.
    mean_score: Option<f64>,
    target: &'a str,
    classes: Vec<String>,
    /// Measures of each class, in the order of the classes.
    by_class: Vec<ClassMeasures>,
    /// `confusion[right][predicted]` is a number of rows.
    confusion: Confusion,
    /// Conformal sets; `None` if the model was trained without them.
    conformal: Option<Guarantee>,
    reliability: Vec<ReliabilityBin>,
}

impl<'a> Report<'a> {
    /// The measures of predictions for rows with these classes and weights, of which there is at least one.
    pub fn of(
        target: &'a str,
        classes: Vec<String>,
        found: &ClassPredictions,
        labels: &[usize],
        weights: Option<&[f64]>,
        conformal: Option<&Conformal>,
    ) -> Self {
        let ClassPredictions { log_probabilities, decisions, scores } = found;
        let areas = areas_one_against_rest(log_probabilities, labels, classes.len(), weights);
        let known_areas: Vec<f64> = areas.iter().flatten().copied().collect();
        let confusion = Confusion::of(decisions, labels, classes.len(), weights);
        Self {
            metrics: Metrics::of_decisions(log_probabilities, labels, decisions, weights),
            balanced_accuracy: confusion.balanced_accuracy(),
            area_under_roc: (!known_areas.is_empty()).then(|| mean_and_sd(&known_areas).mean),
            baseline: ClassBaseline::of(&classes, labels, weights),
            mean_score: mean_score(scores, labels, classes.len(), weights),
            target,
            by_class: confusion.by_class(&areas),
            confusion,
            conformal: conformal.map(|conformal| guarantee(found, labels, weights, conformal)),
            reliability: reliability(log_probabilities, labels, PRINTED_BINS, weights),
            classes,
        }
    }
}

fn guarantee(
    found: &ClassPredictions,
    labels: &[usize],
    weights: Option<&[f64]>,
    conformal: &Conformal,
) -> Guarantee {
    let thresholds = conformal.thresholds(LEVEL);
    let (sets, classes) = (found.sets(&thresholds), thresholds.len());
    Guarantee::of(labels.len(), RowWeights(weights), |row| {
        let set = &sets[row * classes..][..classes];
        (set[labels[row]], set.iter().filter(|is_member| **is_member).count() as f64)
    })
}

/// Mean joint score of rows and their true classes; `None` if the model has no scores.
fn mean_score(scores: &[f32], labels: &[usize], classes: usize, weights: Option<&[f64]>) -> Option<f64> {
    let of_rows = RowWeights(weights);
    let score =
        |(row, (scores, &label)): (usize, (&[f32], &usize))| of_rows.of(row) * f64::from(scores[label]);
    let rows = scores.chunks(classes).zip(labels).enumerate().map(score);
    (!scores.is_empty()).then(|| rows.sum::<f64>() / of_rows.sum(labels.len()))
}

/// The printed report.
pub fn text(report: &Report) -> String {
    let metrics = &report.metrics;
    let mut text = format!("{} rows, accuracy {} %", metrics.rows, percent(metrics.accuracy, 2));
    if let Some(ClassBaseline { class, accuracy, .. }) = &report.baseline {
        text += &format!("; always predicting {class:?} gets {} %", percent(*accuracy, 2));
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
    if let Some(Guarantee { level, coverage, size }) = &report.conformal {
        text += &format!(
            "{} % sets hold the class of {} % of the rows, with {size:.2} classes on average\n",
            percent(*level, 0),
            percent(*coverage, 1)
        );
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

/// A table of how often predictions with similar probabilities are correct.
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
