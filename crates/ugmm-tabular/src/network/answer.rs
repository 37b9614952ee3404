//! Answers of a network: the distribution of one column given others, the score of a row, and draws of rows.

use super::columns::FEW_NUMBERS;
use crate::column::range::NumberRange;
use crate::distribution::Distribution;
use crate::error::TabularError;
use crate::network::model::NetworkModel;
use crate::network::outputs::CELLS;
use crate::question::error::QuestionError;
use crate::question::{DrawOptions, Draws, Evidence};
use crate::target::Target;
use ugmm_circuit::UnivariateMixture;
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::inference::gibbs::sample;
use ugmm_network::inference::question::{Conditional, conditionals, scores, scores_along};
use ugmm_network::inference::variable::Variable;
use ugmm_network::{Model, Network, Stream, generator};

impl NetworkModel {
    /// The network, if its root is a joint score of features and target; fails with an error for a
    /// discriminative network.
    pub(super) fn scoring_network(&self, asked: Option<usize>) -> Result<&Network, TabularError> {
        match (self.saved().model(), self.has_target_input()) {
            (Model::Ugmm(network), true) => Ok(network),
            _ => Err(TabularError::from(QuestionError::OnlyTarget {
                target: self.target_name().to_owned(),
                column: asked.map(|column| self.columns[column].name().to_owned()),
            })),
        }
    }

    /// Implements [`TableModel::distribution`](crate::TableModel::distribution). For the target it is the
    /// predicted distribution, with temperature, class weights and spread. For another column it is
    /// exp(score) over its range or its states, normalised.
    pub(super) fn distribution_of(
        &self,
        evidence: &Evidence,
        column: usize,
        cells: usize,
    ) -> Result<Distribution, TabularError> {
        let is_target = column + 1 == self.columns.len();
        let network = if is_target { None } else { Some(self.scoring_network(Some(column))?) };
        let needed = |other: &usize| !self.inputs_of(*other).is_empty();
        let name = |other: usize| self.columns[other].name().to_owned();
        let columns: Vec<String> = evidence.missing(&[column]).filter(needed).map(name).collect();
        if !self.takes_missing_values() && !columns.is_empty() {
            return Err(QuestionError::NeedsAll { columns }.into());
        }
        let row = self.network_row(evidence);
        let Some(network) = network else { return self.target_distribution(evidence, &row) };
        let is_state = !self.columns[column].is_number();
        let few = match is_state {
            true => None,
            false => self.range_in(evidence, column)?.whole_numbers(FEW_NUMBERS),
        };
        if !is_state && few.is_none() {
            let range = self.range_in(evidence, column)?;
            return Ok(Distribution::Cells(self.density(network, &row, column, range, cells)?));
        }
        let variable = self.variable(evidence, column, FEW_NUMBERS)?;
        let probabilities = match conditionals(network, &row, &variable, cells)?.swap_remove(0) {
            Conditional::States(shares) => shares,
            Conditional::Density(density) => density.probabilities().to_vec(),
        };
        Ok(Distribution::discrete(few.map_or(0, |numbers| numbers[0] as i64), probabilities))
    }

    /// The distribution of the target given all inputs of the network.
    fn target_distribution(&self, evidence: &Evidence, row: &[f32]) -> Result<Distribution, TabularError> {
        let features = &row[..self.saved().task().features()];
        let is_known = features.iter().any(|value| !value.is_nan());
        let is_input = self.has_target_input();
        if !is_known && !is_input {
            return Err(QuestionError::NothingGiven { target: self.target_name().to_owned() }.into());
        }
        let scores = |most, cells| -> Result<Vec<f32>, TabularError> {
            let variable = self.variable(evidence, self.columns.len() - 1, most)?;
            Ok(scores_along(self.scoring_network(None)?, row, &variable, cells)?)
        };
        Ok(match (self.target(), is_known) {
            (Target::Number(_), true) => Distribution::Cells(self.densities(features)?.swap_remove(0)),
            (Target::Number(number), false) => {
                let density = number.network_density(&scores(FEW_NUMBERS, CELLS)?);
                let spread = self.saved().spread().unwrap_or(1.0);
                let density = if spread == 1.0 { density } else { density.stretched(spread) };
                Distribution::Cells(number.in_data_units(density))
            }
            (Target::Classes(_), _) => {
                let logs = match is_known {
                    true => self.log_probabilities(features)?,
                    false => self.saved().log_probabilities_of(scores(FEW_NUMBERS, 1)?),
                };
                Distribution::discrete(0, logs.iter().map(|&log| f64::from(log.exp())).collect())
            }
        })
    }

