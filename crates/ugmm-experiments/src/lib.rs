//! The paper's experiments, and those that this project has beside them: what `ugmm reproduce` runs.

mod statistics;

pub use statistics::{MeanAndSd, mean_and_sd};
