//! Devices other than the processor on which networks can be computed.

use crate::training::{Checkpoint, Dataset, Observer, Trained, TrainingConfig};
use crate::{Model, Predictor, Task, UgmmError};

/// A device that trains networks and predicts with them, such as a GPU behind a framework. This crate
/// implements none: it computes on the processor.
pub trait Backend: Send + Sync {
    /// Trains `network` as [`training::resume`](crate::training::resume) does.
    ///
    /// # Errors
    ///
    /// The errors of [`training::resume`](crate::training::resume), and failures of the device.
    #[allow(clippy::too_many_arguments, reason = "those of `resume`")]
    fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: Model,
        task: &Task,
        training: &Dataset,
        validation: Option<&Dataset>,
        config: &TrainingConfig,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Model>, UgmmError>;

    /// Puts the network on the device, ready to predict.
    fn predictor(&self, model: &Model) -> Box<dyn Predictor + Send + Sync>;
}
