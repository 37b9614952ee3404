//! `ugmm predict`: predictions for the rows of a table, however many there are.

mod columns;
mod csv;
mod jsonl;
mod parquet;

use crate::arguments::{Common, Format, Predict};
use crate::error::CliError;
use crate::output::{check_not_mixed, check_outputs, count, write_json};
use columns::{Column, Maker, Values};
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::path::Path;
use ugmm::file::AtomicFile;
use ugmm_data::Encoded;
use ugmm_data::frame::ReadOptions;
use ugmm_tabular::{ModelReader, TabularModel};

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

/// Where rows go, in one of the formats.
trait RowWriter {
    /// Writes columns of the same length.
    fn write(&mut self, columns: &[Column]) -> Result<(), CliError>;
    /// Writes what is still to be written.
    fn finish(self: Box<Self>) -> Result<(), CliError>;
}

pub fn run(options: &Predict, common: &Common) -> Result<(), CliError> {
    check_not_mixed(options.output.as_deref(), common.json.as_deref())?;
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model, &options.data])?;
    let model = TabularModel::load(&options.model)?;
    let maker = Maker::new(&model, options.explain);
    let format = format(options)?;
    let read_options = ReadOptions { lenient: options.lenient, ..options.table.read_options() };
    let reader = ModelReader::open(&options.data, &model, false, &options.keep, &read_options)?;
    let mut file = options.output.as_deref().map(AtomicFile::create).transpose()?;
    let output: Box<dyn Write + Send + '_> = match &mut file {
        Some(file) => Box::new(BufWriter::new(file)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
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
    let written = (|| -> Result<(), CliError> {
        let mut writer: Box<dyn RowWriter> = match format {
            Format::Csv => Box::new(csv::Writer::new(output)),
            Format::Jsonl => Box::new(jsonl::Writer::new(output)),
            Format::Parquet => Box::new(parquet::Writer::new(output)),
        };
        for batch in reader {
            let batch = batch?;
            let (predicted, unusual) = maker.columns(&batch.inputs)?;
            let kept = options.keep.iter().zip(batch.kept);
            let kept = kept.map(|(name, texts)| Column { name: name.clone(), values: Values::Text(texts) });
            let predicted = predicted.into_iter().map(|column| column.spread_over(&batch.known));
            writer.write(&kept.chain(predicted).collect::<Vec<_>>())?;
            report.rows_without_values += batch.known.iter().filter(|known| !**known).count();
            let Encoded { missing, unseen } = batch.encoded;
            report.rows += batch.rows.len();
            report.missing_values += missing;
            report.unseen_categories += unseen;
            report.unusual_rows += unusual;
        }
        writer.finish()
    })();
    match written {
        // A reader of standard output that has gone (`| head`) is no error.
        Err(CliError::Output(error)) if error.kind() == ErrorKind::BrokenPipe && file.is_none() => {}
        written => written?,
    }
    file.map(AtomicFile::commit).transpose()?;
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    if !common.quiet {
        eprint!("{}", remarks(&report));
    }
    Ok(())
}

/// What is written: as asked for, or by the name of the output.
fn format(options: &Predict) -> Result<Format, CliError> {
    let ending = options.output.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    let format = match (options.format, ending.map(str::to_ascii_lowercase).as_deref()) {
        (Some(format), _) => format,
        (None, Some("jsonl" | "ndjson")) => Format::Jsonl,
        (None, Some("parquet")) => Format::Parquet,
        (None, None | Some("csv" | "txt")) => Format::Csv,
        (None, Some(_)) if options.output.as_deref().is_some_and(is_special) => Format::Csv,
        (None, Some(ending)) => {
            let reason = format!(".{ending} says nothing of it; name it csv, jsonl or parquet");
            return Err(CliError::Option { key: "--format", reason });
        }
    };
    if format == Format::Parquet && options.output.is_none() && std::io::stdout().is_terminal() {
        let reason = "Parquet is not for a terminal; name a file with -o".into();
        return Err(CliError::Option { key: "--format", reason });
    }
    Ok(format)
}

/// A device or a pipe, whose name says nothing of the format.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

fn remarks(report: &Report) -> String {
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
