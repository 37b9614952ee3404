//! The uGMM layer as one differentiable Burn operation.
//!
//! [`ugmm_log_density`] is the only public item. Behind it, [`UgmmBackend`] and [`UgmmDevice`] are
//! implemented once per kind of device (`cpu.rs`, `gpu/`), and the former once for automatic differentiation (`autodiff.rs`), which
//! works on every device.

mod autodiff;
mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;

use burn::backend::{Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use std::fmt::Debug;

/// The uGMM layer as every backend offers it. Shapes: `x` `[batch, inputs]`; `means`, `log_sigmas` and
/// `mixing_logits` `[neurons, inputs]`; activations and `cotangent` `[batch, neurons]`.
#[backend_extension(Flex, Cube: cfg(feature = "gpu"), Autodiff)]
pub(crate) trait UgmmBackend: burn::backend::Backend {
    /// The activations.
    fn ugmm_forward(
        x: FloatTensor<Self>,
        means: FloatTensor<Self>,
        log_sigmas: FloatTensor<Self>,
        mixing_logits: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// The layer and its derivative on a kind of device, in the shapes of [`UgmmBackend`].
pub(crate) trait UgmmDevice: UgmmBackend {
    /// The values that the backward pass needs of the forward pass.
    type Saved: Clone + Debug + Send + 'static;

    /// The activations, and what the backward pass needs.
    fn ugmm_forward_saving(arguments: [FloatTensor<Self>; 4]) -> (FloatTensor<Self>, Self::Saved);

    /// Gradients with respect to `means`, `log_sigmas` and `mixing_logits` and, when asked for, `x`, for the arguments
    /// `[x, means, log_sigmas, mixing_logits]`.
    fn ugmm_backward(
        arguments: [FloatTensor<Self>; 4],
        saved: Self::Saved,
        cotangent: FloatTensor<Self>,
        want_x: bool,
    ) -> ([FloatTensor<Self>; 3], Option<FloatTensor<Self>>);
}

/// Activations `y[b,j] = log Σ_k softmax(mixing_logits[j])[k] · N(x[b,k]; means[j,k], exp(log_sigmas[j,k])²)` of a
/// uGMM layer (paper §3.1, equations 1–3), differentiable in all four arguments.
///
/// `x` is `[batch, inputs]`, the three parameters are `[neurons, inputs]`, the result is `[batch, neurons]`: natural
/// logarithms of densities. Finite arguments give finite activations and gradients.
///
/// # Panics
///
/// When the shapes do not fit or a tensor is not `f32`, as Burn's own operations do.
///
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let device = Device::flex();
/// let x = Tensor::<2>::from_floats([[0.0, 1.0]], &device);
/// let zeros = Tensor::<2>::zeros([1, 2], &device);
/// // ½ N(0; 0, 1) + ½ N(1; 0, 1)
/// let y: f32 = ugmm::ugmm_log_density(x, zeros.clone(), zeros.clone(), zeros).into_scalar();
/// assert!((y.exp() - 0.5 * (0.398_942 + 0.241_971)).abs() < 1e-6);
/// ```
pub fn ugmm_log_density(
    x: Tensor<2>,
    means: Tensor<2>,
    log_sigmas: Tensor<2>,
    mixing_logits: Tensor<2>,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::ugmm_forward(
        x.into_dispatch(),
        means.into_dispatch(),
        log_sigmas.into_dispatch(),
        mixing_logits.into_dispatch(),
    ))
}
