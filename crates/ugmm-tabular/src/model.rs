//! A network with all that belongs to its table.

use crate::device::OnDevice;
use crate::error::TabularError;
use crate::novelty::Novelty;
use crate::outputs::CELLS;
use crate::range::NumberRange;
use crate::target::{Predictions, Target};
use crate::value_text::is_month;
use serde::{Deserialize, Serialize};
use std::path::Path;
use ugmm_data::frame::{ReadAs, ReadOptions, Request, UsualMarks};
use ugmm_data::{ImageGrid, ImageShape, Preprocessor};
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::inspect::Absence;
use ugmm_network::metrics::decisions;
use ugmm_network::model_file::{ModelParts, SavedModel};
use ugmm_network::pruning::{Criterion, Keep, ModelPruner, PrunedLayer};
use ugmm_network::{Predictor, Targets};

/// A trained network with the preprocessing of its inputs and the meaning of its outputs. Inputs are row-major,
/// `[rows, inputs]`, as [`Preprocessor::append`] and [`Preprocessor::transform`] make them.
#[derive(Clone, Debug)]
pub struct TabularModel {
    on_device: OnDevice,
    saved: SavedModel,
    part: TablePart,
}

/// What a model file keeps for this library.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TablePart {
    pub(crate) preprocessor: Preprocessor,
    pub(crate) target: Target,
    /// How to read the target column, to compare predictions with it.
    pub(crate) target_request: Request,
    /// Whether the target's dates had times of day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) target_times: bool,
    pub(crate) novelty: Option<Novelty>,
    /// Marks of missing values besides the usual ones.
    #[serde(default)]
    pub(crate) missing_marks: Vec<String>,
    /// Columns in which the usual ones are values.
    #[serde(default, skip_serializing_if = "UsualMarks::are_missing")]
    pub(crate) usual_marks: UsualMarks,
    /// Size of the images, where the table was one of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<ImageShape>,
    /// Of each column of the preprocessor what its numbers ranged over; none in files of older versions.
    #[serde(default)]
    pub(crate) ranges: Vec<Option<NumberRange>>,
    /// Of each column of the preprocessor the table's words for false and true; none of other columns, and in files of older
    /// versions.
    #[serde(default)]
    pub(crate) words: Vec<Option<[String; 2]>>,
    /// Of each column of the preprocessor how many rows had each of its rare levels; none in files of older versions.
    #[serde(default)]
    pub(crate) rare_rows: Vec<Vec<usize>>,
}

/// A target of dates, by what the table had of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTarget {
    /// Months.
    Months,
    /// Days.
    Days,
    /// Days with times.
    Times,
}

impl DateTarget {
    /// Of a target that is read so; `None` of one of other values.
    pub(crate) fn of(read_as: &ReadAs, with_time: bool) -> Option<Self> {
        match read_as {
            _ if is_month(read_as) => Some(Self::Months),
            ReadAs::Days | ReadAs::Dates(_) if with_time => Some(Self::Times),
            ReadAs::Days | ReadAs::Dates(_) => Some(Self::Days),
            _ => None,
        }
    }
}

/// The options, with marks of missing values beside theirs, and columns in which the usual ones are values.
pub(crate) fn with_marks(options: &ReadOptions, marks: &[String], usual: &UsualMarks) -> ReadOptions {
    let mut options = options.clone();
    options.missing.extend_from_slice(marks);
    options.usual_marks = options.usual_marks.and(usual);
    options
}

impl TabularModel {
    pub(crate) fn new(mut parts: ModelParts, part: TablePart) -> Result<Self, TabularError> {
        let json = serde_json::to_value(&part).expect("a preprocessor is made of numbers and names");
        parts.columns.reading = Some(json);
        Ok(Self { on_device: OnDevice::default(), saved: SavedModel::new(parts)?, part })
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is damaged, or is no model of a table.
    pub fn load(path: &Path) -> Result<Self, TabularError> {
        Self::of_saved(path, SavedModel::load(path)?)
    }

    /// The same of the bytes of the file.
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
        let is_number = matches!(part.target, Target::Number(_));
        if is_number != saved.task().objective.predicts_numbers() {
            return Err(unusable("its target is not what the network predicts".into()));
        }
        part.target.check(&saved.columns().classes).map_err(&unusable)?;
        part.novelty.iter().try_for_each(|novelty| novelty.check(inputs)).map_err(&unusable)?;
        if !part.ranges.iter().flatten().all(NumberRange::is_usable) {
            return Err(unusable("the range of a column is no range".into()));
        }
        Ok(Self { on_device: OnDevice::default(), saved, part })
    }

