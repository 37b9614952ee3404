//! Tables in files: what training learns from, and what a model reads of other files.

mod overview;
mod reading;
mod training;

pub use overview::{doubts, overview};
pub use reading::{Batch, ModelReader};
pub use training::{TrainingTable, read_for_training};
