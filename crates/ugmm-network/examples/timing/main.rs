//! The worker through which `scripts/compare_pytorch.py` times this library; of little use by itself.
//!
//! It reads one JSON command a line from its standard input and answers each with one line of JSON:
//!
//! * `{"command": "load", …}` (see [`Job`]) first, once: starts the threads, reads parameters and batches.
//! * `{"command": "check", "batches": NAME, "steps": 5, "output": FILE}` starts from the parameters of its file and
//!   writes what comes out to a safetensors file: `outputs` of the first batch and, when the work is training, the
//!   `losses` of so many steps and the parameters after them.
//! * `{"command": "prepare", "batches": NAME}` goes back to these parameters and gets everything ready, so
//!   that nothing has to be allocated for the first time while the clock runs.
//! * `{"command": "run", "count": 20}` does that much work and answers with `wall_s` and, in training, the last `loss`; a
//!   GPU is asked for no loss, and waited for at the end.
//!   The caller reads CPU time and memory from outside, the same way for every contender.
//!
//! A training step here is the one of the training loop: both call an [`Engine`](ugmm_network::training::Engine).

mod worker;

use ugmm_network::training::{Stepper, TrainingConfig};
use ugmm_network::{Model, Predictor, Task, UgmmError};
use worker::{Outcome, Place, answer};

struct Processor;

impl Place for Processor {
    type Engine = Stepper;

    fn engine(&self, network: &Model, task: Task, config: &TrainingConfig) -> Result<Stepper, UgmmError> {
        Stepper::new(network.clone(), task, config)
    }

    fn trained(&self, engine: &Stepper) -> Model {
        engine.model().clone()
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
