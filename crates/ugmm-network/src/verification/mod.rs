//! Proofs about a trained network: bounds of its outputs, and certified robustness of its decisions.

pub mod bounds;
pub mod robustness;
