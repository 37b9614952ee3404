//! One description of a trained model, complete enough to compute its predictions without this program. Every form
//! of export is made of it alone.
//!
//! Numbers of a table are `f64`; NaN is a missing value. A date is a number of days since 1970-01-01. A category or a
//! boolean is an index of a state, counted from 0.

mod circuit;
mod column;
mod network;

pub use circuit::{Circuit, CircuitTarget, MixtureUnit, Region, Variable};
pub use column::{Column, Kind, Level, States};
pub use network::{ClassHead, Encoding, Head, Layer, Linear, Mixture, Network, Norm, NumberHead, Scale};

use crate::error::ExportError;
use serde::Serialize;
use ugmm_tabular::{Engine, Needs, TableModel};

/// Probabilities of the quantiles of a number that every form computes.
pub const QUANTILES: [f64; 3] = [0.05, 0.5, 0.95];

/// A trained model of a table.
#[derive(Clone, Debug, Serialize)]
pub struct PortableModel {
    /// Version of the program that wrote the description.
    pub version: &'static str,
    /// What the model is, as names and values for people.
    pub card: Vec<(&'static str, String)>,
    /// The columns that a row has, in the model's order; the target is not among them.
    pub columns: Vec<Column>,
    /// The column that the model predicts.
    pub target: Option<Column>,
    /// Where the columns are in an image, if all of them are pixels of one.
    pub image: Option<Image>,
    /// The values that a row needs for a prediction.
    pub needs: RowNeeds,
    /// What computes predictions.
    pub body: Body,
}

/// The pixels of an image as columns.
#[derive(Clone, Debug, Serialize)]
pub struct Image {
    /// Height.
    pub rows: usize,
    /// Width.
    pub columns: usize,
    /// The place of each column in the image, row by row, counted from 0.
    pub places: Vec<usize>,
}

/// The values that a row needs for a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowNeeds {
    /// None.
    Nothing,
    /// The value of at least one column.
    OneValue,
    /// The values of all columns.
    EveryValue,
}

/// What computes predictions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A network that predicts the target.
    Network(Network),
    /// A density of all columns.
    Circuit(Circuit),
}

impl PortableModel {
    /// The description of a model.
    ///
    /// # Errors
    ///
    /// [`ExportError::Unable`] if the model was not trained on a table by this program.
    pub fn of(model: &dyn TableModel) -> Result<Self, ExportError> {
        let features = model.columns().len() - usize::from(model.has_target());
        let (body, engine, grid) = match Engine::of(model) {
            Engine::Network(network) => {
                (Body::Network(Network::of(network)?), "network", network.image_grid())
            }
            Engine::Density(density) => {
                (Body::Circuit(Circuit::of(density)?), "density", density.image_grid())
            }
        };
        let image = grid.map(|grid| Image {
            rows: grid.shape.rows,
            columns: grid.shape.columns,
            places: grid.places.iter().map(|(row, column)| row * grid.shape.columns + column).collect(),
        });
        let columns = model.columns()[..features].iter().map(Column::of).collect();
        let target = model.target_column().map(Column::of);
        let needs = match model.needs() {
            Needs::Nothing => RowNeeds::Nothing,
            Needs::OneValue => RowNeeds::OneValue,
            Needs::EveryValue(_) => RowNeeds::EveryValue,
        };
        let mut portable = Self {
            version: env!("CARGO_PKG_VERSION"),
            card: Vec::new(),
            columns,
            target,
            image,
            needs,
            body,
        };
        portable.card = portable.described(engine, model);
        Ok(portable)
    }

    /// Names of the predicted classes; `None` where no class is predicted.
    #[must_use]
    pub fn classes(&self) -> Option<&[String]> {
        match &self.body {
            Body::Network(network) => match &network.head {
                Head::Classes(head) => Some(&head.names),
                Head::Number(_) => None,
            },
            Body::Circuit(circuit) => match &circuit.target {
                Some(CircuitTarget::Classes { names }) => Some(names),
                _ => None,
            },
        }
    }

    /// The model card: what the model is and how it was trained.
    fn described(&self, engine: &str, model: &dyn TableModel) -> Vec<(&'static str, String)> {
        let mut card = vec![("program", format!("ugmm {}", self.version)), ("engine", engine.to_owned())];
        if let Some(target) = &self.target {
            let what = if self.classes().is_some() { "classes" } else { "a number" };
            card.push(("predicts", format!("{:?}, {what}", target.name)));
        }
        match Engine::of(model) {
            Engine::Network(network) => {
                let config = network.saved().model().config();
                let (inputs, outputs) = config.width();
                card.push(("network", format!("{inputs} inputs, {outputs} outputs")));
                card.push(("parameters", network.saved().model().parameter_count().to_string()));
                if let Some(temperature) = network.saved().temperature() {
                    card.push(("temperature", temperature.to_string()));
                }
                if let Some(spread) = network.saved().spread() {
                    card.push(("spread", spread.to_string()));
                }
            }
            Engine::Density(density) => {
                card.push(("training rows", density.learned().training_rows.to_string()));
                card.push(("parameters", density.circuit().parameters().to_string()));
            }
        }
        card
    }
}

/// log Σ e^value; −∞ if there is no other value.
pub(crate) fn log_sum_exp(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + values.map(|value| (value - largest).exp()).sum::<f64>().ln()
}
