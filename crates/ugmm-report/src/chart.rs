//! A chart as data: what is drawn, not how. It is drawn by [`svg`](crate::svg()) for papers, and by the page's own
//! script (assets/chart.js) on a screen.

use crate::Text;
use serde::{Serialize, Serializer};

/// A chart: marks on a plane with two axes.
#[derive(Clone, Debug, Serialize)]
pub struct Chart {
    /// A name that can be that of a file: letters, digits and hyphens.
    pub id: String,
    /// What it shows, in a few words.
    pub title: Text,
    /// What the chart shows, for those who cannot see it.
    pub description: Text,
    /// Height in px; the width is that of the place it is drawn in.
    pub height: f64,
    /// Height of the part between the axes relative to its width, in place of `height`: for pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// The first is drawn first.
    pub marks: Vec<Mark>,
}

/// An axis. It is not drawn if it has neither a label nor ticks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Axis {
    /// What is along it.
    pub label: Text,
    /// The value at the left, or at the bottom.
    #[serde(serialize_with = "exact")]
    pub from: f64,
    /// The value at the right, or at the top; not equal to `from`, but it may be less.
    #[serde(serialize_with = "exact")]
    pub to: f64,
    /// Marks with a text.
    pub ticks: Vec<Tick>,
}

/// A mark on an axis.
#[derive(Clone, Debug, Serialize)]
pub struct Tick {
    /// Where.
    #[serde(serialize_with = "exact")]
    pub at: f64,
    /// What stands there.
    pub text: Text,
}

/// Number of a colour: 0 is that of the text, 1 to 6 are told apart by colour-blind eyes too; others come round again.
pub type Series = usize;

/// Something drawn. All lists of one mark are of the same length.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// How often values occur, quietly behind other marks, and not in units of the vertical axis.
    Histogram {
        /// What is counted.
        name: Text,
        /// Where the first bar begins.
        #[serde(serialize_with = "short")]
        from: f64,
        /// Where the last one ends.
        #[serde(serialize_with = "short")]
        to: f64,
        /// Heights relative to the chart's, in [0, 1].
        #[serde(serialize_with = "shorts")]
        heights: Vec<f64>,
    },
    /// Weighted densities of normal distributions.
    Gaussians {
        /// One curve each.
        curves: Vec<Gaussian>,
        /// How many times as high as they are they are drawn.
        raised: f64,
    },
    /// A line through points.
    Line {
        /// What it is.
        name: Text,
        /// Its colour.
        series: Series,
        /// Horizontal places.
        #[serde(serialize_with = "shorts")]
        x: Vec<f64>,
        /// Vertical places.
        #[serde(serialize_with = "shorts")]
        y: Vec<f64>,
        /// Whether it is dashed, as helping lines are.
        dashed: bool,
    },
    /// Bars of equal width that stand on 0.
    Bars {
        /// What they are.
        name: Text,
        /// Their colour.
        series: Series,
        /// Where the first one begins.
        #[serde(serialize_with = "short")]
        from: f64,
        /// Where the last one ends.
        #[serde(serialize_with = "short")]
        to: f64,
        /// Share of a bar's width that is left free, in [0, 1).
        gap: f64,
        /// Their upper ends.
        #[serde(serialize_with = "shorts")]
        heights: Vec<f64>,
    },
    /// Dots.
    Dots {
        /// What they are.
        name: Text,
        /// Their colour.
        series: Series,
        /// Horizontal places.
        #[serde(serialize_with = "shorts")]
        x: Vec<f64>,
        /// Vertical places.
        #[serde(serialize_with = "shorts")]
        y: Vec<f64>,
        /// Areas relative to the largest, in [0, 1].
        #[serde(serialize_with = "shorts")]
        sizes: Vec<f64>,
        /// What each is.
        notes: Vec<Text>,
    },
    /// A table of shaded cells, the first row at the top, over the whole chart.
    Cells {
        /// Number of columns.
        columns: usize,
        /// Row by row how dark each is, in [0, 1]; negative where there is nothing.
        #[serde(serialize_with = "shorts")]
        shades: Vec<f64>,
        /// What stands in each, or nothing at all.
        texts: Vec<Text>,
        /// What each is, or nothing at all.
        notes: Vec<Text>,
    },
    /// Nodes in columns and edges between neighbouring columns, over the whole chart.
    Graph {
        /// From left to right.
        columns: Vec<Column>,
        /// Thin and pale to thick and dark.
        edges: Vec<Edge>,
    },
}

/// π N(x; μ, σ²).
#[derive(Clone, Debug, Serialize)]
pub struct Gaussian {
    /// What it is.
    pub name: Text,
    /// Its colour.
    pub series: Series,
    /// π
    #[serde(serialize_with = "short")]
    pub weight: f64,
    /// μ
    #[serde(serialize_with = "short")]
    pub mean: f64,
    /// σ
    #[serde(serialize_with = "short")]
    pub sigma: f64,
}

/// A column of a graph.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// What it is.
    pub heading: Text,
    /// How much of it is drawn.
    pub extent: Text,
    /// From top to bottom.
    pub nodes: Vec<Node>,
}

/// A node of a graph.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Its name, which is written beside it in the first and the last column.
    pub name: Text,
    /// The neuron that it stands for, which is chosen by a click; none where it is an input.
    pub neuron: Option<String>,
    /// Its area relative to the largest of the column, in [0, 1].
    #[serde(serialize_with = "short")]
    pub size: f64,
    /// What is known of it.
    pub note: Text,
}

/// An edge from a node of a column to a node of the next.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    /// Number of the column that it begins in.
    pub column: usize,
    /// Number of the node there.
    pub from: usize,
    /// Number of the node in the next column.
    pub to: usize,
    /// How dark and thick, in [0, 1].
    #[serde(serialize_with = "short")]
    pub strength: f64,
    /// What is known of it.
    pub note: Text,
}

/// To four digits: a page has hundred thousands of numbers, and a screen fewer pixels.
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

/// All digits: what an axis begins and ends with may be far from 0 and close together.
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
