//! `ugmm predict`: predictions for the rows of a table, however many there are.

mod columns;
mod density;

use crate::arguments::{Common, Predict};
use crate::error::CliError;
use crate::output::{check_not_mixed, check_outputs, count, write_json};
use crate::row_output::{Column, Values, format_of, write_rows};
use crate::unseen::lines;
use columns::Maker;
use serde::Serialize;
use ugmm_data::Encoded;
use ugmm_data::frame::{UnseenValues, ValueType};
use ugmm_tabular::{AnyModel, ModelReader};

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    classes: &'a [String],
    rows: usize,
    /// Rows that have no prediction, because nothing is known of them.
    rows_without_values: usize,
    missing_values: usize,
    unseen_categories: usize,
    unusual_rows: usize,
}

pub fn run(options: &Predict, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.rows.output.as_deref(), common.json.as_deref())?;
    check_outputs(
        &[options.rows.output.as_deref(), common.json.as_deref()],
        &[&options.model, &options.data],
    )?;
    let model = match AnyModel::load(&options.model)? {
        AnyModel::Network(model) => model,
        AnyModel::Density(model) => {
            options.device.refuse_for_densities()?;
            return density::run(&model, options, common);
        }
    };
    let maker = Maker::new(&model, options.explain);
    let format = format_of(options.rows.format, options.rows.output.as_deref())?;
    let read_options = options.rows.read_options(&options.table);
    let mut reader = ModelReader::open(&options.data, &model, false, &options.rows.keep, &read_options)?;
    let types = reader.kept_types();
    let (classes, target) = (model.classes(), model.target_name());
    let mut report = Report {
        target,
        classes,
        rows: 0,
        rows_without_values: 0,
        missing_values: 0,
        unseen_categories: 0,
        unusual_rows: 0,
    };
    write_rows(options.rows.output.as_deref(), format, |writer| {
        for batch in reader.by_ref() {
            let batch = batch?;
            let (predicted, unusual) = maker.columns(&batch.inputs)?;
            let predicted = predicted.into_iter().map(|column| column.spread_over(&batch.known));
            writer
                .write(&kept(&options.rows.keep, &types, batch.kept).chain(predicted).collect::<Vec<_>>())?;
            report.rows_without_values += batch.known.iter().filter(|known| !**known).count();
            let Encoded { missing, unseen } = batch.encoded;
            report.rows += batch.rows.len();
            report.missing_values += missing;
            report.unseen_categories += unseen;
            report.unusual_rows += unusual;
        }
        Ok(())
    })?;
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    if !common.quiet {
        eprint!("{}", remarks(&report, &reader.unseen()));
        eprint!("{}", crate::table::reading_doubts(&reader.doubts()));
    }
    Ok(())
}

/// Columns of the table that are passed on.
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

fn remarks(report: &Report, unseen: &[UnseenValues]) -> String {
    let mut text = String::new();
    let &Report { rows, rows_without_values, missing_values, unseen_categories, unusual_rows, .. } = report;
    if rows_without_values > 0 {
        text += &format!(
            "{} without any value that the model looks at; there the prediction is empty\n",
            count(rows_without_values, "row")
        );
    }
    if missing_values > 0 {
        text += &format!(
            "missing: {}; the rows were predicted from the others\n",
            count(missing_values, "value")
        );
    }
    if unseen_categories > 0 {
        text += &format!(
            "categories that training did not have: {}; taken as rare ones, or as missing where training had no rare \
             ones\n",
            count(unseen_categories, "value")
        );
        text += &lines(unseen);
    }
    // One in a hundred is to be expected.
    if unusual_rows * 50 > rows {
        text += &format!(
            "unlike what the model learned from: {unusual_rows} of {}; be careful with these\n",
            count(rows, "row")
        );
    }
    text
}
