//! Combines a preset and some settings into everything that training needs.

mod preset;

pub use preset::Preset;

use crate::training::{
    Augmentation, Dataset, EarlyStopping, OptimizerConfig, Schedule, Sparsity, TrainingConfig,
};
use crate::{
    Check, Checked, ClassObjective, Classification, DensityObjective, Init, LabelEncoding, ModelConfig,
    Regression, Task, UgmmError,
};
use serde::{Deserialize, Serialize};

/// The kind of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// A uGMM network.
    #[default]
    Ugmm,
    /// A plain feed-forward network.
    Mlp,
}

/// The name of an objective, without its settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// [`ClassObjective::Discriminative`].
    #[default]
    Discriminative,
    /// [`ClassObjective::Generative`].
    Generative,
    /// [`ClassObjective::Hybrid`].
    Hybrid,
    /// [`DensityObjective`]: the only objective for numbers.
    Conditional,
}

/// Settings that replace those of a preset; the preset determines any that are `None`. As TOML:
///
/// ```toml
/// hidden = [64, 32]
/// min_sigmas = [0.5, 1.0]
/// epochs = 100
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The kind of network; by default a uGMM network.
    pub model: Option<Architecture>,
    /// The objective; by default discriminative.
    pub objective: Option<ObjectiveKind>,
    /// The encoding of the label in a generative or hybrid network.
    pub label_encoding: Option<LabelEncoding>,
    /// Weight of the cross-entropy of the posterior relative to the joint score, with the hybrid objective.
    pub cross_entropy_weight: Option<f64>,
    /// Number of cells of the range of a number in training; see [`DensityObjective`].
    pub nodes: Option<usize>,
    /// Weight of the continuous ranked probability score, for a number; see [`DensityObjective`].
    pub crps_weight: Option<f64>,
    /// Sizes of the hidden layers, first to last; `[]` for none.
    pub hidden: Option<Vec<usize>>,
    /// uGMM: initialisation of every layer.
    pub init: Option<Init>,
    /// uGMM: whether the inputs of every layer but the first are standardised in training.
    pub standardize: Option<bool>,
    /// uGMM: σ floor of each layer, first to last; layers beyond the end of the list get its last one.
    pub min_sigmas: Option<Vec<f64>>,
    /// Component dropout of each layer (uGMM), or dropout of each hidden layer's units (feed-forward); first to last,
    /// 0 beyond the end of the list.
    pub dropout: Option<Vec<f64>>,
    /// Dropout of each layer's inputs, first to last; 0 beyond the end of the list.
    pub input_dropout: Option<Vec<f64>>,
    /// uGMM: standard deviation of the noise on each layer's inputs, first to last; 0 beyond the end of the list.
    pub input_noise: Option<Vec<f64>>,
    /// uGMM: see [`NetworkConfig::missing_values`](crate::NetworkConfig::missing_values).
    pub missing_values: Option<bool>,
    /// Feed-forward: whether hidden layers are batch-normalised.
    pub batch_norm: Option<bool>,
    /// Number of epochs, which are passes over the training rows.
    pub epochs: Option<usize>,
    /// Number of rows per step.
    pub batch_size: Option<usize>,
    /// The learning-rate schedule.
    pub schedule: Option<Schedule>,
    /// The (highest) learning rate of the schedule.
    pub learning_rate: Option<f64>,
    /// The optimiser.
    pub optimizer: Option<OptimizerConfig>,
    /// Shorthand for the optimiser AdamW with this weight decay.
    pub weight_decay: Option<f32>,
    /// See [`TrainingConfig::max_gradient_norm`].
    pub max_gradient_norm: Option<f64>,
    /// See [`TrainingConfig::label_smoothing`].
    pub label_smoothing: Option<f64>,
    /// See [`TrainingConfig::augmentation`].
    pub augmentation: Option<Augmentation>,
    /// Epochs without a smaller loss on the validation rows after which training stops ([`EarlyStopping`]).
    pub patience: Option<usize>,
    /// uGMM: see [`Sparsity::keep_components`].
    pub keep_components: Option<f64>,
}

/// The shape of the training table, for [`Settings::recipe`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TableShape {
    /// Number of feature columns.
    pub features: usize,
    /// The kind of target.
    pub target: TargetKind,
    /// Number of training rows.
    pub rows: usize,
}

impl TableShape {
    /// The shape of the rows of a classification.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        let target = TargetKind::Classes(dataset.classes());
        Self { features: dataset.columns(), target, rows: dataset.rows() }
    }
}

/// The kind of target of a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TargetKind {
    /// One of this number of classes.
    Classes(usize),
    /// A number in a range, in the network's units.
    Number {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

/// The task, the network and its training settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recipe {
    /// Sizes and objective.
    pub task: Task,
    /// The network.
    pub model: ModelConfig,
    /// The training settings.
    pub training: Checked<TrainingConfig>,
}

