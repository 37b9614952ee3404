//! Predictions against what the table says.

use super::seen::{Predicted, Right, Seen};
use crate::output::{percent, short};
use ugmm_network::Metrics;
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::metrics::{Confusion, NumberMetrics, reliability};
use ugmm_report::{Bin, Measures, Text};
use ugmm_tabular::TabularModel;

/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Dots of a scatter plot, at most; more are a blot.
const MOST_PAIRS: usize = 1500;

/// None where the table has nothing to compare with.
pub fn measures(model: &TabularModel, seen: &Seen) -> Option<Measures> {
    if let Some((densities, numbers)) = number_pairs(seen) {
        return Some(of_numbers(&densities, &numbers));
    }
    let (metrics, Compared { log_probabilities, decisions, labels }) = class_metrics(model, seen)?;
    let classes = model.classes().len();
    let confusion = Confusion::of(&decisions, &labels, classes);
    let facts = [
        ("accuracy", format!("{} %", percent(metrics.accuracy, 2))),
        (
            "balanced accuracy",
            confusion.balanced_accuracy().map_or("–".into(), |share| format!("{} %", percent(share, 2))),
        ),
        ("log-loss", format!("{:.4}", metrics.log_loss)),
        ("Brier score", format!("{:.4}", metrics.brier_score)),
        ("calibration error", format!("{} %", percent(metrics.calibration_error, 2))),
    ];
    let bins = reliability(&log_probabilities, &labels, BINS);
    Some(Measures::Classes {
        facts: texts(&facts),
        classes: model.classes().iter().map(Text::from).collect(),
        confusion: (0..classes).map(|right| confusion.row(right).to_vec()).collect(),
        reliability: bins
            .iter()
            .map(|bin| Bin { rows: bin.rows, probability: bin.probability, accuracy: bin.accuracy })
            .collect(),
    })
}

/// The rows of which the class is known.
pub struct Compared {
    pub log_probabilities: Vec<f32>,
    pub decisions: Vec<usize>,
    pub labels: Vec<usize>,
}

pub fn class_metrics(model: &TabularModel, seen: &Seen) -> Option<(Metrics, Compared)> {
    let (Predicted::Classes { log_probabilities, decisions }, Some(Right::Classes(right))) =
        (&seen.predicted, &seen.right)
    else {
        return None;
    };
    let mut compared = Compared { log_probabilities: Vec::new(), decisions: Vec::new(), labels: Vec::new() };
    let rows = log_probabilities.chunks(model.classes().len()).zip(decisions).zip(right);
    for ((row, &decision), right) in rows {
        if let Some(label) = *right {
            compared.log_probabilities.extend_from_slice(row);
            compared.decisions.push(decision);
            compared.labels.push(label);
        }
    }
    if compared.labels.is_empty() {
        return None;
    }
    let metrics = Metrics::of_decisions(&compared.log_probabilities, &compared.labels, &compared.decisions);
    Some((metrics, compared))
}

/// Densities and right numbers of the rows of which the number is known; none if there are no such rows.
pub fn number_pairs(seen: &Seen) -> Option<(Vec<ConditionalDensity>, Vec<f64>)> {
    let (Predicted::Numbers(densities), Some(Right::Numbers(numbers))) = (&seen.predicted, &seen.right)
    else {
        return None;
    };
    let known = densities.iter().zip(numbers).filter(|(_, number)| !number.is_nan());
    let (densities, numbers): (Vec<_>, Vec<_>) =
        known.map(|(density, number)| (density.clone(), *number)).unzip();
    (!numbers.is_empty()).then_some((densities, numbers))
}

fn of_numbers(densities: &[ConditionalDensity], numbers: &[f64]) -> Measures {
    let metrics = NumberMetrics::of(densities, numbers);
    let facts = [
        ("root mean squared error", short(metrics.rmse)),
        ("explained variance", metrics.r2.map_or("–".into(), |r2| format!("{} %", percent(r2, 2)))),
        ("mean log-density", format!("{:.4}", metrics.log_density)),
        ("in central 50 % intervals", format!("{} %", percent(metrics.coverage_50, 1))),
        ("in central 90 % intervals", format!("{} %", percent(metrics.coverage_90, 1))),
        ("mean width of 90 % intervals", short(metrics.width_90)),
    ];
    let mut deciles = vec![0.0; 10];
    for (density, &number) in densities.iter().zip(numbers) {
        deciles[((density.cumulative(number) * 10.0) as usize).min(9)] += 1.0 / numbers.len() as f64;
    }
    let step = numbers.len().div_ceil(MOST_PAIRS);
    let pairs = densities.iter().zip(numbers).step_by(step);
    Measures::Numbers {
        facts: texts(&facts),
        pairs: pairs.map(|(density, &number)| (density.mean(), number)).collect(),
        deciles,
    }
}

fn texts(facts: &[(&str, String)]) -> Vec<(Text, Text)> {
    facts.iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect()
}
