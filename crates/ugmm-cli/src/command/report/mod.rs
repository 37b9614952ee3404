//! `ugmm report`: collects what a report shows about a model; the crate ugmm-report draws it.

mod density;
mod facts;
mod files;
mod maps;
mod measures;
mod network;
mod neurons;
mod rows;
mod seen;

use crate::arguments::{Common, Report as Options, ReportFormat};
use crate::error::CliError;
use crate::naming::network_of;
use crate::output::{check_outputs, count, print, write_json};
use files::{file_name, write_figures};
use seen::Seen;
use serde::Serialize;
use std::path::PathBuf;
use ugmm_data::ImageGrid;
use ugmm_network::file::write_atomically;
use ugmm_report::{Report, Text, Training, figures, page};
use ugmm_tabular::{Device, Engine, NetworkModel};

/// Largest number of pixels of an image for which pictures are drawn; larger ones would take most of the
/// page's size.
const MOST_PIXELS: usize = 16_384;
/// Number of neurons of each layer that are drawn if none are named.
const USUAL_NEURONS: usize = 2;

/// The JSON output.
#[derive(Serialize)]
struct Written<'a> {
    rows: usize,
    neurons: usize,
    notes: &'a [Text],
    files: Vec<PathBuf>,
}

pub fn run(options: &Options, common: &Common) -> Result<(), CliError> {
    let is_page = options.format == ReportFormat::Html;
    let page_file = is_page.then_some(options.output.as_path());
    check_outputs(&[page_file, common.json.as_deref()], &[&options.model, &options.data])?;
    let model = ugmm_tabular::load(&options.model, &Device::default())?;
    match Engine::of(&*model) {
        Engine::Network(model) => of_network(model, options, common),
        Engine::Density(model) => density::run(model, options, common),
    }
}

fn of_network(model: &NetworkModel, options: &Options, common: &Common) -> Result<(), CliError> {
    let is_page = options.format == ReportFormat::Html;
    let network = network_of(model)?;
    neurons::check(network, &options.neurons)?;
    let seen = Seen::read(model, network, options)?;
    let shown = seen.places(options)?;
    let mut report = collect(model, &seen, options, &shown)?;
    let (files, bytes) = match options.format {
        ReportFormat::Html => {
            let page = page(&report);
            write_atomically(&options.output, page.html.as_bytes())?;
            report.notes.extend(page.cut);
            (vec![options.output.clone()], page.html.len())
        }
        ReportFormat::Svg | ReportFormat::Png => {
            let named = match options.neurons.is_empty() {
                false => options.neurons.clone(),
                true => usual_neurons(&report),
            };
            write_figures(&figures(&report, &named), options)?
        }
    };
    let text = format!(
        "{}: {}, {} kB; computed on {} of {}\n{}",
        options.output.display(),
        if is_page { "one page".into() } else { count(files.len(), "figure") },
        bytes / 1000,
        count(seen.rows(), "row"),
        options.data.display(),
        report.notes.iter().map(|note| format!("{note}\n")).collect::<String>()
    );
    let written = Written { rows: seen.rows(), neurons: report.neurons.len(), notes: &report.notes, files };
    write_json(common.json.as_deref(), "ugmm/report", &written)?;
    if common.quiet { Ok(()) } else { print(&text) }
}

/// Collects everything that the report shows.
fn collect(
    model: &NetworkModel,
    seen: &Seen,
    options: &Options,
    shown: &[usize],
) -> Result<Report, CliError> {
    let grid = model.image_grid();
    let mut notes = seen.notes(model, options);
    let neurons = neurons::neurons(model, seen, &options.neurons);
    let fits = |grid: &ImageGrid| grid.shape.rows * grid.shape.columns <= MOST_PIXELS;
    if grid.as_ref().is_some_and(|grid| !fits(grid)) {
        notes.push("The images are too large for pictures of rows and classes.".into());
    }
    let grid = grid.filter(fits);
    let saved = model.saved();
    Ok(Report {
        program: format!("ugmm {}", env!("CARGO_PKG_VERSION")).into(),
        model: file_name(&options.model).into(),
        table: file_name(&options.data).into(),
        target: model.target_name().into(),
        facts: facts::facts(model, seen),
        network: network::by_weights(model, seen),
        rows: rows::rows(model, seen, grid.as_ref(), shown)?,
        maps: grid.as_ref().and_then(|grid| maps::maps(model, seen, grid)),
        measures: measures::measures(model, seen),
        training: saved.history().filter(|history| !history.training_loss.is_empty()).map(|history| {
            Training {
                training_loss: history.training_loss.clone(),
                validation_loss: history.validation_loss.clone(),
                validation_accuracy: history.validation_accuracy.clone(),
                learning_rate: history.learning_rate.clone(),
                best_epoch: history.best_epoch,
                loss: facts::loss_name(saved.task()).into(),
            }
        }),
        neurons,
        notes,
    })
}

/// The most important neurons of each layer; a report lists the neurons of a layer in order of importance.
fn usual_neurons(report: &Report) -> Vec<String> {
    let layers = report.neurons.iter().map(|neuron| neuron.layer).max().unwrap_or(0);
    let of_layer =
        |layer| report.neurons.iter().filter(move |neuron| neuron.layer == layer).take(USUAL_NEURONS);
    (1..=layers).flat_map(of_layer).map(|neuron| neuron.id.clone()).collect()
}
