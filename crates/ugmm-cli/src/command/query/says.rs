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
    /// Of each number.
    pub probabilities: IndexMap<String, f64>,
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
