//! What the training loop asks of whatever makes its steps.

use super::{Dataset, EngineState, Measured, Targets, TrainingConfig};
#[cfg(doc)]
use crate::Predictor;
use crate::{Task, UgmmError};

/// A network in training with its optimiser: what the loop [`run`](super::run) repeats a step of. The one of this crate is
/// [`Stepper`](super::Stepper); a framework may bring another, for devices of its own.
pub trait Engine {
    /// A network as it is after some steps.
    type Network: Clone;

    /// Rows of outputs that the network gives for each row of inputs; see [`Predictor::predictions_per_row`].
    fn predictions_per_row(&self) -> usize {
        1
    }

    /// Whether NaN in the inputs is a missing value that the network knows how to do without.
    fn takes_missing_values(&self) -> bool;

    /// One step on a batch: features `x`, row-major `[rows, features]`, and what is to be predicted of each row. Where the loss
    /// before the step is not finite the network is left as it was, if the engine knows the loss before it takes the step.
    ///
    /// # Errors
    ///
    /// When the batch does not fit the task.
    fn step(&mut self, x: Vec<f32>, targets: &Targets, learning_rate: f64) -> Result<(), UgmmError>;

    /// Steps after which to ask for losses; more than 1 where asking has to wait for a device.
    fn steps_per_reading(&self) -> usize {
        1
    }

    /// The losses of all steps since the last reading.
    fn read_losses(&mut self) -> Vec<f32>;

    /// The network as it is now.
    fn network(&self) -> Self::Network;

    /// A network as it is to be used after training: whatever it took from each batch is now fixed, to what it is on
    /// `sample`, typical rows `[rows, inputs]`.
    fn settled(&self, network: Self::Network, sample: &[f32]) -> Self::Network;

    /// Whether [`Self::settled`] changes something, so that training needs a sample for it.
    fn needs_settling(&self) -> bool;

    /// How well a settled network predicts validation rows.
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

    /// All that a training goes on from.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn state(&self) -> Result<EngineState, UgmmError>;

    /// Goes back to a state.
    ///
    /// # Errors
    ///
    /// When it is not one of such a training.
    fn restore(&mut self, state: &EngineState) -> Result<(), UgmmError>;

    /// A network as bytes.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    fn to_bytes(&self, network: &Self::Network) -> Result<Vec<u8>, UgmmError>;

    /// The network of such bytes.
    ///
    /// # Errors
    ///
    /// When they are not those of a network of this shape.
    fn network_of(&self, bytes: &[u8]) -> Result<Self::Network, UgmmError>;
}
