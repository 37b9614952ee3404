//! The columns of a network's table as its inputs.

use super::model::TablePart;
use crate::column::range::NumberRange;
use crate::column::{Column, ColumnValues, RareLevel};
use crate::error::TabularError;
use crate::network::model::NetworkModel;
use crate::question::Evidence;
use crate::question::error::QuestionError;
use crate::target::Target;
use std::ops::Range;
use ugmm_data::Preprocessor;
use ugmm_data::frame::{ReadAs, Request};
use ugmm_network::inference::variable::Variable;
use ugmm_network::model_file::SavedModel;
use ugmm_network::{LabelEncoding, Objective};

/// Largest number of whole numbers that have a probability each; a density says as much about more of them.
pub(super) const FEW_NUMBERS: usize = 64;

/// The inputs of a network that each column becomes.
#[derive(Clone, Debug)]
pub(super) struct ColumnInputs {
    /// The inputs; none for a target that is not among them.
    inputs: Range<usize>,
    /// The inputs' values for each state; `None` for a number.
    states: Option<Vec<Vec<f32>>>,
}

/// The columns of a network's table, features in the order of the preprocessor and then the target, and their inputs.
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
    let (task, name) = (&saved.task, &saved.columns.target);
    let first = task.features;
    match &part.target {
        Target::Number(number) => {
            let (low, high) = number.possible();
            let range = NumberRange { low, high, whole: false };
            let column = Column::new(part.target_request.clone(), ColumnValues::Number, Some(range));
            let is_input = matches!(task.objective, Objective::Conditional { .. });
            (column, ColumnInputs { inputs: first..first + usize::from(is_input), states: None })
        }
        Target::Classes(labels) => {
            let names = labels.names();
            let request = Request { name: name.clone(), read_as: ReadAs::Codes(names.to_vec()) };
            let column = Column::new(request, ColumnValues::States { with_other: false }, None);
            let encoding = task.objective.label_encoding();
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

impl NetworkModel {
    /// Whether the target is among the network's inputs: it is not where the network is discriminative.
    #[must_use]
    pub fn has_target_input(&self) -> bool {
        self.inputs.last().is_some_and(|target| !target.inputs.is_empty())
    }

    /// The network's inputs that hold the column at `column`.
    #[must_use]
    pub fn inputs_of(&self, column: usize) -> Range<usize> {
        self.inputs[column].inputs.clone()
    }

    /// The features of rows `[rows, columns]` as the network's inputs, `[rows, features]`, row-major; NaN where a value is missing.
    #[must_use]
    pub fn features(&self, rows: &[f64]) -> Vec<f32> {
        self.preprocessor().inputs_of(rows, self.columns.len())
    }

    /// All inputs of the network for what is known of a row, `[inputs]`; NaN for the others.
    #[must_use]
    pub fn network_row(&self, evidence: &Evidence) -> Vec<f32> {
        let mut row = vec![f32::NAN; self.saved().task.inputs()];
        for (column, inputs) in self.known_inputs(evidence) {
            row[self.inputs_of(column)]
                .iter_mut()
                .zip(inputs)
                .for_each(|(input, value)| *input = value as f32);
        }
        row
    }

    /// The values of the network's inputs for each column that is known.
    pub(super) fn known_inputs(&self, evidence: &Evidence) -> impl Iterator<Item = (usize, Vec<f64>)> {
        let known = evidence.row.iter().enumerate().filter(|(_, value)| !value.is_nan());
        known.map(|(column, &value)| match &self.inputs[column].states {
            Some(states) => {
                let inputs = &states[(value as usize).min(states.len() - 1)];
                (column, inputs.iter().map(|&input| input.into()).collect())
            }
            None => (column, vec![self.to_network(column, value)]),
        })
    }

    /// A number of the column at `column` in the network's units, before it is rounded to `f32`; 0 for a column of states.
    #[must_use]
    pub fn to_network(&self, column: usize, number: f64) -> f64 {
        match (self.target(), column + 1 == self.columns.len()) {
            (Target::Number(target), true) => {
                target.to_network(number).clamp(f32::MIN.into(), f32::MAX.into())
            }
            (_, true) => 0.0,
            (_, false) => self.preprocessor().input_of(column, number).unwrap_or_default(),
        }
    }

    /// The value of a column for the network's inputs of it: the nearest state, or the number in the table's units.
    pub(super) fn value_of(&self, column: usize, inputs: &[f64]) -> f64 {
        let ColumnInputs { inputs: places, states } = &self.inputs[column];
        if let Some(states) = states {
            let distance = |state: &Vec<f32>| -> f64 {
                state.iter().zip(inputs).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum()
            };
            let distances = states.iter().map(distance).enumerate();
            return distances
                .min_by(|(_, a), (_, b)| a.total_cmp(b))
                .map_or(f64::NAN, |(state, _)| state as f64);
        }
        match (self.target(), column + 1 == self.columns.len()) {
            (Target::Number(target), true) => target.to_data(inputs[0]),
            _ => self.preprocessor().to_data_units(places.start, inputs[0]).unwrap_or(inputs[0]),
        }
    }

    /// The range of a column's numbers: the evidence's, or that of the training rows.
    pub(super) fn range_in(&self, evidence: &Evidence, column: usize) -> Result<NumberRange, TabularError> {
        let column_range = self.columns[column].range();
        evidence.ranges[column]
            .or(column_range)
            .ok_or_else(|| QuestionError::NoRange { column: self.columns[column].name().to_owned() }.into())
    }

    /// The column as a variable of the network: its states, each of up to `most` whole numbers, or its range, which the evidence may
    /// give.
    ///
    /// # Errors
    ///
    /// When the range of a number is not known, because a version that did not keep it trained the model.
    pub fn variable(
        &self,
        evidence: &Evidence,
        column: usize,
        most: usize,
    ) -> Result<Variable, TabularError> {
        let ColumnInputs { inputs, states } = &self.inputs[column];
        if let Some(states) = states {
            return Ok(Variable::states(inputs.clone(), states.clone())?);
        }
        let range = self.range_in(evidence, column)?;
        let to_network = |number: f64| self.to_network(column, number);
        Ok(match range.whole_numbers(most) {
            Some(numbers) => Variable::numbers(inputs.start, numbers.into_iter().map(to_network).collect())?,
            None => Variable::number(inputs.start, to_network(range.low), to_network(range.high))?,
        })
    }
}
