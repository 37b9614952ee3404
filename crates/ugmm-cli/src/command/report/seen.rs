//! The rows of the table that the report looks at, and what the model says of them.

use crate::arguments::Report as Options;
use crate::error::CliError;
use crate::first_rows::FirstRows;
use crate::output::count;
use ugmm_network::inspect::{activations, followed_weights, leading_components};
use ugmm_network::{Network, inspect::Component};
use ugmm_report::Text;
use ugmm_tabular::{NetworkModel, Predictions};

/// Rows with what the model says of them. Lists have an entry for each row unless they say otherwise.
pub struct Seen<'m> {
    pub network: &'m Network,
    /// Where each row is in the file.
    pub numbers: Vec<usize>,
    /// The features, `[rows, features]`, row-major.
    pub features: Vec<f32>,
    pub width: usize,
    pub predicted: Predictions,
    /// Predicted values of the target, numbers by their means.
    pub targets: Vec<f64>,
    /// Values of the target, NaN where one is missing; `None` where the table has no target column.
    pub right: Option<Vec<f64>>,
    /// What each layer reads, and at the end what the last one gives; see [`activations`].
    pub activations: Vec<Vec<f32>>,
    /// `[layer][neuron]`, the components of each, largest weight first. Those without any weight are not among them.
    pub components: Vec<Vec<Vec<Component>>>,
    /// Shares of the outputs by weights: of the inputs, then of the neurons of each layer.
    pub importances: Vec<Vec<f64>>,
    /// Whether the table has more rows.
    pub more: bool,
    /// Rows without any value that the model looks at.
    pub empty: usize,
}

impl<'m> Seen<'m> {
    /// Reads the first rows of the table.
    pub fn read(model: &'m NetworkModel, network: &'m Network, options: &Options) -> Result<Self, CliError> {
        let read_options = options.table.read_options();
        let rows = FirstRows::read(&options.data, model, &read_options, options.rows.get())?;
        let FirstRows { numbers, features, right, more, empty } = rows;
        let width = model.preprocessor().inputs();
        let predicted = model.predicted(&features)?;
        let targets = predicted.values();
        let x = model.network_input(&features, &targets);
        let outputs = network.layers.last().map_or(0, |layer| layer.neurons());
        let with_weight = |all: Vec<Component>| all.into_iter().filter(|one| one.weight > 0.0).collect();
        let components = |layer| leading_components(layer, usize::MAX).into_iter().map(with_weight).collect();
        Ok(Self {
            network,
            numbers,
            features,
            width,
            predicted,
            targets,
            right,
            activations: activations(network, &x),
            components: network.layers.iter().map(components).collect(),
            importances: followed_weights(network, &vec![1.0 / outputs as f64; outputs]),
            more,
            empty,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// The values of one input of a layer, or of a neuron of the layer before it.
    pub fn column(&self, layer: usize, input: usize) -> impl Iterator<Item = f32> + Clone {
        let values = &self.activations[layer];
        values.iter().skip(input).step_by(values.len() / self.rows()).copied()
    }

    /// Places of rows of which the numbers in the file are given.
    pub fn places(&self, options: &Options) -> Result<Vec<usize>, CliError> {
        let place = |&row: &usize| {
            self.numbers.iter().position(|&number| number == row).ok_or_else(|| CliError::NoSuchRow {
                path: options.data.clone(),
                row,
                first: self.numbers[0],
                last: self.numbers[self.numbers.len() - 1],
            })
        };
        options.show.iter().map(place).collect()
    }

    /// What is to be said of these rows.
    pub fn notes(&self, model: &NetworkModel, options: &Options) -> Vec<Text> {
        let mut notes: Vec<String> = Vec::new();
        if self.more {
            notes.push(format!(
                "Everything is computed on the first {} of the table, which has more (--rows).",
                count(self.rows(), "row")
            ));
        }
        if self.empty > 0 {
            notes.push(format!(
                "Left out: {} without any value that the model looks at.",
                count(self.empty, "row")
            ));
        }
        let target = model.target_name();
        match &self.right {
            None => notes.push(format!(
                "{} has no column {target:?}: predictions are shown, but compared with nothing.",
                super::file_name(&options.data)
            )),
            Some(right) if right.iter().all(|value| value.is_nan()) => {
                notes.push(format!("No row has a value in the column {target:?} to compare with."));
            }
            Some(right) if right.iter().any(|value| value.is_nan()) => {
                let without = right.iter().filter(|value| value.is_nan()).count();
                notes.push(format!(
                    "{} without a value in the column {target:?} to compare with.",
                    count(without, "row")
                ));
            }
            Some(_) => {}
        }
        let all: usize = self.network.layers.iter().map(|layer| layer.neurons() * layer.inputs()).sum();
        let kept: usize = self.components.iter().flatten().map(Vec::len).sum();
        if kept < all {
            notes.push(format!("{} of {all} components have no weight; they are not drawn.", all - kept));
        }
        if model.saved().history().is_none() {
            notes.push("The model does not hold the course of its training, which newer ones do.".into());
        }
        notes.into_iter().map(Text::from).collect()
    }
}
