//! The report of a network: neurons, rows, classes, measures, training.

mod diagrams;
mod facts;
mod maps;
mod matters;
mod measures;
mod neurons;
mod rows;
mod seen;
mod weights;
mod what_if;

pub(crate) use diagrams::largest;

use crate::error::ReportError;
use crate::naming::network_of;
use crate::report::ReportOptions;
use seen::Seen;
use ugmm_data::ImageGrid;
use ugmm_data::frame::Input;
use ugmm_network::UgmmError;
use ugmm_report::{Figure, Report, Training, figures};
use ugmm_tabular::NetworkModel;
use weights::Weights;
use what_if::WhatIf;

/// Largest number of pixels of an image for which pictures are drawn; larger ones would take most of the
/// page's size.
const MOST_PIXELS: usize = 16_384;

/// The figure of a network by its mixing weights, for which no row is needed.
///
/// # Errors
///
/// Returns an error for a model of other neurons.
pub fn network_figure(model: &NetworkModel) -> Result<Figure, UgmmError> {
    let network = network_of(model)?;
    let network = diagrams::by_weights(model, network, &Weights::of(network));
    Ok(figures(&Report { network, ..Report::default() }, &[]).swap_remove(0))
}

/// Collects everything that the report shows; also returns the number of rows.
pub fn report(
    model: &NetworkModel,
    table: &Input,
    options: &ReportOptions,
) -> Result<(Report, usize), ReportError> {
    let network = network_of(model)?;
    neurons::check(network, options.neurons)?;
    let seen = Seen::read(model, network, table, options)?;
    let shown = seen.places(options.rows)?;
    let grid = model.image_grid();
    let mut notes = seen.notes(model, options.table);
    let neurons = neurons::neurons(model, &seen, options.neurons);
    let fits = |grid: &ImageGrid| grid.shape.rows * grid.shape.columns <= MOST_PIXELS;
    if grid.as_ref().is_some_and(|grid| !fits(grid)) {
        notes.push("The images are too large for pictures of rows and classes.".into());
    }
    let grid = grid.filter(fits);
    let what_if = WhatIf::of(model);
    notes.extend(what_if.note.map(Into::into));
    // Images have maps of their pixels.
    let matters = match model.image_grid() {
        Some(_) => None,
        None => matters::matters(model, &seen)?,
    };
    if matters.is_none() && model.image_grid().is_none() {
        notes.push(
            "What matters is left out, because the network is so large that it would take long to measure."
                .into(),
        );
    }
    let saved = model.saved();
    let report = Report {
        matters,
        what_if: what_if.panel,
        program: format!("ugmm {}", env!("CARGO_PKG_VERSION")).into(),
        model: options.model.into(),
        table: options.table.into(),
        target: model.target_name().into(),
        facts: facts::facts(model, &seen),
        network: diagrams::by_weights(model, network, &seen.weights),
        rows: rows::rows(model, &seen, grid.as_ref(), &shown, &what_if.columns)?,
        maps: grid.as_ref().and_then(|grid| maps::maps(model, &seen, grid)),
        measures: measures::measures(model, &seen),
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
    };
    Ok((report, seen.rows()))
}
