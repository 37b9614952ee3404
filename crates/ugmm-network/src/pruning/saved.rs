//! Pruning a saved model.

use super::{Criterion, Keep, PrunedLayer, Pruner};
use crate::model_file::SavedModel;
use crate::{Model, ModelConfig, UgmmError, NetworkConfig};
use burn::tensor::Device;

/// Rows that the network is looked at with, at most: a row of the data is several where it is shown with each label, or
/// with many numbers. Shares of responsibility are known well enough from these.
const MOST_NETWORK_ROWS: usize = 4096;

/// [`Pruner`] for a model with all that belongs to it.
pub struct ModelPruner<'m> {
    saved: &'m SavedModel,
    config: &'m NetworkConfig,
    pruner: Pruner,
}

impl<'m> ModelPruner<'m> {
    /// Looks at the model's network on row-major `features` in the data's own units, on as many of their rows as are
    /// useful, at equal distances; `criterion` and `merge` as for [`Pruner::new`].
    ///
    /// # Errors
    ///
    /// As [`Pruner::new`], and when the model is no uGMM network.
    pub fn new(
        saved: &'m SavedModel,
        features: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
        device: &Device,
    ) -> Result<Self, UgmmError> {
        let (Model::Ugmm(network), ModelConfig::Ugmm(config)) = (&saved.model, &saved.config) else {
            return Err(UgmmError::setting("the model", "mlp", "ugmm; other neurons have no components"));
        };
        let rows = saved.unlabelled(features)?;
        let most = MOST_NETWORK_ROWS.div_ceil(saved.task.inputs_of_a_row());
        let count = rows.rows().min(most);
        let chosen: Vec<usize> = (0..count).map(|index| index * rows.rows() / count).collect();
        let (x, _) = rows.batch(&chosen, device);
        Ok(Self { saved, config, pruner: Pruner::new(network, &saved.task, x, criterion, merge)? })
    }

    /// The model with so many of its components, and what became of each layer.
    ///
    /// # Errors
    ///
    /// When `keep` is out of its range.
    pub fn prune(&self, keep: Keep) -> Result<(SavedModel, Vec<PrunedLayer>), UgmmError> {
        let pruned = self.pruner.prune(keep)?;
        let mut config = self.config.clone();
        for (config, layer) in config.layers.iter_mut().zip(&pruned.network.layers) {
            (config.inputs, config.neurons) = (layer.inputs(), layer.neurons());
        }
        let (model, config) = (Model::Ugmm(pruned.network), ModelConfig::Ugmm(config));
        Ok((SavedModel { model, config, ..self.saved.clone() }, pruned.layers))
    }
}
