//! Pruning a saved model.

use super::{Criterion, Keep, PrunedLayer, Pruner};
use crate::model_file::SavedModel;
use crate::{Model, UgmmError};

/// Rows that the network is looked at with, at most: a row of the data is several where it is shown with each label, or
/// with many numbers. Shares of responsibility are known well enough from these.
const MOST_NETWORK_ROWS: usize = 4096;

/// [`Pruner`] for a model with all that belongs to it.
pub struct ModelPruner<'m> {
    saved: &'m SavedModel,
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
    ) -> Result<Self, UgmmError> {
        let Model::Ugmm(network) = &saved.model else {
            return Err(UgmmError::setting("the model", "mlp", "ugmm; other neurons have no components"));
        };
        let rows = saved.unlabelled(features)?;
        let most = MOST_NETWORK_ROWS.div_ceil(saved.task.inputs_of_a_row());
        let count = rows.rows().min(most);
        let chosen: Vec<usize> = (0..count).map(|index| index * rows.rows() / count).collect();
        let (x, _) = rows.batch(&chosen);
        Ok(Self { saved, pruner: Pruner::new(network, &saved.task, &x, criterion, merge)? })
    }

    /// The model with so many of its components, and what became of each layer.
    ///
    /// # Errors
    ///
    /// When `keep` is out of its range.
    pub fn prune(&self, keep: Keep) -> Result<(SavedModel, Vec<PrunedLayer>), UgmmError> {
        let pruned = self.pruner.prune(keep)?;
        let model = Model::Ugmm(pruned.network);
        Ok((SavedModel { model, ..self.saved.clone() }, pruned.layers))
    }
}
