//! A chart as data, independent of how it is drawn. [`svg`](crate::svg()) draws it for papers, the page's
//! script (assets/chart.js) on screens.

use crate::Text;
use serde::{Serialize, Serializer};

/// A chart: marks on a plane with two axes.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// A name that is valid as a file name: letters, digits and hyphens.
    pub id: String,
    /// The title, in a few words.
    pub title: Text,
    /// The content of the chart in words, for readers who cannot see it.
    pub description: Text,
    /// Height in px; the place of the chart determines the width.
    pub height: f64,
    /// Height of the part between the axes relative to its width, in place of `height`, for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The marks in the order of drawing.
    pub marks: Vec<Mark>,
}

/// An axis. It is not drawn if it has neither a label nor ticks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Axis {
    /// The quantity along the axis.
    pub label: Text,
    /// The value at the left or lower end.
    #[serde(serialize_with = "exact")]
    pub from: f64,
    /// The value at the right or upper end; not equal to `from`, but it may be less.
    #[serde(serialize_with = "exact")]
    pub to: f64,
    /// Ticks with labels.
    pub ticks: Vec<Tick>,
}

/// A tick of an axis.
#[derive(Clone, Debug, Serialize)]
pub struct Tick {
    /// Position on the axis.
    #[serde(serialize_with = "exact")]
    pub at: f64,
    /// The label.
    pub text: Text,
}

/// Index of a colour: 0 is the colour of text; 1 to 6 are distinguishable by colour-blind readers; larger
/// ones repeat these.
pub type Series = usize;

/// A mark of a chart. All lists of one mark have equal lengths.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// A histogram in pale colour behind other marks, not in units of the vertical axis.
    Histogram {
        /// The counted quantity.
        name: Text,
        /// Lower end of the first bar.
        #[serde(serialize_with = "exact")]
        from: f64,
        /// Upper end of the last bar.
        #[serde(serialize_with = "exact")]
        to: f64,
        /// Heights relative to the chart's, in [0, 1].
        #[serde(serialize_with = "shorts")]
        heights: Vec<f64>,
    },
    /// Weighted densities of normal distributions.
    Gaussians {
        /// The curves.
        curves: Vec<Gaussian>,
        /// Factor by which the curves are drawn higher than their values.
        raised: f64,
    },
    /// A line through points.
    Line {
        /// The name in the legend.
        name: Text,
        /// The colour.
        series: Series,
        /// Horizontal coordinates.
        #[serde(serialize_with = "places")]
        x: Vec<f64>,
        /// Vertical coordinates.
        #[serde(serialize_with = "shorts")]
        y: Vec<f64>,
        /// Whether the line is dashed, as guide lines are.
        dashed: bool,
    },
    /// Vertical lines from one value to another, such as a mean ± its standard deviation.
    Spans {
        /// The name in the legend.
        name: Text,
        /// The colour.
        series: Series,
        /// Horizontal coordinates.
        #[serde(serialize_with = "places")]
        x: Vec<f64>,
        /// Vertical coordinates of the lower ends.
        #[serde(serialize_with = "shorts")]
        low: Vec<f64>,
        /// Vertical coordinates of the upper ends.
        #[serde(serialize_with = "shorts")]
        high: Vec<f64>,
    },
    /// Bars of equal width that start at 0 and may be negative.
    Bars {
        /// The name in the legend.
        name: Text,
        /// The colour.
        series: Series,
        /// Left end of the first bar.
        #[serde(serialize_with = "exact")]
        from: f64,
        /// Right end of the last bar.
        #[serde(serialize_with = "exact")]
        to: f64,
        /// Fraction of a bar's width that is left free, in [0, 1).
        gap: f64,
        /// Vertical coordinates of the ends.
        #[serde(serialize_with = "shorts")]
        heights: Vec<f64>,
    },
    /// Dots.
    Dots {
        /// The name in the legend.
        name: Text,
        /// The colour.
        series: Series,
        /// Horizontal coordinates.
        #[serde(serialize_with = "places")]
        x: Vec<f64>,
        /// Vertical coordinates.
        #[serde(serialize_with = "shorts")]
        y: Vec<f64>,
        /// Areas relative to the largest, in [0, 1].
        #[serde(serialize_with = "shorts")]
        sizes: Vec<f64>,
        /// Description of each dot.
        notes: Vec<Text>,
    },
    /// A table of shaded cells over the whole chart, with the first row at the top.
    Cells {
        /// Number of columns.
        columns: usize,
        /// Darkness of each cell, row by row, in [0, 1]; negative for an empty cell.
        #[serde(serialize_with = "shorts")]
        shades: Vec<f64>,
        /// The text of each cell; the list may be empty.
        texts: Vec<Text>,
        /// Description of each cell; the list may be empty.
        notes: Vec<Text>,
    },
    /// A graph over the whole chart: nodes in columns and edges between neighbouring columns.
    Graph {
        /// The columns, from left to right.
        columns: Vec<Column>,
        /// The edges, from thin and pale to thick and dark.
        edges: Vec<Edge>,
    },
}

