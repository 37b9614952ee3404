//! `ugmm certify`: whether a small change of a row can change its class.

use crate::arguments::{Certify, Common};
use crate::error::CliError;
use crate::known::names;
use crate::output::{check_outputs, count, percent, print, six_digits, table, write_json};
use serde::Serialize;
use std::io::IsTerminal;
use std::time::Instant;
use ugmm_network::Model;
use ugmm_network::verification::robustness::Verdict;
use ugmm_tabular::read::{ReadTarget, TableReader};
use ugmm_tabular::{Device, Engine, NetworkModel, TableModel};

/// Number of rows certified between two checks of the time limit.
const BATCH: usize = 64;
/// Largest number of columns of a counter-example that are printed: those that changed most.
const MOST_COLUMNS: usize = 5;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    model: &'static str,
    epsilon: f64,
    rows: usize,
    /// Fraction of the rows that are classified correctly.
    accuracy: f64,
    proved: usize,
    disproved: usize,
    undecided: usize,
    /// Number of rows that interval bounds alone prove, without linear bounds and splitting.
    proved_by_intervals: usize,
    /// Fraction of all rows that are classified correctly and proved.
    certified_accuracy: f64,
    rows_left_out: usize,
    counter_examples: Vec<CounterExample>,
    seconds: f64,
}

#[derive(Serialize)]
struct CounterExample {
    /// Number of the row in the file.
    row: usize,
    predicted: String,
    becomes: String,
    /// Name, value in the row and value in the counter-example, in the data's units; largest changes first.
    changes: Vec<(String, f64, f64)>,
}

