//! The most probable explanation: given evidence, the values of other variables with the greatest joint
//! density, with a certificate. The paper (arXiv 2509.07569, section 5) names it as an open problem for uGMM
//! networks.
//!
//! 1. **Candidates** (`candidates`): the downward pass with the best product in place of each sum (Viterbi;
//!    Poon and Domingos 2011), which is exact for deterministic circuits, and exact samples given the
//!    evidence.
//! 2. **Climbing** (`climb`): each variable moves to the mode of its conditional given all others, until
//!    nothing changes.
//! 3. **Certificate** (`bound`): over a box every leaf has a greatest density, and sums and products increase
//!    with their terms. Boxes are split until none can exceed the best value by more than the tolerance
//!    ([`ugmm_kernels::bounds::maximize`]).

mod bound;
mod candidates;
mod climb;
mod domain;

use crate::circuit::Circuit;
use crate::compute::log_likelihoods;
use crate::error::CircuitError;
use crate::rows::Rows;
use bound::Boxes;
use domain::{Cell, Domain};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_kernels::bounds::{Budget, Found, ProofProgress, maximize};

/// A variable to find.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpeVariable {
    /// Index of the variable, from 0.
    pub variable: usize,
    /// The range to search, in the units of the data, both ends included; `None` for all values.
    pub range: Option<(f64, f64)>,
}

/// Settings of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpeOptions {
    /// Tolerance: the greatest difference between upper bound and value that counts as proved, in nats; at
    /// least 0.
    pub gap: f64,
    /// Limit of the total time for search and proof; `None` for no limit.
    pub time_limit: Option<Duration>,
    /// Largest number of boxes to bound.
    pub most_boxes: usize,
    /// Number of samples from which to climb, in addition to the Viterbi solution.
    pub starts: usize,
    /// Seed of the samples.
    pub seed: u64,
}

impl Default for MpeOptions {
    fn default() -> Self {
        Self { gap: 1e-3, time_limit: None, most_boxes: usize::MAX, starts: 16, seed: 0 }
    }
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Mpe {
    /// The row `[variables]` with given and found values, in the units of the data; NaN for values that are
    /// neither.
    pub row: Vec<f64>,
    /// The log-likelihood of `row`.
    pub value: f64,
    /// An upper bound of the log-likelihood for all values of the queried variables within their ranges.
    pub upper_bound: f64,
    /// Whether `value` and `upper_bound` differ by at most the tolerance.
    pub proved: bool,
    /// Number of boxes bounded.
    pub boxes: usize,
    /// The log-likelihood of the Viterbi solution, before climbing.
    pub viterbi_value: f64,
}

impl Mpe {
    /// An upper bound of how much any log-likelihood exceeds `value`, in nats.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.upper_bound - self.value
    }
}

impl Circuit {
    /// The values of the variables `asked` with the greatest density given the other values of `row`
    /// `[variables]`. Missing values (NaN) of other variables are integrated out, which makes this a
    /// *marginal* MAP query. The values of the queried variables in `row` are ignored. `progress` is called
    /// during the proof and may stop it.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use ugmm_circuit::{MpeOptions, MpeVariable};
    /// # use ugmm_circuit::{Rows, TrainingConfig, Variable, train};
    /// # let values: Vec<f64> = (0..100).flat_map(|i| [f64::from(i % 2) * 5.0 + f64::from(i % 7), f64::from(i % 2)]).collect();
    /// # let variables = vec![Variable::continuous(5.0, 3.0), Variable::categorical(2)];
    /// # let circuit = train(Rows::new(&values, 2)?, variables, &TrainingConfig::default(), |_| true)?.circuit;
    /// let asked = [MpeVariable { variable: 0, range: None }, MpeVariable { variable: 1, range: None }];
    /// let mpe = circuit.mpe(&[f64::NAN; 2], &asked, &MpeOptions::default(), |_| ControlFlow::Continue(()))?;
    /// assert!(mpe.proved && mpe.gap() <= 1e-3);
    /// # Ok::<(), ugmm_circuit::CircuitError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CircuitError`] when the row does not fit the circuit or cannot occur, no variable is queried or one
    /// twice, or a range or an option is invalid.
    pub fn mpe(
        &self,
        row: &[f64],
        asked: &[MpeVariable],
        options: &MpeOptions,
        progress: impl FnMut(ProofProgress) -> ControlFlow<()>,
    ) -> Result<Mpe, CircuitError> {
        let until = options.time_limit.and_then(|limit| Instant::now().checked_add(limit));
        if !(options.gap >= 0.0 && options.gap.is_finite()) {
            let value = options.gap.to_string();
            return Err(CircuitError::Setting { setting: "gap", value, expected: "at least 0 and finite" });
        }
        let problem = Problem::new(self, row, asked)?;
        let (starts, viterbi) = candidates::starts(&problem, options)?;
        let best = climb::best_of(&problem, starts, until);
        let budget = Budget { gap: options.gap, until, most_regions: options.most_boxes };
        let boxes = Boxes::new(&problem, until);
        let proof = maximize(&boxes, boxes.whole(), best, budget, progress);
        let row = problem.decoded(&proof.best.point);
        // The value is that of the returned row, whose last digits may differ from the encoded one.
        let value = self.log_likelihood(Rows::new(&row, row.len())?)?[0];
        let upper_bound = proof.upper_bound.max(value);
        Ok(Mpe {
            row,
            value,
            proved: upper_bound - value <= options.gap,
            upper_bound,
            boxes: proof.regions,
            viterbi_value: viterbi,
        })
    }
}

/// A row in standard units and table indices, with values for all queried variables.
type Point = Vec<f64>;

/// A query, encoded.
struct Problem<'c> {
    circuit: &'c Circuit,
    /// The encoded evidence; NaN for all other variables.
    evidence: Point,
    asked: Vec<Domain>,
}

impl<'c> Problem<'c> {
    fn new(circuit: &'c Circuit, row: &[f64], asked: &[MpeVariable]) -> Result<Self, CircuitError> {
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
    fn value(&self, point: &[f64]) -> f64 {
        log_likelihoods(&self.circuit.compiled(), point)[0]
    }

    fn found(&self, point: Point) -> Found<Point> {
        let value = self.value(&point);
        Found { point, value }
    }

    /// The row with the queried variables in the middles of cells.
    fn middle(&self, cells: &[Cell]) -> Point {
        let mut point = self.evidence.clone();
        for (domain, cell) in self.asked.iter().zip(cells) {
            point[domain.variable] = domain.middle(*cell);
        }
        point
    }

    fn decoded(&self, point: &[f64]) -> Vec<f64> {
        let pairs = self.circuit.variables().iter().zip(point);
        pairs.map(|(variable, value)| variable.decode(*value)).collect()
    }
}
