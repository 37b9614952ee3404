//! What an answer says, as the JSON file has it.

use indexmap::IndexMap;
use serde::Serialize;

pub const QUANTILES: [(f64, &str); 5] =
    [(0.05, "0.05"), (0.25, "0.25"), (0.5, "0.5"), (0.75, "0.75"), (0.95, "0.95")];

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    Probabilities(IndexMap<String, f64>),
    Numbers(Numbers),
    Density(Density),
}

/// Of whole numbers and days.
#[derive(Serialize)]
pub struct Numbers {
    #[serde(flatten)]
    pub summary: Summary,
    /// Of each number, or of each month.
    pub probabilities: IndexMap<String, f64>,
}

impl Numbers {
    /// The first of the most probable ones.
    pub fn most_probable(&self) -> Option<String> {
        let best = self.probabilities.iter().rev().max_by(|a, b| a.1.total_cmp(b.1));
        best.map(|(name, _)| name.clone())
    }
}

/// The probability of each name: all days of a month have the same.
pub fn by_name(named: impl Iterator<Item = (String, f64)>) -> IndexMap<String, f64> {
    let mut probabilities = IndexMap::new();
    named.for_each(|(name, share)| *probabilities.entry(name).or_insert(0.0) += share);
    probabilities
}

#[derive(Serialize)]
pub struct Density {
    #[serde(flatten)]
    pub summary: Summary,
    pub low: f64,
    pub high: f64,
    /// Of cells of equal width from low to high, per unit of the column.
    pub density: Vec<f64>,
}

/// In the table's units.
#[derive(Serialize)]
pub struct Summary {
    pub mean: f64,
    pub standard_deviation: f64,
    pub mode: f64,
    pub quantiles: IndexMap<&'static str, f64>,
}

/// By their names.
pub fn quantiles(quantile: impl Fn(f64) -> f64) -> IndexMap<&'static str, f64> {
    QUANTILES.map(|(share, name)| (name, quantile(share))).into_iter().collect()
}
