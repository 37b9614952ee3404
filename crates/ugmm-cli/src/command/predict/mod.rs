//! `ugmm predict`: predictions for the rows of a table of any size.

mod columns;

use crate::arguments::{Common, Predict};
use crate::error::CliError;
use crate::output::{check_not_mixed, check_outputs, count, write_json};
use crate::row_output::{Column, Values, format_of, write_rows};
use crate::table::reading_doubts;
use columns::{Asked, Quantile, Sets};
use serde::Serialize;
use std::collections::HashSet;
use std::num::NonZeroUsize;
use ugmm_data::frame::{UnseenValues, ValueType};
use ugmm_table_report::met::{Met, outside_examples};
use ugmm_tabular::read::{Batch, ReadTarget, TableReader};
use ugmm_tabular::{Device, Engine, TableModel, TabularError};

#[derive(Serialize)]
struct Report<'a> {
    target: Option<&'a str>,
    classes: Vec<String>,
    #[serde(flatten)]
    met: Met,
    /// Number of rows without a prediction, because they have no value that the model uses.
    rows_without_values: usize,
    /// Number of rows that are unlike the training rows.
    unusual_rows: usize,
}

pub fn run(options: &Predict, device: &Device, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.rows.output.as_deref(), common.json.as_deref())?;
    check_outputs(
        &[options.rows.output.as_deref(), common.json.as_deref()],
        &[&options.model, &options.data],
    )?;
    let model = ugmm_tabular::load(&options.model, device)?;
    let model = model.as_ref();
    if let Engine::Density(_) = Engine::of(model) {
        options.device.refuse_for_densities()?;
        if options.explain.is_some() {
            let reason =
                "reasons are those of networks; ugmm score names the column of a row that surprises most"
                    .into();
            return Err(CliError::Option { key: "--explain", reason });
        }
    }
    let asked = Asked { quantiles: quantiles(options, model)?, sets: sets(options, model)? };
    let format = format_of(options.rows.format, options.rows.output.as_deref())?;
    let (keep, read_options) = (&options.rows.keep, options.rows.read_options(&options.table));
    let mut reader = TableReader::open(&options.data, model, ReadTarget::No, keep, &read_options)?;
    let types = reader.kept_types();
    let mut report = Report {
        target: model.target_name(),
        classes: model.classes().unwrap_or_default(),
        met: Met::default(),
        rows_without_values: 0,
        unusual_rows: 0,
    };
    let mut examples = Vec::new();
    let most_reasons = options.explain.map_or(0, NonZeroUsize::get);
    write_rows(options.rows.output.as_deref(), format, |writer| {
        for batch in reader.by_ref() {
            let batch = batch?;
            report.met.add(&batch);
            outside_examples(model, &batch, &mut examples);
            let predicted = predicted(model, &batch, &asked, most_reasons, &mut report)?;
            let columns = kept(keep, &types, batch.kept).chain(predicted);
            writer.write(&columns.collect::<Vec<_>>())?;
        }
        Ok(())
    })?;
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    if !common.quiet {
        eprint!("{}", remarks(model, &report, &examples, &reader.unseen()));
        eprint!("{}", reading_doubts(&reader.doubts()));
    }
    Ok(())
}

/// The requested quantiles of a predicted number.
///
/// # Errors
///
/// Returns an error if the model predicts no number, or if two of them would have one name.
fn quantiles(options: &Predict, model: &dyn TableModel) -> Result<Vec<Quantile>, CliError> {
    let given = [("--quantiles", &options.quantiles), ("--interval", &options.interval)];
    if let Some((key, _)) = given.into_iter().find(|(_, values)| !values.is_empty())
        && (!model.has_target() || model.classes().is_some())
    {
        let what = if model.has_target() { "classes" } else { "no column" };
        let reason = format!("quantiles are those of a predicted number, and the model predicts {what}");
        return Err(CliError::Option { key, reason });
    }
    let shares: Vec<(f64, f64)> = options
        .interval
        .iter()
        .map(|&coverage| Ok((coverage, model.interval_share(coverage)?)))
        .collect::<Result<_, TabularError>>()
        .map_err(|error| CliError::Option { key: "--interval", reason: error.to_string() })?;
    let quantiles = columns::quantiles(&options.quantiles, &shares);
    let key = |name: &str| if name.contains("interval") { "--interval" } else { "--quantiles" };
    check_names(quantiles.iter().map(|quantile| quantile.name.as_str()), key)?;
    Ok(quantiles)
}

