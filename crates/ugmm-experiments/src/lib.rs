//! The paper's experiments, and those that this project has beside them: what `ugmm reproduce` runs.
//!
//! Each is a module with `Options`, a function `run`, and the report that it gives back. Networks are trained on the device of
//! [`ugmm_tabular::use_backend`]; those of `architectures`, which needs the feature of this name, on that of their options.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use ugmm_experiments::{Protocol, iris};
//! use ugmm_network::Preset;
//!
//! let (preset, seeds, epochs) = (Preset::Best, NonZeroUsize::MIN, NonZeroUsize::new(2));
//! let protocol = Protocol { preset, epochs, only: None, variants: None, seed: 0, seeds };
//! let report = iris::run(&iris::Options { splits: vec![42], folds: None, protocol }, &|_, _| Box::new(()))?;
//! assert!(report.text.contains("Run with --preset best --epochs 2 --seeds 1."));
//! # Ok::<(), ugmm_experiments::ExperimentError>(())
//! ```

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
