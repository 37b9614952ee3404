//! Questions that a trained network answers.

pub mod conditional;
pub mod posterior;
