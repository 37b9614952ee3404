//! The content of an answer in the JSON file.

use indexmap::IndexMap;
use serde::Serialize;
use ugmm_tabular::Answer;

const QUANTILES: [(f64, &str); 5] =
    [(0.05, "0.05"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (0.95, "0.95")];

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Probabilities of the states.
    Probabilities(IndexMap<String, f64>),
    /// Distribution of whole numbers or days.
    Numbers(Numbers),
    /// Distribution of other numbers or times.
    Density(Density),
}

#[derive(Serialize)]
pub struct Numbers {
    #[serde(flatten)]
    summary: Summary,
    /// Probability of each number, or of each month.
    pub probabilities: IndexMap<String, f64>,
}

#[derive(Serialize)]
pub struct Density {
    #[serde(flatten)]
    summary: Summary,
    low: f64,
    high: f64,
    /// Density in cells of equal width from low to high, per unit of the column.
    density: Vec<f64>,
}

/// Summary in the table's units.
#[derive(Serialize)]
struct Summary {
    mean: f64,
    standard_deviation: f64,
    mode: f64,
    quantiles: IndexMap<&'static str, f64>,
}

impl Says {
    pub fn of(answer: &Answer) -> Self {
        if let Some(states) = answer.states() {
            return Self::Probabilities(states.into_iter().collect());
        }
        let Answer { column, distribution } = answer;
        let in_table = |value: f64| column.to_table(value);
        let quantile = |(share, name)| (name, in_table(distribution.quantile(share)));
        let summary = Summary {
            mean: in_table(distribution.mean()),
            standard_deviation: in_table(distribution.deviation()),
            mode: in_table(distribution.mode()),
            quantiles: QUANTILES.map(quantile).into_iter().collect(),
        };
        match distribution.probabilities(column) {
            Some(values) => {
                let mut probabilities = IndexMap::new();
                for (value, share) in values.into_iter().filter(|(_, share)| *share > 0.0) {
                    // All days of a month have the month's name.
                    *probabilities.entry(column.text(value)).or_insert(0.0) += share;
                }
                Self::Numbers(Numbers { summary, probabilities })
            }
            None => {
                let ((low, high), density) = distribution.heights();
                Self::Density(Density { summary, low, high, density })
            }
        }
    }

    /// The entropy in nats; rare levels count as separate values.
    pub fn entropy(&self, answer: &Answer) -> f64 {
        match self {
            Self::Probabilities(states) => {
                let term = |share: &f64| if *share > 0.0 { -share * share.ln() } else { 0.0 };
                states.values().map(term).sum()
            }
            _ => answer.distribution.entropy(),
        }
    }
}

impl Numbers {
    /// The name of the most probable number; the first of equally probable ones.
    pub fn most_probable(&self) -> Option<String> {
        let best = self.probabilities.iter().rev().max_by(|a, b| a.1.total_cmp(b.1));
        best.map(|(name, _)| name.clone())
    }
}
