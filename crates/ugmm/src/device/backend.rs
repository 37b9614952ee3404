//! Training and prediction of the networks of `ugmm_network` on one of Burn's devices.

use super::open_device;
use crate::Model;
use crate::training::{self, Checkpoint, Dataset, Observer, OnDevice, Trained, TrainingConfig};
use burn::tensor::Device;
use ugmm_network::{Backend, Checked, DeviceName, Predictor, Task, UgmmError};

/// A device of Burn on which the networks of `ugmm_network` are trained and predict.
#[derive(Clone, Debug)]
pub struct BurnBackend(pub Device);

impl BurnBackend {
    /// The device of this name.
    ///
    /// # Errors
    ///
    /// The errors of [`open_device`].
    pub fn open(name: DeviceName) -> Result<Self, UgmmError> {
        open_device(name).map(Self)
    }
}

impl Backend for BurnBackend {
    fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: ugmm_network::Model,
        task: &Task,
        training: &Dataset,
        validation: Option<&Dataset>,
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<ugmm_network::Model>, UgmmError> {
        let init = network.config();
        let network = Model::of(&network, &self.0);
        let trained =
            training::resume(checkpoint, network, task, training, validation, config, &self.0, observer)?;
        let Trained { network, history, best_epoch } = trained;
        Ok(Trained { network: network.to_model().with_config_of(&init), history, best_epoch })
    }

    fn predictor(&self, model: &ugmm_network::Model) -> Box<dyn Predictor + Send + Sync> {
        Box::new(OnDevice::new(&Model::of(model, &self.0), &self.0))
    }
}
