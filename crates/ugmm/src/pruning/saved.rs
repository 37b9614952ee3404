//! Pruning a saved model.

use super::{PrunedLayer, PruningOptions, prune};
use crate::model_file::SavedModel;
use crate::{Model, ModelConfig, UgmmError, UgmmLayer};
use burn::tensor::Device;

/// Rows that a pass for pruning has at most: a row of the data is several with each label, or with many numbers.
const MOST_NETWORK_ROWS: usize = 16384;

impl SavedModel {
    /// The model with fewer components, pruned by row-major `features` in the data's own units, of which the first are
    /// used, as many as are useful.
    ///
    /// # Errors
    ///
    /// As [`prune`], and when the model is no uGMM network.
    pub fn pruned(
        &self,
        features: &[f32],
        options: &PruningOptions,
        device: &Device,
    ) -> Result<(Self, Vec<PrunedLayer>), UgmmError> {
        let (Model::Ugmm(network), ModelConfig::Ugmm(config)) = (&self.model, &self.config) else {
            return Err(UgmmError::setting("the model", "mlp", "ugmm; other neurons have no components"));
        };
        let rows = self.unlabelled(features)?;
        let most = MOST_NETWORK_ROWS / self.task.inputs_of_a_row();
        let (x, _) = rows.batch(&(0..rows.rows().min(most)).collect::<Vec<_>>(), device);
        let pruned = prune(network, &self.task, x, options)?;
        let mut config = config.clone();
        for (config, layer) in config.layers.iter_mut().zip(&pruned.network.layers) {
            (config.inputs, config.neurons) = (UgmmLayer::inputs(layer), UgmmLayer::neurons(layer));
        }
        let saved =
            Self { model: Model::Ugmm(pruned.network), config: ModelConfig::Ugmm(config), ..self.clone() };
        Ok((saved, pruned.layers))
    }
}