impl Settings {
    /// The recipe of `preset` with these settings, for a table of this shape.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] for the first setting that is out of its range, or does not belong to this kind
    /// of network or objective.
    ///
    /// ```
    /// use ugmm_network::{Preset, Settings, TableShape, TargetKind};
    ///
    /// let shape = TableShape { features: 4, target: TargetKind::Classes(3), rows: 120 };
    /// let settings = Settings { hidden: Some(vec![64, 32]), ..Settings::default() };
    /// let recipe = settings.recipe(Preset::Best, &shape, 0)?;
    /// assert_eq!(recipe.model.width(), (4, 3));
    /// let wrong = Settings { epochs: Some(10), batch_size: Some(0), ..Settings::default() };
    /// let message = wrong.recipe(Preset::Best, &shape, 0).unwrap_err().to_string();
    /// assert_eq!(message, "batch_size is 0, but must be at least 1");
    /// # Ok::<(), ugmm_network::UgmmError>(())
    /// ```
    pub fn recipe(&self, preset: Preset, shape: &TableShape, seed: u64) -> Result<Recipe, UgmmError> {
        let task = self.task(preset, shape)?;
        let model = self.model(preset, &task, shape.rows)?;
        let training = self.training(preset, &model, &task, shape.rows, seed)?;
        model.check()?;
        let training = training.checked()?;
        if let Some(augmentation) = &training.augmentation {
            augmentation.check(shape.features)?;
        }
        Ok(Recipe { task, model, training })
    }

    /// These settings, with those that are `None` taken from `base`.
    #[must_use]
    pub fn over(&self, base: &Self) -> Self {
        let (Ok(serde_json::Value::Object(mut merged)), Ok(serde_json::Value::Object(own))) =
            (serde_json::to_value(base), serde_json::to_value(self))
        else {
            return self.clone();
        };
        merged.extend(own.into_iter().filter(|(_, value)| !value.is_null()));
        serde_json::from_value(merged.into()).unwrap_or_else(|_| self.clone())
    }

    fn task(&self, preset: Preset, shape: &TableShape) -> Result<Task, UgmmError> {
        let of_numbers = matches!(shape.target, TargetKind::Number { .. });
        let usual = if of_numbers { ObjectiveKind::Conditional } else { ObjectiveKind::default() };
        let kind = self.objective.unwrap_or(usual);
        let left_out = |setting, value: &dyn std::fmt::Display, expected| {
            Err(UgmmError::setting(setting, value.to_string(), expected))
        };
        if let (Some(weight), true) = (self.cross_entropy_weight, kind != ObjectiveKind::Hybrid) {
            return left_out("cross_entropy_weight", &weight, "left out unless the objective is hybrid");
        }
        if let (Some(nodes), false) = (self.nodes, of_numbers) {
            return left_out("nodes", &nodes, "left out where classes are predicted");
        }
        let label = self.label_encoding.unwrap_or(preset.label_encoding());
        let of_classes =
            |classes, objective| Classification::new(shape.features, classes, objective).map(Task::from);
        match (kind, shape.target) {
            (ObjectiveKind::Conditional, TargetKind::Number { low, high }) => {
                let nodes = self.nodes.unwrap_or(Preset::NODES);
                let crps_weight = self.crps_weight.unwrap_or(Preset::CRPS_WEIGHT);
                let objective = DensityObjective { low, high, nodes, crps_weight };
                Regression::new(shape.features, objective).map(Task::from)
            }
            (ObjectiveKind::Conditional, _) => {
                let expected = "one for classes: discriminative, generative or hybrid";
                left_out("objective", &"conditional", expected)
            }
            (_, TargetKind::Number { .. }) => {
                let expected = "conditional or left out where a number is predicted";
                left_out("objective", &"one for classes", expected)
            }
            (ObjectiveKind::Discriminative, TargetKind::Classes(classes)) => {
                of_classes(classes, ClassObjective::Discriminative)
            }
            (ObjectiveKind::Generative, TargetKind::Classes(classes)) => {
                of_classes(classes, ClassObjective::Generative { label })
            }
            (ObjectiveKind::Hybrid, TargetKind::Classes(classes)) => {
                let weight = self.cross_entropy_weight.unwrap_or(Preset::CROSS_ENTROPY_WEIGHT);
                of_classes(classes, ClassObjective::Hybrid { label, weight })
            }
        }
    }

    fn model(&self, preset: Preset, task: &Task, rows: usize) -> Result<ModelConfig, UgmmError> {
        let hidden = self.hidden.clone().unwrap_or_else(|| preset.hidden(task, rows));
        match self.model.unwrap_or_default() {
            Architecture::Ugmm => self.ugmm(preset.ugmm(task, &hidden)),
            Architecture::Mlp if matches!(task, Task::Number(_)) => {
                let expected = "ugmm, where a number is predicted";
                Err(UgmmError::setting("model", "mlp", expected))
            }
            Architecture::Mlp => self.mlp(preset.mlp(task, &hidden)),
        }
    }

