//! Options of training a network on a table.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use ugmm_data::PreprocessingOptions;
use ugmm_network::{Preset, Settings};

/// The kind of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChoice {
    /// One of the labels of the target column.
    Classification,
    /// A number.
    Regression,
}

/// Weights of the classes in training and for the decision. Predicted probabilities do not depend on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Inversely proportional to the number of rows of each class, so that all classes have the same total
    /// weight.
    Balanced,
    /// A weight for each label; every class must have one.
    ByLabel(IndexMap<String, f64>),
}

/// Options of training a network on a table. The defaults suit most tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitOptions {
    /// The preset that the settings change.
    pub preset: Preset,
    /// Settings that differ from the preset's. [`Settings::patience`] holds out a tenth of the training rows
    /// as validation rows of early stopping.
    pub settings: Settings,
    /// Options of the preprocessing.
    pub preprocessing: PreprocessingOptions,
    /// Weights of the classes; equal if `None`.
    pub class_weights: Option<ClassWeights>,
    /// Fraction of the rows that is held out to measure the model, stratified by class unless the rows depend on each
    /// other or [`Self::conformal`] is set; 0 for none. Not with folds, unless [`Self::conformal`] needs these rows.
    pub validation: f64,
    /// Whether the held-out rows, here a simple random sample, also calibrate sets of classes or intervals of numbers with a
    /// guarantee ([`Conformal`](crate::Conformal)). The folds then divide the rows that are not held out.
    pub conformal: bool,
    /// Number of folds. The model is measured by cross-validation and trained on all rows, and the
    /// temperature that fits the folds' predictions best calibrates its probabilities.
    pub folds: Option<usize>,
    /// Settings to choose from by cross-validation on the training rows (with [`Self::folds`], or three
    /// folds), each combined with [`Self::settings`]; see [`small_grid`](crate::network::small_grid).
    pub search: IndexMap<String, Settings>,
    /// Seed of all random choices.
    pub seed: u64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            preset: Preset::Best,
            settings: Settings::default(),
            preprocessing: PreprocessingOptions::default(),
            class_weights: None,
            validation: 0.2,
            conformal: false,
            folds: None,
            search: IndexMap::new(),
            seed: 0,
        }
    }
}
