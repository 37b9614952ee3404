//! The part of a network's file that describes its table, and the columns and inputs that follow from it.

use super::novelty::Novelty;
use crate::column::range::NumberRange;
use crate::column::{Column, ColumnValues, RareLevel};
use crate::conformal::Conformal;
use crate::target::Target;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use ugmm_data::frame::{ReadAs, Request, UsualMarks};
use ugmm_data::{ImageShape, Preprocessor};
use ugmm_network::LabelEncoding;
use ugmm_network::model_file::SavedModel;

/// The part of a model file that describes the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TablePart {
    pub(crate) preprocessor: Preprocessor,
    pub(crate) target: Target,
    /// How to read the target column, to compare predictions with it.
    pub(crate) target_request: Request,
    /// Whether the target's dates have times of day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) target_times: bool,
    pub(crate) novelty: Option<Novelty>,
    /// Marks of missing values besides the default ones.
    #[serde(default)]
    pub(crate) missing_marks: Vec<String>,
    /// Columns in which the default marks are values.
    #[serde(default, skip_serializing_if = "UsualMarks::are_missing")]
    pub(crate) usual_marks: UsualMarks,
    /// Size of the images if the table contains images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<ImageShape>,
    /// The range of the numbers in each column of the preprocessor; empty in files of older versions.
    #[serde(default)]
    pub(crate) ranges: Vec<Option<NumberRange>>,
    /// The table's words for false and true in each column of the preprocessor; `None` for other columns,
    /// empty in files of older versions.
    #[serde(default)]
    pub(crate) words: Vec<Option<[String; 2]>>,
    /// Number of training rows of each rare level, for each column of the preprocessor; empty in files of
    /// older versions.
    #[serde(default)]
    pub(crate) rare_rows: Vec<Vec<usize>>,
    /// Scores of the calibration rows of conformal prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conformal: Option<Conformal>,
}

/// The inputs of a network for a column.
#[derive(Clone, Debug)]
pub(super) struct ColumnInputs {
    /// The inputs; empty for a target that is not among the network's inputs.
    pub(super) inputs: Range<usize>,
    /// Values of the inputs for each state; `None` for a number.
    pub(super) states: Option<Vec<Vec<f32>>>,
}

/// The columns of a network's table, the features in the order of the preprocessor and then the target, and
/// their inputs.
pub(super) fn columns_of(saved: &SavedModel, part: &TablePart) -> (Vec<Column>, Vec<ColumnInputs>) {
    let preprocessor = &part.preprocessor;
    let sources = preprocessor.source_columns();
    let (mut columns, mut inputs) = (Vec::new(), Vec::new());
    for (index, request) in preprocessor.requests().into_iter().enumerate() {
        let start = sources.partition_point(|&source| source < index);
        let end = sources.partition_point(|&source| source <= index);
        let states = preprocessor.states(index);
        columns.push(feature(part, preprocessor, index, request));
        inputs.push(ColumnInputs { inputs: start..end, states: states.map(|states| states.inputs) });
    }
    let (column, of_target) = target(saved, part);
    columns.push(column);
    inputs.push(of_target);
    (columns, inputs)
}

fn feature(part: &TablePart, preprocessor: &Preprocessor, index: usize, request: Request) -> Column {
    let Some(states) = preprocessor.states(index) else {
        let range = part.ranges.get(index).copied().flatten();
        return Column::new(request, ColumnValues::Number, range);
    };
    if let ReadAs::Booleans = request.read_as {
        let words = part.words.get(index).cloned().flatten();
        let words = words.unwrap_or_else(|| ["false", "true"].map(String::from));
        return Column::new(request, ColumnValues::Truth { words }, None);
    }
    let with_other = !states.rare.is_empty();
    let rows = part.rare_rows.get(index).filter(|rows| rows.len() == states.rare.len());
    let rare = states
        .rare
        .iter()
        .enumerate()
        .map(|(place, text)| RareLevel { text: text.clone(), rows: rows.map_or(0, |rows| rows[place]) });
    Column {
        rare: Some(rare.collect()),
        own: Some(states.names.len() - usize::from(with_other)),
        ..Column::new(request, ColumnValues::States { with_other }, None)
    }
}

fn target(saved: &SavedModel, part: &TablePart) -> (Column, ColumnInputs) {
    let (task, name) = (saved.task(), &saved.columns().target);
    let first = task.features();
    match &part.target {
        Target::Number(number) => {
            let (low, high) = number.possible();
            let range = NumberRange { low, high, whole: false };
            let column = Column::new(part.target_request.clone(), ColumnValues::Number, Some(range));
            (column, ColumnInputs { inputs: first..task.inputs(), states: None })
        }
        Target::Classes(labels) => {
            let names = labels.names();
            let request = Request { name: name.clone(), read_as: ReadAs::Codes(names.to_vec()) };
            let column = Column::new(request, ColumnValues::States { with_other: false }, None);
            let encoding = task.label_encoding();
            let width = encoding.map_or(0, |encoding| encoding.columns(names.len()));
            let state = |class: usize| match encoding {
                Some(LabelEncoding::Index) => vec![class as f32],
                Some(LabelEncoding::OneHot) => {
                    (0..names.len()).map(|input| f32::from(u8::from(input == class))).collect()
                }
                None => Vec::new(),
            };
            let states = Some((0..names.len()).map(state).collect());
            (column, ColumnInputs { inputs: first..first + width, states })
        }
    }
}
