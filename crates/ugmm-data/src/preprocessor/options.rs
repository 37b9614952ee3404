//! Settings of the inputs.

use serde::{Deserialize, Serialize};

/// Settings of how columns become inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PreprocessingOptions {
    /// How numbers are scaled.
    pub scaling: Scaling,
    /// Categories that have an order.
    pub ordinal: Vec<Ordinal>,
    /// Whether columns that hold the same number in all rows are inputs, too, not scaled: for images that training
    /// augments.
    pub keep_constant: bool,
}

/// How numbers are scaled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// In standard deviations from the mean, and so are the inputs of categories and booleans.
    #[default]
    Standard,
    /// As quantiles of a normal distribution, which leaves nothing of skewness and outliers; categories and booleans
    /// are 0 and 1.
    Quantile,
    /// Not at all; categories and booleans are 0 and 1.
    None,
}

/// A column of categories that have an order, such as low, medium and high.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ordinal {
    /// Name of the column.
    pub column: String,
    /// The levels from least to greatest, all that the table has and perhaps more. None for the order of the
    /// [schema](crate::frame::Column::levels): by size if all are numbers, else lexicographically.
    #[serde(default)]
    pub order: Option<Vec<String>>,
}
