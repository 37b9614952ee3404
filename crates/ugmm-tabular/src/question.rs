//! Questions to the model of a table: one column given others, the score of a row, rows drawn.

use crate::error::TabularError;
use crate::model::TabularModel;
use crate::question_error::QuestionError;
use crate::target::Target;
use crate::variables::{Evidence, TableVariable, TableVariables};
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::inference::gibbs::{Samples, SamplingOptions, sample};
use ugmm_network::inference::question::{Conditional, conditionals, scores, scores_along};
use ugmm_network::inference::variable::Variable;
use ugmm_network::{Model, Network};

/// What is known of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Of a number, in the data's units.
    Density(ConditionalDensity),
    /// Of a number that has few values, in the data's units: each with its probability, ascending; these sum to 1.
    Numbers(Vec<(f64, f64)>),
    /// The name of each state and its probability; these sum to 1. Rare levels share a state's by their rows.
    States(Vec<(String, f64)>),
}

/// Rows drawn from a model.
#[derive(Clone, Debug)]
pub struct TableSamples {
    /// The indices of the variables that were drawn; the others are as given.
    pub drawn: Vec<usize>,
    /// The rows in the network's units, and of each variable drawn whether the chains agree.
    pub samples: Samples,
}

impl TabularModel {
    /// The network, if it is generative, hybrid or conditional: its root is a score of features and target.
    pub(crate) fn scoring_network(&self, asked: Option<&str>) -> Result<&Network, TabularError> {
        match (self.saved().model(), self.variables().target()) {
            (Model::Ugmm(network), Some(_)) => Ok(network),
            _ => Err(TabularError::from(QuestionError::OnlyTarget {
                target: self.target_name().to_owned(),
                column: asked.map(str::to_owned),
            })),
        }
    }

    /// The distribution of the column `asked` given the evidence; columns that are neither are missing. A number has so many
    /// `cells` of its range, but for the target, which is as [`Self::densities`] has it. Of the target it is what a
    /// prediction says: temperature, class weights and spread included. Of another column it is exp(score) over its range
    /// or its states, normalised.
    ///
    /// # Errors
    ///
    /// When there is no such column, it is given, its range is not known, the network is discriminative and asked for another
    /// column than its target, or it needs every value and lacks some.
    pub fn answer(
        &self,
        variables: &TableVariables,
        evidence: &Evidence,
        asked: &str,
        cells: usize,
    ) -> Result<Answer, TabularError> {
        let row = variables.row(evidence);
        if asked == self.target_name() {
            if variables.target().is_some_and(|target| evidence.holds(target)) {
                return Err(TabularError::from(QuestionError::AskedAndGiven { column: asked.to_owned() }));
            }
            self.check_given(variables, evidence, variables.target())?;
            return self.target_answer(variables, &row);
        }
        let index = variables.index_of(asked)?;
        if evidence.holds(index) {
            return Err(TabularError::from(QuestionError::AskedAndGiven { column: asked.to_owned() }));
        }
        let network = self.scoring_network(Some(asked))?;
        self.check_given(variables, evidence, Some(index))?;
        let variable = &variables.list()[index];
        let shares = || match conditionals(network, &row, &variable.variable()?, cells)?.swap_remove(0) {
            Conditional::States(shares) => Ok::<_, TabularError>(shares),
            Conditional::Density(density) => Ok(density.probabilities().to_vec()),
        };
        if let Some(states) = variable.states() {
            let mut named: Vec<(String, f64)> = states.names.iter().cloned().zip(shares()?).collect();
            let rare = variable.rare_levels();
            if let (Some(other), false) = (named.last().map(|(_, share)| *share), rare.is_empty()) {
                named.pop();
                named.extend(rare.into_iter().map(|(level, share)| (level.to_owned(), share * other)));
            }
            return Ok(Answer::States(named));
        }
        if let Some(numbers) = variable.few_numbers() {
            return Ok(Answer::Numbers(numbers.into_iter().zip(shares()?).collect()));
        }
        Ok(Answer::Density(density(network, &row, variable, cells)?))
    }

    /// Refuses missing values where the network needs all but the one asked for.
    fn check_given(
        &self,
        variables: &TableVariables,
        evidence: &Evidence,
        asked: Option<usize>,
    ) -> Result<(), TabularError> {
        let columns = variables.missing(evidence, asked.as_slice());
        if self.takes_missing_values() || columns.is_empty() {
            return Ok(());
        }
        Err(TabularError::from(QuestionError::NeedsAll { columns }))
    }

