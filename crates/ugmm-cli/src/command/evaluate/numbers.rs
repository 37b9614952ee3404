//! Predicted numbers against those of a table.

use super::{LeftOut, usable_inputs};
use crate::error::CliError;
use crate::output::{count, error_text, percent, table};
use serde::Serialize;
use std::path::Path;
use ugmm_data::frame::Values;
use ugmm_network::metrics::NumberMetrics;
use ugmm_tabular::{ModelReader, NumberBaseline, TabularModel};

/// Parts of the range of probabilities in which numbers are counted.
const DECILES: usize = 10;

#[derive(Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    metrics: NumberMetrics,
    #[serde(flatten)]
    pub left_out: LeftOut,
    baseline: NumberBaseline,
    target: &'a str,
    /// Share of the numbers in each tenth of their densities; 0.1 each where these are right.
    deciles: Vec<f64>,
}

/// Compares with the rows of a file.
pub fn measure<'m>(
    data: &Path,
    model: &'m TabularModel,
    reader: &mut ModelReader<'m>,
) -> Result<Report<'m>, CliError> {
    let target = model.target_name();
    let (mut densities, mut numbers) = (Vec::new(), Vec::new());
    let mut left_out = LeftOut::default();
    for batch in reader {
        let batch = batch?;
        let Some(Values::Numbers(right)) = &batch.target else { unreachable!("numbers are read as such") };
        let (usable, places) = left_out.sort(&batch, |place| !right[place].is_nan());
        numbers.extend(places.iter().map(|&place| right[place]));
        let inputs = usable_inputs(batch, &usable);
        if !places.is_empty() {
            densities.extend(model.densities(&inputs)?);
        }
    }
    if numbers.is_empty() {
        return Err(CliError::NothingToCompare { path: data.to_path_buf(), target: target.into() });
    }
    let places: Vec<f64> =
        densities.iter().zip(&numbers).map(|(density, &number)| density.cumulative(number)).collect();
    Ok(Report { left_out, ..Report::of(target, NumberMetrics::of(&densities, &numbers), &numbers, &places) })
}

impl<'a> Report<'a> {
    /// Of numbers, which must not be none, and where each lies in its predicted distribution, from 0 to 1.
    pub fn of(target: &'a str, metrics: NumberMetrics, numbers: &[f64], places: &[f64]) -> Self {
        let mut counts = [0usize; DECILES];
        for place in places {
            counts[((place * DECILES as f64) as usize).min(DECILES - 1)] += 1;
        }
        let rows = numbers.len() as f64;
        Self {
            metrics,
            left_out: LeftOut::default(),
            baseline: NumberBaseline::of(numbers),
            target,
            deciles: counts.iter().map(|&count| count as f64 / rows).collect(),
        }
    }
}

/// As it is printed; errors are in days if the target is a date.
pub fn text(report: &Report, is_date: bool) -> String {
    let error = |error: f64| error_text(error, is_date);
    let Report { metrics, left_out, baseline, target, deciles } = report;
    let explained = metrics.r2.map_or("–".into(), |r2| percent(r2, 2));
    let mut text = left_out.text();
    text += &format!(
        "{} rows, root mean squared error {}; always guessing the mean gets {}\nexplained variance {explained} %, \
         mean absolute error of the median {}\nmean log-density {:.4} per {} of {target}; always guessing a normal \
         distribution gets {:.4}\ncontinuous ranked probability score {}; the same gets about {}\n",
        metrics.rows,
        error(metrics.rmse),
        error(baseline.rmse),
        error(metrics.mae),
        metrics.log_density,
        if is_date { "day" } else { "unit" },
        baseline.log_density,
        error(metrics.crps),
        error(baseline.crps)
    );
    if metrics.outside > 0 {
        text += &format!(
            "{} outside of the range that the model knows, and not in the mean log-density\n",
            count(metrics.outside, "number")
        );
    }
    let mut rows = vec![vec!["interval".into(), "numbers in it, %".into(), "mean width".into()]];
    rows.push(vec!["central 50 %".into(), percent(metrics.coverage_50, 1), String::new()]);
    let width = error(metrics.width_90);
    rows.push(vec!["central 90 %".into(), percent(metrics.coverage_90, 1), width]);
    text += &format!("\n{}", table(&rows));
    let mut rows = vec![vec!["tenth of the predicted distribution".into(), "numbers in it, %".into()]];
    for (index, share) in deciles.iter().enumerate() {
        rows.push(vec![(index + 1).to_string(), percent(*share, 1)]);
    }
    text + &format!("\n{}", table(&rows))
}
