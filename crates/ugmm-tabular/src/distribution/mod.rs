//! How good predictions are.

pub(crate) mod measures;
