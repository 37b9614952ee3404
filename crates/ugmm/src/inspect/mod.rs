//! What a network's neurons are made of, and what they respond to.

pub(crate) mod components;
mod responsibility;
mod summary;

pub use components::Component;
pub use responsibility::{feature_responsibilities, responsibilities};
pub use summary::{Activity, LayerSummary, leading_components, summarize};
