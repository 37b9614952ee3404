//! `ugmm score`: log-likelihoods of the rows of a table, and their most surprising values.

use crate::arguments::{Common, Score};
use crate::error::CliError;
use crate::output::{check_not_mixed, check_outputs, count, log_likelihood, write_json};
use crate::row_output::{Column, Values, format_of, write_rows};
use serde::Serialize;
use ugmm_data::frame::UnseenValues;
use ugmm_table_report::expected_text;
use ugmm_table_report::met::{Met, outside_examples};
use ugmm_tabular::density::{Surprise, UNLIKELY, UsualRows};
use ugmm_tabular::distribution::LogLikelihoodMeasures;
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{DensityModel, Device, Engine, TableModel};

/// Text for a level that training had in few rows or not at all.
const RARE: &str = "rare or not seen";

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    met: Met,
    /// Whether the table's target was read; it is then part of the log-likelihood.
    with_target: bool,
    log_likelihood: LogLikelihoodMeasures,
    /// Number of rows with a lower log-likelihood than 99 % of the usual rows.
    unlikely_rows: usize,
    /// Number of rows with missing values, which are compared with draws from the model.
    rows_compared_with_draws: usize,
}

pub fn run(options: &Score, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.rows.output.as_deref(), common.json.as_deref())?;
    check_outputs(
        &[options.rows.output.as_deref(), common.json.as_deref()],
        &[&options.model, &options.data],
    )?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = Engine::of(&*model).density(&options.model, "ugmm score")?;
    let format = format_of(options.rows.format, options.rows.output.as_deref())?;
    let read_options = options.rows.read_options(&options.table);
    let keep = &options.rows.keep;
    let mut reader = TableReader::open(&options.data, model, ReadTarget::IfThere, keep, &read_options)?;
    let with_target = reader.has_target();
    let types = reader.kept_types();
    let (mut met, mut examples) = (Met::default(), Vec::new());
    let (mut log_likelihoods, mut unlikely_rows, mut with_draws) = (Vec::new(), 0, 0);
    write_rows(options.rows.output.as_deref(), format, |writer| {
        for batch in reader.by_ref() {
            let batch = batch?;
            met.add(&batch);
            outside_examples(model, &batch, &mut examples);
            let surprises = model.surprises(&batch.rows)?;
            log_likelihoods.extend(surprises.iter().map(|surprise| surprise.log_likelihood));
            unlikely_rows += surprises.iter().filter(|surprise| surprise.share_at_most < UNLIKELY).count();
            with_draws += surprises.iter().filter(|surprise| surprise.usual_rows == UsualRows::Drawn).count();
            let values = |place: usize, column: usize| {
                let value = batch.row(place)[column];
                match value.is_nan() {
                    true => "outside".to_owned(),
                    false => model.columns()[column].cell(value).unwrap_or_else(|| RARE.to_owned()),
                }
            };
            let columns = columns(model, &surprises, values);
            let kept = super::predict::kept(keep, &types, batch.kept.clone());
            writer.write(&kept.chain(columns).collect::<Vec<_>>())?;
        }
        Ok(())
    })?;
    let log_likelihood = LogLikelihoodMeasures::of(&log_likelihoods, None);
    let report =
        Report { met, with_target, log_likelihood, unlikely_rows, rows_compared_with_draws: with_draws };
    write_json(common.json.as_deref(), "ugmm/score", &report)?;
    if !common.quiet {
        eprint!("{}", remarks(&report, model, &examples, &reader.unseen()));
        eprint!("{}", crate::table::reading_doubts(&reader.doubts()));
    }
    Ok(())
}

/// The output columns; `value` returns the text of a column of a row.
fn columns(
    model: &DensityModel,
    surprises: &[Surprise],
    value: impl Fn(usize, usize) -> String,
) -> Vec<Column> {
    let column = |name: &str, values| Column { name: name.to_owned(), values };
    let named = |text: &dyn Fn(usize, &Surprise) -> Option<String>| {
        Values::Text(surprises.iter().enumerate().map(|(place, surprise)| text(place, surprise)).collect())
    };
    let number =
        |number: &dyn Fn(&Surprise) -> Option<f64>| Values::Exact(surprises.iter().map(number).collect());
    vec![
        column("log-likelihood", number(&|surprise| Some(surprise.log_likelihood))),
        column("share of rows as likely or less", number(&|surprise| Some(surprise.share_at_most))),
        column(
            "most surprising",
            named(&|_, surprise| {
                surprise.column.as_ref().map(|found| model.columns()[found.column].name().to_owned())
            }),
        ),
        column(
            "its value",
            named(&|place, surprise| surprise.column.as_ref().map(|found| value(place, found.column))),
        ),
        column(
            "expected",
            named(&|_, surprise| {
                let found = surprise.column.as_ref()?;
                Some(expected_text(&model.columns()[found.column], &found.expected))
            }),
        ),
        column("surprise", number(&|surprise| surprise.column.as_ref().map(|found| found.nats))),
    ]
}

fn remarks(report: &Report, model: &DensityModel, examples: &[String], unseen: &[UnseenValues]) -> String {
    let rows = report.log_likelihood.rows;
    let without = match (model.target_name(), report.with_target) {
        (Some(target), false) => format!(" (without {target:?}, which the table does not have)"),
        _ => String::new(),
    };
    let mut text = report.met.remarks(model, Some("integrated out"), examples, unseen);
    text += &format!("{}{}{without}\n", count(rows, "row"), log_likelihood(&report.log_likelihood));
    let of_training = if model.learned().validation_rows > 0 { "held-out rows" } else { "training rows" };
    let drawn = "draws from the model over the same columns";
    let usual = match report.rows_compared_with_draws {
        0 => of_training.to_owned(),
        all if all == rows => drawn.to_owned(),
        some => format!("{of_training} ({} with missing values: {drawn})", count(some, "row")),
    };
    text += &format!(
        "less likely than 99 % of {usual}: {} of {} (1 % is expected of similar rows)\n",
        report.unlikely_rows,
        count(rows, "row")
    );
    text
}
