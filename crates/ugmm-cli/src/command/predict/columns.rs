//! What is said of each row, column by column.

use crate::error::CliError;
use crate::row_output::{Column, Values};
use std::num::NonZeroUsize;
use ugmm_network::inspect::Absence;
use ugmm_tabular::{DateTarget, Predictions, TabularModel};

/// The quantiles of a number that are written.
pub(super) const QUANTILES: [(f64, &str); 3] = [(0.05, "5 %"), (0.5, "median"), (0.95, "95 %")];

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
            let distances = distances.into_iter().map(|distance| distance.min(f32::MAX.into()) as f32);
            columns.push(column("distance", numbers(distances)));
            columns.push(column("unusual", Values::Boolean(unusual.into_iter().map(Some).collect())));
        }
        if self.explained > 0 {
            columns.extend(self.explanation(inputs, &targets)?);
        }
        Ok((columns, count))
    }

    fn classes(&self, inputs: &[f32], classes: &[String]) -> Result<(Vec<Column>, Predictions), CliError> {
        let logs = self.model.log_probabilities(inputs)?;
        let decisions = self.model.decisions(&logs);
        let names = decisions.iter().map(|&class| Some(classes[class].clone())).collect();
        let predicted = format!("predicted {}", self.model.target_name());
        let mut columns = vec![column(&predicted, Values::Text(names))];
        for (class, name) in classes.iter().enumerate() {
            let of_class = logs.iter().skip(class).step_by(classes.len()).map(|log| log.exp());
            columns.push(column(&format!("probability of {name}"), numbers(of_class)));
        }
        // In natural units, from 0 for certainty to ln C.
        let entropy = |row: &[f32]| row.iter().map(|&log| -log * log.exp()).sum::<f32>().max(0.0);
        columns.push(column("entropy", numbers(logs.chunks(classes.len()).map(entropy))));
        Ok((columns, Predictions::Classes(decisions)))
    }

    fn numbers(&self, inputs: &[f32]) -> Result<(Vec<Column>, Predictions), CliError> {
        let densities = self.model.densities(inputs)?;
        let means: Vec<f64> = densities.iter().map(|density| density.mean()).collect();
        let predicted = format!("predicted {}", self.model.target_name());
        let deviations = densities.iter().map(|density| density.deviation());
        let date = self.model.target_date();
        let mut columns = vec![
            column(&predicted, numbers_or_dates(date, means.iter().copied())),
            column(deviation_name(date), exact(deviations)),
        ];
        for (probability, name) in QUANTILES {
            let quantiles = densities.iter().map(|density| density.quantile(probability));
            columns.push(column(name, numbers_or_dates(date, quantiles)));
        }
        Ok((columns, Predictions::Numbers(means)))
    }

    /// The columns that speak most for each row's prediction when it is compared with an average row, and their shares of all
    /// that does; of the columns of which the row has a value.
    fn explanation(&self, inputs: &[f32], targets: &Predictions) -> Result<Vec<Column>, CliError> {
        let contributions = self.model.contributions(inputs, targets, Absence::Baseline)?;
        let sources = self.model.preprocessor().source_columns();
        let mut ranked = vec![(Vec::new(), Vec::new()); self.explained];
        let rows = inputs.chunks(self.model.preprocessor().inputs());
        for (row, inputs) in contributions.chunks(self.sources.len()).zip(rows) {
            let mut is_known = vec![false; row.len()];
            sources.iter().zip(inputs).for_each(|(&source, input)| is_known[source] |= !input.is_nan());
            // Of a row far from all others a sum may be beyond f32.
            let all: f64 = row.iter().map(|value| f64::from(value.max(0.0))).sum();
            let mut order: Vec<usize> = (0..row.len()).filter(|&source| is_known[source]).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            for (rank, (names, values)) in ranked.iter_mut().enumerate() {
                let source = order.get(rank).copied();
                let share = |source: usize| f64::from(row[source].max(0.0)) / all.max(f64::MIN_POSITIVE);
                names.push(source.map(|source| self.sources[source].clone()));
                values.push(source.map(|source| share(source) as f32));
            }
        }
        let columns = ranked.into_iter().zip(1..).flat_map(|((names, values), rank)| {
            [
                column(&format!("reason {rank}"), Values::Text(names)),
                column(&format!("share of reason {rank}"), Values::Number(values)),
            ]
        });
        Ok(columns.collect())
    }
}

pub(super) fn column(name: &str, values: Values) -> Column {
    Column { name: name.to_owned(), values }
}

pub(super) fn numbers(values: impl IntoIterator<Item = f32>) -> Values {
    Values::Number(values.into_iter().map(Some).collect())
}

/// What a standard deviation is called.
pub(super) fn deviation_name(date: Option<DateTarget>) -> &'static str {
    if date.is_some() { "standard deviation in days" } else { "standard deviation" }
}

/// Numbers of the target, which may be days.
pub(super) fn numbers_or_dates(date: Option<DateTarget>, values: impl IntoIterator<Item = f64>) -> Values {
    match date {
        Some(date) => Values::dates(date, values),
        None => exact(values),
    }
}

pub(super) fn exact(values: impl IntoIterator<Item = f64>) -> Values {
    Values::Exact(values.into_iter().map(Some).collect())
}
