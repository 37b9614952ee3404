//! Training on some rows of a table and predicting others.

use crate::error::CliError;
use crate::fit::fit;
use ugmm::training::{Dataset, EpochReport, Features, Trained, TrainingConfig, log_probabilities};
use ugmm::{Model, ModelConfig, Preset, Recipe, Settings, Standardization, Task};
use ugmm_data::Split;

/// A table, and how a network learns from it.
pub struct Learner<'a> {
    /// Row-major, `[rows, columns]`.
    pub features: &'a [f32],
    pub columns: usize,
    /// Class index of each row.
    pub labels: &'a [usize],
    pub classes: usize,
    pub settings: &'a Settings,
    pub preset: Preset,
    /// Whether features are standardised by the rows that are learned from.
    pub standardize: bool,
    pub seed: u64,
}

/// A trained network with all that it needs to predict.
pub struct Fitted {
    pub task: Task,
    /// As it was trained; the network is the settled one.
    pub config: ModelConfig,
    pub training: TrainingConfig,
    pub standardization: Option<Standardization>,
    pub network: Model,
    pub history: Vec<EpochReport>,
    /// What was learned from.
    pub training_rows: Dataset,
    /// What was held out, if anything was.
    pub held_out: Option<Dataset>,
}

impl Learner<'_> {
    /// The recipe for training on so many rows. A uGMM network takes missing values, so that it can predict rows that
    /// lack some even if no row it learned from did, unless the settings speak against it.
    pub fn recipe(&self, rows: usize) -> Result<Recipe, CliError> {
        let mut recipe = self.settings.recipe(self.preset, self.columns, self.classes, rows, self.seed)?;
        if let ModelConfig::Ugmm(network) = &mut recipe.model {
            let possible = network.layers[0].dropout == 0.0;
            network.missing_values = self.settings.missing_values.unwrap_or(possible);
        }
        Ok(recipe)
    }

    /// Learns from one side of a split, measuring the other after each epoch; `label` is what the progress is called.
    pub fn fit(&self, label: &str, split: &Split) -> Result<Fitted, CliError> {
        let recipe = self.recipe(split.train.len())?;
        let mut training_features = self.select(&split.train);
        let mut held_out_features = self.select(&split.test);
        let standardization =
            self.standardize.then(|| Standardization::fit(&training_features, self.columns)).transpose()?;
        if let Some(standardization) = &standardization {
            standardization.apply(&mut training_features)?;
            standardization.apply(&mut held_out_features)?;
        }
        let training_rows = self.dataset(training_features, &split.train)?;
        let held_out =
            (!split.test.is_empty()).then(|| self.dataset(held_out_features, &split.test)).transpose()?;
        let Trained { network, history } = fit(label, &recipe, &training_rows, held_out.as_ref())?;
        let Recipe { task, model: config, training } = recipe;
        Ok(Fitted { task, config, training, standardization, network, history, training_rows, held_out })
    }

    fn select(&self, rows: &[usize]) -> Vec<f32> {
        rows.iter().flat_map(|row| &self.features[row * self.columns..][..self.columns]).copied().collect()
    }

    fn dataset(&self, features: Vec<f32>, rows: &[usize]) -> Result<Dataset, CliError> {
        let labels = rows.iter().map(|&row| self.labels[row]).collect();
        Ok(Dataset::with_missing_values(Features::F32(features), self.columns, labels, self.classes)?)
    }
}

impl Fitted {
    /// log P(class | x) of some rows, `[rows, classes]`, row-major.
    pub fn log_probabilities(&self, rows: &Dataset) -> Result<Vec<f32>, CliError> {
        Ok(log_probabilities(&self.network, &self.task, rows, &burn::tensor::Device::flex())?)
    }
}
