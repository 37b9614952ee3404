//! Questions that a trained network answers.

pub mod conditional;
pub mod diagnostics;
pub mod gibbs;
pub(crate) mod line;
mod normal;
pub mod posterior;
pub mod question;
pub mod variable;
