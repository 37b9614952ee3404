//! Trains uGMM networks and densities on tables. A model consists of a network that predicts one column from
//! the others, or of a density of all columns, and of the preprocessing that belongs to its table.
//!
//! A [`Table`] is read from a file (CSV, TSV, Parquet, IDX) or made of columns. [`UgmmClassifier`] predicts a
//! column of classes, [`UgmmRegressor`] a column of numbers. Both fit a [`Preprocessor`] to their training
//! rows and save it with the model, so that a loaded model reads new tables without further settings. Missing
//! values need not be imputed, because the neurons ignore missing inputs.
//!
//! ```
//! use ugmm_network::Settings;
//! use ugmm_tabular::{FitOptions, Table, UgmmClassifier};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (csv, model) = (folder.path().join("flowers.csv"), folder.path().join("flowers.safetensors"));
//! # let rows = (0..60).map(|i| format!("{},{},{}\n", i % 2 * 3 + i % 5, ["red", "", "blue"][i % 3], ["a", "b"][i % 2]));
//! # std::fs::write(&csv, format!("length,colour,species\n{}", rows.collect::<String>()))?;
//! let table = Table::read(&csv, &Default::default())?;
//! let settings = Settings { epochs: Some(30), ..Settings::default() };
//! let options = FitOptions { folds: Some(3), settings, ..FitOptions::default() };
//! let (classifier, report) = UgmmClassifier::fit(&table, "species", &options)?;
//! let measured = report.cross_validation.expect("there were folds");
//! assert_eq!(measured.folds, 3);
//!
//! classifier.save(&model)?;
//! let classifier = UgmmClassifier::load(&model)?;
//! let probabilities = classifier.predict_proba(&table)?; // [rows, classes], row-major
//! assert_eq!(classifier.classes(), ["a", "b"]);
//! assert!((probabilities[0] + probabilities[1] - 1.0).abs() < 1e-5);
//! assert_eq!(classifier.predict(&table)?.len(), table.rows());
//! # Ok(())
//! # }
//! ```

mod column;
mod density;
mod distribution;
mod engine;
mod error;
mod estimator;
mod model;
mod names;
mod network;
mod question;
mod read;
mod reading;
mod remedy;
mod run;
mod target;

pub use column::encoding::{EncodedRows, Outside};
pub use column::range::NumberRange;
pub use column::unit::without_unit;
pub use column::{Column, OTHER, RareLevel};
pub use density::{
    DensityLearned, DensityMethod, DensityModel, DensityOptions, DensityReport, DensityStructure, Dependence,
    Filled, FilledCell, LogLikelihoods, Surprise, SurprisingColumn, TriedStructure, UNLIKELY, UsualRows,
    density_columns, fit_density, prepare_pixels,
};
pub use distribution::log_likelihood::LogLikelihoodMeasures;
pub use distribution::measures::Measures;
pub use distribution::{ClassPredictions, Distribution, Predictions};
pub use engine::{Engine, load};
pub use error::{MissingAs, TabularError};
pub use estimator::{UgmmClassifier, UgmmRegressor};
pub use model::{DateTarget, Needs, TableModel};
pub use network::cross_validation::CrossValidation;
pub use network::doubt::{Doubt, FarValues, Reason};
pub use network::doubts::{Baseline, ClassBaseline, NumberBaseline};
pub use network::every_value::NeedsEveryValue;
pub use network::faithfulness::{Attribution, AttributionCurve, Faithfulness};
pub use network::fit::{Calibration, FitReport, fit};
pub use network::model::NetworkModel;
pub use network::novelty::Novelty;
pub use network::options::{ClassWeights, FitOptions, TaskChoice};
pub use network::robustness::TableCertificate;
pub use network::search::{Candidate, small_grid};
pub use question::assignments::{parse_assignments, parse_names};
pub use question::error::QuestionError;
pub use question::{Answer, DrawOptions, Draws, Evidence};
pub use read::{Batch, ReadTarget, TableReader};
pub use reading::Reading;
pub use remedy::Remedy;
pub use run::{EpochProgress, Measure, Progress, Run, Stage};
pub use target::{NumberTarget, Target, as_numbers, no_numbers, prepare_target};
pub use ugmm_data::{Preprocessor, Table};
pub use ugmm_network::Device;
