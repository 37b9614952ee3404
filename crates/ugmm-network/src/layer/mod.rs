//! The uGMM layer: every neuron is a univariate Gaussian mixture with one component per input.

mod config;
pub mod dropout;
mod init;
pub(crate) mod missing;
mod parameters;
mod pass;
pub(crate) mod standardization;

pub use config::{Init, LayerConfig, Means};
pub(crate) use parameters::Parameters;
pub(crate) use pass::{Pass, Recorded};

use std::borrow::Cow;
use ugmm_kernels::floored_log_sigmas;

/// A layer of univariate-Gaussian-mixture neurons (paper §3.1). Neuron j maps an input row x to the log-density
///
/// y_j = log Σ_k π_jk N(x_k; μ_jk, σ_jk²), with π_j = softmax(mixing logits of j).
///
/// ```
/// use ugmm_network::{Init, LayerConfig, Stream, generator};
///
/// let config = LayerConfig { init: Init::Paper, ..LayerConfig::new(4, 3) };
/// let layer = config.init(None, &mut generator(0, Stream::Initialization))?;
/// assert_eq!(layer.forward(&[0.0; 8 * 4]).len(), 8 * 3);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Sizes and settings.
    pub config: LayerConfig,
    /// μ, row-major `[neurons, inputs]`, or `[neurons]` when tied.
    pub means: Vec<f32>,
    /// ρ, row-major `[neurons, inputs]`: σ = √(min_sigma² + exp(2ρ)), so that ρ is log σ when min_sigma is 0.
    pub raw_log_sigmas: Vec<f32>,
    /// ℓ, row-major `[neurons, inputs]`, with π_j = softmax(ℓ_j).
    pub mixing_logits: Vec<f32>,
}

impl Layer {
    /// Number of inputs, which is the number of components of each neuron.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.config.inputs
    }

    /// Number of neurons.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.config.neurons
    }

    /// Number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.tensors().iter().map(|tensor| tensor.len()).sum()
    }

    /// Activations `[rows, neurons]` (log-densities) of row-major `x` `[rows, inputs]`, without dropout or
    /// noise.
    ///
    /// # Panics
    ///
    /// When `x` does not consist of whole rows.
    #[must_use]
    pub fn forward(&self, x: &[f32]) -> Vec<f32> {
        self.parameters().mixtures(x)
    }

    /// log σ `[neurons, inputs]` of the effective standard deviations, which include the floor.
    #[must_use]
    pub fn log_sigmas(&self) -> Cow<'_, [f32]> {
        if self.config.min_sigma == 0.0 {
            return Cow::Borrowed(&self.raw_log_sigmas);
        }
        Cow::Owned(floored_log_sigmas(&self.raw_log_sigmas, self.config.min_sigma.ln() as f32))
    }

    /// The means of all components, `[neurons, inputs]`; tied means are repeated for each input.
    #[must_use]
    pub fn component_means(&self) -> Cow<'_, [f32]> {
        match self.config.means {
            Means::Free => Cow::Borrowed(&self.means),
            Means::Tied => {
                let inputs = self.inputs();
                Cow::Owned(self.means.iter().flat_map(|&mean| std::iter::repeat_n(mean, inputs)).collect())
            }
        }
    }

    /// The parameters of the mixtures, as the kernels take them.
    pub(crate) fn parameters(&self) -> Parameters<'_> {
        Parameters {
            inputs: self.inputs(),
            means: self.component_means(),
            log_sigmas: self.log_sigmas(),
            mixing_logits: Cow::Borrowed(&self.mixing_logits),
        }
    }

    /// Means, ρ and mixing logits, in the order in which training and files have them.
    pub(crate) fn tensors(&self) -> [&[f32]; 3] {
        [&self.means, &self.raw_log_sigmas, &self.mixing_logits]
    }

    /// Means, ρ and mixing logits, mutable.
    pub(crate) fn tensors_mut(&mut self) -> [&mut [f32]; 3] {
        [&mut self.means, &mut self.raw_log_sigmas, &mut self.mixing_logits]
    }
}

/// The ρ with √(min_sigma² + exp(2ρ)) = exp(log_sigma). If σ is at or below the floor, the result belongs to
/// a σ slightly above it, where ρ still has a gradient.
pub(crate) fn raw_log_sigma_of(log_sigma: f32, min_sigma: f64) -> f32 {
    /// Smallest fraction of σ² that comes from ρ.
    const SMALLEST_SHARE: f64 = 1e-2;
    if min_sigma == 0.0 {
        return log_sigma;
    }
    let log_sigma = f64::from(log_sigma);
    let share = -(2.0 * (min_sigma.ln() - log_sigma)).exp_m1(); // 1 − (min_sigma / σ)²
    let rho = if share > SMALLEST_SHARE {
        log_sigma + 0.5 * share.ln()
    } else {
        min_sigma.ln() + 0.5 * SMALLEST_SHARE.ln()
    };
    rho as f32
}
