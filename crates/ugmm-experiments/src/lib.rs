//! The paper's experiments, and those that this project has beside them: what `ugmm reproduce` runs.
//!
//! Each is a module with `Options`, a function `run`, and the `Report` that it returns. Networks are trained on the
//! [`Device`](ugmm_network::Device) given to `run`; those of `architectures`, which needs the feature of this name, on the device of
//! their options.
//!
//! ```
//! use std::num::NonZeroUsize;
//! use ugmm_experiments::{Protocol, iris};
//! use ugmm_network::{Device, Preset};
//!
//! let (preset, seeds, epochs) = (Preset::Best, NonZeroUsize::MIN, NonZeroUsize::new(2));
//! let protocol = Protocol { preset, epochs, only: None, variants: None, seed: 0, seeds };
//! let options = iris::Options { splits: vec![42], folds: None, protocol };
//! let report = iris::run(&options, &Device::default(), &|_, _| Box::new(()))?;
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