    /// What a prediction says of the target.
    fn target_answer(&self, variables: &TableVariables, row: &[f32]) -> Result<Answer, TabularError> {
        let features = &row[..self.saved().task().features];
        let is_known = features.iter().any(|value| !value.is_nan());
        let target = variables.target().map(|target| &variables.list()[target]);
        let scores = |variable: &Variable, cells| -> Result<Vec<f32>, TabularError> {
            Ok(scores_along(self.scoring_network(None)?, row, variable, cells)?)
        };
        match (self.target(), target, is_known) {
            (_, None, false) => {
                Err(TabularError::from(QuestionError::NothingGiven { target: self.target_name().to_owned() }))
            }
            (Target::Number(_), _, true) => Ok(Answer::Density(self.densities(features)?.swap_remove(0))),
            (Target::Number(number), Some(target), false) => {
                let density = number.network_density(&scores(&target.variable()?, crate::outputs::CELLS)?);
                let spread = self.saved().spread().unwrap_or(1.0);
                let density = if spread == 1.0 { density } else { density.stretched(spread) };
                Ok(Answer::Density(number.in_data_units(density)))
            }
            (Target::Classes(labels), target, _) => {
                let logs = match target {
                    Some(target) if !is_known => {
                        self.saved().log_probabilities_of(scores(&target.variable()?, 1)?)
                    }
                    _ => self.log_probabilities(features)?,
                };
                let shares = logs.iter().map(|&log| f64::from(log.exp()));
                Ok(Answer::States(labels.names().iter().cloned().zip(shares).collect()))
            }
        }
    }

    /// The score of a row of which everything is known: the network's root, a logarithm that is not normalised over the
    /// features.
    ///
    /// # Errors
    ///
    /// When a column is missing, or the network is discriminative.
    pub fn score(&self, variables: &TableVariables, evidence: &Evidence) -> Result<f32, TabularError> {
        let network = self.scoring_network(None)?;
        match variables.missing(evidence, &[]) {
            columns if columns.is_empty() => Ok(scores(network, &variables.row(evidence))?[0]),
            columns => Err(TabularError::from(QuestionError::WholeRow { columns })),
        }
    }

    /// Draws rows with the values of the evidence and all other columns from exp(score), inside of their ranges; `progress`
    /// as in [`sample`].
    ///
    /// # Errors
    ///
    /// When a range is not known, everything is given, an option is out of its range, or the network is discriminative.
    pub fn sample(
        &self,
        variables: &TableVariables,
        evidence: &Evidence,
        options: &SamplingOptions,
        progress: impl FnMut(usize) -> bool,
    ) -> Result<TableSamples, TabularError> {
        let network = self.scoring_network(None)?;
        let drawn: Vec<usize> =
            (0..variables.list().len()).filter(|&variable| !evidence.holds(variable)).collect();
        if drawn.is_empty() {
            return Err(TabularError::from(QuestionError::NothingToDraw));
        }
        let domains: Vec<Variable> =
            drawn.iter().map(|&variable| variables.list()[variable].variable()).collect::<Result<_, _>>()?;
        let samples = sample(network, &variables.row(evidence), &domains, options, progress)?;
        Ok(TableSamples { drawn, samples })
    }
}

/// The density of a number over cells of equal width in the data's units. The score is that of the network's units, so a cell
/// counts by its width there.
fn density(
    network: &Network,
    row: &[f32],
    variable: &TableVariable,
    cells: usize,
) -> Result<ConditionalDensity, TabularError> {
    let range = variable
        .range()
        .ok_or_else(|| TabularError::from(QuestionError::NoRange { column: variable.name().to_owned() }))?;
    let (low, mut high) = (range.low, range.high);
    if low >= high {
        // A constant column has a range all the same.
        high = low + f64::from(f32::EPSILON) * low.abs().max(1.0);
    }
    let edge = |cell: usize| {
        let share = cell as f64 / cells as f64;
        variable.to_network(low * (1.0 - share) + high * share)
    };
    let edges: Vec<f64> = (0..=cells).map(edge).collect();
    let middles = edges.windows(2).map(|pair| vec![(0.5 * (pair[0] + pair[1])) as f32]).collect();
    let nodes = Variable::states(variable.inputs(), middles)?;
    let mut scores = scores_along(network, row, &nodes, cells)?;
    let widths: Vec<f64> = edges.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
    let widest = widths.iter().copied().fold(0.0, f64::max);
    if widest > 0.0 {
        // A cell beyond the ends of a scale by quantiles has no width: the smallest number, not nothing.
        let log = |width: &f64| (width / widest).max(f64::from(f32::MIN_POSITIVE)).ln() as f32;
        scores.iter_mut().zip(&widths).for_each(|(score, width)| *score += log(width));
    }
    Ok(ConditionalDensity::new((low, high), scores))
}
