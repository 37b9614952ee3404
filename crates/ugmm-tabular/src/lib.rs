#![doc = include_str!("../README.md")]
//!
//! A model consists of a network that predicts one column from
//! the others, or of a density of all columns, and of the preprocessing that belongs to its table.
//!
//! A [`Table`] is read from a file (CSV, TSV, Parquet, IDX) or made of columns. [`UgmmClassifier`] predicts a
//! column of classes, [`UgmmRegressor`] a column of numbers. Both fit a [`Preprocessor`] to their training
//! rows and save it with the model, so that a loaded model reads new tables without further settings. Missing
//! values need not be imputed, because the neurons ignore missing inputs.
//!
//! The crate's root holds what most programs need: the estimators, the functions that fit and load models of
//! both engines ([`fit`], [`fit_density`], [`load`]), and [`TableModel`], by which every model predicts and
//! answers questions. The modules hold the rest by subject: settings and reports of each engine in
//! [`network`] and [`density`], predictions in [`distribution`], questions in [`question`], files in [`read`].

pub mod column;
mod conformal;
pub mod density;
pub mod distribution;
mod engine;
mod error;
mod estimator;
mod model;
mod names;
pub mod network;
pub mod question;
pub mod read;
mod reading;
mod remedy;
pub mod run;
pub mod target;

pub use column::Column;
pub use conformal::Conformal;
pub use density::{DensityModel, DensityOptions, DensityReport, fit_density};
pub use distribution::Distribution;
pub use engine::{Engine, load, load_bytes};
pub use error::{MissingAs, TabularError};
pub use estimator::{UgmmClassifier, UgmmRegressor};
pub use model::{DateTarget, Needs, TableModel};
pub use network::{FitOptions, FitReport, NetworkModel, TaskChoice, fit};
pub use question::{Answer, Evidence};
pub use reading::Reading;
pub use remedy::Remedy;
pub use run::Run;
pub use ugmm_data::{Preprocessor, Table};
pub use ugmm_network::Device;
