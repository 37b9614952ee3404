//! The output columns of predictions.

use crate::error::CliError;
use crate::row_output::{Column, Values};
use ugmm_network::inspect::Absence;
use ugmm_report::six_digits;
use ugmm_tabular::column::EncodedRows;
use ugmm_tabular::distribution::{ClassPredictions, Predictions, central_tails};
use ugmm_tabular::{Conformal, DateTarget, Distribution, NetworkModel, TableModel};

/// Quantiles of a predicted number if none are requested.
const USUAL_QUANTILES: [f64; 3] = [0.05, 0.5, 0.95];

/// Between the classes of a set.
pub const SEPARATOR: &str = " | ";

/// A quantile in the output.
pub struct Quantile {
    pub name: String,
    probability: f64,
}

/// Sets of classes of one level in the output.
pub struct Sets {
    pub name: String,
    /// The largest score of each class.
    thresholds: Vec<f64>,
}

/// What the output has of a target besides the usual columns.
pub struct Asked {
    /// Quantiles of a number.
    pub quantiles: Vec<Quantile>,
    /// Sets of classes.
    pub sets: Vec<Sets>,
}

/// A share as in the name of a column.
fn percent(share: f64) -> String {
    let rounded = six_digits(100.0 * share);
    // No share between 0 and 1 is called by one of these.
    match rounded.parse() == Ok(0.0) || rounded.parse() == Ok(100.0) {
        true if share > 0.0 && share < 1.0 => format!("{} %", 100.0 * share),
        _ => format!("{rounded} %"),
    }
}

/// The sets of these levels.
pub fn sets(levels: &[f64], conformal: &Conformal) -> Vec<Sets> {
    let sets = |&level: &f64| Sets {
        name: format!("{} set", percent(level)),
        thresholds: conformal.thresholds(level),
    };
    levels.iter().map(sets).collect()
}

/// The quantiles of these probabilities, and then the ends of intervals, given by the coverage in their name and that of the
/// predicted distribution.
pub fn quantiles(probabilities: &[f64], intervals: &[(f64, f64)]) -> Vec<Quantile> {
    let probabilities = match probabilities.is_empty() && intervals.is_empty() {
        true => &USUAL_QUANTILES,
        false => probabilities,
    };
    let quantile = |&probability: &f64| {
        let name = if probability == 0.5 { "median".into() } else { percent(probability) };
        Quantile { name, probability }
    };
    let interval = |&(coverage, share): &(f64, f64)| {
        let name = percent(coverage);
        let [below, above] = central_tails(share);
        [
            Quantile { name: format!("{name} interval from"), probability: below },
            Quantile { name: format!("{name} interval to"), probability: above },
        ]
    };
    probabilities.iter().map(quantile).chain(intervals.iter().flat_map(interval)).collect()
}

/// The columns with predictions of the model's target.
pub fn of_target(model: &dyn TableModel, predictions: &Predictions, asked: &Asked) -> Vec<Column> {
    let predicted = format!("predicted {}", model.target_name().unwrap_or_default());
    match predictions {
        Predictions::Classes(found) => {
            of_classes(&predicted, &model.classes().unwrap_or_default(), found, &asked.sets)
        }
        Predictions::Numbers(found) => of_numbers(&predicted, model.target_date(), found, &asked.quantiles),
    }
}

fn of_classes(predicted: &str, classes: &[String], found: &ClassPredictions, sets: &[Sets]) -> Vec<Column> {
    let logs = &found.log_probabilities;
    let names = found.decisions.iter().map(|&class| Some(classes[class].clone())).collect();
    let mut columns = vec![column(predicted, Values::Text(names))];
    for (class, name) in classes.iter().enumerate() {
        let of_class = logs.iter().skip(class).step_by(classes.len()).map(|log| log.exp());
        columns.push(column(&format!("probability of {name}"), numbers(of_class)));
    }
    // Entropy in nats, from 0 (certain) to ln C.
    let entropy = |row: &[f32]| row.iter().map(|&log| -log * log.exp()).sum::<f32>().max(0.0);
    columns.push(column("entropy", numbers(logs.chunks(classes.len()).map(entropy))));
    for Sets { name, thresholds } in sets {
        let names = |set: &[bool]| -> Option<String> {
            let members = classes.iter().zip(set).filter(|(_, is_member)| **is_member);
            Some(members.map(|(class, _)| class.as_str()).collect::<Vec<_>>().join(SEPARATOR))
        };
        let sets = found.sets(thresholds);
        columns.push(column(name, Values::Text(sets.chunks(classes.len()).map(names).collect())));
    }
    columns
}