    fn ugmm(&self, config: ModelConfig) -> Result<ModelConfig, UgmmError> {
        let ModelConfig::Ugmm(mut network) = config else { return Ok(config) };
        if let Some(batch_norm) = self.batch_norm {
            let expected = "left out for a uGMM network; standardize does what it is for";
            return Err(UgmmError::setting("batch_norm", batch_norm, expected));
        }
        let layers = network.layers.len();
        if let Some(init) = self.init {
            network = network.with_init(init);
        }
        if let Some(standardize) = self.standardize {
            network = network.with_standardize(standardize);
        }
        if let Some(min_sigmas) = &self.min_sigmas {
            network = network.with_min_sigmas(&at_most(layers, "min_sigmas", min_sigmas)?);
        }
        if let Some(dropout) = &self.dropout {
            network = network.with_dropout(&filled(layers, "dropout", dropout)?);
        }
        if let Some(dropout) = &self.input_dropout {
            network = network.with_input_dropout(&filled(layers, "input_dropout", dropout)?);
        }
        if let Some(noise) = &self.input_noise {
            network = network.with_input_noise(&filled(layers, "input_noise", noise)?);
        }
        if let Some(missing_values) = self.missing_values {
            network = network.with_missing_values(missing_values);
        }
        Ok(ModelConfig::Ugmm(network))
    }

    fn mlp(&self, config: ModelConfig) -> Result<ModelConfig, UgmmError> {
        let ModelConfig::Mlp(mut network) = config else { return Ok(config) };
        let only_ugmm = [
            ("objective", self.objective.is_some_and(|kind| kind != ObjectiveKind::Discriminative)),
            ("label_encoding", self.label_encoding.is_some()),
            ("init", self.init.is_some()),
            ("standardize", self.standardize.is_some()),
            ("min_sigmas", self.min_sigmas.is_some()),
            ("input_noise", self.input_noise.is_some()),
            ("missing_values", self.missing_values.is_some()),
        ];
        if let Some((setting, _)) = only_ugmm.into_iter().find(|(_, given)| *given) {
            return Err(UgmmError::setting(setting, "given", "left out for a feed-forward network"));
        }
        let layers = network.sizes.len() - 1;
        if let Some(dropout) = &self.dropout {
            network.dropout = filled(layers - 1, "dropout", dropout)?;
        }
        if let Some(dropout) = &self.input_dropout {
            network.input_dropout = filled(1, "input_dropout", dropout)?[0];
        }
        if let Some(batch_norm) = self.batch_norm {
            network = network.with_batch_norm(batch_norm);
        }
        Ok(ModelConfig::Mlp(network))
    }

    fn training(
        &self,
        preset: Preset,
        model: &ModelConfig,
        task: &Task,
        rows: usize,
        seed: u64,
    ) -> Result<TrainingConfig, UgmmError> {
        let mut training = preset.training(model, task, rows, seed);
        training.epochs = self.epochs.unwrap_or(training.epochs);
        training.batch_size = self.batch_size.unwrap_or(training.batch_size);
        if let Some(schedule) = &self.schedule {
            training.schedule = schedule.clone();
        }
        if let Some(rate) = self.learning_rate {
            let (Schedule::Constant { learning_rate }
            | Schedule::MultiStep { learning_rate, .. }
            | Schedule::Cosine { learning_rate, .. }) = &mut training.schedule;
            *learning_rate = rate;
        }
        match (self.optimizer, self.weight_decay) {
            (Some(_), Some(decay)) => {
                let expected = "left out where the optimizer is given, which has its own";
                return Err(UgmmError::setting("weight_decay", decay, expected));
            }
            (Some(optimizer), None) => training.optimizer = optimizer,
            (None, Some(decay)) => training.optimizer = OptimizerConfig::adam_w(decay),
            (None, None) => {}
        }
        training.max_gradient_norm = self.max_gradient_norm.or(training.max_gradient_norm);
        training.label_smoothing = self.label_smoothing.unwrap_or(training.label_smoothing);
        training.augmentation = self.augmentation.or(training.augmentation);
        training.early_stopping =
            self.patience.map(|patience| EarlyStopping { patience }).or(training.early_stopping);
        training.sparsity =
            self.keep_components.map(|keep_components| Sparsity { keep_components }).or(training.sparsity);
        Ok(training)
    }
}

/// Checks that a list has at least one entry and at most one for each layer.
fn at_most(layers: usize, setting: &'static str, values: &[f64]) -> Result<Vec<f64>, UgmmError> {
    if values.len() > layers || values.is_empty() {
        let value = format!("a list of {}", values.len());
        return Err(UgmmError::setting(setting, value, "not empty and no longer than the number of layers"));
    }
    Ok(values.to_vec())
}

/// Values of a setting for each layer; layers beyond the end of the list get 0.
fn filled(layers: usize, setting: &'static str, values: &[f64]) -> Result<Vec<f64>, UgmmError> {
    if layers == 0 && values.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = at_most(layers, setting, values)?;
    values.resize(layers, 0.0);
    Ok(values)
}
