//! The content of a report: numbers and texts that the caller computes.

use crate::Text;
use crate::chart::{Column, Edge};

/// The content of a report.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Program and version that made it, such as "ugmm 0.1.0".
    pub program: Text,
    /// Name of the model's file.
    pub model: Text,
    /// Name of the table's file.
    pub table: Text,
    /// Name of the target column.
    pub target: Text,
    /// Names and values of the main facts, in order.
    pub facts: Vec<(Text, Text)>,
    /// What was shortened or is missing, and why: one sentence each.
    pub notes: Vec<Text>,
    /// Which columns the predictions depend on, and how.
    pub matters: Option<Matters>,
    /// The network with its mixing weights.
    pub network: Diagram,
    /// The neurons, in the order of the list.
    pub neurons: Vec<Neuron>,
    /// Rows of the table; the page shows the first one first.
    pub rows: Vec<Row>,
    /// Maps of the classes, for a model of images.
    pub maps: Option<Maps>,
    /// Measures of predictions against true values.
    pub measures: Option<Measures>,
    /// The history of the training.
    pub training: Option<Training>,
    /// HTML with an element `what-if` that shows the prediction for values that are changed; it takes an event `row`, whose
    /// `detail` is the [values](Row::values) of a row.
    pub what_if: Option<String>,
}

/// Importance and effects of the columns of a table.
#[derive(Clone, Debug, Default)]
pub struct Matters {
    /// What the importance is and how to read it.
    pub about_importance: Text,
    /// Name of the measure of importance, for an axis.
    pub measure: Text,
    /// The most important columns in descending order.
    pub importances: Vec<ColumnImportance>,
    /// What the effects are and how to read them.
    pub about_effects: Text,
    /// Name of the units of effects, for an axis.
    pub units: Text,
    /// The outputs that the effects are on: some classes, or one name for a number.
    pub outputs: Vec<Text>,
    /// Effects of the most important columns.
    pub effects: Vec<ColumnEffect>,
}

/// Importance of a column.
#[derive(Clone, Debug)]
pub struct ColumnImportance {
    /// The column's name.
    pub name: Text,
    /// The importance.
    pub importance: f64,
    /// Its standard deviation, if it is known.
    pub deviation: Option<f64>,
}

/// Effect of a column on the outputs.
#[derive(Clone, Debug)]
pub struct ColumnEffect {
    /// The column's name.
    pub name: Text,
    /// The points of the curves.
    pub points: EffectPoints,
    /// The effects at the points, `[outputs][points]`.
    pub effects: Vec<Vec<f64>>,
    /// The effects of a missing value, `[outputs]`; `None` if no row lacks a value.
    pub missing: Option<Vec<f64>>,
    /// Number of rows that lack a value.
    pub missing_rows: usize,
}

/// The points of an effect.
#[derive(Clone, Debug)]
pub enum EffectPoints {
    /// Numbers in ascending order.
    Numbers {
        /// The numbers.
        x: Vec<f64>,
        /// Formats a number, as [`short`](crate::short) does.
        text: fn(f64) -> String,
        /// Histogram of the column's numbers.
        values: Option<Histogram>,
    },
    /// Levels without an order.
    Levels {
        /// Their names.
        names: Vec<Text>,
        /// Number of rows of each.
        rows: Vec<usize>,
    },
}

/// A diagram of nodes and edges.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// The columns of nodes, from the inputs to the outputs.
    pub columns: Vec<Column>,
    /// Edges between neighbouring columns.
    pub edges: Vec<Edge>,
}

/// Counts in intervals of equal width.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Lower end of the first interval.
    pub from: f64,
    /// Upper end of the last interval.
    pub to: f64,
    /// Count of each interval.
    pub counts: Vec<f64>,
}

/// A neuron: the mixture of its components.
#[derive(Clone, Debug)]
pub struct Neuron {
    /// Numbers of the layer and of the neuron in it, from 1, such as "1.3".
    pub id: String,
    /// The name.
    pub name: Text,
    /// Its layer, from 1.
    pub layer: usize,
    /// Share of the outputs that mixing weights assign to it, in [0, 1]; the shares of a layer sum to 1.
    pub importance: f64,
    /// Number of components with weight.
    pub components: usize,
    /// Number of components without weight, in a pruned network.
    pub dropped: usize,
    /// The components with the largest weights, in descending order.
    pub leading: Vec<Component>,
    /// Its density Σ π N(y; μ, σ²) of all components, at equally spaced points of `range`.
    pub mixture: Vec<f64>,
    /// The range of its inputs, in its own units.
    pub range: (f64, f64),
    /// Histogram of the values of its inputs, weighted by the inputs' mixing weights.
    pub inputs: Option<Histogram>,
    /// Histogram of its activations.
    pub activations: Option<Histogram>,
    /// Name of its units.
    pub units: Text,
}

/// A component of a neuron.
#[derive(Clone, Debug)]
pub struct Component {
    /// Name of its input.
    pub name: Text,
    /// Identifier of the neuron that is its input; `None` for an input of the network.
    pub neuron: Option<String>,
    /// Weight π.
    pub weight: f64,
    /// Mean μ, in the neuron's units.
    pub mean: f64,
    /// Standard deviation σ, in the neuron's units.
    pub sigma: f64,
    /// Histogram of the input's values, in the neuron's units.
    pub values: Option<Histogram>,
    /// Conversion to the data's units.
    pub units: Units,
}

