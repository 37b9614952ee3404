//! Questions that a trained network answers.

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
