//! Pruning of a saved model.

use super::{Criterion, Keep, PrunedLayer, Pruner};
use crate::model_file::{ModelParts, SavedModel};
use crate::{Model, UgmmError};

/// Largest number of network rows to analyse. A row of the data counts several times if it is passed with
/// each label, or with many numbers. Shares of responsibility are precise enough on so many rows.
const MOST_NETWORK_ROWS: usize = 4096;

/// A [`Pruner`] for a saved model.
pub struct ModelPruner<'m> {
    saved: &'m SavedModel,
    pruner: Pruner,
}

impl<'m> ModelPruner<'m> {
    /// Analyses the model's network on row-major `features` `[rows, features]` in the data's own units, or on
    /// equally spaced rows of it if there are many. `criterion` and `merge` are as for [`Pruner::new`].
    ///
    /// # Errors
    ///
    /// The errors of [`Pruner::new`], and [`UgmmError`] when the model is not a uGMM network.
    pub fn new(
        saved: &'m SavedModel,
        features: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<Self, UgmmError> {
        let Model::Ugmm(network) = saved.model() else {
            return Err(UgmmError::setting("the model", "mlp", "ugmm; other neurons have no components"));
        };
        let rows = saved.rows(features)?;
        let most = MOST_NETWORK_ROWS.div_ceil(saved.task().inputs_of_a_row());
        let count = rows.len().min(most);
        let chosen: Vec<usize> = (0..count).map(|index| index * rows.len() / count).collect();
        let x = rows.batch(&chosen);
        Ok(Self { saved, pruner: Pruner::new(network, saved.task(), &x, criterion, merge)? })
    }

    /// The model with the components that `keep` selects, and the effect of pruning on each layer.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] when `keep` is out of its range.
    pub fn prune(&self, keep: Keep) -> Result<(SavedModel, Vec<PrunedLayer>), UgmmError> {
        let pruned = self.pruner.prune(keep)?;
        let model = Model::Ugmm(pruned.network);
        let parts = ModelParts { model, ..self.saved.clone().into_parts() };
        Ok((SavedModel::new(parts)?, pruned.layers))
    }
}
