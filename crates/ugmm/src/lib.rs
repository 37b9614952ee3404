//! Neural networks whose every neuron is a univariate Gaussian mixture.
//!
//! This library implements uGMM-NN (Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural Network*,
//! arXiv 2509.07569), called "the paper" throughout, on [Burn](https://burn.dev). A [`UgmmLayer`] is a Burn module; a
//! [`UgmmNetwork`] stacks layers, and [`architecture`] puts them into recurrent, transformer and convolutional networks; [`training`] trains them, discriminatively or generatively ([`Objective`]);
//! [`inference`] asks them questions; [`inspect`] says
//! what they respond to; [`pruning`] leaves out what is not needed; [`metrics`] and [`calibration`] look at the probabilities; [`model_file`] keeps them.
//!
//! Activations are natural logarithms of mixture densities. The root of a generative network is a *score*: it is not
//! normalised over the features, so it is never called a likelihood here.

pub mod architecture;
pub mod calibration;
mod device;
mod dropout;
mod error;
pub mod file;
pub mod inference;
mod init;
pub mod inspect;
mod layer;
mod memory;
pub mod metrics;
mod missing;
mod mlp;
mod model;
pub mod model_file;
mod network;
mod objective;
mod op;
mod preprocessing;
mod preset;
pub mod pruning;
mod random;
mod recipe;
mod standardization;
pub mod training;

pub use device::{DeviceName, GpuBackend};
pub use error::UgmmError;
pub use init::Init;
pub use layer::{Means, UgmmLayer, UgmmLayerConfig};
pub use metrics::Metrics;
pub use mlp::{Mlp, MlpConfig};
pub use model::{Model, ModelConfig};
pub use network::{Network, UgmmNetwork, UgmmNetworkConfig};
pub use objective::{LabelEncoding, LossOptions, Objective, Task};
#[cfg(feature = "gpu")]
#[doc(hidden)]
pub use op::gpu::testing as gpu_testing;
pub use op::ugmm_log_density;
pub use preprocessing::Standardization;
pub use preset::Preset;
pub use random::{Stream, generator};
pub use recipe::{Architecture, ObjectiveKind, Recipe, Settings, TableShape, TargetKind};
pub use training::Targets;

/// The guide's examples on architectures, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/src/architectures.md")]
struct ArchitectureExamples;

/// The README's example, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExamples;
