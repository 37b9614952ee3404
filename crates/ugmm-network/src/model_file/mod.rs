//! Models on disk: one safetensors file with the weights, and with everything needed to use them in its
//! metadata.
//!
//! The metadata has one entry, `ugmm`, a JSON object: `format_version` (1), `model` (the [`ModelConfig`]),
//! `task` (the [`Task`]), `columns` (names of features, target and classes), `standardization` (or null),
//! `training` (the training settings, or null), `temperature` and `spread` (or null),
//! `temperature_before_weights` (true if there are class weights and a temperature), `history` (of the
//! training, if it is known). Weights are `f32` tensors named after the fields that hold them, such as
//! `layers.0.means`.

mod container;
mod explanation;
mod preprocessing;
mod torch;
mod weights;

use crate::file::write_atomically;
use crate::inference::conditional::ConditionalDensity;
use crate::inference::prediction::{class_scores, predicted_densities};
use crate::inspect::feature_responsibilities;
use crate::metrics::unweighted;
use crate::softmax::log_softmax;
use crate::training::{History, TrainingConfig};
use crate::{
    Check, Checked, Features, Model, ModelConfig, Predictor, Rows, Targets, Task, UgmmError, calibration,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

pub use container::{Container, StoredTensor};
pub use preprocessing::Standardization;
pub use torch::{network_of_paper, network_of_paper_bytes};

/// The version of the format that this library writes, and the only one that it reads.
pub const FORMAT_VERSION: u32 = 1;
const CONTAINER: Container = Container {
    key: "ugmm",
    version: FORMAT_VERSION,
    content: "model",
    without_entry: "a safetensors file, but not a ugmm model: its metadata has no entry \"ugmm\"",
};
/// The largest input of a feed-forward network; larger ones are clamped to it, so that their products with
/// ordinary weights stay in the range of f32.
pub const LARGEST_INPUT: f32 = 1e18;

/// Names of the columns that a model was trained on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// Names of the features, in the network's order.
    pub features: Vec<String>,
    /// Name of the target column.
    pub target: String,
    /// Names of the classes, in the order of class indices; empty if the target is a number.
    pub classes: Vec<String>,
    /// The preprocessing of a table's columns to features, and other data about the table, in the format of
    /// the library that reads tables. Without it each feature is a column of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<serde_json::Value>,
}

/// What a [`SavedModel`] is made of.
#[derive(Clone, Debug)]
pub struct ModelParts {
    /// The network.
    pub model: Model,
    /// The task that it was trained for.
    pub task: Task,
    /// Names of its columns.
    pub columns: Columns,
    /// Standardisation of the features before they enter the network.
    pub standardization: Option<Standardization>,
    /// The training settings.
    pub training: Option<Checked<TrainingConfig>>,
    /// The divisor of the class scores before they become probabilities ([`crate::calibration`]); `None`
    /// means 1. It changes no predicted class.
    pub temperature: Option<f64>,
    /// True for files of version 0.1.0 with class weights: the temperature divides the scores without class
    /// weights, so that it changes predicted classes.
    pub temperature_after_weights: bool,
    /// The factor by which densities of numbers are stretched about their medians
    /// ([`crate::calibration::spread`]); `None` means 1.
    pub spread: Option<f64>,
    /// The history of the training.
    pub history: Option<History>,
}

/// A model with everything needed to use it, whose parts fit each other: the network is settled, has finite weights, and fits the
/// task; the task fits the names of columns, the standardisation, the class weights and the factors.
#[derive(Clone, Debug)]
pub struct SavedModel {
    parts: ModelParts,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    format_version: u32,
    model: ModelConfig,
    task: Task,
    columns: Columns,
    standardization: Option<Standardization>,
    training: Option<Checked<TrainingConfig>>,
    #[serde(default)]
    temperature: Option<f64>,
    /// Whether the temperature divides the scores with class weights included; false in files of version
    /// 0.1.0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    temperature_before_weights: bool,
    #[serde(default)]
    spread: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<History>,
}

impl SavedModel {
    /// A model of these parts.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Model`] that says which of them does not fit the others.
    pub fn new(parts: ModelParts) -> Result<Self, UgmmError> {
        let invalid = |reason| UgmmError::Model { reason };
        Description::of(&parts).check().map_err(invalid)?;
        weights::check(&parts.model).map_err(invalid)?;
        Ok(Self { parts })
    }

    /// The parts, which may be changed and put together again.
    #[must_use]
    pub fn into_parts(self) -> ModelParts {
        self.parts
    }

