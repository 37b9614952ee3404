//! What may be chosen about learning from a table.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use ugmm_data::PreprocessingOptions;
use ugmm_network::{Preset, Settings};

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskChoice {
    /// One of the labels of the target column.
    Classification,
    /// A number.
    Regression,
}

/// How much each class counts in training, and for the predicted class. Predicted probabilities do not depend on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// In inverse proportion to its rows: all classes together count alike.
    Balanced,
    /// As given, by label; every class must be there.
    ByLabel(IndexMap<String, f64>),
}

/// How to learn from a table. The default is right for most tables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitOptions {
    /// Classes or numbers; found by the target column if not given: numbers that are not whole, and whole ones of more
    /// than twenty different values, are predicted as numbers.
    pub task: Option<TaskChoice>,
    /// Where to start from.
    pub preset: Preset,
    /// What is set otherwise. [`Settings::patience`] sets a tenth of the training rows aside to stop by.
    pub settings: Settings,
    /// How columns become inputs.
    pub preprocessing: PreprocessingOptions,
    /// How much each class counts; alike if not given.
    pub class_weights: Option<ClassWeights>,
    /// Share of the rows held out to measure the model on, with the classes in proportion; 0 for none. Not with folds.
    pub validation: f64,
    /// Measure by cross-validation with so many folds, learn from all rows, and scale probabilities by the temperature
    /// that fits the folds' predictions best.
    pub folds: Option<usize>,
    /// Settings to choose from by cross-validation on the training rows (with [`Self::folds`] or three folds), each over
    /// [`Self::settings`]; see [`small_grid`](crate::small_grid).
    pub search: IndexMap<String, Settings>,
    /// Decides every random choice.
    pub seed: u64,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            task: None,
            preset: Preset::Best,
            settings: Settings::default(),
            preprocessing: PreprocessingOptions::default(),
            class_weights: None,
            validation: 0.2,
            folds: None,
            search: IndexMap::new(),
            seed: 0,
        }
    }
}
