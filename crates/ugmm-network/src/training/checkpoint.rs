//! Checkpoints: the state of a training after an epoch, from which it can resume.

use super::early_stopping::{Best, Found};
use super::{Engine, EngineState, EpochReport};
use crate::UgmmError;
use serde::{Deserialize, Serialize};

/// The state of a training after an epoch: parameters, optimiser state, position in the random numbers and
/// history. [`run`](super::run) resumes from it, bit for bit as if training had not stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The state of the training loop.
    pub progress: Progress,
    /// The network's parameters, as the engine writes them.
    pub network: Vec<u8>,
    /// The optimiser's state, as the engine writes it.
    pub optimizer: Vec<u8>,
    /// The parameters of the best network so far, with early stopping.
    pub best: Option<Vec<u8>>,
}

/// The state of the training loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Number of finished steps.
    pub step: usize,
    /// Position in the random numbers for dropout.
    pub dropout_position: u128,
    /// One report per finished epoch.
    pub history: Vec<EpochReport>,
    /// With early stopping, epoch and loss of the best network so far.
    pub best: Option<(usize, f64)>,
}

impl Checkpoint {
    pub(super) fn of<E: Engine>(
        engine: &E,
        step: usize,
        history: &[EpochReport],
        best: Option<&Best<E::Network>>,
    ) -> Result<Self, UgmmError> {
        let found = best.and_then(|best| best.found.as_ref());
        let EngineState { network, optimizer, dropout_position } = engine.state()?;
        Ok(Self {
            progress: Progress {
                step,
                dropout_position,
                history: history.to_vec(),
                best: found.map(|found| (found.epoch, found.loss)),
            },
            network,
            optimizer,
            best: found.map(|found| engine.to_bytes(&found.network)).transpose()?,
        })
    }

    /// One report per finished epoch.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.progress.history
    }

    /// Brings the engine into the state of this checkpoint.
    pub(super) fn restore<E: Engine>(&self, engine: &mut E) -> Result<(), UgmmError> {
        engine.restore(&EngineState {
            network: self.network.clone(),
            optimizer: self.optimizer.clone(),
            dropout_position: self.progress.dropout_position,
        })
    }

    /// The best network so far.
    pub(super) fn restore_best<E: Engine>(
        &self,
        best: &mut Best<E::Network>,
        engine: &E,
    ) -> Result<(), UgmmError> {
        if let (Some((epoch, loss)), Some(bytes)) = (self.progress.best, &self.best) {
            best.found = Some(Found { epoch, loss, network: engine.network_of(bytes)? });
        }
        Ok(())
    }
}