    /// The network.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.parts.model
    }

    /// The task that the network was trained for.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.parts.task
    }

    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.parts.columns
    }

    /// Standardisation of the features before they enter the network.
    #[must_use]
    pub fn standardization(&self) -> Option<&Standardization> {
        self.parts.standardization.as_ref()
    }

    /// The training settings, if they are known.
    #[must_use]
    pub fn training(&self) -> Option<&TrainingConfig> {
        self.parts.training.as_deref()
    }

    /// The history of the training, if it is known.
    #[must_use]
    pub fn history(&self) -> Option<&History> {
        self.parts.history.as_ref()
    }

    /// The divisor of the class scores; see [`ModelParts::temperature`].
    #[must_use]
    pub fn temperature(&self) -> Option<f64> {
        self.parts.temperature
    }

    /// Whether the temperature changes predicted classes; see [`ModelParts::temperature_after_weights`].
    #[must_use]
    pub fn temperature_after_weights(&self) -> bool {
        self.parts.temperature_after_weights
    }

    /// The factor by which densities are stretched; see [`ModelParts::spread`].
    #[must_use]
    pub fn spread(&self) -> Option<f64> {
        self.parts.spread
    }

    /// Writes the model to `path`, and replaces an existing file only when all of the new one is on disk.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), UgmmError> {
        let invalid = |reason| UgmmError::ModelFile { path: path.to_path_buf(), reason };
        write_atomically(path, &self.to_bytes().map_err(invalid)?)
    }

    /// The bytes of the model's file.
    ///
    /// # Errors
    ///
    /// A clause that says why the model cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        CONTAINER.write(&Description::of(&self.parts), weights::collect(&self.parts.model))
    }

    /// Reads a model from `path`.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the file cannot be read, is truncated or damaged, is not a ugmm model, or has
    /// another format version.
    pub fn load(path: &Path) -> Result<Self, UgmmError> {
        let bytes =
            std::fs::read(path).map_err(|source| UgmmError::Io { path: path.to_path_buf(), source })?;
        Self::from_file_bytes(path, &bytes)
    }

    /// Reads a model from the bytes of a file; `path` is used in messages only.
    ///
    /// # Errors
    ///
    /// [`UgmmError::ModelFile`] when the bytes are truncated or damaged, are not a ugmm model, or have
    /// another format version.
    pub fn from_file_bytes(path: &Path, bytes: &[u8]) -> Result<Self, UgmmError> {
        Self::from_bytes(bytes).map_err(|reason| UgmmError::ModelFile { path: path.to_path_buf(), reason })
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (description, tensors): (Description, _) = CONTAINER.read(bytes)?;
        description.check()?;
        let model = weights::load(&description.model, &tensors)?;
        let has_weights =
            description.training.as_ref().is_some_and(|training| training.class_weights.is_some());
        Ok(Self {
            parts: ModelParts {
                model,
                task: description.task,
                columns: description.columns,
                standardization: description.standardization,
                training: description.training,
                temperature_after_weights: has_weights
                    && description.temperature.is_some()
                    && !description.temperature_before_weights,
                temperature: description.temperature,
                spread: description.spread,
                history: description.history,
            },
        })
    }

    /// The class weights `[classes]` of training, if there were any; the predicted class is then the one of
    /// the largest weight × probability ([`crate::metrics::decisions`]).
    #[must_use]
    pub fn class_weights(&self) -> Option<&[f64]> {
        self.parts.training.as_ref()?.class_weights.as_deref()
    }

    /// Class probabilities, row-major `[rows, classes]`, of row-major `features` `[rows, features]` in the
    /// data's own units; empty for no rows. They are those of the unweighted classes, even if training
    /// weighted the classes.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the number of values is not a multiple of the number of features, a value is not
    /// finite, or the model predicts a number.
    pub fn class_probabilities(&self, features: &[f32]) -> Result<Vec<f32>, UgmmError> {
        let mut values = self.log_probabilities(features)?;
        values.iter_mut().for_each(|value| *value = value.exp());
        Ok(values)
    }

    /// Natural logarithms of [`Self::class_probabilities`], which are finite even where a probability is too
    /// small for f32.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::class_probabilities`].
    pub fn log_probabilities(&self, features: &[f32]) -> Result<Vec<f32>, UgmmError> {
        Ok(self.log_probabilities_of(self.class_scores(features)?))
    }

    /// Logarithms of the class probabilities from the result of [`Self::class_scores`], without another pass
    /// through the network; the argument itself if the model predicts a number.
    #[must_use]
    pub fn log_probabilities_of(&self, class_scores: Vec<f32>) -> Vec<f32> {
        let Task::Classes(task) = self.parts.task else { return class_scores };
        let (classes, mut values) = (task.classes(), class_scores);
        log_softmax(&mut values, classes);
        if let Some(weights) = self.class_weights() {
            unweighted(&mut values, weights);
        }
        if let Some(temperature) = self.parts.temperature {
            let weights = self.class_weights().filter(|_| !self.parts.temperature_after_weights);
            calibration::scale(&mut values, classes, temperature, weights);
        }
        values
    }

    /// Unnormalised log-scores `[rows, classes]`, whose softmax gives the class probabilities of a network
    /// without class weights and temperature. For a generative network they are the joint scores of the
    /// features and each label.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::class_probabilities`].
    pub fn class_scores(&self, features: &[f32]) -> Result<Vec<f32>, UgmmError> {
        self.class_scores_by(&self.parts.model, features)
    }

    /// [`Self::class_scores`] computed by `network`, which is this model on another device.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::class_scores`].
    pub fn class_scores_by(&self, network: &dyn Predictor, features: &[f32]) -> Result<Vec<f32>, UgmmError> {
        let task = self.parts.task.classification()?;
        let scores = class_scores(network, task, &self.rows(features)?)?;
        // Sums of large products exceed f32, and their differences are NaN; uGMM neurons saturate instead.
        match scores.iter().position(|score| !score.is_finite()) {
            Some(at) => Err(UgmmError::NotFinite {
                what: "the network's output",
                row: at / task.classes(),
                column: at % task.classes(),
                value: scores[at],
            }),
            None => Ok(scores),
        }
    }

    /// The conditional density of the target, in the network's units, for each row of `features`
    /// `[rows, features]`, over `cells` cells of its range: one density per row.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the number of values is not a multiple of the number of features, a value is not
    /// finite, or the model predicts classes.
    pub fn densities(&self, features: &[f32], cells: usize) -> Result<Vec<ConditionalDensity>, UgmmError> {
        self.densities_by(&self.parts.model, features, cells)
    }

    /// [`Self::densities`] computed by `network`, which is this model on another device.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::densities`].
    pub fn densities_by(
        &self,
        network: &dyn Predictor,
        features: &[f32],
        cells: usize,
    ) -> Result<Vec<ConditionalDensity>, UgmmError> {
        let rows = self.rows(features)?;
        let densities = predicted_densities(network, self.parts.task.regression()?, &rows, cells)?;
        Ok(match self.parts.spread {
            Some(spread) => densities.iter().map(|density| density.stretched(spread)).collect(),
            None => densities,
        })
    }

    /// The responsibility of each feature of each row for the prediction `targets`, `[rows, features]`; see
    /// [`feature_responsibilities`].
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when the sizes do not fit, a value is not finite, or the model is not a uGMM network.
    pub fn responsibilities(&self, features: &[f32], targets: &Targets) -> Result<Vec<f32>, UgmmError> {
        let network = self.ugmm()?;
        let rows = self.rows_of(features, targets)?;
        let x = rows.batch(&(0..rows.len()).collect::<Vec<_>>());
        Ok(feature_responsibilities(network, &x, self.parts.task.with_targets(targets)?))
    }

    /// The rows as the network reads them.
    pub(crate) fn rows(&self, features: &[f32]) -> Result<Rows, UgmmError> {
        let mut features = features.to_vec();
        if let Some(standardization) = &self.parts.standardization {
            standardization.apply(&mut features)?;
        }
        if matches!(self.parts.model, Model::Mlp(_)) {
            features.iter_mut().for_each(|value| *value = value.clamp(-LARGEST_INPUT, LARGEST_INPUT));
        }
        let Self { parts: ModelParts { model, task, .. } } = self;
        let may_miss = model.takes_missing_values() || matches!(task, Task::Number(_));
        Rows::checked(Features::F32(features), task.features(), may_miss)
    }
}

