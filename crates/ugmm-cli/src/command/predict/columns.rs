//! What is said of each row, column by column.

use crate::error::CliError;
use serde::Serialize;
use std::num::NonZeroUsize;
use ugmm::Targets;
use ugmm_tabular::TabularModel;

/// The quantiles of a number that are written.
const QUANTILES: [(f64, &str); 3] = [(0.05, "5 %"), (0.5, "median"), (0.95, "95 %")];

/// A column of the output.
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// The values of a column, one per row.
pub enum Values {
    Text(Vec<String>),
    Single(Vec<f32>),
    Double(Vec<f64>),
    Boolean(Vec<bool>),
}

/// One value.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    Text(&'a str),
    Single(f32),
    Double(f64),
    Boolean(bool),
}

impl Values {
    /// The value of a row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Text(values) => Cell::Text(&values[row]),
            Self::Single(values) => Cell::Single(values[row]),
            Self::Double(values) => Cell::Double(values[row]),
            Self::Boolean(values) => Cell::Boolean(values[row]),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Single(values) => values.len(),
            Self::Double(values) => values.len(),
            Self::Boolean(values) => values.len(),
        }
    }
}

/// Makes the columns of a model's predictions.
pub struct Maker<'m> {
    model: &'m TabularModel,
    /// How many columns of the table are named for each row.
    explained: usize,
    /// Names of the columns that predictions are made from.
    sources: Vec<String>,
}

impl<'m> Maker<'m> {
    pub fn new(model: &'m TabularModel, explain: Option<NonZeroUsize>) -> Self {
        let sources: Vec<String> =
            model.preprocessor().requests().into_iter().map(|request| request.name).collect();
        let explained = explain.map_or(0, NonZeroUsize::get).min(sources.len());
        Self { model, explained, sources }
    }

    /// The columns for some rows' inputs, and how many of the rows are unusual.
    pub fn columns(&self, inputs: &[f32]) -> Result<(Vec<Column>, usize), CliError> {
        let (mut columns, targets) = match self.model.classes() {
            [] => self.numbers(inputs)?,
            classes => self.classes(inputs, classes)?,
        };
        let width = self.model.preprocessor().inputs();
        let mut count = 0;
        if let Some(novelty) = self.model.novelty() {
            let distances: Vec<f64> = inputs.chunks(width).map(|row| novelty.distance(row)).collect();
            let unusual: Vec<bool> = distances.iter().map(|&distance| novelty.is_beyond(distance)).collect();
            count = unusual.iter().filter(|&&unusual| unusual).count();
            let distances = distances.into_iter().map(|distance| distance as f32).collect();
            columns.push(column("distance", Values::Single(distances)));
            columns.push(column("unusual", Values::Boolean(unusual)));
        }
        if self.explained > 0 {
            columns.extend(self.explanation(inputs, &targets)?);
        }
        Ok((columns, count))
    }

    fn classes(&self, inputs: &[f32], classes: &[String]) -> Result<(Vec<Column>, Targets), CliError> {
        let logs = self.model.log_probabilities(inputs)?;
        let decisions = self.model.decisions(&logs);
        let names = decisions.iter().map(|&class| classes[class].clone()).collect();
        let predicted = format!("predicted {}", self.model.target_name());
        let mut columns = vec![column(&predicted, Values::Text(names))];
        for (class, name) in classes.iter().enumerate() {
            let of_class = logs.iter().skip(class).step_by(classes.len()).map(|log| log.exp()).collect();
            columns.push(column(&format!("probability of {name}"), Values::Single(of_class)));
        }
        // In natural units, from 0 for certainty to ln C.
        let entropy = |row: &[f32]| row.iter().map(|&log| -log * log.exp()).sum::<f32>().max(0.0);
        columns.push(column("entropy", Values::Single(logs.chunks(classes.len()).map(entropy).collect())));
        Ok((columns, Targets::Classes(decisions)))
    }

    fn numbers(&self, inputs: &[f32]) -> Result<(Vec<Column>, Targets), CliError> {
        let densities = self.model.densities(inputs)?;
        let means: Vec<f64> = densities.iter().map(|density| density.mean()).collect();
        let targets = Targets::Numbers(means.iter().map(|&mean| mean as f32).collect());
        let deviations = densities.iter().map(|density| density.deviation()).collect();
        let predicted = format!("predicted {}", self.model.target_name());
        let mut columns = vec![
            column(&predicted, Values::Double(means)),
            column("standard deviation", Values::Double(deviations)),
        ];
        for (probability, name) in QUANTILES {
            let quantiles = densities.iter().map(|density| density.quantile(probability)).collect();
            columns.push(column(name, Values::Double(quantiles)));
        }
        Ok((columns, targets))
    }

    /// The columns most responsible for each row's prediction, most responsible first.
    fn explanation(&self, inputs: &[f32], targets: &Targets) -> Result<Vec<Column>, CliError> {
        let shares = self.model.responsibilities(inputs, targets)?;
        let mut ranked: Vec<(Vec<String>, Vec<f32>)> = vec![Default::default(); self.explained];
        for row in shares.chunks(self.sources.len()) {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            for ((names, values), source) in ranked.iter_mut().zip(order) {
                names.push(self.sources[source].clone());
                values.push(row[source]);
            }
        }
        let columns = ranked.into_iter().zip(1..).flat_map(|((names, values), rank)| {
            [
                column(&format!("reason {rank}"), Values::Text(names)),
                column(&format!("share of reason {rank}"), Values::Single(values)),
            ]
        });
        Ok(columns.collect())
    }
}

fn column(name: &str, values: Values) -> Column {
    Column { name: name.to_owned(), values }
}
