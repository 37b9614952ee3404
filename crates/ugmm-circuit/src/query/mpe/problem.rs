//! The function to maximise.

use super::domain::{Cell, Domain, MpeVariable};
use crate::circuit::Circuit;
use crate::compute::log_likelihoods;
use crate::error::CircuitError;
use crate::rows::Rows;
use ugmm_kernels::branch_and_bound::Found;

/// A row in standard units and table indices, with values for all queried variables.
pub(super) type Point = Vec<f64>;

/// A query, encoded.
pub(super) struct Problem<'c> {
    pub circuit: &'c Circuit,
    /// The encoded evidence; NaN for all other variables.
    pub evidence: Point,
    pub asked: Vec<Domain>,
}

impl<'c> Problem<'c> {
    pub fn new(circuit: &'c Circuit, row: &[f64], asked: &[MpeVariable]) -> Result<Self, CircuitError> {
        let width = circuit.variables().len();
        if row.len() != width {
            return Err(CircuitError::Columns { found: row.len(), expected: width });
        }
        let mut known = row.to_vec();
        let mut domains: Vec<Domain> = Vec::with_capacity(asked.len());
        for one in asked {
            let domain = Domain::new(circuit, *one)?;
            if domains.iter().any(|other| other.variable == one.variable) {
                let value = format!("{} twice", one.variable);
                let (setting, expected) = ("a variable that is asked for", "asked for once");
                return Err(CircuitError::Setting { setting, value, expected });
            }
            known[one.variable] = f64::NAN;
            domains.push(domain);
        }
        if domains.is_empty() {
            let (setting, value) = ("the number of variables that are asked for", "0".to_owned());
            return Err(CircuitError::Setting { setting, value, expected: "at least 1" });
        }
        let evidence = circuit.encode(Rows::new(&known, width)?)?;
        let problem = Self { circuit, evidence, asked: domains };
        // Impossible evidence has no conditional distribution.
        match problem.value(&problem.evidence) {
            f64::NEG_INFINITY => Err(CircuitError::Impossible { row: 0 }),
            _ => Ok(problem),
        }
    }

    /// The log-likelihood of a row.
    pub fn value(&self, point: &[f64]) -> f64 {
        log_likelihoods(&self.circuit.compiled(), point)[0]
    }

    pub fn found(&self, point: Point) -> Found<Point> {
        let value = self.value(&point);
        Found { point, value }
    }

    /// The row with the queried variables in the middles of cells.
    pub fn middle(&self, cells: &[Cell]) -> Point {
        let mut point = self.evidence.clone();
        for (domain, cell) in self.asked.iter().zip(cells) {
            point[domain.variable] = domain.middle(*cell);
        }
        point
    }

    pub fn decoded(&self, point: &[f64]) -> Vec<f64> {
        let pairs = self.circuit.variables().iter().zip(point);
        pairs.map(|(variable, value)| variable.decode(*value)).collect()
    }
}
