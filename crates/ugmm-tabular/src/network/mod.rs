//! The engine of networks: training, predictions and answers.

mod answer;
pub(crate) mod baseline;
pub(crate) mod class_weights;
mod columns;
pub(crate) mod cross_validation;
pub(crate) mod doubt;
pub(crate) mod doubts;
pub(crate) mod every_value;
pub(crate) mod faithfulness;
pub(crate) mod far;
pub(crate) mod fit;
mod import;
pub(crate) mod learner;
pub(crate) mod model;
mod mpe;
pub(crate) mod novelty;
pub(crate) mod options;
pub(crate) mod outputs;
pub(crate) mod part;
pub(crate) mod rare_levels;
pub(crate) mod robustness;
pub(crate) mod rows;
pub(crate) mod search;

pub use baseline::{Baseline, ClassBaseline, NumberBaseline};
pub use cross_validation::CrossValidation;
pub use doubt::{Doubt, FarValues, Reason};
pub use every_value::NeedsEveryValue;
pub use faithfulness::{Attribution, AttributionCurve, Faithfulness};
pub use fit::{Calibration, ConformalReport, FitReport, fit};
pub use import::ImportedNames;
pub use model::NetworkModel;
pub use novelty::Novelty;
pub use options::{ClassWeights, FitOptions, TaskChoice};
pub use outputs::CELLS;
pub use robustness::TableCertificate;
pub use search::{Candidate, small_grid};
