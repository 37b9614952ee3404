//! `ugmm evaluate`: a model's predictions against the labels of a CSV file.

use crate::arguments::{Common, Evaluate};
use crate::error::CliError;
use crate::output::{check_outputs, percent, print, table, write_json};
use serde::Serialize;
use ugmm::metrics::{Metrics, most_probable};
use ugmm::model_file::SavedModel;
use ugmm_data::{ClassLabels, read_csv_columns};

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    metrics: Metrics,
    target: &'a str,
    classes: &'a [String],
    /// `confusion[right][predicted]` counts rows.
    confusion: Vec<Vec<usize>>,
}

pub fn run(options: &Evaluate, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model, &options.data])?;
    let device = burn::tensor::Device::flex();
    let saved = SavedModel::load(&options.model, &device)?;
    let columns = &saved.columns;
    let data = read_csv_columns(&options.data, &columns.features, Some(&columns.target))?;
    let path = options.data.clone();
    let Some(target) = &data.target else {
        return Err(CliError::NoTarget { path, target: columns.target.clone() });
    };
    let known = ClassLabels::from_names(columns.classes.clone())?;
    let labels = known.encode(&target.labels).map_err(|source| CliError::Labels { path, source })?;
    let log_probabilities = saved.log_probabilities(&data.features, &device)?;

    let classes = known.len();
    let mut confusion = vec![vec![0; classes]; classes];
    for (row, &right) in log_probabilities.chunks(classes).zip(&labels) {
        confusion[right][most_probable(row)] += 1;
    }
    let metrics = Metrics::of(&log_probabilities, &labels);
    let report = Report { metrics, target: &columns.target, classes: &columns.classes, confusion };
    write_json(common.json.as_deref(), "ugmm/evaluate", &report)?;
    print(&text(&report))
}

fn text(report: &Report) -> String {
    let mut rows = vec![vec![format!("{} \\ predicted", report.target)]];
    rows[0].extend(report.classes.iter().cloned());
    rows[0].push("recall, %".into());
    for (class, counts) in report.classes.iter().zip(&report.confusion) {
        let mut row = vec![class.clone()];
        row.extend(counts.iter().map(usize::to_string));
        let (right, all) = (counts[rows.len() - 1], counts.iter().sum::<usize>());
        row.push(if all == 0 { "–".into() } else { percent(right as f64 / all as f64, 1) });
        rows.push(row);
    }
    let metrics = &report.metrics;
    let (accuracy, error) = (percent(metrics.accuracy, 2), percent(metrics.calibration_error, 2));
    format!(
        "{} rows, accuracy {accuracy} %, log-loss {:.4}, Brier score {:.4}, calibration error {error} %\n\n{}",
        metrics.rows,
        metrics.log_loss,
        metrics.brier_score,
        table(&rows)
    )
}
