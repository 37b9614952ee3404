//! Inspection of a network: its components, what neurons respond to, and explanations of predictions.

mod activations;
mod class_maps;
pub(crate) mod components;
mod contribution;
mod deletion;
mod gradient;
mod histogram;
mod importance;
mod paths;
mod responsibility;
mod summary;

pub use activations::activations;
pub use class_maps::{ClassMaps, class_maps};
pub use components::Component;
pub(crate) use contribution::scaled_contributions;
pub use contribution::{Absence, contributions};
pub use deletion::{Deletion, DeletionCurves, deletion_curves, random_importances};
pub use gradient::log_probability_gradient;
pub(crate) use gradient::score_gradient;
pub use histogram::Histogram;
pub use importance::{followed_weights, importances};
pub use paths::{Flow, RowPath, paths};
pub use responsibility::{feature_responsibilities, mean_responsibilities, responsibilities};
pub use summary::{Activity, LayerSummary, leading_components, summarize, summarize_layer};
