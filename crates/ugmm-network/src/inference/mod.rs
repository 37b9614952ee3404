//! Inference in a trained network: posteriors, conditional distributions, samples, most probable explanations
//! and bounds.

pub mod bounds;
pub mod conditional;
pub mod diagnostics;
pub mod gibbs;
pub(crate) mod line;
pub mod mpe;
mod normal;
pub mod posterior;
pub mod question;
pub mod robustness;
pub mod variable;
