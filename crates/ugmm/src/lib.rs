//! Neurons that are univariate Gaussian mixtures, in [Burn](https://burn.dev).
//!
//! [`UgmmLayer`] is a Burn module (the layer of Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural Network*,
//! arXiv 2509.07569, called "the paper" throughout); a [`UgmmNetwork`] stacks layers, and [`architecture`] puts them into recurrent, transformer and convolutional networks. [`training`] trains them on any of Burn's devices
//! by the loop of `ugmm_network`, whose networks are the same without a framework: [`UgmmNetwork::of`] and
//! [`UgmmNetwork::to_network`] take them here and there, and inference, inspection, pruning and model files are there.
//!
//! Activations are natural logarithms of mixture densities. The root of a generative network is a *score*: it is not
//! normalised over the features, so it is never called a likelihood here.

pub mod architecture;
mod device;
mod dropout;
mod host;
mod layer;
mod loss;
mod missing;
mod mlp;
mod model;
mod network;
mod op;
mod standardization;
pub mod training;

/// The framework, in the release that this crate is written against.
pub use burn;
pub use device::{BurnBackend, all_devices, open_device};
pub use layer::UgmmLayer;
pub use loss::loss;
pub use mlp::Mlp;
pub use model::{InitOn, Model};
pub use network::{Network, UgmmNetwork};
#[cfg(feature = "gpu")]
#[doc(hidden)]
pub use op::gpu::testing as gpu_testing;
pub use op::ugmm_log_density;
pub use ugmm_network::{
    DeviceName, GpuBackend, Init, LabelEncoding, LayerConfig, LossOptions, Means, MlpConfig, ModelConfig,
    NetworkConfig, Objective, Stream, Targets, Task, UgmmError, generator,
};

/// The guide's examples on architectures, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/src/architectures.md")]
struct ArchitectureExamples;

/// The README's example, compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExamples;
