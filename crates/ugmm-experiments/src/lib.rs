//! The paper's experiments, and those that this project has beside them: what `ugmm reproduce` runs.

pub mod approximation;
mod error;
mod statistics;

pub use error::ExperimentError;
pub use statistics::{MeanAndSd, mean_and_sd};