/// Conversion and format of a neuron's input values in the data's units.
#[derive(Clone, Debug)]
pub struct Units {
    /// Conversion from the neuron's units to the data's units.
    pub scale: Scale,
    /// Formats a value in the data's units, as [`short`](crate::short) formats numbers.
    pub text: fn(f64) -> String,
}

/// A conversion from a neuron's units to the data's units.
#[derive(Clone, Debug)]
pub enum Scale {
    /// The linear function `offset` + `factor` · x; `factor` is not 0.
    Linear {
        /// The value at 0.
        offset: f64,
        /// The slope.
        factor: f64,
    },
    /// Points (x, value) of a nonlinear function, in ascending order.
    Curve(Vec<(f64, f64)>),
}

/// A row of the table and its path through the network.
#[derive(Clone, Debug)]
pub struct Row {
    /// Number of the row in the file.
    pub number: usize,
    /// Whether it was chosen because the prediction is uncertain.
    pub unsure: bool,
    /// The uncertainty of the prediction, in words.
    pub doubt: Text,
    /// The prediction.
    pub predicted: Text,
    /// The true value, if the table has it.
    pub right: Option<Text>,
    /// Whether prediction and true value are equal; only for classes.
    pub is_right: Option<bool>,
    /// The most probable classes and their probabilities.
    pub chances: Vec<(Text, f64)>,
    /// The conditional density of a number.
    pub density: Option<Density>,
    /// Inputs that support the prediction or speak against it, most important first.
    pub inputs: Vec<InputShare>,
    /// The path of the output's responsibility to the inputs.
    pub path: Diagram,
    /// Brightness of an image's pixels, row by row, in [0, 1]; negative where it is unknown.
    pub picture: Option<Vec<f64>>,
    /// Positive contribution of each pixel to the prediction, row by row, relative to the largest of this
    /// list and the next.
    pub speaking_for: Option<Vec<f64>>,
    /// Negative contribution of each pixel, row by row, relative to the largest of this list and the one
    /// before.
    pub speaking_against: Option<Vec<f64>>,
    /// The responsibility of each pixel, row by row, relative to the largest.
    pub responsible: Option<Vec<f64>>,
    /// The values of the columns by name, null where one is missing, as [`Report::what_if`] takes them.
    pub values: serde_json::Map<String, serde_json::Value>,
}

/// The conditional density of a number, at the middles of equal cells.
#[derive(Clone, Debug)]
pub struct Density {
    /// Lower end of the first cell.
    pub from: f64,
    /// Upper end of the last cell.
    pub to: f64,
    /// Density in each cell, per unit of the number.
    pub values: Vec<f64>,
    /// The true number, if it is known.
    pub right: Option<f64>,
}

/// An input's share in a prediction.
#[derive(Clone, Debug)]
pub struct InputShare {
    /// Its name.
    pub name: Text,
    /// Its value in the row, in the data's units.
    pub value: Text,
    /// Contribution to the log-probability of the prediction, if it is known.
    pub adds: Option<f64>,
    /// Responsibility, in [0, 1].
    pub share: f64,
}

/// Maps of the classes. Each list has `height · width` entries, row by row; values that are not finite are
/// not drawn.
#[derive(Clone, Debug)]
pub struct Maps {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// The maps of each class, in order.
    pub classes: Vec<ClassMaps>,
}

/// Maps of a class.
#[derive(Clone, Debug)]
pub struct ClassMaps {
    /// Its name.
    pub name: Text,
    /// Number of its rows.
    pub rows: usize,
    /// π: the share of the class that mixing weights assign to each pixel.
    pub weights: Vec<f64>,
    /// μ: the expected value of each pixel.
    pub means: Vec<f64>,
    /// Mean responsibility of each pixel over rows of the class.
    pub responsibilities: Vec<f64>,
}

/// Measures of predictions against true values.
#[derive(Clone, Debug)]
pub enum Measures {
    /// Measures of class predictions.
    Classes {
        /// Names and values of measures.
        facts: Vec<(Text, Text)>,
        /// Names of the classes.
        classes: Vec<Text>,
        /// Number of rows, `[true][predicted]`.
        confusion: Vec<Vec<usize>>,
        /// Rows grouped by the probability of their most probable class.
        reliability: Vec<Bin>,
    },
    /// Measures of predicted numbers.
    Numbers {
        /// Names and values of measures.
        facts: Vec<(Text, Text)>,
        /// Predicted mean and true number of each row.
        pairs: Vec<(f64, f64)>,
        /// Fraction of the true numbers in each tenth of their predicted distributions.
        deciles: Vec<f64>,
    },
}

/// Rows whose predictions have similar probabilities.
#[derive(Clone, Copy, Debug)]
pub struct Bin {
    /// Number of rows.
    pub rows: usize,
    /// Mean probability of the most probable class.
    pub probability: f64,
    /// Fraction of rows for which that class is true.
    pub accuracy: f64,
}

/// The history of the training, one value per epoch; a list is empty if its values are unknown.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// Loss on the training rows.
    pub training_loss: Vec<f32>,
    /// Loss on the validation rows.
    pub validation_loss: Vec<f32>,
    /// Accuracy on the validation rows, in [0, 1].
    pub validation_accuracy: Vec<f32>,
    /// Learning rate of each epoch.
    pub learning_rate: Vec<f32>,
    /// The epoch of the network, from 1, if it is not the last.
    pub best_epoch: Option<usize>,
    /// Name of the training loss, in a few words.
    pub loss: Text,
}
