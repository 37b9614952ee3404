//! The most probable explanation in a table's own terms.

use crate::error::TabularError;
use crate::model::TabularModel;
use crate::question_error::QuestionError;
use crate::variables::{Evidence, TableVariables};
use std::ops::ControlFlow;
use ugmm::inference::mpe::{Choice, Mpe, MpeOptions, MpeProgress, MpeQuery, most_probable_explanation};
use ugmm::inference::variable::Variable;

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
    /// evidence, over their ranges and states; columns that are neither are missing.
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
            return Err(QuestionError::GivenTwice { column: list[index].name().to_owned() }.into());
        }
        let asked: Result<Vec<Variable>, TabularError> =
            query.iter().map(|&index| list[index].variable()).collect();
        let given = evidence.values.iter().flat_map(|(index, values)| {
            list[*index].inputs().zip(values.iter().copied()).collect::<Vec<(usize, f32)>>()
        });
        let question = MpeQuery { query: asked?, given: given.collect() };
        let mpe = most_probable_explanation(network, &question, options, progress)?;
        let (mut values, mut numbers) = (Vec::with_capacity(query.len()), Vec::with_capacity(query.len()));
        for (&index, choice) in query.iter().zip(&mpe.choices) {
            let variable = &list[index];
            let inputs: Vec<f32> = variable.inputs().map(|input| mpe.inputs[input] as f32).collect();
            values.push((variable.name().to_owned(), variable.text(&inputs)));
            numbers.push(match choice {
                Choice::Number(value) => Some(variable.to_data(*value)),
                Choice::State(_) => None,
            });
        }
        Ok(TableMpe { values, numbers, mpe })
    }
}