/// Fails with an error if two columns would have one name; `key` is the option of a name.
fn check_names<'n>(
    mut names: impl Iterator<Item = &'n str>,
    key: impl Fn(&str) -> &'static str,
) -> Result<(), CliError> {
    let mut met = HashSet::new();
    match names.find(|name| !met.insert(*name)) {
        Some(name) => {
            let reason = format!("two columns would be called {name:?}; leave one out");
            Err(CliError::Option { key: key(name), reason })
        }
        None => Ok(()),
    }
}

/// The requested sets of classes.
///
/// # Errors
///
/// Returns an error if the model predicts no classes or was trained without calibration rows, or if two columns would have one
/// name.
fn sets(options: &Predict, model: &dyn TableModel) -> Result<Vec<Sets>, CliError> {
    let refused = |reason: &str| CliError::Option { key: "--sets", reason: reason.to_owned() };
    if options.sets.is_empty() {
        return Ok(Vec::new());
    }
    if model.classes().is_none() {
        return Err(refused("sets are those of predicted classes; of a predicted number: --interval"));
    }
    let Some(conformal) = model.conformal() else {
        let reason = "the model has no calibration rows; networks have them after training with --conformal, until they are pruned";
        return Err(refused(reason));
    };
    if let Some(class) = model.classes().iter().flatten().find(|class| class.contains(columns::SEPARATOR)) {
        let reason = format!(
            "the class {class:?} contains {:?}, which separates the classes of a set",
            columns::SEPARATOR
        );
        return Err(CliError::Option { key: "--sets", reason });
    }
    let sets = columns::sets(&options.sets, conformal);
    check_names(sets.iter().map(|sets| sets.name.as_str()), |_| "--sets")?;
    Ok(sets)
}

/// The output columns for a batch; empty in rows that cannot be predicted.
fn predicted(
    model: &dyn TableModel,
    batch: &Batch,
    asked: &Asked,
    most_reasons: usize,
    report: &mut Report,
) -> Result<Vec<Column>, CliError> {
    let known: Vec<bool> = batch.iter().map(|row| model.is_predictable(row)).collect();
    report.rows_without_values += known.iter().filter(|known| !**known).count();
    let rows: Vec<f64> =
        batch.iter().zip(&known).filter(|(_, known)| **known).flat_map(|(row, _)| row).copied().collect();
    let mut columns = match Engine::of(model) {
        Engine::Network(network) => {
            let inputs = network.features(&rows);
            let predictions = network.predicted(&inputs)?;
            let mut columns = columns::of_target(model, &predictions, asked);
            let (novelty, unusual) = columns::of_novelty(network, &inputs);
            report.unusual_rows += unusual;
            columns.extend(novelty);
            if most_reasons > 0 {
                columns.extend(columns::of_reasons(network, &inputs, &predictions.values(), most_reasons)?);
            }
            columns
        }
        Engine::Density(density) => {
            let mut columns = match model.has_target() {
                true => columns::of_target(model, &model.predict(&rows)?, asked),
                false => Vec::new(),
            };
            columns.push(columns::of_log_likelihoods(density.log_likelihood(&rows)?, &batch.rows));
            columns
        }
    };
    if known.contains(&false) {
        columns = columns.into_iter().map(|column| column.spread_over(&known)).collect();
    }
    Ok(columns)
}

/// Columns of the table that are copied to the output.
pub fn kept(
    names: &[String],
    types: &[ValueType],
    columns: Vec<Vec<Option<String>>>,
) -> impl Iterator<Item = Column> {
    let column = move |((name, value_type), texts): ((&String, &ValueType), _)| Column {
        name: name.clone(),
        values: Values::Typed(value_type.clone(), texts),
    };
    names.iter().zip(types).zip(columns).map(column)
}

fn remarks(model: &dyn TableModel, report: &Report, examples: &[String], unseen: &[UnseenValues]) -> String {
    let mut text = String::new();
    let &Report { met, rows_without_values, unusual_rows, .. } = report;
    if rows_without_values > 0 {
        text += &format!(
            "{} without any value that the model uses; the prediction is empty\n",
            count(rows_without_values, "row")
        );
    }
    let doing = if model.has_target() { "the rows were predicted from the others" } else { "integrated out" };
    text += &met.remarks(model, Some(doing), examples, unseen);
    // One unusual row in a hundred is expected.
    if unusual_rows * 50 > met.rows {
        text += &format!(
            "unlike the training rows: {unusual_rows} of {}; their predictions may be wrong\n",
            count(met.rows, "row")
        );
    }
    if !model.has_target() && met.outside_values > 0 {
        let rows = count(met.rows_with_outside_values, "row");
        text += &format!("the log-likelihood of {rows} is minus infinity, written as -inf (JSON has null)\n");
    }
    text
}
