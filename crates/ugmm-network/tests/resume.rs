//! Tests that a training resumed from a checkpoint ends with the bits of an uninterrupted one.

#[path = "common/resume.rs"]
mod common;

use common::Training;
use ugmm_network::training::{Checkpoint, Dataset, Observer, Trained, TrainingConfig, init_model, resume};
use ugmm_network::{Checked, Model, ModelConfig, Task, UgmmError};

/// The engine on slices.
struct Slices;

impl Training for Slices {
    type Network = Model;

    fn init(&self, model: &ModelConfig, task: &Task, rows: &Dataset, seed: u64) -> Model {
        init_model(model, task, rows, seed).unwrap()
    }

    fn resume(
        &self,
        checkpoint: Option<&Checkpoint>,
        network: Model,
        task: &Task,
        rows: &Dataset,
        validation: Option<&Dataset>,
        config: &Checked<TrainingConfig>,
        observer: &mut dyn Observer,
    ) -> Result<Trained<Model>, UgmmError> {
        resume(checkpoint, network, task, rows, validation, config, observer)
    }

    fn bits(&self, network: &Model) -> Vec<u32> {
        network.tensors().into_iter().flatten().map(|value| value.to_bits()).collect()
    }
}

#[test]
fn every_kind_of_training_goes_on_to_the_same_bits() {
    common::every_kind_of_training_goes_on_to_the_same_bits(&Slices);
}

#[test]
fn a_checkpoint_of_another_network_is_refused() {
    common::a_checkpoint_of_another_network_is_refused(&Slices);
}
