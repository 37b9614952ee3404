//! `ugmm inspect --faithfulness`: how faithful the reasons of `predict --explain` are.

use crate::arguments::Deletion;
use crate::error::CliError;
use crate::output::{count, percent, table};
use serde::Serialize;
use ugmm_experiments::mean_and_sd;
use ugmm_network::inspect::Absence;
use ugmm_tabular::NetworkModel;
use ugmm_tabular::network::{Attribution, AttributionCurve, Faithfulness};

/// Largest number of rows for classes; for numbers fewer, because the network evaluates each row for every
/// cell of a density.
const MOST_ROWS: usize = 1000;
const MOST_ROWS_OF_NUMBERS: usize = 200;
/// Fractions of deleted columns for which the probability is printed.
const SHOWN_SHARES: [f64; 4] = [0.05, 0.1, 0.2, 0.5];
/// Number of standard errors above which a difference is significant; chance exceeds it in one case in
/// twenty.
const CLEAR: f64 = 2.0;
/// Seed of the random orders.
const SEED: u64 = 0;

/// The JSON output.
#[derive(Serialize)]
pub struct Trust {
    deletion: &'static str,
    #[serde(flatten)]
    found: Faithfulness,
    areas: Vec<Area>,
    comparisons: Vec<Comparison>,
}

/// Mean area under the deletion curves of the rows.
#[derive(Serialize)]
struct Area {
    attribution: Attribution,
    area: f64,
    standard_error: Option<f64>,
}

/// Area of the order of `--explain` minus that of another order, over the rows; negative if `--explain` is
/// more faithful.
#[derive(Serialize)]
struct Comparison {
    with: Attribution,
    difference: f64,
    standard_error: Option<f64>,
}

impl Trust {
    /// Measures the faithfulness on the first of some rows, `[rows, inputs]`.
    pub fn measure(model: &NetworkModel, inputs: &[f32], deletion: Deletion) -> Result<Self, CliError> {
        let most = if model.classes().is_empty() { MOST_ROWS_OF_NUMBERS } else { MOST_ROWS };
        let most = (most * model.preprocessor().inputs()).min(inputs.len());
        let (absence, deletion) = match deletion {
            Deletion::Mean => (Absence::Baseline, "mean"),
            Deletion::Missing => (Absence::Missing, "missing"),
        };
        let found = model.faithfulness(&inputs[..most], absence, SEED)?;
        let areas = found.curves.iter().map(|curve| {
            let (area, standard_error) = mean_and_standard_error(&curve.areas);
            Area { attribution: curve.attribution, area, standard_error }
        });
        let areas = areas.collect();
        let comparisons = match found.curve(Attribution::Contributions) {
            Some(explained) => {
                let others =
                    found.curves.iter().filter(|curve| curve.attribution != Attribution::Contributions);
                others.map(|other| compare(explained, other)).collect()
            }
            None => Vec::new(),
        };
        Ok(Self { deletion, found, areas, comparisons })
    }

    /// A small table and its interpretation.
    pub fn text(&self) -> String {
        let Faithfulness { rows, columns, deleted, curves } = &self.found;
        let shown = self.shown();
        let mut header = vec!["deleted first by".to_owned(), "area".into(), "none".into()];
        header.extend(shown.iter().map(|&point| format!("{} of {columns}", deleted[point])));
        let mut lines = vec![header];
        for (curve, area) in curves.iter().zip(&self.areas) {
            let mut line =
                vec![name(curve.attribution).to_owned(), with_error(area.area, area.standard_error)];
            line.push(percent(curve.probabilities[0], 1));
            line.extend(shown.iter().map(|&point| percent(curve.probabilities[point], 1)));
            lines.push(line);
        }
        let how = match self.deletion {
            "missing" => "leaving them out",
            _ => "putting their average in their place",
        };
        format!(
            "\nmean probability of the prediction, in %, after deleting columns by {how}; the faster it falls, the more \
             faithful\n{}{}\n",
            table(&lines),
            self.verdict(*rows)
        )
    }

    /// The points of the curves that are printed.
    fn shown(&self) -> Vec<usize> {
        let Faithfulness { columns, deleted, .. } = &self.found;
        let mut points: Vec<usize> = Vec::new();
        for share in SHOWN_SHARES {
            let wanted = ((share * *columns as f64).round() as usize).max(1);
            let point = deleted.iter().position(|&number| number >= wanted).unwrap_or(deleted.len() - 1);
            if point > 0 && !points.contains(&point) {
                points.push(point);
            }
        }
        points
    }

    /// A sentence on how faithful `--explain` is.
    fn verdict(&self, rows: usize) -> String {
        let against = |attribution| self.comparisons.iter().find(|comparison| comparison.with == attribution);
        let gradient =
            against(Attribution::GradientTimesDifference).or(against(Attribution::GradientTimesInput));
        let others = [against(Attribution::Random), gradient.or(against(Attribution::Responsibilities))];
        let parts: Vec<String> = others.into_iter().flatten().map(Comparison::words).collect();
        format!("on {}, the reasons of `predict --explain` are {}", count(rows, "row"), parts.join(", and "))
    }
}

impl Comparison {
    fn words(&self) -> String {
        let name = name(self.with);
        let Some(error) = self.standard_error else { return format!("too few to compare with {name}") };
        let size = with_error(self.difference.abs(), Some(error));
        match self.difference {
            difference if difference < -CLEAR * error => {
                format!("more faithful than {name} (area less by {size})")
            }
            difference if difference > CLEAR * error => {
                format!("less faithful than {name} (area more by {size})")
            }
            _ => format!("not distinguishable from {name} (areas differ by {size})"),
        }
    }
}

fn compare(explained: &AttributionCurve, other: &AttributionCurve) -> Comparison {
    let differences: Vec<f64> = explained.areas.iter().zip(&other.areas).map(|(a, b)| a - b).collect();
    let (difference, standard_error) = mean_and_standard_error(&differences);
    Comparison { with: other.attribution, difference, standard_error }
}

fn mean_and_standard_error(values: &[f64]) -> (f64, Option<f64>) {
    let found = mean_and_sd(values);
    (found.mean, found.sd.map(|sd| sd / (values.len() as f64).sqrt()))
}

fn with_error(value: f64, error: Option<f64>) -> String {
    match error {
        Some(error) => format!("{value:.3} ± {error:.3}"),
        None => format!("{value:.3}"),
    }
}

fn name(attribution: Attribution) -> &'static str {
    match attribution {
        Attribution::Contributions => "contributions (--explain)",
        Attribution::Knowledge => "contributions of knowing",
        Attribution::Responsibilities => "responsibilities",
        Attribution::GradientTimesInput => "gradient × input",
        Attribution::GradientTimesDifference => "gradient × (input − average)",
        Attribution::Random => "random order",
    }
}
