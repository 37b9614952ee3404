//! The most probable explanation: given evidence, the values of query variables that maximise a network's score, with a
//! certificate.
//!
//! A root that is trained on features and label together is a *score*, not a density (it does not integrate
//! to one). The result is therefore the assignment with the greatest score within the domains of the
//! variables.
//!
//! 1. **Candidates** (`candidates`): a beam of paths from the root to the inputs, which replaces each sum by
//!    its best component.
//! 2. **Refinement** (`ascent`, `polish`): projected gradient ascent from all starts in one batch with the
//!    layers' own backward kernels, then optimisation of each variable alone.
//! 3. **Certificate** (`branch_and_bound`): upper bounds of the score over boxes ([`crate::verification::bounds`]). Boxes
//!    are split until no box can exceed the best score by more than the tolerance, or until the time limit;
//!    the result then includes the bound of the remaining boxes.

mod ascent;
mod branch_and_bound;
mod candidates;
mod numbers;
mod polish;
mod problem;

use super::variable::Variable;
use crate::verification::bounds::{Known, ScoreFunction};
use crate::{Network, Predictor, UgmmError};
use branch_and_bound::{Proving, QueryBox};
use problem::{Candidate, Problem};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_kernels::branch_and_bound::{Budget, ProofProgress, maximize};

pub use problem::Choice;

/// A query: the variables to find and the given values.
#[derive(Clone, Debug, PartialEq)]
pub struct MpeQuery {
    /// Variables to find, over their domains, which share no input.
    pub query: Vec<Variable>,
    /// Given inputs and their values, in the network's units. Inputs in neither list are missing.
    pub given: Vec<(usize, f64)>,
}

/// Settings of the search.
#[derive(Clone, Debug, PartialEq)]
pub struct MpeOptions {
    /// Tolerance: the greatest difference between upper bound and value that counts as proved, in nats; at
    /// least 0.
    pub gap: f64,
    /// Limit of the total time for search and proof; `None` for no limit.
    pub time_limit: Option<Duration>,
    /// Largest number of boxes to bound. With 0 only the whole domain is bounded.
    pub most_boxes: usize,
    /// Number of paths that the beam keeps, and of starts of the gradient ascent; at least 1.
    pub beam: usize,
    /// Number of steps of the gradient ascent.
    pub steps: usize,
    /// Seed of the random parts of the starts.
    pub seed: u64,
}

impl Default for MpeOptions {
    fn default() -> Self {
        Self { gap: 1e-3, time_limit: None, most_boxes: usize::MAX, beam: 32, steps: 60, seed: 0 }
    }
}

impl MpeOptions {
    fn check(&self) -> Result<(), UgmmError> {
        if !(self.gap >= 0.0 && self.gap.is_finite()) {
            return Err(UgmmError::setting("gap", self.gap, "at least 0 and finite"));
        }
        if self.beam == 0 {
            return Err(UgmmError::setting("beam", 0, "at least 1"));
        }
        Ok(())
    }
}

/// The state of the proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpeProgress {
    /// The greatest score found so far.
    pub value: f64,
    /// An upper bound of all scores.
    pub upper_bound: f64,
    /// Number of boxes bounded so far.
    pub boxes: usize,
    /// Number of boxes left to split.
    pub open: usize,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Mpe {
    /// A choice for each query variable.
    pub choices: Vec<Choice>,
    /// The network's inputs `[inputs]`: given and found values; NaN for missing inputs.
    pub inputs: Vec<f64>,
    /// The score at `inputs`, computed in `f64`.
    pub value: f64,
    /// An upper bound of the scores of all assignments in the domains.
    pub upper_bound: f64,
    /// Whether `value` and `upper_bound` differ by at most the tolerance.
    pub proved: bool,
    /// Number of boxes bounded.
    pub boxes: usize,
    /// Score of the best start before refinement.
    pub start_value: f64,
}

impl Mpe {
    /// An upper bound of how much any assignment exceeds `value`, in nats.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.upper_bound - self.value
    }
}

