//! The worker that `scripts/compare_pytorch.py` uses to time this library; of little use alone.
//!
//! It reads one JSON command per line from its standard input and answers each with one line of JSON:
//!
//! * `{"command": "load", …}` (see [`Job`]) must come first, once: it starts the threads and reads parameters
//!   and batches.
//! * `{"command": "check", "batches": NAME, "steps": 5, "output": FILE}` starts from the parameters of the
//!   batches' file and writes a safetensors file: the `outputs` of the first batch and, if the work is
//!   training, the `losses` of the steps and the parameters after them.
//! * `{"command": "prepare", "batches": NAME}` restores these parameters and prepares everything, so that
//!   nothing is allocated for the first time while the clock runs.
//! * `{"command": "run", "count": 20}` does this amount of work and answers with `wall_s` and, in training,
//!   the last `loss`. No loss is read from a GPU, and the command waits for it at the end. The caller
//!   measures CPU time and memory from outside, in one way for all libraries.
//!
//! A training step here is that of the training loop: both call an
//! [`Engine`](ugmm_network::training::Engine).

mod worker;

use ugmm_network::training::{Stepper, TrainingConfig};
use ugmm_network::{Checked, Model, Predictor, Task, UgmmError};
use worker::{Outcome, Place, answer};

struct Processor;

impl Place for Processor {
    type Engine = Stepper;

    fn engine(
        &self,
        network: &Model,
        task: Task,
        config: &Checked<TrainingConfig>,
    ) -> Result<Stepper, UgmmError> {
        Stepper::new(network.clone(), task, config)
    }

    fn trained(&self, engine: &Stepper) -> Model {
        engine.model().into_owned()
    }

    fn predictor(&self, network: &Model) -> Box<dyn Predictor> {
        Box::new(network.clone())
    }
}

fn main() -> Outcome<()> {
    answer(|device| match device {
        "cpu" => Ok(Processor),
        other => Err(format!("the example timing of the crate ugmm is for {other}").into()),
    })
}
