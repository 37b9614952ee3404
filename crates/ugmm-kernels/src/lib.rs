#![doc = include_str!("../README.md")]
//!
//! Neuron `j` of a layer with `N` inputs mixes `N` Gaussians, the `k`-th one evaluated at input `k`
//! (Z. S. Ali, *uGMM-NN: Univariate Gaussian Mixture Model Neural Network*, arXiv 2509.07569, section 3):
//!
//! ```text
//! z_bjk = (x_bk - mu_jk) / sigma_jk
//! c_jk  = log pi_jk - log sigma_jk - 1/2 log 2 pi          pi_j = softmax over k of the mixing logits
//! y_bj  = log sum_k exp(c_jk - 1/2 z_bjk^2)                 a log-density
//! r_bjk = exp(c_jk - 1/2 z_bjk^2 - y_bj)                    the responsibilities, which sum to 1 over k
//! ```
//!
//! * [`forward()`] and [`backward()`] are the `f32` kernels: fused, vectorised for the instruction set found
//!   at run time (AVX-512, AVX2, NEON or plain scalar code), parallel over the current rayon pool. Nothing of
//!   size `batch * neurons * inputs` is ever stored. Their results do not depend on the number of threads,
//!   bit for bit.
//! * Inputs that are exactly 0 cost next to nothing where there are many of them: their exponentials do not
//!   depend on the row and are computed once. The share of zeros decides this for up to 128 rows and 128
//!   inputs at a time. A call in which this happens anywhere, or in which values are missing, adds up terms in
//!   another order, so that the last bits of a row can depend on the zeros and missing values of its
//!   neighbours in the batch.
//! * [`oracle`] computes these formulas in `f64` and is written to be read. Every fast path is tested against
//!   it.
//!
//! A NaN in x is a missing value: its components leave the sum without any change of the other weights, and
//! its own gradient is 0. A neuron sees nothing if all of its components are dropped or belong to missing
//! inputs; its activation is then at most `-f32::MAX`.
//!
//! Finite arguments give finite results: values beyond the range of `f32` are saturated at `±f32::MAX`. The
//! caller must reject other arguments that are not finite; the kernels return unspecified numbers for them,
//! but do not panic.

// Loops step over vectors that lie side by side in several arrays; an index expresses this best.
#![allow(clippy::needless_range_loop)]

mod backward;
pub mod bounds;
pub mod branch_and_bound;
mod careful;
mod check;
mod error;
mod floor;
mod forward;
mod layout;
pub mod oracle;
mod shape;
mod side_by_side;
mod simd;
mod squares;
mod tasks;

pub use backward::{GradientSlices, Gradients, backward, backward_into};
pub use error::KernelError;
pub use floor::{floor_gradients, floored_log_sigmas};
pub use forward::{Forward, Saved, forward};
pub use shape::{DROPPED_LOGIT, LayerArguments, LayerShape, NO_LOG_WEIGHT};
pub use side_by_side::{jobs_at_once, side_by_side};
pub use simd::exp::exp;
pub use squares::root_mean_square;

#[doc(hidden)]
pub mod dispatch {
    pub use crate::forward::forward_along;
    pub use crate::simd::dispatch::{InstructionSet, ZeroPath, exponentials};
}
