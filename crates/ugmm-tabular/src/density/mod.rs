//! Density models of tables: a [`Circuit`](ugmm_circuit::Circuit) over all columns, normalised by
//! construction, with the description of its table.
//!
//! [`fit_density`] trains one, with or without a target. Only densities have log-likelihoods: missing values
//! are integrated out, so that a log-likelihood is that of the known columns.

mod answers;
mod columns;
mod dependence;
mod few_rows;
mod file;
mod fit;
mod imputation;
mod model;
mod mpe;
mod options;
mod structure_text;
mod surprise;
mod typical;

pub use columns::prepare_pixels;
pub use dependence::Dependence;
pub(crate) use file::METADATA_KEY;
pub use fit::{DensityReport, DensityRows, LogLikelihoods, TriedStructure, fit_density};
pub use imputation::{Filled, FilledCell};
pub use model::{DensityLearned, DensityModel};
pub use options::{DensityMethod, DensityOptions, DensityStructure};
pub use surprise::{Surprise, SurprisingColumn, UNLIKELY};
pub use typical::UsualRows;
