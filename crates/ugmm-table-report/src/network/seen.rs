//! The rows of the table in the report, and the model's predictions for them.

use super::weights::Weights;
use crate::error::ReportError;
use crate::first_rows::FirstRows;
use crate::report::ReportOptions;
use ugmm_data::frame::Input;
use ugmm_network::Network;
use ugmm_network::inspect::activations;
use ugmm_report::{Text, count};
use ugmm_tabular::NetworkModel;
use ugmm_tabular::distribution::Predictions;

/// Rows with the model's predictions. Lists have an entry for each row unless stated otherwise.
pub struct Seen<'m> {
    pub network: &'m Network,
    /// Number of each row in the table.
    pub numbers: Vec<usize>,
    /// The values of the model's columns, `[rows, columns]`, row-major.
    pub values: Vec<f64>,
    /// The features, `[rows, features]`, row-major.
    pub features: Vec<f32>,
    pub width: usize,
    pub predicted: Predictions,
    /// Predicted values of the target; numbers are predicted by their means.
    pub targets: Vec<f64>,
    /// True values of the target, NaN where one is missing; `None` if the table has no target column.
    pub right: Option<Vec<f64>>,
    /// The inputs of each layer, followed by the outputs of the last one; see [`activations`].
    pub activations: Vec<Vec<f32>>,
    pub weights: Weights,
    /// Whether the table has more rows.
    pub more: bool,
    /// Number of rows without any value that the model uses.
    pub empty: usize,
}

impl<'m> Seen<'m> {
    /// Reads the first rows of the table.
    pub fn read(
        model: &'m NetworkModel,
        network: &'m Network,
        table: &Input,
        options: &ReportOptions,
    ) -> Result<Self, ReportError> {
        let rows = FirstRows::read(table.clone(), model, options.reading, options.most_rows)?;
        let FirstRows { numbers, values, features, right, more, empty } = rows;
        let width = model.preprocessor().inputs();
        let predicted = model.predicted(&features)?;
        let targets = predicted.values();
        let x = model.network_input(&features, &targets)?;
        Ok(Self {
            network,
            numbers,
            values,
            features,
            width,
            predicted,
            targets,
            right,
            activations: activations(network, &x),
            weights: Weights::of(network),
            more,
            empty,
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.numbers.len()
    }

    /// The values of one input of a layer, which is a feature or a neuron of the layer before.
    pub fn column(&self, layer: usize, input: usize) -> impl Iterator<Item = f32> + Clone {
        let values = &self.activations[layer];
        values.iter().skip(input).step_by(values.len() / self.rows()).copied()
    }

    /// Indices of the rows with these numbers.
    pub fn places(&self, numbers: &[usize]) -> Result<Vec<usize>, ReportError> {
        let place = |&row: &usize| {
            self.numbers.iter().position(|&number| number == row).ok_or_else(|| ReportError::NoSuchRow {
                row,
                first: self.numbers[0],
                last: self.numbers[self.numbers.len() - 1],
            })
        };
        numbers.iter().map(place).collect()
    }

    /// Notes about these rows.
    pub fn notes(&self, model: &NetworkModel, table: &str) -> Vec<Text> {
        let mut notes: Vec<String> = Vec::new();
        if self.more {
            notes.push(format!(
                "Everything is computed on the first {} of the table, which has more.",
                count(self.rows(), "row")
            ));
        }
        if self.empty > 0 {
            notes.push(format!(
                "Left out: {} without any value that the model uses.",
                count(self.empty, "row")
            ));
        }
        let target = model.target_name();
        match &self.right {
            None => notes.push(format!(
                "{table} has no column {target:?}: predictions are shown without a comparison."
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
        let kept: usize = self.weights.components.iter().flatten().map(Vec::len).sum();
        if kept < all {
            notes.push(format!("{} of {all} components have no weight; they are not drawn.", all - kept));
        }
        if model.saved().history().is_none() {
            notes.push(
                "The model does not store the progress of its training, because an older version trained it."
                    .into(),
            );
        }
        notes.into_iter().map(Text::from).collect()
    }
}
