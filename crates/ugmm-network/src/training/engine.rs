//! The interface between the training loop and the engines that compute its steps.

use super::{Batch, Dataset, Measured, TrainingConfig};
#[cfg(doc)]
use crate::Predictor;
use crate::{Task, UgmmError};

/// The state of an [`Engine`].
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    /// The network's parameters, as the engine writes them.
    pub network: Vec<u8>,
    /// The optimiser's state, as the engine writes it.
    pub optimizer: Vec<u8>,
    /// Position in the random numbers for dropout.
    pub dropout_position: u128,
}

/// A network in training with its optimiser, whose steps the loop [`run`](super::run) repeats.
/// [`Stepper`](super::Stepper) is the engine of this crate; a framework may implement another for its own
/// devices.
pub trait Engine {
    /// The network in a form that can be cloned between steps.
    type Network: Clone;

    /// Number of output rows for each row of inputs; see [`Predictor::predictions_per_row`].
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Whether the network accepts NaN in the inputs as missing values.
    fn takes_missing_values(&self) -> bool;

    /// Prepares the next step, before which this share of all steps was taken, in [0, 1).
    fn prepare(&mut self, _share_of_steps: f64) {}

    /// Whether the network has the shape that it has at the end of training; early stopping counts no other.
    fn has_final_shape(&self) -> bool {
        true
    }

    /// Takes one step on a batch. If the loss before the step is not finite, and the engine knows it before the
    /// update, the network stays unchanged.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the batch does not fit the task.
    fn step(&mut self, batch: Batch, learning_rate: f64) -> Result<(), UgmmError>;

    /// Number of steps between readings of losses; more than 1 if a reading has to wait for a device.
    fn steps_per_reading(&self) -> usize {
        1
    }

    /// The losses of all steps since the last reading.
    fn read_losses(&mut self) -> Vec<f32>;

    /// The current network.
    fn network(&self) -> Self::Network;

    /// The network for use after training. Statistics that training took from each batch are now those of
    /// `sample` `[rows, inputs]`, which holds typical rows, with these weights `[rows]`; `None` for equal weights.
    fn settled(&self, network: Self::Network, sample: &[f32], weights: Option<&[f64]>) -> Self::Network;

    /// Whether [`Self::settled`] changes the network, so that training needs a sample for it.
    fn needs_settling(&self) -> bool;

    /// Measures a settled network on validation rows.
    ///
    /// # Errors
    ///
    /// When the rows do not fit the task.
    fn measure(
        &self,
        network: &Self::Network,
        task: &Task,
        rows: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Measured, UgmmError>;

    /// The complete state from which a training resumes.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn state(&self) -> Result<EngineState, UgmmError>;

    /// Restores a state.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when it does not belong to a training with this network and optimiser.
    fn restore(&mut self, state: &EngineState) -> Result<(), UgmmError>;

    /// Serialises a network.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when it cannot be serialised.
    fn to_bytes(&self, network: &Self::Network) -> Result<Vec<u8>, UgmmError>;

    /// Deserialises a network.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the bytes do not belong to a network of this shape.
    fn network_of(&self, bytes: &[u8]) -> Result<Self::Network, UgmmError>;
}