pub fn run(options: &Certify, common: &Common) -> Result<(), CliError> {
    check_outputs(&[common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let model = Engine::of(&*model).network(&options.model, "ugmm certify")?;
    let start = Instant::now();
    let kind = match model.saved().model() {
        Model::Ugmm(_) => "ugmm",
        Model::Mlp(_) => "mlp",
    };
    let mut report = Report {
        target: model.target_name(),
        model: kind,
        epsilon: options.epsilon,
        rows: 0,
        accuracy: 0.0,
        proved: 0,
        disproved: 0,
        undecided: 0,
        proved_by_intervals: 0,
        certified_accuracy: 0.0,
        rows_left_out: 0,
        counter_examples: Vec::new(),
        seconds: 0.0,
    };
    let movable = movable(model, &options.keep)?;
    let (mut right, mut right_and_proved) = (0usize, 0usize);
    let most = options.rows.map_or(usize::MAX, usize::from);
    let width = model.preprocessor().inputs();
    let is_shown = !common.quiet && std::io::stderr().is_terminal();
    // A model of numbers fails with an error at the first rows.
    let target = if model.classes().is_empty() { ReadTarget::No } else { ReadTarget::Yes };
    let read_options = options.table.read_options();
    'reading: for batch in TableReader::open(&options.data, model, target, &[], &read_options)? {
        let batch = batch?;
        let known = (0..batch.places.len()).filter(|&place| model.is_predictable(batch.row(place)));
        let known: Vec<usize> = known.collect();
        report.rows_left_out += batch.places.len() - known.len();
        for places in known.chunks(BATCH) {
            let places = &places[..places.len().min(most - report.rows)];
            let rows: Vec<f64> = places.iter().flat_map(|&place| batch.row(place)).copied().collect();
            let inputs = model.features(&rows);
            let boxes = options.boxes.get();
            let certificates =
                model.certify(&inputs, options.epsilon, &movable, boxes, options.attack_steps)?;
            for ((&place, row), certificate) in places.iter().zip(inputs.chunks(width)).zip(certificates) {
                let is_right = batch.row(place).last() == Some(&(certificate.class as f64));
                right += usize::from(is_right);
                report.proved_by_intervals += usize::from(certificate.by_intervals);
                match certificate.verdict {
                    Verdict::Proved => {
                        report.proved += 1;
                        right_and_proved += usize::from(is_right);
                    }
                    Verdict::Undecided => report.undecided += 1,
                    Verdict::Disproved { example, class } => {
                        report.disproved += 1;
                        report.counter_examples.push(CounterExample {
                            row: batch.places[place],
                            predicted: model.classes()[certificate.class].clone(),
                            becomes: model.classes()[class].clone(),
                            changes: changes(model, row, &example),
                        });
                    }
                }
            }
            report.rows += places.len();
            if is_shown {
                eprint!("\r{}, {} proved", count(report.rows, "row"), report.proved);
            }
            if report.rows >= most {
                break 'reading;
            }
        }
    }
    if is_shown {
        eprint!("\r\x1b[K");
    }
    if report.rows == 0 {
        let (path, target) = (options.data.clone(), model.target_name().into());
        return Err(CliError::NothingToLookAt { path, target });
    }
    report.accuracy = right as f64 / report.rows as f64;
    report.certified_accuracy = right_and_proved as f64 / report.rows as f64;
    report.seconds = start.elapsed().as_secs_f64();
    write_json(common.json.as_deref(), "ugmm/certify", &report)?;
    if common.quiet { Ok(()) } else { print(&text(&report, model, options)) }
}

/// Which of the network's inputs may change: those of numbers, except of the columns `kept`.
fn movable(model: &NetworkModel, kept: &[String]) -> Result<Vec<bool>, CliError> {
    let mut movable = model.movable_inputs();
    for name in names(kept, |name| model.columns().iter().any(|known| known.name() == name))? {
        let inputs = model.inputs_of(model.index_of(&name)?);
        // The inputs of the target come after those of the features.
        movable.iter_mut().take(inputs.end).skip(inputs.start).for_each(|moves| *moves = false);
    }
    Ok(movable)
}

/// The columns that differ in a counter-example, in the table's units.
fn changes(model: &NetworkModel, row: &[f32], example: &[f32]) -> Vec<(String, f64, f64)> {
    let mut moved: Vec<usize> =
        (0..row.len()).filter(|&k| row[k] != example[k] && !row[k].is_nan()).collect();
    moved.sort_by(|&a, &b| (example[b] - row[b]).abs().total_cmp(&(example[a] - row[a]).abs()));
    let sources = model.preprocessor().source_columns();
    let units = |k: usize, value: f32| {
        model.preprocessor().to_data_units(k, value.into()).unwrap_or_else(|| value.into())
    };
    let name = |k: usize| model.columns()[sources[k]].name().to_owned();
    moved.into_iter().map(|k| (name(k), units(k, row[k]), units(k, example[k]))).collect()
}

fn text(report: &Report, model: &NetworkModel, options: &Certify) -> String {
    let share = |rows: usize| format!("{} %", percent(rows as f64 / report.rows as f64, 2));
    let mut text = format!(
        "{}, {} predicted {} % right; every number moved by up to {} of the network's units\n\n",
        count(report.rows, "row"),
        report.target,
        percent(report.accuracy, 2),
        options.epsilon
    );
    let line = |what: &str, rows: usize| vec![what.to_owned(), rows.to_string(), share(rows)];
    text += &table(&[
        vec!["".into(), "rows".into(), "share".into()],
        line("proved: no class changes", report.proved),
        line("  by intervals alone", report.proved_by_intervals),
        line("disproved by a counter-example", report.disproved),
        line("undecided", report.undecided),
    ]);
    text += &format!("\nright and proved: {} %\n", percent(report.certified_accuracy, 2));
    if report.model == "mlp" {
        text += "feed-forward networks are bounded by intervals only\n";
    }
    for example in report.counter_examples.iter().take(options.examples) {
        let change = |(name, from, to): &(String, f64, f64)| {
            let column = model.columns().iter().find(|column| column.name() == name);
            let number = |number: f64| column.map_or_else(|| six_digits(number), |one| one.fine_text(number));
            format!("{name} {} → {}", number(*from), number(*to))
        };
        let changes: Vec<String> = example.changes.iter().take(MOST_COLUMNS).map(change).collect();
        let more = match example.changes.len().saturating_sub(MOST_COLUMNS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let CounterExample { row, predicted, becomes, .. } = example;
        text += &format!("row {row}: {predicted} becomes {becomes} with {}{more}\n", changes.join(", "));
    }
    text
}
