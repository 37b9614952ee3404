//! Learning a circuit from rows.

mod adam;
mod batches;
mod choice;
mod config;
mod expectation_maximization;
mod initialization;
mod members;
mod memory;
mod run;

pub use config::{Method, Precision, StructureChoice, TrainingConfig};
pub use run::{Epoch, Trained, add_members, train, train_structure};