/// The weighted density π N(x; μ, σ²).
#[derive(Clone, Debug, Serialize)]
pub struct Gaussian {
    /// The name in the legend.
    pub name: Text,
    /// The colour.
    pub series: Series,
    /// Weight π.
    #[serde(serialize_with = "short")]
    pub weight: f64,
    /// Mean μ.
    #[serde(serialize_with = "short")]
    pub mean: f64,
    /// Standard deviation σ.
    #[serde(serialize_with = "short")]
    pub sigma: f64,
}

/// A column of a graph.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// The heading.
    pub heading: Text,
    /// The number of drawn nodes out of all, in words.
    pub extent: Text,
    /// The nodes, from top to bottom.
    pub nodes: Vec<Node>,
}

/// A node of a graph.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// The name, which is written beside the node in the first and the last column.
    pub name: Text,
    /// Identifier of the neuron, which a click selects; `None` for an input.
    pub neuron: Option<String>,
    /// Area relative to the largest of the column, in [0, 1].
    #[serde(serialize_with = "short")]
    pub size: f64,
    /// Description of the node.
    pub note: Text,
}

/// An edge from a node of a column to a node of the next.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    /// Index of the column of its start.
    pub column: usize,
    /// Index of its start in that column.
    pub from: usize,
    /// Index of its end in the next column.
    pub to: usize,
    /// Darkness and thickness, in [0, 1].
    #[serde(serialize_with = "short")]
    pub strength: f64,
    /// Description of the edge.
    pub note: Text,
}

/// Serialises four digits: a page has hundreds of thousands of numbers, and a screen has fewer pixels.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let factor = 10f64.powi(digits.clamp(-300, 300));
    let result = (value * factor).round() / factor;
    if result.is_finite() { result } else { value }
}

fn number<S: Serializer>(value: f64, serializer: S) -> Result<S::Ok, S::Error> {
    match value.fract() == 0.0 && value.abs() < 1e15 {
        true => serializer.serialize_i64(value as i64),
        false => serializer.serialize_f64(value),
    }
}

/// Serialises all digits: the ends of an axis may be far from 0 and close together.
fn exact<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    number(if value.is_finite() { *value } else { 0.0 }, serializer)
}

fn short<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    number(rounded(*value), serializer)
}

fn shorts<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    struct Short(f64);
    impl Serialize for Short {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            short(&self.0, serializer)
        }
    }
    serializer.collect_seq(values.iter().map(|&value| Short(value)))
}

/// Serialises places along an axis with digits for a ten-thousandth of their span: they may be far from 0 and close together.
fn places<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    struct Place(f64, f64);
    impl Serialize for Place {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let rounded = (self.0 * self.1).round() / self.1;
            exact(if rounded.is_finite() { &rounded } else { &self.0 }, serializer)
        }
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let digits = 4 - (high - low).log10().floor().clamp(-300.0, 300.0) as i32;
    // A single place keeps all digits.
    let factor = if high > low { 10f64.powi(digits) } else { f64::INFINITY };
    serializer.collect_seq(values.iter().map(|&value| Place(value, factor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_far_from_0_stay_apart() {
        let of = |x: &[f64]| {
            let line = Mark::Line {
                name: "".into(),
                series: 1,
                x: x.to_vec(),
                y: vec![0.0; x.len()],
                dashed: false,
            };
            let written = serde_json::to_value(&line).unwrap();
            let x = written
                .as_object()
                .unwrap()
                .values()
                .find_map(|value| value.get("x"))
                .unwrap_or(&written["x"]);
            x.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<f64>>()
        };
        // Days of 2024 with times, and pressures.
        for (from, step) in [(19_723.163, 0.37), (101_270.0, 4.9), (-1e9, 1e-3), (0.0, 1e-12), (5.0, 1e300)] {
            let x: Vec<f64> = (0..80).map(|place| from + step * f64::from(place)).collect();
            let span = x[79] - x[0];
            for (found, expected) in of(&x).iter().zip(&x) {
                assert!((found - expected).abs() <= 1e-4 * span, "{found} {expected}");
            }
        }
        assert_eq!(of(&[1.0 / 3.0]), [1.0 / 3.0]);
        assert_eq!(of(&[0.0, 1.0 / 3.0, 1.0]), [0.0, 0.3333, 1.0]);
    }
}
