//! `ugmm report`: writes the page or the figures about a model that the crate ugmm-table-report makes.

use crate::arguments::{Common, Report as Options, ReportFormat};
use crate::error::CliError;
use crate::output::{check_outputs, count, print, write_json};
use serde::Serialize;
use std::path::{Path, PathBuf};
use ugmm_network::UgmmError;
use ugmm_network::file::write_atomically;
use ugmm_report::{Figure, Text, png, svg};
use ugmm_table_report::{ModelReport, ReportOptions};
use ugmm_tabular::Device;

/// Width of a figure in CSS pixels.
const WIDTH: f64 = 720.0;
/// Number of pixels of an image file for each CSS pixel.
const SCALE: f32 = 2.0;

/// The JSON output.
#[derive(Serialize)]
struct Written<'a> {
    rows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    neurons: Option<usize>,
    notes: &'a [Text],
    files: Vec<PathBuf>,
}

pub fn run(options: &Options, common: &Common) -> Result<(), CliError> {
    let is_page = options.format == ReportFormat::Html;
    let page_file = is_page.then_some(options.output.as_path());
    check_outputs(&[page_file, common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    let content = ReportOptions {
        model: &file_name(&options.model),
        table: &file_name(&options.data),
        most_rows: options.rows.get(),
        rows: &options.show,
        neurons: &options.neurons,
        reading: &options.table.read_options(),
    };
    let mut report = ModelReport::of(&*model, &options.data, &content)
        .map_err(|error| CliError::of_report(&options.data, error))?;
    let (files, bytes) = match options.format {
        ReportFormat::Html => {
            let page = report.page();
            write_atomically(&options.output, page.as_bytes())?;
            (vec![options.output.clone()], page.len())
        }
        ReportFormat::Svg | ReportFormat::Png => write_figures(&report.figures(), options)?,
    };
    let text = format!(
        "{}: {}, {} kB; computed on {} of {}{}\n{}",
        options.output.display(),
        if is_page { "one page".into() } else { count(files.len(), "figure") },
        bytes / 1000,
        count(report.rows(), "row"),
        options.data.display(),
        if report.rows() == options.rows.get() { " (the most that --rows allows)" } else { "" },
        report.notes().iter().map(|note| format!("{note}\n")).collect::<String>()
    );
    let (rows, neurons, notes) = (report.rows(), report.neurons(), report.notes());
    write_json(common.json.as_deref(), "ugmm/report", &Written { rows, neurons, notes, files })?;
    if common.quiet { Ok(()) } else { print(&text) }
}

/// The name of a file without its folder.
fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Writes one file for each figure; returns the files and their total size in bytes.
fn write_figures(figures: &[Figure], options: &Options) -> Result<(Vec<PathBuf>, usize), CliError> {
    std::fs::create_dir_all(&options.output)
        .map_err(|source| UgmmError::Io { path: options.output.clone(), source })?;
    let (mut files, mut bytes) = (Vec::new(), 0);
    for figure in figures {
        let (ending, content) = match options.format {
            ReportFormat::Png => ("png", png(figure, WIDTH, SCALE)?),
            _ => ("svg", svg(figure, WIDTH).into_bytes()),
        };
        let path = options.output.join(format!("{}.{ending}", figure.id));
        write_atomically(&path, &content)?;
        bytes += content.len();
        files.push(path);
    }
    Ok((files, bytes))
}