/// The values of the query variables that maximise the score of a network's only output, with a certificate.
/// `progress` is called during the proof and may stop it.
///
/// ```
/// use std::ops::ControlFlow;
/// use ugmm_network::inference::mpe::{Choice, MpeOptions, MpeQuery, most_probable_explanation};
/// use ugmm_network::inference::variable::Variable;
/// use ugmm_network::{Init, Stream, NetworkConfig, generator};
///
/// let config = NetworkConfig::new(&[3, 8, 1]).with_init(Init::Paper);
/// let network = config.init(None, &mut generator(0, Stream::Initialization))?;
/// let label = Variable::states(2..3, vec![vec![0.0], vec![1.0]])?;
/// let query = MpeQuery { query: vec![Variable::number(0, -2.0, 2.0)?, label], given: vec![(1, 0.5)] };
/// let answer = most_probable_explanation(&network, &query, &MpeOptions::default(), |_| ControlFlow::Continue(()))?;
/// assert!(answer.proved && answer.gap() <= 1e-3);
/// assert!(matches!(answer.choices[..], [Choice::Number(_), Choice::State(_)]));
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
///
/// # Errors
///
/// [`UgmmError`] when the network does not have exactly one output, a variable or a given input does not fit
/// it or another, an input is missing although the network needs all, or an option is out of its range.
pub fn most_probable_explanation(
    network: &Network,
    query: &MpeQuery,
    options: &MpeOptions,
    mut progress: impl FnMut(MpeProgress) -> ControlFlow<()>,
) -> Result<Mpe, UgmmError> {
    let start = Instant::now();
    options.check()?;
    let known = known_inputs(network, query)?;
    let function = ScoreFunction::new(network)?.restricted(&known)?;
    let problem = Problem::new(function, &query.query, &known);
    let until = options.time_limit.and_then(|limit| start.checked_add(limit));
    let (found, start_value) = best_found(network, &problem, options, until);
    let search = |best: &Candidate, round: u64| {
        let starts =
            candidates::more_starts(&problem, best, LATER_STARTS * options.beam, options.seed, round);
        refined(network, &problem, starts, options.steps, until)
    };
    let budget = Budget { gap: options.gap, until, most_regions: options.most_boxes };
    let proving = Proving { problem: &problem, until, search };
    let watch = |ProofProgress { value, upper_bound, regions, open }| {
        progress(MpeProgress { value, upper_bound, boxes: regions, open })
    };
    let proof = maximize(&proving, QueryBox::whole(&problem), found, budget, watch);
    let upper_bound = proof.upper_bound;
    Ok(Mpe {
        inputs: problem.all_inputs(&proof.best.point),
        value: proof.best.value,
        proved: upper_bound - proof.best.value <= options.gap,
        upper_bound,
        boxes: proof.regions,
        choices: proof.best.point,
        start_value,
    })
}

/// Number of starts of each search during the proof, as a multiple of the beam; random starts are worth less
/// than paths.
const LATER_STARTS: usize = 4;

/// Largest fraction of the time that the search takes; the rest is for the proof.
const FINDING_SHARE: f64 = 0.5;

/// The best assignment from candidates and their refinement, and the score of the best start.
fn best_found(
    network: &Network,
    problem: &Problem,
    options: &MpeOptions,
    until: Option<Instant>,
) -> (Candidate, f64) {
    let now = Instant::now();
    let until = until.map(|until| now + until.saturating_duration_since(now).mul_f64(FINDING_SHARE));
    let starts = candidates::starts(problem, options.beam, options.seed);
    let start_value = starts.iter().map(|start| start.value).fold(f64::NEG_INFINITY, f64::max);
    (refined(network, problem, starts, options.steps, until), start_value)
}

/// The best of `found` after gradient ascent and polishing.
fn refined(
    network: &Network,
    problem: &Problem,
    starts: Vec<Candidate>,
    steps: usize,
    until: Option<Instant>,
) -> Candidate {
    let mut found = match problem.has_numbers() && steps > 0 {
        true => ascent::ascend(network, problem, starts, steps, until),
        false => starts,
    };
    found.sort_by(|a, b| b.value.total_cmp(&a.value));
    // Candidates that reached one point are polished once.
    let mut distinct: Vec<Candidate> = Vec::new();
    for candidate in found {
        if !distinct.iter().any(|kept| (kept.value - candidate.value).abs() < SAME) {
            distinct.push(candidate);
        }
    }
    distinct.truncate(polish::POLISHED);
    polish::polish_all(problem, distinct, until)
}

/// Candidates whose scores differ by less than this count as one point.
const SAME: f64 = 1e-4;

/// The state of each input of the network: given, queried or missing.
fn known_inputs(network: &Network, query: &MpeQuery) -> Result<Vec<Known>, UgmmError> {
    let (inputs, outputs) = (network.inputs(), network.outputs());
    if outputs != 1 {
        return Err(UgmmError::Size { what: "the network", found: outputs, unit: "outputs", expected: 1 });
    }
    if query.query.is_empty() {
        return Err(UgmmError::setting("the number of query variables", 0, "at least 1"));
    }
    let mut known = vec![Known::Missing; inputs];
    let mut set = |input: usize, value: Known| match known.get_mut(input) {
        Some(known) if *known == Known::Missing => {
            *known = value;
            Ok(())
        }
        Some(_) => {
            Err(UgmmError::setting("an input", format!("number {input} twice"), "given or asked for once"))
        }
        None => Err(UgmmError::setting("an input", input, "one of the network's inputs, counted from 0")),
    };
    for variable in &query.query {
        variable.inputs.clone().try_for_each(|input| set(input, Known::Free))?;
    }
    for &(input, value) in &query.given {
        if !value.is_finite() {
            let value = value as f32;
            return Err(UgmmError::NotFinite { what: "the evidence", row: 0, column: input, value });
        }
        set(input, Known::Value(value))?;
    }
    match known.iter().position(|known| *known == Known::Missing) {
        Some(column) if !network.takes_missing_values() => Err(UgmmError::MissingValue { row: 0, column }),
        _ => Ok(known),
    }
}
