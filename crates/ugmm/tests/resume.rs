//! Tests that a training resumed from a checkpoint ends with the bits of an uninterrupted one.

#[path = "../../ugmm-network/tests/common/resume.rs"]
mod common;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use common::Training;
use ugmm::training::{Checkpoint, Dataset, Observer, Trained, TrainingConfig, init_model, resume};
use ugmm::{Checked, Model, ModelConfig, Task, UgmmError};

/// The engine on one of Burn's devices.
struct OnDevice(Device);

/// The bits of the parameters that it visits.
struct Bits(Vec<u32>);

impl ModuleVisitor for Bits {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.0.extend(parameter.val().to_data().iter::<f32>().map(f32::to_bits));
    }
}

impl Training for OnDevice {
    type Network = Model;

    fn init(&self, model: &ModelConfig, task: &Task, rows: &Dataset, seed: u64) -> Model {
        init_model(model, task, rows, seed, &self.0).unwrap()
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
        resume(checkpoint, network, task, rows, validation, config, &self.0, observer)
    }

    fn bits(&self, network: &Model) -> Vec<u32> {
        let mut bits = Bits(Vec::new());
        network.visit(&mut bits);
        bits.0
    }
}

#[test]
fn every_kind_of_training_goes_on_to_the_same_bits() {
    common::every_kind_of_training_goes_on_to_the_same_bits(&OnDevice(Device::flex()));
}

#[test]
fn a_checkpoint_of_another_network_is_refused() {
    common::a_checkpoint_of_another_network_is_refused(&OnDevice(Device::flex()));
}
