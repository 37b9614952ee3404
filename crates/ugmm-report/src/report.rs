//! What a report is made of: numbers and texts that were computed elsewhere.

use crate::Text;
use crate::chart::{Column, Edge};

/// Everything that a report shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was asked to make it, such as "ugmm 0.1.0".
    pub program: Text,
    /// The file of the model.
    pub model: Text,
    /// The file of the table.
    pub table: Text,
    /// The column that is predicted.
    pub target: Text,
    /// Names and values of what is to be known first, in order.
    pub facts: Vec<(Text, Text)>,
    /// What was cut, what is missing, and why: one sentence each.
    pub notes: Vec<Text>,
    /// The network by its weights.
    pub network: Diagram,
    /// Neurons in the order they are listed.
    pub neurons: Vec<Neuron>,
    /// Rows of the table; the first one is shown first.
    pub rows: Vec<Row>,
    /// Of a model of images.
    pub maps: Option<Maps>,
    /// How predictions compare with what is right.
    pub measures: Option<Measures>,
    /// The course of the training.
    pub training: Option<Training>,
}

/// Nodes and edges.
#[derive(Clone, Debug, Default)]
pub struct Diagram {
    /// From the inputs to the outputs.
    pub columns: Vec<Column>,
    /// Edges between neighbouring columns.
    pub edges: Vec<Edge>,
}

/// Counts in intervals of equal width.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// Where the first interval begins.
    pub from: f64,
    /// Where the last one ends.
    pub to: f64,
    /// How much is in each.
    pub counts: Vec<f64>,
}

/// A neuron: the mixture of its components.
#[derive(Clone, Debug)]
pub struct Neuron {
    /// Number of the layer and of the neuron in it, from 1, such as "1.3".
    pub id: String,
    /// What it is called.
    pub name: Text,
    /// Its layer, from 1.
    pub layer: usize,
    /// How much of the outputs goes through it by the weights alone, in [0, 1]; those of a layer sum to 1.
    pub importance: f64,
    /// Number of components with a weight.
    pub components: usize,
    /// Number of components without, which a pruned network has.
    pub dropped: usize,
    /// The components with the largest weights, largest first.
    pub leading: Vec<Component>,
    /// Its density Σ π N(y; μ, σ²), all components together, at equal distances over `range`.
    pub mixture: Vec<f64>,
    /// Where its inputs lie, in its own units.
    pub range: (f64, f64),
    /// Of the values of its inputs, each counted by the input's weight.
    pub inputs: Option<Histogram>,
    /// Of its activations.
    pub activations: Option<Histogram>,
    /// What its units are.
    pub units: Text,
}

/// A component of a neuron.
#[derive(Clone, Debug)]
pub struct Component {
    /// The input it looks at.
    pub name: Text,
    /// The neuron that this input is, if it is one.
    pub neuron: Option<String>,
    /// π
    pub weight: f64,
    /// μ, in the neuron's units.
    pub mean: f64,
    /// σ, in the neuron's units.
    pub sigma: f64,
    /// The input's values, in the neuron's units.
    pub values: Option<Histogram>,
    /// The data's units.
    pub units: Units,
}

/// How what a neuron sees is written in the data's units.
#[derive(Clone, Debug)]
pub struct Units {
    /// From what it sees to the data's units.
    pub scale: Scale,
    /// How a value is written there, as [`short`](crate::short) writes numbers.
    pub text: fn(f64) -> String,
}

/// From what a neuron sees to the data's units.
#[derive(Clone, Debug)]
pub enum Scale {
    /// x is `offset` + `factor` · x; `factor` is not 0.
    Linear {
        /// What 0 is.
        offset: f64,
        /// What 1 is more than 0.
        factor: f64,
    },
    /// Some places and what is there, in ascending order, where the relation is a curve.
    Curve(Vec<(f64, f64)>),
}

