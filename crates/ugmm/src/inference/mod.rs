//! Questions that a trained network answers.

pub mod posterior;
