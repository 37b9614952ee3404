//! Training of circuits.

mod adam;
mod batches;
mod choice;
mod config;
mod cross_validation;
mod expectation_maximization;
mod initialization;
mod members;
mod memory;
mod random;
mod run;
mod side_by_side;

pub use config::{Method, Precision, StructureChoice, TrainingConfig};
pub use cross_validation::{CrossValidated, cross_validate};
pub use run::{Epoch, Trained, add_members, train, train_structure};
