//! Networks of univariate-Gaussian-mixture neurons (uGMM-NN: Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural
//! Network*, arXiv 2509.07569, called "the paper" throughout), on plain slices and without a framework.
//!
//! A [`Network`] is a stack of [`Layer`]s computed by `ugmm-kernels`. An [`Mlp`] is the plain network that it
//! is compared with, and a [`Model`] is either. [`training`] trains them, discriminatively or generatively
//! ([`Objective`]); [`inference`] computes posteriors, distributions, samples and bounds; [`inspect`]
//! explains outputs; [`pruning`] removes components that are not needed; [`metrics`] and [`calibration`]
//! evaluate and correct probabilities; [`model_file`] saves models.
//!
//! Activations are natural logarithms of mixture densities. The root of a generative network is a *score*: it
//! is not normalised over the features, so it is never called a likelihood here.

mod backend;
pub mod calibration;
mod device_name;
pub mod dropout;
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
mod predictor;
mod preprocessing;
mod preset;
pub mod pruning;
pub mod random;
mod recipe;
mod standardization;
pub mod training;

pub use backend::Backend;
pub use device_name::{DeviceName, GpuBackend};
pub use error::UgmmError;
pub use init::Init;
pub use layer::{Layer, LayerConfig, Means};
pub use metrics::Metrics;
pub use mlp::{BatchNorm, Linear, Mlp, MlpConfig};
pub use model::{Model, ModelConfig};
pub use network::{Network, NetworkConfig};
pub use objective::{LabelEncoding, LossInputs, LossOptions, Objective, Task};
pub use predictor::Predictor;
pub use preprocessing::Standardization;
pub use preset::Preset;
pub use random::{Stream, generator};
pub use recipe::{Architecture, ObjectiveKind, Recipe, Settings, TableShape, TargetKind};
pub use training::Targets;
