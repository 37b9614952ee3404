//! A network with the description of its table.

use super::part::{ColumnInputs, TablePart, columns_of};
use crate::column::Column;
use crate::column::range::NumberRange;
use crate::conformal::Conformal;
use crate::distribution::{ClassPredictions, Distribution, Predictions};
use crate::error::TabularError;
use crate::model::{DateTarget, Needs, TableModel};
use crate::network::every_value::NeedsEveryValue;
use crate::network::novelty::Novelty;
use crate::network::outputs::CELLS;
use crate::question::{DrawOptions, Draws, Evidence};
use crate::reading::Reading;
use crate::target::Target;
use serde::Deserialize;
use std::ops::ControlFlow;
use std::path::Path;
use ugmm_circuit::{Mpe, MpeOptions, ProofProgress};
use ugmm_data::{ImageGrid, Preprocessor};
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::inspect::Absence;
use ugmm_network::metrics::decisions;
use ugmm_network::model_file::{ModelParts, SavedModel};
use ugmm_network::pruning::{Criterion, Keep, ModelPruner, PrunedLayer};
use ugmm_network::{Device, OnDevice, Predictor, Targets, Task};

/// A trained network with the preprocessing of its inputs and the meaning of its outputs. Inputs are `[rows,
/// inputs]`, row-major, as [`Self::features`] and [`Preprocessor::transform`] return them.
#[derive(Clone, Debug)]
pub struct NetworkModel {
    on_device: OnDevice,
    saved: SavedModel,
    part: TablePart,
    pub(super) columns: Vec<Column>,
    pub(super) inputs: Vec<ColumnInputs>,
}

impl NetworkModel {
    pub(crate) fn new(mut parts: ModelParts, part: TablePart) -> Result<Self, TabularError> {
        let json = serde_json::to_value(&part).expect("a preprocessor is made of numbers and names");
        parts.columns.reading = Some(json);
        Ok(Self::of(SavedModel::new(parts)?, part))
    }

    fn of(saved: SavedModel, part: TablePart) -> Self {
        let (columns, inputs) = columns_of(&saved, &part);
        Self { on_device: OnDevice::default(), saved, part, columns, inputs }
    }

    /// The model with these scores of its calibration rows.
    pub(crate) fn with_conformal(self, conformal: Conformal) -> Result<Self, TabularError> {
        let part = TablePart { conformal: Some(conformal), ..self.part };
        Ok(Self { on_device: self.on_device, ..Self::new(self.saved.into_parts(), part)? })
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, is damaged, or is not a model of a table.
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        Self::of_saved(path, SavedModel::load(path)?)
    }

    /// Reads a model from the bytes of its file; `path` is for messages.
    pub(crate) fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, TabularError> {
        Self::of_saved(path, SavedModel::from_file_bytes(path, bytes)?)
    }

    fn of_saved(path: &Path, saved: SavedModel) -> Result<Self, TabularError> {
        let unusable = |reason: String| TabularError::ModelTable { file: path.to_path_buf(), reason };
        let Some(reading) = &saved.columns().reading else {
            return Err(unusable(
                "it has none; models that were saved without a table are for the library".into(),
            ));
        };
        let part: TablePart = TablePart::deserialize(reading).map_err(|error| unusable(error.to_string()))?;
        let inputs = part.preprocessor.inputs();
        if part.preprocessor.names() != saved.columns().features {
            return Err(unusable("its columns do not make the model's features".into()));
        }
        if matches!(part.target, Target::Number(_)) != matches!(saved.task(), Task::Number(_)) {
            return Err(unusable("its target is not what the network predicts".into()));
        }
        part.target.check(&saved.columns().classes).map_err(&unusable)?;
        part.novelty.iter().try_for_each(|novelty| novelty.check(inputs)).map_err(&unusable)?;
        let classes = saved.columns().classes.len();
        part.conformal.iter().try_for_each(|conformal| conformal.check(classes)).map_err(&unusable)?;
        if !part.ranges.iter().flatten().all(NumberRange::is_usable) {
            return Err(unusable("the range of a column is not a range".into()));
        }
        Ok(Self::of(saved, part))
    }

    /// The model with its network on `device`; a loaded or trained model is on the processor.
    #[must_use]
    pub fn on_device(self, device: &Device) -> Self {
        Self { on_device: OnDevice::new(device.clone()), ..self }
    }

    /// The network, its task and how it was trained.
    #[must_use]
    pub fn saved(&self) -> &SavedModel {
        &self.saved
    }

    /// Evaluates the components of the model's network on rows that are like the training rows; see
    /// [`ModelPruner::new`].
    ///
    /// # Errors
    ///
    /// Returns an error if the inputs do not fit, there are none, or the model is not a uGMM network.
    pub fn pruner(
        &self,
        inputs: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<ModelPruner<'_>, TabularError> {
        Ok(ModelPruner::new(&self.saved, inputs, criterion, merge)?)
    }

