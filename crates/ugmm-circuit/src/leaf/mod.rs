//! Leaves: univariate mixtures of one variable.

pub(crate) mod gaussian;
pub(crate) mod integer;
pub(crate) mod normal;

pub use gaussian::GaussianMixtures;

use crate::error::CircuitError;
use crate::variable::{Variable, VariableKind};
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Largest difference between a sum of probabilities and 1.
const SUM_TOLERANCE: f64 = 1e-6;

/// A region of one variable with `units` univariate distributions. Unit k is the paper's mixture P_k(y) = Σ_m
/// π_km N(y; μ_km, σ_km²) (arXiv 2509.07569, section 3), or a table of probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// Index of the variable, from 0.
    pub variable: usize,
    /// Number of distributions of the variable.
    pub units: usize,
    /// The distributions.
    pub distribution: LeafDistribution,
    /// Whether training changes it.
    pub trained: bool,
}

/// The kind of distribution of a leaf's units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafDistribution {
    /// Mixtures of Gaussians, for a continuous or an integer variable.
    Gaussians(GaussianMixtures),
    /// Probabilities `[states, units]` of a categorical variable; they sum to 1 for each unit.
    Table(Vec<f64>),
}

impl Leaf {
    /// A leaf with a unit for each state of a categorical variable, which gives that state probability 1;
    /// training does not change it. It joins the classes of a class-conditional model to their densities.
    #[must_use]
    pub fn indicator(variable: usize, states: usize) -> Self {
        let mut table = vec![0.0; states * states];
        for state in 0..states {
            table[state * states + state] = 1.0;
        }
        Self { variable, units: states, distribution: LeafDistribution::Table(table), trained: false }
    }

    /// log-probabilities `[states, units]` of a discrete variable; `None` for a continuous one.
    #[must_use]
    pub fn log_table(&self, variable: &Variable) -> Option<Vec<f64>> {
        let all: Vec<usize> = (0..variable.states()?).collect();
        self.log_table_of(variable, &all)
    }

    /// log π − log σ − ½ log 2π of each component of a continuous variable, per unit of the data and divided by the
    /// component's mass between the variable's ends, `[components, units]`; `None` for a discrete variable.
    #[must_use]
    pub fn log_peaks(&self, variable: &Variable) -> Option<Vec<f64>> {
        let (LeafDistribution::Gaussians(mixtures), None) = (&self.distribution, variable.states()) else {
            return None;
        };
        let ends = variable.standard_ends();
        let peak = |at: usize| {
            let (weight, mean, sigma) = (mixtures.weights[at], mixtures.means[at], mixtures.sigmas[at]);
            let density = weight.ln() - sigma.ln() - 0.5 * TAU.ln() - variable.scale().ln();
            density - gaussian::between(ends, mean, sigma).map_or(0.0, |inside| inside.log_mass)
        };
        Some((0..mixtures.means.len()).map(peak).collect())
    }

    /// log-probabilities `[states, units]` of a discrete variable; `None` for a continuous one. Of an integer
    /// variable, all states but `wanted`, which are in ascending order, may have any number instead.
    pub(crate) fn log_table_of(&self, variable: &Variable, wanted: &[usize]) -> Option<Vec<f64>> {
        match &self.distribution {
            LeafDistribution::Table(table) => {
                Some(table.iter().map(|probability| probability.ln()).collect())
            }
            LeafDistribution::Gaussians(mixtures) => {
                variable.states().map(|states| integer::log_table(mixtures, self.units, states, wanted))
            }
        }
    }

    pub(crate) fn validate(&self, region: usize, variables: &[Variable]) -> Result<(), CircuitError> {
        let fail = |reason: String| Err(CircuitError::Region { region, reason });
        let Some(variable) = variables.get(self.variable) else {
            return fail(format!(
                "is a leaf of variable {}, but there are only {}",
                self.variable,
                variables.len()
            ));
        };
        match (&self.distribution, variable.kind) {
            (LeafDistribution::Gaussians(mixtures), VariableKind::Continuous { .. })
            | (LeafDistribution::Gaussians(mixtures), VariableKind::Integer { .. }) => {
                // Sizes may come from a malicious file: their product must not overflow.
                let numbers = mixtures.components.checked_mul(self.units).filter(|&numbers| numbers > 0);
                let lengths = [mixtures.weights.len(), mixtures.means.len(), mixtures.sigmas.len()];
                if lengths.iter().any(|&length| Some(length) != numbers) {
                    let (components, units) = (mixtures.components, self.units);
                    return fail(format!("does not have {components} × {units} weights, means and sigmas"));
                }
                if mixtures.held > mixtures.components {
                    return fail(format!("holds {} of {} components", mixtures.held, mixtures.components));
                }
                if mixtures.means.iter().any(|mean| !mean.is_finite()) {
                    return fail("has a mean that is not finite".into());
                }
                let (low, high) = variable.standard_ends();
                if mixtures.means.iter().any(|mean| !(low..=high).contains(mean)) {
                    return fail("has a mean beyond the ends of its variable".into());
                }
                if mixtures.sigmas.iter().any(|sigma| !(sigma.is_finite() && *sigma >= 1e-100)) {
                    return fail("has a sigma that is not finite or below 1e-100".into());
                }
                check_columns(&mixtures.weights, self.units).or_else(fail)
            }
            (LeafDistribution::Table(table), VariableKind::Categorical { states }) => {
                if states.checked_mul(self.units) != Some(table.len()) {
                    return fail(format!(
                        "has {} probabilities, not {states} states × {} units",
                        table.len(),
                        self.units
                    ));
                }
                check_columns(table, self.units).or_else(fail)
            }
            (LeafDistribution::Gaussians(_), _) => fail("has Gaussians of a categorical variable".into()),
            (LeafDistribution::Table(_), _) => fail("has a table of a variable with numbers".into()),
        }
    }
}

/// Checks that the columns of `[any, units]` are distributions.
fn check_columns(values: &[f64], units: usize) -> Result<(), String> {
    let mut sums = vec![0.0; units];
    for row in values.chunks_exact(units) {
        for (sum, &value) in sums.iter_mut().zip(row) {
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("has the probability {value}"));
            }
            *sum += value;
        }
    }
    match sums.iter().position(|sum| (sum - 1.0).abs() > SUM_TOLERANCE) {
        Some(unit) => Err(format!("has a unit, {unit}, whose probabilities sum to {}, not to 1", sums[unit])),
        None => Ok(()),
    }
}
