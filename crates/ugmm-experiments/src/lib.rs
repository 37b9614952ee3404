#![doc = include_str!("../README.md")]
//!
//! Each is a module with `Options`, a function `run`, and the `Report` that it returns. Networks are trained on the
//! [`Device`](ugmm_network::Device) given to `run`; those of `architectures`, which needs the feature of this name, on the device of
//! their options.

pub mod approximation;
#[cfg(feature = "architectures")]
pub mod architectures;
mod error;
mod experiment;
mod fit;
pub mod iris;
pub mod mnist;
mod report;
mod statistics;
pub mod uncertainty;

pub use error::ExperimentError;
pub use experiment::{Measured, Protocol, Variants};
pub use fit::Progress;
pub use report::Report;
pub use statistics::{MeanAndSd, mean_and_sd};
