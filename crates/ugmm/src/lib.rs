#![doc = include_str!("../README.md")]
//!
//! * Neuron: [`UgmmLayer`], a Burn module (the layer of Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural
//!   Network*, arXiv 2509.07569, called "the paper" throughout), and the operation behind it, [`ugmm_log_density`].
//! * Network: [`UgmmNetwork`] stacks layers, [`Mlp`] is the plain network that it is compared with, a [`Model`] is either,
//!   and a [`Network`] is anything that can be trained.
//! * Training: [`training`], on any of Burn's devices, by the loop of `ugmm_network`.
//! * Inference ([`inference`]), verification ([`verification`]), inspection ([`inspect`]), pruning ([`pruning`]), measures
//!   of predictions ([`metrics`], [`calibration`]) and files ([`model_file`]) are those of `ugmm_network`, for networks in
//!   plain lists: [`UgmmNetwork::to_network`] and [`UgmmLayer::to_layer`] make these, [`UgmmNetwork::of`] and
//!   [`UgmmLayer::of`] put them on a device.
//! * Architectures: [`architecture`] puts the neuron into recurrent, transformer and convolutional networks.
//! * Devices: [`open_device`] opens one by its name, [`all_devices`] lists them, and a [`BurnBackend`] trains and predicts
//!   for `ugmm_network`.
//!
//! Activations are natural logarithms of mixture densities. The root of a generative network is a *score*: it is not
//! normalised over the features, so it is never called a likelihood here.

// The neuron, and networks of it.
mod network;
mod neuron;

// Training on any of Burn's devices.
pub mod training;

// What needs no device.
pub use ugmm_network::{calibration, inference, inspect, metrics, model_file, pruning, verification};

// The neuron in other architectures than the feed-forward stack.
pub mod architecture;

// Devices by name.
mod device;
mod host;

/// The framework, in the release that this crate is written against.
pub use burn;
pub use device::{BurnBackend, all_devices, open_device};
pub use network::{InitOn, Mlp, Model, Network, UgmmNetwork};
pub use neuron::UgmmLayer;
#[cfg(feature = "gpu")]
#[doc(hidden)]
pub use neuron::op::gpu::testing as gpu_testing;
pub use neuron::op::ugmm_log_density;
pub use ugmm_network::{
    Check, Checked, ClassObjective, Classification, DensityObjective, DeviceName, GpuBackend, Init,
    LabelEncoding, LayerConfig, LossOptions, Means, MlpConfig, ModelConfig, NetworkConfig, Regression, Rows,
    Stream, Targets, Task, TaskTargets, UgmmError, generator,
};

/// The guide's examples on architectures, compiled and run with the documentation tests. `guide` links to the
/// pages of the repository, and a package has copies of them.
#[cfg(doctest)]
#[doc = include_str!("../guide/architectures.md")]
struct ArchitectureExamples;
