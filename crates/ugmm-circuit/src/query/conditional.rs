//! Conditional distributions of variables.

use super::derivatives::log_derivatives;
use super::mixture::{GaussianComponent, UnivariateMixture};
use crate::circuit::Circuit;
use crate::compute::{BLOCK, Compiled, CompiledRegion, Workspace, log_sum_exp};
use crate::error::CircuitError;
use crate::leaf::gaussian::between;
use crate::leaf::{Leaf, LeafDistribution};
use crate::region::Region;
use crate::rows::Rows;
use rayon::prelude::*;

impl Circuit {
    /// The distribution of one variable given a row's other values, `row` `[variables]`. The row's value of
    /// the variable itself is ignored; other missing values (NaN) are integrated out.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the variable does not exist, the row does not fit the circuit, or its values
    /// cannot occur together.
    pub fn conditional(&self, row: &[f64], variable: usize) -> Result<UnivariateMixture, CircuitError> {
        self.variable(variable)?;
        let mut mixtures = self.conditionals_of(row, &[variable])?;
        Ok(mixtures.swap_remove(0))
    }

    /// The distribution of each variable given all other values of a row, in one upward and one downward
    /// pass.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the row does not fit the circuit, or when for some variable the other values
    /// cannot occur together.
    pub fn conditionals(&self, row: &[f64]) -> Result<Vec<UnivariateMixture>, CircuitError> {
        let variables: Vec<usize> = (0..self.variables().len()).collect();
        self.conditionals_of(row, &variables)
    }

    /// Probabilities of the states of a categorical variable given the other values of each row,
    /// `[rows, states]`. The rows' values of the variable itself are ignored.
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the variable does not exist or has no states, the rows do not fit the circuit,
    /// or the values of a row cannot occur together.
    pub fn posterior(&self, rows: Rows<'_>, variable: usize) -> Result<Vec<f64>, CircuitError> {
        let Some(states) = self.variable(variable)?.states() else {
            let name = self.variable(variable)?.label(variable);
            return Err(CircuitError::NotCategorical { variable, name });
        };
        let mut probabilities = Vec::with_capacity(rows.count() * states);
        for mixtures in self.conditionals_of_rows(rows, &|_| vec![variable])? {
            for mixture in mixtures {
                if let UnivariateMixture::Discrete { probabilities: row, .. } = mixture {
                    probabilities.extend(row);
                }
            }
        }
        Ok(probabilities)
    }

    pub(super) fn conditionals_of(
        &self,
        row: &[f64],
        asked: &[usize],
    ) -> Result<Vec<UnivariateMixture>, CircuitError> {
        if row.len() != self.variables().len() {
            return Err(CircuitError::Columns { found: row.len(), expected: self.variables().len() });
        }
        let mut rows = self.conditionals_of_rows(Rows::new(row, row.len())?, &|_| asked.to_vec())?;
        Ok(rows.swap_remove(0))
    }

    /// The distributions of the variables `asked` of each row, by row.
    pub(super) fn conditionals_of_rows(
        &self,
        rows: Rows<'_>,
        asked: &(dyn Fn(usize) -> Vec<usize> + Sync),
    ) -> Result<Vec<Vec<UnivariateMixture>>, CircuitError> {
        let encoded = self.encode(rows)?;
        let compiled = self.compiled();
        let width = self.variables().len();
        let blocks: Vec<Result<Vec<Vec<UnivariateMixture>>, CircuitError>> = encoded
            .par_chunks(BLOCK * width)
            .enumerate()
            .map_init(
                || Workspace::new(&compiled, rows.count(), false),
                |workspace, (block, rows)| {
                    compiled.upward(rows, workspace);
                    let derivatives = log_derivatives(&compiled, rows, workspace);
                    let of_row = |row: usize| {
                        let number = block * BLOCK + row;
                        let of_variable = |variable: usize| {
                            self.mixture_of(variable, row, &compiled, &derivatives)
                                .ok_or(CircuitError::Impossible { row: number })
                        };
                        asked(number).into_iter().map(of_variable).collect()
                    };
                    (0..rows.len() / width).map(of_row).collect()
                },
            )
            .collect();
        let mut all = Vec::with_capacity(rows.count());
        for block in blocks {
            all.extend(block?);
        }
        Ok(all)
    }

    /// The mixture of all leaves of a variable, with each unit's derivative as its weight.
    fn mixture_of(
        &self,
        variable: usize,
        row: usize,
        compiled: &Compiled<f64>,
        derivatives: &[Vec<f64>],
    ) -> Option<UnivariateMixture> {
        let mut leaves: Vec<(&Leaf, &CompiledRegion<f64>, &[f64])> = Vec::new();
        for (index, region) in self.regions().iter().enumerate() {
            if let Region::Leaf(leaf) = region
                && leaf.variable == variable
            {
                let derivatives = &derivatives[index][row * leaf.units..(row + 1) * leaf.units];
                leaves.push((leaf, &compiled.regions[index], derivatives));
            }
        }
        let all: Vec<f64> = leaves.iter().flat_map(|(_, _, weights)| weights.iter().copied()).collect();
        let total = log_sum_exp(&all);
        if total == f64::NEG_INFINITY {
            return None;
        }
        let about = &self.variables()[variable];
        let ends = about.standard_ends();
        let mut components = Vec::new();
        let mut probabilities = vec![0.0; about.states().unwrap_or(0)];
        for (leaf, compiled, weights) in leaves {
            for (unit, weight) in weights.iter().enumerate() {
                let weight = (weight - total).exp();
                if weight == 0.0 {
                    continue;
                }
                match (compiled, &leaf.distribution) {
                    (CompiledRegion::Discrete(table), _) => {
                        let column = table.table.iter().skip(unit).step_by(leaf.units);
                        for (probability, share) in probabilities.iter_mut().zip(column) {
                            *probability += weight * share.exp();
                        }
                    }
                    (_, LeafDistribution::Gaussians(mixtures)) => {
                        for component in 0..mixtures.components {
                            let (share, mean, sigma) = mixtures.component(component, unit, leaf.units);
                            if share > 0.0 {
                                let inside =
                                    between(ends, mean, sigma).map_or(1.0, |part| part.log_mass.exp());
                                components.push(GaussianComponent {
                                    weight: weight * share / inside,
                                    mean: about.decode(mean),
                                    sigma: sigma * about.scale(),
                                });
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(match about.states() {
            None => {
                let (low, high) = about.ends();
                let finite = |end: f64| Some(end).filter(|end| end.is_finite());
                UnivariateMixture::Continuous { components, low: finite(low), high: finite(high) }
            }
            Some(_) => {
                // The sum is already 1 up to rounding.
                let sum: f64 = probabilities.iter().sum();
                probabilities.iter_mut().for_each(|probability| *probability /= sum);
                UnivariateMixture::Discrete { first: about.first(), probabilities }
            }
        })
    }
}
