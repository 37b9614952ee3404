//! The most probable explanation: given evidence, the values of query variables that maximise a network's score, with a
//! certificate.
//!
//! A root that is trained on features and label together is a *score*, not a density (it does not integrate to one), so what
//! is found is the assignment of the greatest score within the domains of the variables.
//!
//! 1. **Candidates** (`candidates`): a beam of paths from the root to the inputs, with the best component in the place of
//!    the sum.
//! 2. **Refinement** (`ascent`, `polish`): projected gradient ascent of all starts in one batch, by the layers' own backward
//!    kernels, then each variable by itself.
//! 3. **Certificate** (`branch_and_bound`): upper bounds of the score over boxes ([`super::bounds`]), boxes split until no box
//!    can hold anything better than what was found by more than the tolerance; or until time is over, and then the bound of
//!    what is left is part of the answer.

mod ascent;
mod branch_and_bound;
mod candidates;
mod numbers;
mod polish;
mod problem;

use super::bounds::{Known, ScoreFunction};
use super::variable::Variable;
use crate::{Network, Predictor, UgmmError};
use branch_and_bound::{Proving, QueryBox};
use problem::Problem;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_kernels::bounds::{Budget, Found, ProofProgress, maximize};

pub use problem::Choice;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct MpeQuery {
    /// Variables to find, over their domains. No input in two of them.
    pub query: Vec<Variable>,
    /// Inputs whose values are known, in the network's units. Inputs in neither are missing.
    pub given: Vec<(usize, f64)>,
}

/// How an answer is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct MpeOptions {
    /// Tolerance: the greatest difference of upper bound and value that counts as proved, in nats; at least 0.
    pub gap: f64,
    /// How long to look for and to prove, in all; without end if not given.
    pub time_limit: Option<Duration>,
    /// Boxes to bound at most. 0 for no proof but that of the whole domain.
    pub most_boxes: usize,
    /// Paths that the beam keeps, and starts of the gradient ascent; at least 1.
    pub beam: usize,
    /// Steps of the gradient ascent.
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
    fn validate(&self) -> Result<(), UgmmError> {
        if !(self.gap >= 0.0 && self.gap.is_finite()) {
            return Err(UgmmError::setting("gap", self.gap, "at least 0 and finite"));
        }
        if self.beam == 0 {
            return Err(UgmmError::setting("beam", 0, "at least 1"));
        }
        Ok(())
    }
}

/// How far the proof is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MpeProgress {
    /// The greatest score found.
    pub value: f64,
    /// What no score exceeds.
    pub upper_bound: f64,
    /// Boxes bounded so far.
    pub boxes: usize,
    /// Boxes left to split.
    pub open: usize,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Mpe {
    /// A choice for each query variable.
    pub choices: Vec<Choice>,
    /// The network's inputs: what was given and what was found; NaN for what is missing.
    pub inputs: Vec<f64>,
    /// The score there, computed in `f64`.
    pub value: f64,
    /// No assignment in the domains has a greater score than this.
    pub upper_bound: f64,
    /// Whether the two differ by the tolerance at most.
    pub proved: bool,
    /// Boxes bounded.
    pub boxes: usize,
    /// Score of the best start before any was refined.
    pub start_value: f64,
}

impl Mpe {
    /// How much better than what was found an assignment can be at most, in nats.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.upper_bound - self.value
    }
}

/// The values of the query variables that maximise the score of a network's only output, with a certificate. `progress` is
/// called while the proof goes on, and may break it off.
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
/// When the network has not exactly one output, a variable or a given input does not fit it or another, an input is missing
/// of a network that needs all, or an option is out of its range.
pub fn most_probable_explanation(
    network: &Network,
    query: &MpeQuery,
    options: &MpeOptions,
    mut progress: impl FnMut(MpeProgress) -> ControlFlow<()>,
) -> Result<Mpe, UgmmError> {
    let start = Instant::now();
    options.validate()?;
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

/// Starts of each search during the proof, as a multiple of the beam: random ones are worth less than paths.
const LATER_STARTS: usize = 4;

/// An assignment and its score.
type Candidate = Found<Vec<Choice>>;

/// Share of the time that goes to finding at most; the rest is for the proof.
const FINDING_SHARE: f64 = 0.5;

/// The best assignment that candidates and their refinement lead to, and the score of the best start.
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

/// The best of these after gradient ascent and polishing.
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
    // Starts that came to the same place are polished once.
    let mut distinct: Vec<Candidate> = Vec::new();
    for candidate in found {
        if !distinct.iter().any(|kept| (kept.value - candidate.value).abs() < SAME) {
            distinct.push(candidate);
        }
    }
    distinct.truncate(polish::POLISHED);
    polish::polish_all(problem, distinct, until)
}

/// Scores that differ by less come from the same place.
const SAME: f64 = 1e-4;

/// What is known of each input of the network.
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
