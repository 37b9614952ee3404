//! Inference in a trained network: predictions, conditional distributions, samples and most probable explanations.

pub mod conditional;
pub mod diagnostics;
pub mod gibbs;
pub(crate) mod line;
pub mod mpe;
mod normal;
pub mod prediction;
pub mod question;
pub mod variable;
