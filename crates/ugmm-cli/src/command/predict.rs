//! `ugmm predict`: classes and their probabilities for the rows of a table, however many there are.

use crate::arguments::{Common, Predict};
use crate::error::CliError;
use crate::output::{check_outputs, write_json};
use crate::table::ModelReader;
use serde::Serialize;
use std::io::{BufWriter, ErrorKind, Write};
use ugmm::file::AtomicFile;
use ugmm::metrics::most_probable;
use ugmm::model_file::{Columns, SavedModel};
use ugmm_data::Encoded;

#[derive(Serialize)]
struct Report<'a> {
    target: &'a str,
    classes: &'a [String],
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    class: &'a str,
    /// In the order of the classes.
    probabilities: Vec<f32>,
}

pub fn run(options: &Predict, common: &Common) -> Result<(), CliError> {
    check_outputs(&[options.output.as_deref(), common.json.as_deref()], &[&options.model, &options.data])?;
    let device = burn::tensor::Device::flex();
    let saved = SavedModel::load(&options.model, &device)?;
    let Columns { target, classes, .. } = &saved.columns;
    let reader =
        ModelReader::open(&options.data, &options.model, &saved, false, &options.table.read_options())?;
    let mut file = options.output.as_deref().map(AtomicFile::create).transpose()?;
    let output: Box<dyn Write + '_> = match &mut file {
        Some(file) => Box::new(BufWriter::new(file)),
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    let mut writer = csv::Writer::from_writer(output);
    let mut report = Report { target, classes, rows: Vec::new() };
    let mut encoded = Encoded::default();
    let written = (|| -> Result<(), CliError> {
        write(&mut writer, header(target, classes))?;
        for batch in reader {
            let batch = batch?;
            encoded += batch.encoded;
            for probabilities in saved.class_probabilities(&batch.features, &device)?.chunks(classes.len()) {
                let class = &classes[most_probable(probabilities)];
                let numbers = probabilities.iter().map(f32::to_string);
                write(&mut writer, std::iter::once(class.clone()).chain(numbers))?;
                // The rows are kept only for the JSON file.
                if common.json.is_some() {
                    report.rows.push(Row { class, probabilities: probabilities.to_vec() });
                }
            }
        }
        Ok(writer.flush()?)
    })();
    drop(writer);
    match written {
        // A reader of standard output that has gone (`| head`) is no error.
        Err(CliError::Output(error)) if error.kind() == ErrorKind::BrokenPipe && file.is_none() => {}
        written => written?,
    }
    file.map(AtomicFile::commit).transpose()?;
    write_json(common.json.as_deref(), "ugmm/predict", &report)?;
    let Encoded { missing, unseen } = encoded;
    if missing > 0 {
        eprintln!("{missing} values were missing; the rows were predicted from the others");
    }
    if unseen > 0 {
        eprintln!("{unseen} values are categories that training did not have; they were taken as missing");
    }
    Ok(())
}

/// The predicted class, and the probability of every class.
fn header<'a>(target: &str, classes: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let first = format!("predicted {target}");
    std::iter::once(first).chain(classes.iter().map(|class| format!("probability of {class}")))
}

fn write<W: Write>(
    writer: &mut csv::Writer<W>,
    record: impl IntoIterator<Item = String>,
) -> Result<(), CliError> {
    writer.write_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => CliError::Output(error),
        other => CliError::Output(std::io::Error::other(format!("{other:?}"))),
    })
}
