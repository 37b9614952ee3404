//! The values that a network scores highest, with a certificate.

use crate::error::TabularError;
use crate::network::model::NetworkModel;
use crate::question::Evidence;
use crate::question::error::QuestionError;
use std::ops::ControlFlow;
use ugmm_circuit::{Mpe, MpeOptions, ProofProgress};
use ugmm_network::Network;
use ugmm_network::inference::mpe::{self, Choice, MpeProgress, MpeQuery, most_probable_explanation};
use ugmm_network::inference::variable::{Domain, Variable};
use ugmm_network::verification::bounds::{Known, ScoreFunction};

/// Largest number of whole numbers that are searched one by one; in a longer range, the result of a
/// continuous search is rounded.
const MOST_NUMBERS: usize = 1 << 16;

impl NetworkModel {
    /// Implements [`TableModel::mpe`](crate::TableModel::mpe) over the ranges and states of the columns,
    /// without the shared state of rare levels.
    pub(super) fn highest_scored(
        &self,
        evidence: &Evidence,
        asked: &[usize],
        options: &MpeOptions,
        progress: &mut dyn FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, TabularError> {
        let network = self.scoring_network(None)?;
        if let Some(&column) = asked.iter().find(|&&column| evidence.holds(column)) {
            let column = self.columns[column].name().to_owned();
            return Err(QuestionError::GivenAndAsked { column }.into());
        }
        let query = asked.iter().map(|&column| self.of_own_states(evidence, column));
        let given = self
            .known_inputs(evidence)
            .flat_map(|(column, values)| self.inputs_of(column).zip(values).collect::<Vec<(usize, f64)>>());
        let question = MpeQuery { query: query.collect::<Result<_, _>>()?, given: given.collect() };
        let search = mpe::MpeOptions {
            gap: options.gap,
            time_limit: options.time_limit,
            beam: options.starts,
            seed: options.seed,
            ..mpe::MpeOptions::default()
        };
        let watch = |MpeProgress { value, upper_bound, boxes, open }| {
            progress(ProofProgress { value, upper_bound, regions: boxes, open })
        };
        let mut found = most_probable_explanation(network, &question, &search, watch)?;
        if self.make_whole(&mut found, evidence, asked)? {
            // The bound holds for whole numbers too, because they are among the numbers that were searched.
            found.value = score_at(network, &found.inputs)?;
            found.upper_bound = found.upper_bound.max(found.value);
            found.proved = found.gap() <= options.gap;
        }
        let mut row = evidence.row.clone();
        for &column in asked {
            row[column] = self.value_of(column, &found.inputs[self.inputs_of(column)]);
            if !self.columns[column].is_number() {
                continue;
            }
            let range = self.range_in(evidence, column)?;
            if range.whole {
                row[column] = row[column].round().clamp(range.low, range.high) + 0.0;
            }
        }
        let mpe::Mpe { value, upper_bound, proved, boxes, start_value, .. } = found;
        Ok(Mpe { row, value, upper_bound, proved, boxes, viterbi_value: start_value })
    }

    /// The column as a variable without the state that rare levels share.
    fn of_own_states(&self, evidence: &Evidence, column: usize) -> Result<Variable, TabularError> {
        let variable = self.variable(evidence, column, MOST_NUMBERS)?;
        match (variable.domain, self.columns[column].other()) {
            // A column with this state also has a level with an input of its own.
            (Domain::States(mut states), Some(_)) if states.len() > 1 => {
                states.pop();
                Ok(Variable::states(variable.inputs, states)?)
            }
            (domain, _) => Ok(Variable { domain, inputs: variable.inputs }),
        }
    }

    /// Rounds numbers in columns of many whole numbers, which the search treats as continuous; returns
    /// whether there are any.
    fn make_whole(
        &self,
        found: &mut mpe::Mpe,
        evidence: &Evidence,
        asked: &[usize],
    ) -> Result<bool, TabularError> {
        let mut is_changed = false;
        for (&column, choice) in asked.iter().zip(&mut found.choices) {
            let Choice::Number(value) = choice else { continue };
            let range = self.range_in(evidence, column)?;
            if range.whole {
                let number = self.value_of(column, &[*value]).round().clamp(range.low, range.high) + 0.0;
                *value = self.to_network(column, number);
                found.inputs[self.inputs_of(column).start] = *value;
                is_changed = true;
            }
        }
        Ok(is_changed)
    }
}

/// The score at `inputs`, computed as in the search; NaN is a missing input.
fn score_at(network: &Network, inputs: &[f64]) -> Result<f64, TabularError> {
    let known = inputs.iter().map(|&x| if x.is_nan() { Known::Missing } else { Known::Value(x) });
    let function = ScoreFunction::new(network)?.restricted(&known.collect::<Vec<_>>())?;
    Ok(function.outputs_at(&[])[0])
}