/// A row of the table, followed through the network.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it is in the file.
    pub number: usize,
    /// Whether it was chosen because the model is unsure of it.
    pub unsure: bool,
    /// How unsure the model is.
    pub doubt: Text,
    /// What is predicted.
    pub predicted: Text,
    /// What is right, if the table says so.
    pub right: Option<Text>,
    /// Whether the two are the same; only of classes.
    pub is_right: Option<bool>,
    /// The most probable classes and their probabilities.
    pub chances: Vec<(Text, f64)>,
    /// Of a number, its conditional density.
    pub density: Option<Density>,
    /// Inputs that speak for the prediction or against it, the most important first.
    pub inputs: Vec<InputShare>,
    /// From the inputs to the output, by responsibility.
    pub path: Diagram,
    /// Of an image, how bright it is, row by row, in [0, 1], negative where that is not known.
    pub picture: Option<Vec<f64>>,
    /// How much each pixel speaks for the prediction, likewise, relative to the largest of this and the next.
    pub speaking_for: Option<Vec<f64>>,
    /// How much each pixel speaks against it.
    pub speaking_against: Option<Vec<f64>>,
    /// The responsibility of each pixel, likewise, relative to the largest.
    pub responsible: Option<Vec<f64>>,
}

/// The conditional density of a number, at the middles of equal cells.
#[derive(Clone, Debug)]
pub struct Density {
    /// Where the first cell begins.
    pub from: f64,
    /// Where the last one ends.
    pub to: f64,
    /// In each cell, per unit of the number.
    pub values: Vec<f64>,
    /// The number that is right, if it is known.
    pub right: Option<f64>,
}

/// An input's part in a prediction.
#[derive(Clone, Debug)]
pub struct InputShare {
    /// Its name.
    pub name: Text,
    /// Its value in the row, in the data's units.
    pub value: Text,
    /// What it adds to the logarithm of the prediction's probability, if that is known.
    pub adds: Option<f64>,
    /// How responsible it is, in [0, 1].
    pub share: f64,
}

/// Pictures of the classes. Each list has `height · width` entries, row by row; what is not finite is not drawn.
#[derive(Clone, Debug)]
pub struct Maps {
    /// Number of pixels from left to right.
    pub width: usize,
    /// Number of pixels from top to bottom.
    pub height: usize,
    /// In order.
    pub classes: Vec<ClassMaps>,
}

/// Pictures of a class.
#[derive(Clone, Debug)]
pub struct ClassMaps {
    /// Its name.
    pub name: Text,
    /// Number of its rows.
    pub rows: usize,
    /// π: how much of the class each pixel gets by the weights.
    pub weights: Vec<f64>,
    /// μ: what value is expected there.
    pub means: Vec<f64>,
    /// How responsible each pixel is on average over rows of the class.
    pub responsibilities: Vec<f64>,
}

/// How predictions compare with what is right.
#[derive(Clone, Debug)]
pub enum Measures {
    /// Of classes.
    Classes {
        /// Measures by name.
        facts: Vec<(Text, Text)>,
        /// Names.
        classes: Vec<Text>,
        /// Numbers of rows, `[right][predicted]`.
        confusion: Vec<Vec<usize>>,
        /// Rows by the probability of their most probable class.
        reliability: Vec<Bin>,
    },
    /// Of numbers.
    Numbers {
        /// Measures by name.
        facts: Vec<(Text, Text)>,
        /// Predicted mean and right number.
        pairs: Vec<(f64, f64)>,
        /// Shares of the right numbers in each tenth of their predicted distributions.
        deciles: Vec<f64>,
    },
}

/// Rows whose predictions claim to be about equally sure.
#[derive(Clone, Copy, Debug)]
pub struct Bin {
    /// Number of rows.
    pub rows: usize,
    /// Mean probability of the most probable class.
    pub probability: f64,
    /// Share of rows for which it is right.
    pub accuracy: f64,
}

/// The course of the training, a number for each epoch; a list is empty where there is none.
#[derive(Clone, Debug, Default)]
pub struct Training {
    /// Loss on the training rows.
    pub training_loss: Vec<f32>,
    /// Loss on the validation rows.
    pub validation_loss: Vec<f32>,
    /// Accuracy on the validation rows, in [0, 1].
    pub validation_accuracy: Vec<f32>,
    /// Learning rate.
    pub learning_rate: Vec<f32>,
    /// The epoch that the network is of, if it is not the last, from 1.
    pub best_epoch: Option<usize>,
    /// What the loss on the training rows is, in a few words.
    pub loss: Text,
}
