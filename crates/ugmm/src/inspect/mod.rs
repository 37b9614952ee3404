//! What a network's neurons are made of, and what they respond to.

mod activations;
mod class_maps;
mod components;
mod histogram;
mod importance;
mod paths;
mod responsibility;
mod summary;

pub use activations::activations;
pub use class_maps::{ClassMaps, class_maps};
pub use components::Component;
pub use histogram::Histogram;
pub use importance::{followed_weights, importances};
pub use paths::{Flow, RowPath, paths};
pub use responsibility::{feature_responsibilities, responsibilities};
pub use summary::{Activity, LayerSummary, leading_components, summarize};
