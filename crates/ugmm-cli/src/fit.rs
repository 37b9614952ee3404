//! Training by a recipe, its progress shown.

use crate::progress::Training;
use ugmm_network::training::{Dataset, Trained, init_model, train};
use ugmm_network::{Model, Recipe, UgmmError};

/// Trains a new network on `rows`, measuring it on `measured` after each epoch; `label` is what the progress is called.
pub fn fit(
    label: &str,
    recipe: &Recipe,
    rows: &Dataset,
    measured: Option<&Dataset>,
    quiet: bool,
) -> Result<Trained<Model>, UgmmError> {
    let Recipe { task, model, training } = recipe;
    let mut progress = Training::new(label, training.epochs, quiet);
    let network = init_model(model, task, rows, training.seed)?;
    match ugmm_tabular::backend() {
        None => train(network, task, rows, measured, training, &mut progress),
        Some(device) => device.resume(None, network, task, rows, measured, training, &mut progress),
    }
}
