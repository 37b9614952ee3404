//! Devices other than the processor on which networks can be computed.

use crate::training::{self, Checkpoint, Dataset, Observer, Trained, TrainingConfig};
use crate::{Checked, Model, Predictor, Task, UgmmError};
use std::fmt;
use std::sync::{Arc, OnceLock};

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
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Model>, UgmmError>;

    /// Puts the network on the device, ready to predict.
    fn predictor(&self, model: &Model) -> Box<dyn Predictor + Send + Sync>;
}

/// Where networks are trained and asked: on the processor, which is the default, or by a [`Backend`]. A process may use several.
#[derive(Clone, Default)]
pub struct Device(Option<Arc<dyn Backend>>);

impl Device {
    /// The device of a backend.
    #[must_use]
    pub fn of(backend: impl Backend + 'static) -> Self {
        Self(Some(Arc::new(backend)))
    }

    /// Whether this is the processor.
    #[must_use]
    pub fn is_processor(&self) -> bool {
        self.0.is_none()
    }

    /// Trains `network` as [`training::resume`] does.
    ///
    /// # Errors
    ///
    /// The errors of [`training::resume`], and failures of the device.
    #[allow(clippy::too_many_arguments, reason = "those of `resume`")]
    pub fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: Model,
        task: &Task,
        rows: &Dataset,
        validation: Option<&Dataset>,
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Model>, UgmmError> {
        match &self.0 {
            None => training::resume(checkpoint, network, task, rows, validation, config, observer),
            Some(backend) => backend.resume(checkpoint, network, task, rows, validation, config, observer),
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.0.is_some() { "backend" } else { "processor" };
        formatter.debug_tuple("Device").field(&kind).finish()
    }
}

/// The place of a network on a device, to which the network goes when it is asked for the first time.
#[derive(Default)]
pub struct OnDevice {
    device: Device,
    placed: OnceLock<Box<dyn Predictor + Send + Sync>>,
}

impl OnDevice {
    /// A place on a device that holds no network yet.
    #[must_use]
    pub fn new(device: Device) -> Self {
        Self { device, placed: OnceLock::new() }
    }

    /// `model` on the device: itself on the processor. All calls must be with the same model.
    pub fn network<'m>(&'m self, model: &'m Model) -> &'m dyn Predictor {
        match &self.device.0 {
            None => model,
            Some(backend) => self.placed.get_or_init(|| backend.predictor(model)).as_ref(),
        }
    }
}

impl Clone for OnDevice {
    /// A place on the same device without a network, since the copy's parameters may change.
    fn clone(&self) -> Self {
        Self::new(self.device.clone())
    }
}

impl fmt::Debug for OnDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OnDevice").field(&self.device).finish()
    }
}
