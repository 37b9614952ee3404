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
//!    ([`ugmm_kernels::branch_and_bound::maximize`]).

mod bound;
mod candidates;
mod climb;
mod domain;
mod problem;

pub use domain::MpeVariable;

use crate::circuit::Circuit;
use crate::error::CircuitError;
use crate::rows::Rows;
use bound::Boxes;
use problem::Problem;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_kernels::branch_and_bound::{Budget, ProofProgress, maximize};

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
        let (starts, viterbi) = candidates::starts(&problem, options.starts, options.seed)?;
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
