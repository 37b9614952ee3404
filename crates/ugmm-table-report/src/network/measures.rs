//! Measures of predictions on the table.

use super::seen::Seen;
use ugmm_network::metrics::{Confusion, Metrics, NumberMetrics, reliability};
use ugmm_report::{Bin, Measures, Text, percent, six_digits};
use ugmm_tabular::distribution::{ClassPredictions, Predictions};
use ugmm_tabular::{Distribution, NetworkModel};

/// Number of bins of the reliability diagram.
const BINS: usize = 10;
/// Largest number of dots in a scatter plot; more cannot be distinguished.
const MOST_PAIRS: usize = 1500;

/// The measures of predictions; `None` if the table has no target values.
pub fn measures(model: &NetworkModel, seen: &Seen) -> Option<Measures> {
    let compared = compared(model, seen)?;
    Some(match (&compared.predictions, compared.measures()) {
        (Predictions::Numbers(found), ugmm_tabular::distribution::Measures::Numbers(metrics)) => {
            of_numbers(found, &compared.right, &metrics)
        }
        (Predictions::Classes(found), ugmm_tabular::distribution::Measures::Classes(metrics)) => {
            let labels: Vec<usize> = compared.right.iter().map(|&class| class as usize).collect();
            of_classes(model, found, &labels, &metrics)
        }
        _ => unreachable!("measures are of the kind of the predictions"),
    })
}

/// The rows whose target is known, with their predictions.
pub struct Compared {
    predictions: Predictions,
    right: Vec<f64>,
}

impl Compared {
    pub fn measures(&self) -> ugmm_tabular::distribution::Measures {
        ugmm_tabular::distribution::Measures::of_predictions(&self.predictions, &self.right, None)
    }
}

/// The rows whose target is known; `None` if there are none.
pub fn compared(model: &NetworkModel, seen: &Seen) -> Option<Compared> {
    let right = seen.right.as_ref()?;
    let known: Vec<usize> = (0..right.len()).filter(|&row| !right[row].is_nan()).collect();
    if known.is_empty() {
        return None;
    }
    let predictions = match &seen.predicted {
        Predictions::Numbers(found) => {
            Predictions::Numbers(known.iter().map(|&row| found[row].clone()).collect())
        }
        Predictions::Classes(found) => {
            let classes = model.classes().len();
            let of_row = |&row: &usize| &found.log_probabilities[row * classes..][..classes];
            Predictions::Classes(ClassPredictions {
                log_probabilities: known.iter().flat_map(of_row).copied().collect(),
                decisions: known.iter().map(|&row| found.decisions[row]).collect(),
                scores: Vec::new(),
            })
        }
    };
    Some(Compared { predictions, right: known.iter().map(|&row| right[row]).collect() })
}

fn of_classes(
    model: &NetworkModel,
    found: &ClassPredictions,
    labels: &[usize],
    metrics: &Metrics,
) -> Measures {
    let classes = model.classes().len();
    let confusion = Confusion::of(&found.decisions, labels, classes, None);
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
    let bins = reliability(&found.log_probabilities, labels, BINS, None);
    Measures::Classes {
        facts: texts(&facts),
        classes: model.classes().iter().map(Text::from).collect(),
        confusion: (0..classes).map(|right| confusion.row(right).to_vec()).collect(),
        reliability: bins
            .iter()
            .map(|bin| Bin { rows: bin.rows, probability: bin.probability, accuracy: bin.accuracy })
            .collect(),
    }
}

fn of_numbers(found: &[Distribution], numbers: &[f64], metrics: &NumberMetrics) -> Measures {
    let facts = [
        ("root mean squared error", six_digits(metrics.rmse)),
        ("explained variance", metrics.r2.map_or("–".into(), |r2| format!("{} %", percent(r2, 2)))),
        ("mean log-density", format!("{:.4}", metrics.log_density)),
        ("in central 50 % intervals", format!("{} %", percent(metrics.coverage_50, 1))),
        ("in central 90 % intervals", format!("{} %", percent(metrics.coverage_90, 1))),
        ("mean width of 90 % intervals", six_digits(metrics.width_90)),
    ];
    let mut deciles = vec![0.0; 10];
    for (distribution, &number) in found.iter().zip(numbers) {
        deciles[((distribution.cumulative(number) * 10.0) as usize).min(9)] += 1.0 / numbers.len() as f64;
    }
    let pairs = found.iter().zip(numbers).step_by(numbers.len().div_ceil(MOST_PAIRS));
    Measures::Numbers {
        facts: texts(&facts),
        pairs: pairs.map(|(distribution, &number)| (distribution.mean(), number)).collect(),
        deciles,
    }
}

fn texts(facts: &[(&str, String)]) -> Vec<(Text, Text)> {
    facts.iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect()
}
