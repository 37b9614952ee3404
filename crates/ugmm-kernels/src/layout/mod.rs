//! The arguments of a layer in the form that the fast paths read: parameters by panels of neurons, inputs by tiles or columns.

pub(crate) mod columns;
pub(crate) mod component;
pub(crate) mod lanes;
pub(crate) mod panel;
pub(crate) mod prepare;
pub(crate) mod range;
pub(crate) mod subset_sums;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod zero_map;
