//! The worker through which `scripts/compare_pytorch.py` times Burn's devices; see the example of this name in the crate
//! `ugmm-network`, which times the processor.

#[path = "../../ugmm-network/examples/timing/worker.rs"]
mod worker;

use ugmm::burn::tensor::Device;
use ugmm::training::{OnDevice, Stepper, TrainingConfig};
use ugmm::{Checked, Model, Task, UgmmError, open_device};
use ugmm_network::Predictor;
use worker::{Outcome, Place, answer};

struct OfBurn(Device);

impl Place for OfBurn {
    type Engine = Stepper<Model>;

    fn engine(
        &self,
        network: &ugmm_network::Model,
        task: Task,
        config: &Checked<TrainingConfig>,
    ) -> Result<Self::Engine, UgmmError> {
        Stepper::new(Model::of(network, &self.0), task, config, &self.0)
    }

    fn trained(&self, engine: &Self::Engine) -> ugmm_network::Model {
        engine.trained().to_model()
    }

    fn predictor(&self, network: &ugmm_network::Model) -> Box<dyn Predictor> {
        Box::new(OnDevice::new(&Model::of(network, &self.0), &self.0))
    }

    fn wait(&self) -> Outcome<()> {
        Ok(self.0.sync()?)
    }
}

fn main() -> Outcome<()> {
    answer(|device| Ok(OfBurn(open_device(device.parse()?)?)))
}
