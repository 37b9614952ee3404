//! The most probable explanation in a table's own terms.

use crate::error::TabularError;
use crate::model::TabularModel;
use crate::question_error::QuestionError;
use crate::variables::{Evidence, TableVariable, TableVariables};
use std::ops::ControlFlow;
use ugmm_network::Network;
use ugmm_network::inference::mpe::{
    Choice, Mpe, MpeOptions, MpeProgress, MpeQuery, most_probable_explanation,
};
use ugmm_network::inference::variable::Variable;
use ugmm_network::verification::bounds::{Known, ScoreFunction};

/// Whole numbers of a range that are looked at as such; of more, what is found is rounded.
const MOST_NUMBERS: usize = 1 << 16;

/// An assignment of columns with the certificate of its score.
#[derive(Clone, Debug)]
pub struct TableMpe {
    /// The columns asked for, each with its value as it would stand in the table.
    pub values: Vec<(String, String)>,
    /// Their numbers in the data's units, as they were found; `None` where there are states.
    pub numbers: Vec<Option<f64>>,
    /// In the network's units, with score and bound.
    pub mpe: Mpe,
}

impl TabularModel {
    /// The values of the columns `query` (indices of `variables`) that maximise the score of the network's root given the
    /// evidence, over their ranges and states, of categories the levels with an input of their own; columns that are neither are
    /// missing.
    ///
    /// # Errors
    ///
    /// When the network is discriminative, a range is not known, or what [`most_probable_explanation`] says.
    pub fn mpe(
        &self,
        variables: &TableVariables,
        evidence: &Evidence,
        query: &[usize],
        options: &MpeOptions,
        progress: impl FnMut(MpeProgress) -> ControlFlow<()>,
    ) -> Result<TableMpe, TabularError> {
        let list = variables.list();
        let network = self.scoring_network(query.first().map(|&index| list[index].name()))?;
        if let Some(&index) = query.iter().find(|index| evidence.holds(**index)) {
            return Err(QuestionError::GivenAndAsked { column: list[index].name().to_owned() }.into());
        }
        let asked: Result<Vec<Variable>, TabularError> =
            query.iter().map(|&index| list[index].of_own_states(MOST_NUMBERS)).collect();
        let given = evidence.values.iter().flat_map(|(index, values)| {
            list[*index].inputs().zip(values.iter().copied()).collect::<Vec<(usize, f64)>>()
        });
        let question = MpeQuery { query: asked?, given: given.collect() };
        let mut mpe = most_probable_explanation(network, &question, options, progress)?;
        if make_whole(&mut mpe, query.iter().map(|&index| &list[index])) {
            // Whole numbers are among those that the bound is of.
            mpe.value = score_at(network, &mpe.inputs)?;
            mpe.upper_bound = mpe.upper_bound.max(mpe.value);
            mpe.proved = mpe.gap() <= options.gap;
        }
        let (mut values, mut numbers) = (Vec::with_capacity(query.len()), Vec::with_capacity(query.len()));
        for &index in query {
            let variable = &list[index];
            values.push((variable.name().to_owned(), variable.text(&mpe.inputs[variable.inputs()])));
            let is_number = variable.states().is_none();
            numbers.push(is_number.then(|| variable.whole_to_data(mpe.inputs[variable.inputs().start])));
        }
        Ok(TableMpe { values, numbers, mpe })
    }
}

/// Replaces numbers by the nearest whole ones in columns of many whole numbers, which are looked for as if they were not
/// whole; whether there are any.
fn make_whole<'v>(mpe: &mut Mpe, query: impl Iterator<Item = &'v TableVariable<'v>>) -> bool {
    let mut is_changed = false;
    for (variable, choice) in query.zip(&mut mpe.choices) {
        if let (Choice::Number(value), Some(true)) = (choice, variable.range().map(|range| range.whole)) {
            *value = variable.to_network(variable.whole_to_data(*value));
            mpe.inputs[variable.inputs().start] = *value;
            is_changed = true;
        }
    }
    is_changed
}

/// The score at `inputs`, NaN for what is missing, as the search computes it.
fn score_at(network: &Network, inputs: &[f64]) -> Result<f64, TabularError> {
    let known = inputs.iter().map(|&x| if x.is_nan() { Known::Missing } else { Known::Value(x) });
    let function = ScoreFunction::new(network)?.restricted(&known.collect::<Vec<_>>())?;
    Ok(function.outputs_at(&[])[0])
}
