//! Learning from tables with uGMM networks: a table, the preprocessing that belongs to it, and a model that predicts one
//! of its columns from the others.
//!
//! A [`Table`] is read from a file (CSV, TSV, Parquet, IDX) or made of columns. [`UgmmClassifier`] learns a column of classes,
//! [`UgmmRegressor`] a column of numbers; both fit a [`Preprocessor`] to the rows they learn from and keep it, so that a
//! saved model reads new tables by itself. Missing values need no filling in: the network does without them.
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

mod any_model;
mod assignments;
mod class_weights;
mod columns;
mod cross_validation;
mod density;
mod device;
mod doubts;
mod error;
mod estimator;
mod every_value;
mod faithfulness;
mod far;
mod fingerprint;
mod fit;
mod identity;
mod journal;
mod learner;
mod measures;
mod model;
mod mpe;
mod novelty;
mod options;
mod outputs;
mod question;
mod question_error;
mod range;
mod rare_levels;
mod robustness;
mod rows;
mod run;
mod search;
mod stream;
mod target;
mod unit;
mod value_text;
mod variables;

pub use any_model::AnyModel;
pub use assignments::{parse_assignments, parse_names};
pub use cross_validation::CrossValidation;
pub use density::{
    DensityAnswer, DensityBatch, DensityColumn, DensityEvidence, DensityLearned, DensityMethod, DensityModel,
    DensityOptions, DensityReader, DensityReport, DensityRun, DensityStructure, Dependence, EncodedRows,
    Filled, FilledCell, LogLikelihoodMeasures, LogLikelihoods, OTHER, Outside, RareLevel, Surprise,
    SurprisingColumn, TriedStructure, UNLIKELY, UsualRows, density_columns, fit_density, mixture_metrics,
    prepare_pixels,
};
pub use device::{backend, use_backend};
pub use doubts::{Baseline, ClassBaseline, NumberBaseline};
pub use error::{MissingAs, TabularError, as_missing};
pub use estimator::{UgmmClassifier, UgmmRegressor};
pub use every_value::NeedsEveryValue;
pub use faithfulness::{Attribution, AttributionCurve, Faithfulness};
pub use fit::{Calibration, FitReport, fit};
pub use measures::Measures;
pub use model::{DateTarget, TabularModel};
pub use mpe::TableMpe;
pub use novelty::Novelty;
pub use options::{ClassWeights, FitOptions, TaskChoice};
pub use question::{Answer, TableSamples};
pub use question_error::QuestionError;
pub use range::NumberRange;
pub use robustness::TableCertificate;
pub use run::{Progress, Run, Stage};
pub use search::{Candidate, small_grid};
pub use stream::{Batch, ModelReader};
pub use target::{NumberTarget, Predictions, Target, as_numbers, no_numbers, prepare_target};
pub use ugmm_data::{Preprocessor, Table};
pub use unit::without_unit;
pub use value_text::value_text;
pub use variables::{Evidence, TableVariable, TableVariables};
