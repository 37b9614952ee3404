//! Training by a recipe, with its progress shown.

use ugmm_network::training::{Dataset, Observer, Trained, init_model};
use ugmm_network::{Device, Model, Recipe, UgmmError};

/// Who watches the trainings of an experiment: called with the name of each and its number of epochs before it begins.
/// `&|_, _| Box::new(())` watches nothing.
pub type Progress<'a> = &'a dyn Fn(&str, usize) -> Box<dyn Observer>;

/// Trains a new network on `rows`, measuring it on `measured` after each epoch; `label` is what the progress is called.
pub(crate) fn fit(
    label: &str,
    recipe: &Recipe,
    rows: &Dataset,
    measured: Option<&Dataset>,
    device: &Device,
    progress: Progress,
) -> Result<Trained<Model>, UgmmError> {
    let Recipe { task, model, training } = recipe;
    let mut observer = progress(label, training.epochs);
    let network = init_model(model, task, rows, training.seed)?;
    device.resume(None, network, task, rows, measured, training, &mut *observer)
}