    /// The model pruned to the components that `keep` selects, and a summary of each layer. It has no calibration scores
    /// ([`TableModel::conformal`]), because those are of the whole network.
    ///
    /// # Errors
    ///
    /// Returns an error if `keep` is out of its range.
    pub fn pruned(&self, pruner: &ModelPruner, keep: Keep) -> Result<(Self, Vec<PrunedLayer>), TabularError> {
        let (saved, layers) = pruner.prune(keep)?;
        // Calibration scores are those of the whole network.
        let part = TablePart { conformal: None, ..self.part.clone() };
        Ok((Self::new(saved.into_parts(), part)?, layers))
    }

    /// The preprocessor, which converts columns to inputs.
    #[must_use]
    pub fn preprocessor(&self) -> &Preprocessor {
        &self.part.preprocessor
    }

    /// The target: classes or a number.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.part.target
    }

    /// Name of the target.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.saved.columns().target
    }

    /// Positions of the network's inputs in an image; `None` unless all of them are pixels of a file of
    /// images, or of a table whose columns are named like pixels.
    #[must_use]
    pub fn image_grid(&self) -> Option<ImageGrid> {
        ImageGrid::of(&self.saved.columns().features, self.part.images)
    }

    /// The measure of how far rows are from the training rows.
    #[must_use]
    pub fn novelty(&self) -> Option<&Novelty> {
        self.part.novelty.as_ref()
    }

    /// Whether rows may have missing values.
    #[must_use]
    pub fn takes_missing_values(&self) -> bool {
        self.saved.model().takes_missing_values()
    }

    /// Names of the classes in the order of the probabilities; empty if a number is predicted.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.saved.columns().classes
    }

    /// log P(class | x), `[rows, classes]`, row-major.
    ///
    /// # Errors
    ///
    /// Returns an error if the inputs do not fit, or a number is predicted.
    pub fn log_probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, TabularError> {
        Ok(self.saved.log_probabilities_of(self.class_scores(inputs)?))
    }

    /// Unnormalised log-scores, `[rows, classes]`, row-major; [`SavedModel::log_probabilities_of`] converts
    /// them to log-probabilities.
    ///
    /// # Errors
    ///
    /// Returns an error if the inputs do not fit, or a number is predicted.
    pub fn class_scores(&self, inputs: &[f32]) -> Result<Vec<f32>, TabularError> {
        Ok(self.saved.class_scores_by(self.on_device.network(self.saved.model()), inputs)?)
    }

    /// The predicted class of each row of log-probabilities.
    #[must_use]
    pub fn decisions(&self, log_probabilities: &[f32]) -> Vec<usize> {
        decisions(log_probabilities, self.classes().len(), self.saved.class_weights())
    }

    /// All inputs of the network for rows with these values of the target, `[rows, network inputs]`: the
    /// features, and the targets if they are among the network's inputs.
    ///
    /// # Errors
    ///
    /// Returns an error if a target is none of the classes.
    pub fn network_input(&self, inputs: &[f32], targets: &[f64]) -> Result<Vec<f32>, TabularError> {
        let targets = self.in_network_units(targets);
        Ok(self.saved.task().with_targets(&targets)?.network_input(inputs))
    }

    /// The density of the target of each row, in the data's units.
    ///
    /// # Errors
    ///
    /// Returns an error if the inputs do not fit, or classes are predicted.
    pub fn densities(&self, inputs: &[f32]) -> Result<Vec<ConditionalDensity>, TabularError> {
        let network = self.on_device.network(self.saved.model());
        let densities = self.saved.densities_by(network, inputs, CELLS)?;
        let Target::Number(number) = self.part.target else {
            return Err(TabularError::OtherTask { found: "classes", expected: "numbers" });
        };
        Ok(densities.into_iter().map(|density| number.in_data_units(density)).collect())
    }

    /// Responsibility of each column of [`Preprocessor::requests`] for each row's prediction, the class or
    /// number in `targets`, `[rows, columns]`, row-major; each row sums to 1. Numbers are in the data's
    /// units. The inputs of a category's levels are summed.
    ///
    /// # Errors
    ///
    /// Returns an error if the sizes do not fit, or the model is not a uGMM network.
    pub fn responsibilities(&self, inputs: &[f32], targets: &[f64]) -> Result<Vec<f32>, TabularError> {
        let targets = self.in_network_units(targets);
        Ok(self.by_column(&self.saved.responsibilities(inputs, &targets)?))
    }

    /// Contribution of each column of [`Preprocessor::requests`] to the log-probability of each row's
    /// prediction, `[rows, columns]`, row-major, in nats, compared with the [`Self::average_row`]. A negative
    /// contribution lowers the probability. See [`ugmm_network::inspect::contributions`]; numbers are in the
    /// data's units. The inputs of a category's levels are summed.
    ///
    /// # Errors
    ///
    /// Returns an error if the sizes do not fit, or the model is not a uGMM network.
    pub fn contributions(
        &self,
        inputs: &[f32],
        targets: &[f64],
        absence: Absence,
    ) -> Result<Vec<f32>, TabularError> {
        Ok(self.by_column(&self.input_contributions(inputs, targets, absence)?))
    }

    /// Contribution of each input that comes from a column to the log-probability of each row's prediction,
    /// `[rows, inputs]`, row-major, in nats, compared with the [`Self::average_row`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Self::contributions`].
    pub fn input_contributions(
        &self,
        inputs: &[f32],
        targets: &[f64],
        absence: Absence,
    ) -> Result<Vec<f32>, TabularError> {
        let (targets, average) = (self.in_network_units(targets), self.average_row());
        Ok(self.saved.contributions(inputs, &average, &targets, absence)?)
    }

    /// Mean of each input over the training rows, in the network's units. A model of an older version that
    /// does not store it returns zeros, which are the means of standardised numbers.
    #[must_use]
    pub fn average_row(&self) -> Vec<f32> {
        match &self.part.novelty {
            Some(novelty) => novelty.means().iter().map(|&mean| mean as f32).collect(),
            None => vec![0.0; self.part.preprocessor.inputs()],
        }
    }

    /// Sums over the inputs of each column, `[rows, columns]`, of values for each input, `[rows, inputs]`.
    pub(crate) fn by_column(&self, by_input: &[f32]) -> Vec<f32> {
        let columns = self.part.preprocessor.source_columns();
        let count = columns.last().map_or(0, |last| last + 1);
        let mut by_column = vec![0f32; by_input.len() / columns.len() * count];
        for (row, sums) in by_input.chunks(columns.len()).zip(by_column.chunks_mut(count)) {
            row.iter().zip(&columns).for_each(|(share, &column)| sums[column] += share);
        }
        by_column
    }

    /// Values of the target in the network's units.
    fn in_network_units(&self, targets: &[f64]) -> Targets {
        match &self.part.target {
            Target::Classes(_) => Targets::Classes(targets.iter().map(|&class| class as usize).collect()),
            Target::Number(target) => {
                Targets::Numbers(targets.iter().map(|&number| target.to_network(number) as f32).collect())
            }
        }
    }

    /// Predictions of the target for rows with these inputs, `[rows, inputs]`.
    ///
    /// # Errors
    ///
    /// Returns an error if the inputs do not fit.
    pub fn predicted(&self, inputs: &[f32]) -> Result<Predictions, TabularError> {
        let Target::Classes(_) = self.part.target else {
            return Ok(Predictions::Numbers(
                self.densities(inputs)?.into_iter().map(Distribution::Cells).collect(),
            ));
        };
        let of_classes = self.class_scores(inputs)?;
        let scores = if self.has_target_input() { of_classes.clone() } else { Vec::new() };
        let log_probabilities = self.saved.log_probabilities_of(of_classes);
        let decisions = self.decisions(&log_probabilities);
        Ok(Predictions::Classes(ClassPredictions { log_probabilities, decisions, scores }))
    }
}