impl Description {
    fn of(parts: &ModelParts) -> Self {
        let has_class_weights =
            parts.training.as_ref().is_some_and(|training| training.class_weights.is_some());
        Self {
            format_version: FORMAT_VERSION,
            model: parts.model.config(),
            task: parts.task,
            columns: parts.columns.clone(),
            standardization: parts.standardization.clone(),
            training: parts.training.clone(),
            temperature: parts.temperature,
            temperature_before_weights: has_class_weights
                && parts.temperature.is_some()
                && !parts.temperature_after_weights,
            spread: parts.spread,
            history: parts.history.clone(),
        }
    }

    /// Checks that the parts fit each other.
    fn check(&self) -> Result<(), String> {
        self.model
            .check()
            .and_then(|()| self.task.check_width(self.model.width()))
            .map_err(|e| e.to_string())?;
        let weights = self.training.as_ref().and_then(|training| training.class_weights.as_deref());
        if self.task.check_class_weights(weights).is_err() {
            return Err("there must be one class weight for each class".into());
        }
        for (what, factor) in [("temperature", self.temperature), ("spread", self.spread)] {
            if factor.is_some_and(|factor| !(factor > 0.0 && factor.is_finite())) {
                return Err(format!("the {what} must be positive and finite"));
            }
        }
        self.history.iter().try_for_each(History::check)?;
        if matches!(&self.model, ModelConfig::Ugmm(config) if config.standardize) {
            return Err(
                "the network still takes its units from each batch; a file holds settled networks".into()
            );
        }
        let (features, classes) = (self.task.features(), self.task.class_count());
        let names = [
            ("features", self.columns.features.len(), features),
            ("classes", self.columns.classes.len(), classes),
        ];
        for (what, found, expected) in names {
            if found != expected {
                return Err(format!("the model has {expected} {what}, but names for {found}"));
            }
        }
        match &self.standardization {
            Some(standardization) if !standardization.fits(features) => {
                Err(format!("the standardisation is not {features} finite means and positive scales"))
            }
            _ => Ok(()),
        }
    }
}