    /// Writes the model to a file, replacing one there only when all of the new one is on disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TabularError> {
        Ok(self.saved.save(path)?)
    }

    /// The network and its settings.
    #[must_use]
    pub fn saved(&self) -> &SavedModel {
        &self.saved
    }

    /// Looks at the components of the model's network on rows that it was trained on, or others like them; see
    /// [`ModelPruner::new`].
    ///
    /// # Errors
    ///
    /// When the inputs do not fit, there are none, or the model is no uGMM network.
    pub fn pruner(
        &self,
        inputs: &[f32],
        criterion: Criterion,
        merge: Option<f64>,
    ) -> Result<ModelPruner<'_>, TabularError> {
        Ok(ModelPruner::new(&self.saved, inputs, criterion, merge)?)
    }

    /// The model with so many of its components, and what became of each layer.
    ///
    /// # Errors
    ///
    /// When `keep` is out of its range.
    pub fn pruned(&self, pruner: &ModelPruner, keep: Keep) -> Result<(Self, Vec<PrunedLayer>), TabularError> {
        let (saved, layers) = pruner.prune(keep)?;
        Ok((Self { on_device: OnDevice::default(), saved, part: self.part.clone() }, layers))
    }

    /// How columns become inputs.
    #[must_use]
    pub fn preprocessor(&self) -> &Preprocessor {
        &self.part.preprocessor
    }

    /// What is predicted.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.part.target
    }

    /// Name of the column that is predicted.
    #[must_use]
    pub fn target_name(&self) -> &str {
        &self.saved.columns().target
    }

    /// Rows that had each of the rare levels of a column of the preprocessor; none where it has none, or that is not known.
    pub(crate) fn rare_rows(&self, column: usize) -> &[usize] {
        self.part.rare_rows.get(column).map_or(&[], Vec::as_slice)
    }

    /// What the numbers of a column of [`Preprocessor::requests`] ranged over in the rows learned from; `None` for other
    /// columns, and in models of versions that did not keep it.
    #[must_use]
    pub fn range(&self, column: usize) -> Option<NumberRange> {
        self.part.ranges.get(column).copied().flatten()
    }

    /// The table's words for false and true in a column of [`Preprocessor::requests`]; `None` for other columns, and in models
    /// of versions that did not keep them.
    #[must_use]
    pub fn words(&self, column: usize) -> Option<&[String; 2]> {
        self.part.words.get(column)?.as_ref()
    }

    /// Of a target of dates, which are days since 1970-01-01, what the table had of them.
    #[must_use]
    pub fn target_date(&self) -> Option<DateTarget> {
        DateTarget::of(&self.part.target_request.read_as, self.part.target_times)
    }

    pub(crate) fn target_request(&self) -> &Request {
        &self.part.target_request
    }

    /// Marks of missing values that the options added for the table that was learned from.
    pub(crate) fn missing_marks(&self) -> &[String] {
        &self.part.missing_marks
    }

    /// The options with the marks of missing values that the table had that was learned from.
    pub(crate) fn with_marks(&self, options: &ReadOptions) -> ReadOptions {
        with_marks(options, &self.part.missing_marks, &self.part.usual_marks)
    }

    /// Size of the images that were learned from, if the table was a file of images.
    #[must_use]
    pub fn image_shape(&self) -> Option<ImageShape> {
        self.part.images
    }

    /// Where in an image the network's inputs are, if all of them are pixels: of a file of images, or of a table whose
    /// columns are named alike.
    #[must_use]
    pub fn image_grid(&self) -> Option<ImageGrid> {
        ImageGrid::of(&self.saved.columns().features, self.part.images)
    }

    /// Refuses the images of a file for a model that learned from images of another size: their pixels would be taken for
    /// others.
    pub(crate) fn check_images(&self, file: &Path, found: ImageShape) -> Result<(), TabularError> {
        match self.part.images {
            Some(expected) if expected != found => {
                Err(TabularError::ImageSize { file: file.to_path_buf(), found, expected })
            }
            _ => Ok(()),
        }
    }

    /// How far rows are from those learned from.
    #[must_use]
    pub fn novelty(&self) -> Option<&Novelty> {
        self.part.novelty.as_ref()
    }

    /// Whether rows may lack values.
    #[must_use]
    pub fn takes_missing_values(&self) -> bool {
        self.saved.model().takes_missing_values()
    }

    /// Class names in the order of probabilities; none where a number is predicted.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.saved.columns().classes
    }

    /// log P(class | x), `[rows, classes]`, row-major.
    ///
    /// # Errors
    ///
    /// When the inputs do not fit, or a number is predicted.
    pub fn log_probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, TabularError> {
        Ok(self.saved.log_probabilities_of(self.class_scores(inputs)?))
    }

    /// Unnormalised log-scores `[rows, classes]`, row-major, which [`SavedModel::log_probabilities_of`] turns into
    /// log-probabilities.
    ///
    /// # Errors
    ///
    /// When the inputs do not fit, or a number is predicted.
    pub fn class_scores(&self, inputs: &[f32]) -> Result<Vec<f32>, TabularError> {
        Ok(self.saved.class_scores_by(self.on_device.network(self.saved.model()), inputs)?)
    }

    /// The predicted class of each row of log-probabilities.
    #[must_use]
    pub fn decisions(&self, log_probabilities: &[f32]) -> Vec<usize> {
        decisions(log_probabilities, self.classes().len(), self.saved.class_weights())
    }

    /// What is predicted for each row: its class, or its mean in the data's units.
    ///
    /// # Errors
    ///
    /// When the inputs do not fit.
    pub fn predictions(&self, inputs: &[f32]) -> Result<Predictions, TabularError> {
        match self.part.target {
            Target::Classes(_) => Ok(Predictions::Classes(self.decisions(&self.log_probabilities(inputs)?))),
            Target::Number(_) => {
                let densities = self.densities(inputs)?;
                Ok(Predictions::Numbers(densities.iter().map(ConditionalDensity::mean).collect()))
            }
        }
    }

    /// What the network reads of rows with these targets, `[rows, network inputs]`: the inputs
    /// and, where the objective has them among its inputs, the targets.
    ///
    /// # Panics
    ///
    /// When the targets are not of the kind that is predicted, or not as many as there are rows.
    #[must_use]
    pub fn network_input(&self, inputs: &[f32], targets: &Predictions) -> Vec<f32> {
        self.saved.task().network_input(inputs, &self.in_network_units(targets))
    }

    /// The density of the number to predict for each row, in the data's units.
    ///
    /// # Errors
    ///
    /// When the inputs do not fit, or classes are predicted.
    pub fn densities(&self, inputs: &[f32]) -> Result<Vec<ConditionalDensity>, TabularError> {
        let network = self.on_device.network(self.saved.model());
        let densities = self.saved.densities_by(network, inputs, CELLS)?;
        let Target::Number(number) = self.part.target else {
            return Err(TabularError::OtherTask { found: "classes", expected: "numbers" });
        };
        Ok(densities.into_iter().map(|density| number.in_data_units(density)).collect())
    }

    /// How much each column of [`Preprocessor::requests`] is responsible for each row's prediction, `[rows, columns]`, rows
    /// summing to 1: of the class predicted, or of the number (in the data's units). A category's levels count together.
    ///
    /// # Errors
    ///
    /// When the sizes do not fit, or the model is no uGMM network.
    pub fn responsibilities(&self, inputs: &[f32], targets: &Predictions) -> Result<Vec<f32>, TabularError> {
        let targets = self.in_network_units(targets);
        Ok(self.by_column(&self.saved.responsibilities(inputs, &targets)?))
    }

    /// What each column of [`Preprocessor::requests`] adds to the log-probability of each row's prediction, `[rows, columns]`, in
    /// nats, when the row is compared with the [`Self::average_row`]; what speaks against it is negative. See
    /// [`ugmm_network::inspect::contributions`]; numbers are in the data's units. A category's levels count together.
    ///
    /// # Errors
    ///
    /// When the sizes do not fit, or the model is no uGMM network.
    pub fn contributions(
        &self,
        inputs: &[f32],
        targets: &Predictions,
        absence: Absence,
    ) -> Result<Vec<f32>, TabularError> {
        Ok(self.by_column(&self.input_contributions(inputs, targets, absence)?))
    }

    /// The same for each of the network's inputs that come from a column, `[rows, inputs]`.
    ///
    /// # Errors
    ///
    /// As [`Self::contributions`].
    pub fn input_contributions(
        &self,
        inputs: &[f32],
        targets: &Predictions,
        absence: Absence,
    ) -> Result<Vec<f32>, TabularError> {
        let (targets, average) = (self.in_network_units(targets), self.average_row());
        Ok(self.saved.contributions(inputs, &average, &targets, absence)?)
    }

    /// The mean of each input over the rows learned from, as the network sees it. A model that does not know it (none made by
    /// this version) gives zeros, which it is where numbers are standardised.
    #[must_use]
    pub fn average_row(&self) -> Vec<f32> {
        match &self.part.novelty {
            Some(novelty) => novelty.means().iter().map(|&mean| mean as f32).collect(),
            None => vec![0.0; self.part.preprocessor.inputs()],
        }
    }

    /// Sums `[rows, columns]` of what is given for each input, `[rows, inputs]`.
    pub(crate) fn by_column(&self, by_input: &[f32]) -> Vec<f32> {
        let columns = self.part.preprocessor.source_columns();
        let count = columns.last().map_or(0, |last| last + 1);
        let mut by_column = vec![0f32; by_input.len() / columns.len() * count];
        for (row, sums) in by_input.chunks(columns.len()).zip(by_column.chunks_mut(count)) {
            row.iter().zip(&columns).for_each(|(share, &column)| sums[column] += share);
        }
        by_column
    }

    /// Numbers in the network's units; classes as they are.
    fn in_network_units(&self, targets: &Predictions) -> Targets {
        let in_network = |number: &f64| match &self.part.target {
            Target::Number(target) => target.to_network(*number) as f32,
            Target::Classes(_) => *number as f32,
        };
        match targets {
            Predictions::Classes(classes) => Targets::Classes(classes.clone()),
            Predictions::Numbers(numbers) => Targets::Numbers(numbers.iter().map(in_network).collect()),
        }
    }
}
