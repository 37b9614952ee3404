#![doc = include_str!("../README.md")]
//!
//! "The paper" is Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural Network*, arXiv 2509.07569, throughout.
//!
//! A [`Network`] is a stack of [`Layer`]s computed by `ugmm-kernels`. An [`Mlp`] is the plain network that it
//! is compared with, and a [`Model`] is either. [`training`] trains them, discriminatively or generatively
//! ([`ClassObjective`]); [`inference`] computes posteriors, distributions and samples; [`verification`] proves bounds
//! and robustness; [`inspect`] explains outputs; [`pruning`] removes components that are not needed; [`metrics`]
//! and [`calibration`] evaluate and correct probabilities; [`model_file`] saves models.
//!
//! Activations are natural logarithms of mixture densities. The root of a generative network is a *score*: it
//! is not normalised over the features, so it is never called a likelihood here.

// The neuron, and networks of it.
mod layer;
mod network;

// Training: what for, the loop, and settings by name.
mod objective;
mod recipe;
pub mod training;

// What a trained network says, and what can be proved of it.
pub mod inference;
pub mod verification;

// What a network looks at, and what it can do without.
pub mod inspect;
pub mod pruning;

// How good probabilities are.
pub mod calibration;
pub mod metrics;

// Models on disk.
pub mod file;
pub mod model_file;

mod checked;
mod device;
mod error;
mod golden_section;
pub mod random;
mod rows;
mod softmax;
mod values;

pub use checked::{Check, Checked};
pub use device::{Backend, Device, DeviceName, GpuBackend, OnDevice};
pub use error::UgmmError;
pub use layer::{Init, Layer, LayerConfig, Means, dropout};
pub use metrics::Metrics;
pub use model_file::Standardization;
pub use network::{BatchNorm, Linear, Mlp, MlpConfig, Model, ModelConfig, Network, NetworkConfig, Predictor};
pub use objective::{
    ClassObjective, Classification, DensityObjective, LabelEncoding, LossInputs, LossOptions, Regression,
    Targets, Task, TaskTargets,
};
pub use random::{Stream, generator};
pub use recipe::{Architecture, ObjectiveKind, Preset, Recipe, Settings, TableShape, TargetKind};
pub use rows::{Features, RowWeights, Rows};
