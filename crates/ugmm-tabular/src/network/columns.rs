//! The columns of a table as inputs of a network.

use super::model::NetworkModel;
use super::part::ColumnInputs;
use crate::column::range::NumberRange;
use crate::error::TabularError;
use crate::question::Evidence;
use crate::question::error::QuestionError;
use crate::target::Target;
use std::ops::Range;
use ugmm_network::inference::variable::Variable;

/// Largest number of whole numbers that have a probability each; more of them have a density, which is as
/// accurate.
pub(super) const FEW_NUMBERS: usize = 64;

impl NetworkModel {
    /// Whether the target is among the network's inputs; false for a discriminative network.
    #[must_use]
    pub fn has_target_input(&self) -> bool {
        self.inputs.last().is_some_and(|target| !target.inputs.is_empty())
    }

    /// The network's inputs for the column at `column`.
    #[must_use]
    pub fn inputs_of(&self, column: usize) -> Range<usize> {
        self.inputs[column].inputs.clone()
    }

    /// The features of rows `[rows, columns]` as inputs of the network, `[rows, features]`, row-major; NaN is
    /// a missing value.
    #[must_use]
    pub fn features(&self, rows: &[f64]) -> Vec<f32> {
        self.preprocessor().inputs_of(rows, self.columns.len())
    }

    /// The inputs of the network for the known values of a row, `[inputs]`; NaN for the others.
    #[must_use]
    pub fn network_row(&self, evidence: &Evidence) -> Vec<f32> {
        let mut row = vec![f32::NAN; self.saved().task().inputs()];
        for (column, inputs) in self.known_inputs(evidence) {
            row[self.inputs_of(column)]
                .iter_mut()
                .zip(inputs)
                .for_each(|(input, value)| *input = value as f32);
        }
        row
    }

    /// The values of the network's inputs for each known column.
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

    /// A number of the column at `column` in the network's units, in f64; 0 for a column of states.
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

    /// The value of a column for these values of its inputs: the nearest state, or the number in the table's
    /// units.
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

    /// The range of a column's numbers, from the evidence or from the training rows.
    pub(super) fn range_in(&self, evidence: &Evidence, column: usize) -> Result<NumberRange, TabularError> {
        let column_range = self.columns[column].range();
        evidence.ranges[column]
            .or(column_range)
            .ok_or_else(|| QuestionError::NoRange { column: self.columns[column].name().to_owned() }.into())
    }

    /// The column as a variable of the network: its states, its whole numbers if there are at most `most`, or
    /// its range. The evidence may replace the range.
    ///
    /// # Errors
    ///
    /// Returns an error if the range of a number is unknown, because the version that trained the model did
    /// not store it.
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
