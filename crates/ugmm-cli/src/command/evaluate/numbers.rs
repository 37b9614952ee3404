//! Measures of predicted numbers.

use super::{Guarantee, LEVEL};
use crate::output::{count, error_text, percent, table};
use serde::Serialize;
use ugmm_network::RowWeights;
use ugmm_network::metrics::NumberMetrics;
use ugmm_tabular::distribution::central_tails;
use ugmm_tabular::network::NumberBaseline;
use ugmm_tabular::{Conformal, Distribution};

/// Number of intervals of equal predicted probability in which numbers are counted.
const DECILES: usize = 10;

#[derive(Serialize)]
pub struct Report<'a> {
    #[serde(flatten)]
    metrics: NumberMetrics,
    baseline: NumberBaseline,
    target: &'a str,
    /// Fraction of the numbers in each tenth of their predicted distributions; 0.1 each if the distributions
    /// are calibrated.
    deciles: Vec<f64>,
    /// Conformal intervals; `None` if the model was trained without them, or with too few calibration rows.
    conformal: Option<Guarantee>,
}

impl<'a> Report<'a> {
    /// The measures of predicted distributions for rows with these numbers and weights, of which there is at least one.
    pub fn of(
        target: &'a str,
        found: &[Distribution],
        numbers: &[f64],
        weights: Option<&[f64]>,
        conformal: Option<&Conformal>,
    ) -> Self {
        let mut sums = [0.0; DECILES];
        for (row, (distribution, &number)) in found.iter().zip(numbers).enumerate() {
            let place = distribution.cumulative(number);
            sums[((place * DECILES as f64) as usize).min(DECILES - 1)] += RowWeights(weights).of(row);
        }
        let share = conformal.and_then(|conformal| conformal.central_share(LEVEL).ok());
        let guarantee = |share: f64| {
            Guarantee::of(numbers.len(), RowWeights(weights), |row| {
                let [low, high] = central_tails(share).map(|tail| found[row].quantile(tail));
                ((low..=high).contains(&numbers[row]), high - low)
            })
        };
        let total = RowWeights(weights).sum(numbers.len());
        Self {
            metrics: NumberMetrics::of(found, numbers, weights),
            baseline: NumberBaseline::of(numbers, weights),
            target,
            conformal: share.map(guarantee),
            deciles: sums.iter().map(|sum| sum / total).collect(),
        }
    }
}

/// The printed report; errors are in days if the target is a date.
pub fn text(report: &Report, is_date: bool) -> String {
    let error = |error: f64| error_text(error, is_date);
    let Report { metrics, baseline, target, deciles, conformal } = report;
    let explained = metrics.r2.map_or("–".into(), |r2| percent(r2, 2));
    let mut text = format!(
        "{} rows, root mean squared error {}; always predicting the mean gets {}\nexplained variance {explained} %, \
         mean absolute error of the median {}\nmean log-density {:.4} per {} of {target}; always predicting a normal \
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
    if let Some(Guarantee { level, coverage, size }) = conformal {
        let name = format!("conformal {} %", percent(*level, 0));
        rows.push(vec![name, percent(*coverage, 1), error(*size)]);
    }
    text += &format!("\n{}", table(&rows));
    let mut rows = vec![vec!["tenth of the predicted distribution".into(), "numbers in it, %".into()]];
    for (index, share) in deciles.iter().enumerate() {
        rows.push(vec![(index + 1).to_string(), percent(*share, 1)]);
    }
    text + &format!("\n{}", table(&rows))
}