impl TableModel for NetworkModel {
    fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn has_target(&self) -> bool {
        true
    }

    fn reading(&self) -> Reading<'_> {
        let TablePart { missing_marks, usual_marks, images, .. } = &self.part;
        Reading { missing_marks, usual_marks, images: *images }
    }

    fn needs(&self) -> Needs {
        match NeedsEveryValue::of(&self.saved.model().config()) {
            Some(why) => Needs::EveryValue(why),
            None => Needs::OneValue,
        }
    }

    fn can_be_given(&self, column: usize) -> bool {
        !self.inputs_of(column).is_empty()
    }

    fn target_date(&self) -> Option<DateTarget> {
        DateTarget::of(&self.part.target_request.read_as, self.part.target_times)
    }

    fn conformal(&self) -> Option<&Conformal> {
        self.part.conformal.as_ref()
    }

    fn predict(&self, rows: &[f64]) -> Result<Predictions, TabularError> {
        self.predicted(&self.features(rows))
    }

    fn distribution(
        &self,
        evidence: &Evidence,
        column: usize,
        cells: usize,
    ) -> Result<Distribution, TabularError> {
        self.distribution_of(evidence, column, cells)
    }

    fn level(&self, evidence: &Evidence) -> Result<f64, TabularError> {
        self.score(evidence)
    }

    fn sample(
        &self,
        evidence: &Evidence,
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Draws, TabularError> {
        self.draw(evidence, options, progress)
    }

    fn mpe(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError> {
        self.highest_scored(evidence, asked, options, progress)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, String> {
        self.saved.to_bytes()
    }
}