    /// The density of a number over cells of equal width in the table's units. The score is a density in the
    /// network's units, so that each cell is weighted by its width in these units.
    fn density(
        &self,
        network: &Network,
        row: &[f32],
        column: usize,
        NumberRange { low, mut high, .. }: NumberRange,
        cells: usize,
    ) -> Result<ConditionalDensity, TabularError> {
        if low >= high {
            // A constant column needs a range with a width.
            high = low + f64::from(f32::EPSILON) * low.abs().max(1.0);
        }
        let edge = |cell: usize| {
            let share = cell as f64 / cells as f64;
            self.to_network(column, low * (1.0 - share) + high * share)
        };
        let edges: Vec<f64> = (0..=cells).map(edge).collect();
        let middles = edges.windows(2).map(|pair| vec![(0.5 * (pair[0] + pair[1])) as f32]).collect();
        let nodes = Variable::states(self.inputs_of(column), middles)?;
        let mut scores = scores_along(network, row, &nodes, cells)?;
        let widths: Vec<f64> = edges.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect();
        let widest = widths.iter().copied().fold(0.0, f64::max);
        if widest > 0.0 {
            // A cell beyond the ends of a quantile scale has no width; it gets the smallest probability
            // instead of 0.
            let log = |width: &f64| (width / widest).max(f64::from(f32::MIN_POSITIVE)).ln() as f32;
            scores.iter_mut().zip(&widths).for_each(|(score, width)| *score += log(width));
        }
        Ok(ConditionalDensity::new((low, high), scores))
    }

    /// The score of a whole row, which is the value of the network's root.
    pub(super) fn score(&self, evidence: &Evidence) -> Result<f64, TabularError> {
        let network = self.scoring_network(None)?;
        let columns: Vec<String> =
            evidence.missing(&[]).map(|column| self.columns[column].name().to_owned()).collect();
        match columns.is_empty() {
            true => Ok(scores(network, &self.network_row(evidence))?[0].into()),
            false => Err(QuestionError::WholeRow { columns }.into()),
        }
    }

    /// Draws rows from exp(score) by Gibbs sampling within the ranges of the columns.
    pub(super) fn draw(
        &self,
        evidence: &Evidence,
        options: &DrawOptions,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<Draws, TabularError> {
        let network = self.scoring_network(None)?;
        let drawn: Vec<usize> = evidence.missing(&[]).collect();
        if drawn.is_empty() {
            return Err(QuestionError::NothingToDraw.into());
        }
        let variable = |&column: &usize| self.variable(evidence, column, FEW_NUMBERS);
        let domains: Vec<Variable> = drawn.iter().map(variable).collect::<Result<_, _>>()?;
        let chains = &options.chains;
        let sweeps = chains.warm_up.saturating_add(chains.draws.saturating_mul(chains.thin));
        let progress = |sweep: usize| progress(sweep, sweeps);
        let samples = sample(network, &self.network_row(evidence), &domains, chains, progress)?;
        let mut rng = generator(options.seed, Stream::Sampling);
        let (all, width) = (samples.rows().len() / samples.inputs(), samples.inputs());
        let mut rows = Vec::with_capacity(options.rows * self.columns.len());
        for number in 0..options.rows {
            // Rows are taken evenly from all draws.
            let place = (number as u128 * all as u128 / options.rows as u128) as usize;
            let inputs: Vec<f64> =
                samples.rows()[place * width..][..width].iter().map(|&input| input.into()).collect();
            for (column, &given) in evidence.row.iter().enumerate() {
                if !given.is_nan() {
                    rows.push(given);
                    continue;
                }
                let value = self.value_of(column, &inputs[self.inputs_of(column)]);
                let column = &self.columns[column];
                let levels = column.rare_values();
                rows.push(match column.other().map(|other| other as f64) == Some(value) {
                    // One of the levels that share the state is drawn in proportion to its training rows.
                    true => {
                        let probabilities = levels.iter().map(|(_, share)| *share).collect();
                        let place = UnivariateMixture::Discrete { first: 0, probabilities }.draw(&mut rng);
                        levels.get(place as usize).map_or(value, |(level, _)| *level)
                    }
                    false => value,
                });
            }
        }
        let diagnostics = Some(drawn.into_iter().zip(samples.diagnostics).collect());
        Ok(Draws { rows, diagnostics })
    }
}
