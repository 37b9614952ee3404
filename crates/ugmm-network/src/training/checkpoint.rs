//! The state of a training after an epoch, to go on from.

use super::early_stopping::{Best, Found};
use super::{EpochReport, Stepper, TrainingConfig};
use crate::{Network, Task, UgmmError};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bytes, Device};
use serde::{Deserialize, Serialize};

/// The state of a training after an epoch: parameters, what the optimiser remembers, the position in the random numbers
/// and the history. [`resume`](super::resume) goes on from it to the same bits as if it had never stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// What is not the state of a tensor.
    pub progress: Progress,
    /// The network's parameters, as Burn writes them.
    pub network: Vec<u8>,
    /// The optimiser's state, as Burn writes it.
    pub optimizer: Vec<u8>,
    /// The parameters of the best network so far, with early stopping.
    pub best: Option<Vec<u8>>,
}

/// How far a training has got.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Finished steps.
    pub step: usize,
    /// Position in the random numbers for dropout.
    pub dropout_position: u128,
    /// One report per finished epoch.
    pub history: Vec<EpochReport>,
    /// With early stopping, epoch and loss of the best network so far.
    pub best: Option<(usize, f64)>,
}

impl Checkpoint {
    pub(super) fn of<N: Network>(
        stepper: &Stepper<N>,
        step: usize,
        history: &[EpochReport],
        best: Option<&Best<N>>,
    ) -> Result<Self, UgmmError> {
        let found = best.and_then(|best| best.found.as_ref());
        Ok(Self {
            progress: Progress {
                step,
                dropout_position: stepper.dropout_position(),
                history: history.to_vec(),
                best: found.map(|found| (found.epoch, found.loss)),
            },
            network: parameters(stepper.network().valid())?,
            optimizer: stepper.optimizer_state()?,
            best: found.map(|found| parameters(found.network.clone())).transpose()?,
        })
    }

    /// Finished steps.
    pub(super) fn step(&self) -> usize {
        self.progress.step
    }

    /// One report per finished epoch.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.progress.history
    }

    /// A stepper in the state of this checkpoint; of `network` only the shape matters.
    pub(super) fn restore_stepper<N: Network>(
        &self,
        network: N,
        task: Task,
        config: &TrainingConfig,
        device: &Device,
    ) -> Result<Stepper<N>, UgmmError> {
        let network = with_parameters(network, &self.network)?;
        let stepper = Stepper::new(network, task, config, device)?;
        stepper.continued(self.optimizer.clone(), self.progress.dropout_position)
    }

    /// The best network so far; of `network` only the shape matters.
    pub(super) fn restore_best<N: Network>(&self, best: &mut Best<N>, network: &N) -> Result<(), UgmmError> {
        if let (Some((epoch, loss)), Some(bytes)) = (self.progress.best, &self.best) {
            let network = with_parameters(network.clone(), bytes)?;
            best.found = Some(Found { epoch, loss, network });
        }
        Ok(())
    }
}

/// The error for a record that cannot be written or used.
pub(super) fn unusable(error: impl std::fmt::Display) -> UgmmError {
    UgmmError::Checkpoint { reason: error.to_string() }
}

fn parameters<N: Network>(network: N) -> Result<Vec<u8>, UgmmError> {
    Ok(network.into_record().into_bytes().map_err(unusable)?.to_vec())
}

fn with_parameters<N: Network>(network: N, bytes: &[u8]) -> Result<N, UgmmError> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()));
    let restored = record.and_then(|record| network.try_load_record(record));
    restored.map_err(|error: RecordError| unusable(error))
}