fn of_numbers(
    predicted: &str,
    date: Option<DateTarget>,
    found: &[Distribution],
    quantiles: &[Quantile],
) -> Vec<Column> {
    let number = |number: &dyn Fn(&Distribution) -> f64| -> Values {
        let values = found.iter().map(number);
        match date {
            Some(date) => Values::dates(date, values),
            None => exact(values),
        }
    };
    let deviation = if date.is_some() { "standard deviation in days" } else { "standard deviation" };
    let mut columns = vec![
        column(predicted, number(&Distribution::mean)),
        column(deviation, exact(found.iter().map(Distribution::deviation))),
    ];
    for Quantile { name, probability } in quantiles {
        columns.push(column(name, number(&|one| one.quantile(*probability))));
    }
    columns
}

/// The columns with the distance of rows with these inputs from the training rows, and the number of unusual
/// rows; no columns if the model does not store the distances.
pub fn of_novelty(model: &NetworkModel, inputs: &[f32]) -> (Vec<Column>, usize) {
    let Some(novelty) = model.novelty() else { return (Vec::new(), 0) };
    let rows = inputs.chunks(model.preprocessor().inputs());
    let distances: Vec<f64> = rows.map(|row| novelty.distance(row)).collect();
    let unusual: Vec<bool> = distances.iter().map(|&distance| novelty.is_beyond(distance)).collect();
    let count = unusual.iter().filter(|&&unusual| unusual).count();
    let distances = distances.into_iter().map(|distance| distance.min(f32::MAX.into()) as f32);
    let unusual = Values::Boolean(unusual.into_iter().map(Some).collect());
    (vec![column("distance", numbers(distances)), column("unusual", unusual)], count)
}

/// For each row, at most `most` columns with the largest contribution to the prediction compared with an
/// average row, and their fractions of the sum of all positive contributions. Columns whose value is missing
/// are not named.
pub fn of_reasons(
    model: &NetworkModel,
    inputs: &[f32],
    targets: &[f64],
    most: usize,
) -> Result<Vec<Column>, CliError> {
    let contributions = model.contributions(inputs, targets, Absence::Baseline)?;
    let sources = model.preprocessor().source_columns();
    let features = model.columns().len() - 1;
    let mut ranked = vec![(Vec::new(), Vec::new()); most.min(features)];
    let rows = inputs.chunks(model.preprocessor().inputs());
    for (row, inputs) in contributions.chunks(features).zip(rows) {
        let mut is_known = vec![false; row.len()];
        sources.iter().zip(inputs).for_each(|(&source, input)| is_known[source] |= !input.is_nan());
        // The sum may exceed f32 for an outlier.
        let all: f64 = row.iter().map(|value| f64::from(value.max(0.0))).sum();
        let mut order: Vec<usize> = (0..row.len()).filter(|&source| is_known[source]).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        for (rank, (names, values)) in ranked.iter_mut().enumerate() {
            let source = order.get(rank).copied();
            let share = |source: usize| f64::from(row[source].max(0.0)) / all.max(f64::MIN_POSITIVE);
            names.push(source.map(|source| model.columns()[source].name().to_owned()));
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

/// The column of the rows' log-likelihoods; minus infinity for a row with an impossible value.
pub fn of_log_likelihoods(log_likelihoods: Vec<f64>, rows: &EncodedRows) -> Column {
    let mut values: Vec<Option<f64>> = log_likelihoods.into_iter().map(Some).collect();
    rows.outside.iter().for_each(|outside| values[outside.row] = Some(f64::NEG_INFINITY));
    column("log-likelihood", Values::Exact(values))
}

fn column(name: &str, values: Values) -> Column {
    Column { name: name.to_owned(), values }
}

fn numbers(values: impl IntoIterator<Item = f32>) -> Values {
    Values::Number(values.into_iter().map(Some).collect())
}

fn exact(values: impl IntoIterator<Item = f64>) -> Values {
    Values::Exact(values.into_iter().map(Some).collect())
}
