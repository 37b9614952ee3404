//! Samples of the variables of a network with one root, by Gibbs sampling within a box (Geman and Geman
//! 1984).
//!
//! Within a box exp(score) can be normalised, whatever it is elsewhere. Each step draws one variable from its
//! distribution given all others: a state, or a cell of its interval by the inverse of the distribution
//! function and a place in the cell. The rows of each chain therefore converge to the distribution exp(score)
//! over the box, up to the width of the cells. The number of sweeps that this takes depends on the network:
//! [`Diagnostics`] of several chains with random starts show whether they agree.

use super::diagnostics::Diagnostics;
use super::line::Lines;
use super::question::{Conditional, on_lines};
use super::variable::{Domain, Variable};
use crate::random::{Stream, generator, index, uniform};
use crate::{Network, Predictor, UgmmError};
use rand_chacha::ChaCha8Rng;

/// Settings of the sampler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SamplingOptions {
    /// Number of chains, at least 2.
    pub chains: usize,
    /// Number of sweeps over all variables before the first row is kept.
    pub warm_up: usize,
    /// Number of rows kept from each chain, at least 4.
    pub draws: usize,
    /// Number of sweeps per kept row, at least 1.
    pub thin: usize,
    /// Number of cells of each interval, at least 2.
    pub cells: usize,
    /// Seed of every random choice.
    pub seed: u64,
}

impl Default for SamplingOptions {
    fn default() -> Self {
        Self { chains: 8, warm_up: 200, draws: 125, thin: 10, cells: 128, seed: 0 }
    }
}

/// Rows sampled from a network.
#[derive(Clone, Debug)]
pub struct Samples {
    inputs: usize,
    chains: usize,
    /// `[draws, chains, inputs]`
    values: Vec<f32>,
    /// Diagnostics of each sampled variable.
    pub diagnostics: Vec<Diagnostics>,
}

impl Samples {
    /// All rows, `[draws · chains, inputs]` row-major, in the network's units: the first row of each chain,
    /// then the second row of each.
    #[must_use]
    pub fn rows(&self) -> &[f32] {
        &self.values
    }

    /// Number of inputs, which is the length of a row.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of chains.
    #[must_use]
    pub fn chains(&self) -> usize {
        self.chains
    }

    /// The rows of one chain, in the order in which they were drawn.
    pub fn chain(&self, chain: usize) -> impl Iterator<Item = &[f32]> {
        self.values.chunks(self.inputs).skip(chain).step_by(self.chains)
    }
}

/// Samples rows. `row` `[inputs]` holds the given values, in the network's units. `variables` are sampled,
/// and their values in `row` are ignored; other inputs that are NaN stay missing. `progress` is called after
/// each sweep with the number of completed sweeps; if it returns `false`, sampling stops and the rows sampled
/// so far are returned.
///
/// A sweep costs, for each variable, a pass through the first layer for each chain and a pass through the
/// other layers for each chain and cell. A seed determines the rows, whatever the number of threads.
///
/// # Errors
///
/// [`UgmmError`] when an option is out of its range, `variables` is empty, two variables share an input, or
/// for the reasons of [`conditionals`](super::question::conditionals).
///
/// ```
/// use ugmm_network::inference::gibbs::{SamplingOptions, sample};
/// use ugmm_network::inference::variable::Variable;
/// use ugmm_network::{Init, Stream, NetworkConfig, generator};
///
/// let config = NetworkConfig::new(&[2, 8, 1]).with_init(Init::Paper).with_min_sigma(0.2);
/// let network = config.init(None, &mut generator(0, Stream::Initialization))?;
/// let variables = [Variable::number(0, -2.0, 2.0)?, Variable::number(1, -2.0, 2.0)?];
/// let options = SamplingOptions { draws: 50, ..SamplingOptions::default() };
/// let samples = sample(&network, &[f32::NAN; 2], &variables, &options, |_| true)?;
/// assert_eq!(samples.rows().len(), 50 * 8 * 2);
/// assert!(samples.rows().iter().all(|value| (-2.0..=2.0).contains(value)));
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
pub fn sample(
    network: &Network,
    row: &[f32],
    variables: &[Variable],
    options: &SamplingOptions,
    mut progress: impl FnMut(usize) -> bool,
) -> Result<Samples, UgmmError> {
    let lines = Lines::new(network)?;
    check(network, row, variables, options)?;
    let inputs = row.len();
    let mut rng = generator(options.seed, Stream::Sampling);
    let mut state: Vec<f32> = row.repeat(options.chains);
    for row in state.chunks_mut(inputs) {
        variables.iter().for_each(|variable| somewhere(variable, row, &mut rng));
    }
    for variable in variables {
        lines.check(&state, &variable.inputs)?;
    }
    let nodes: Vec<_> = variables.iter().map(|variable| lines.nodes_of(variable, options.cells)).collect();
    let mut values = Vec::with_capacity(options.draws * state.len());
    let sweeps = options.warm_up + options.draws * options.thin;
    for sweep in 1..=sweeps {
        for (variable, nodes) in variables.iter().zip(&nodes) {
            let conditionals = on_lines(&lines, &state, variable, nodes);
            for (row, conditional) in state.chunks_mut(inputs).zip(&conditionals) {
                draw(variable, conditional, row, &mut rng);
            }
        }
        let after = sweep.saturating_sub(options.warm_up);
        if after > 0 && after % options.thin == 0 {
            values.extend_from_slice(&state);
        }
        if !progress(sweep) {
            break;
        }
    }
    let mut samples = Samples { inputs, chains: options.chains, values, diagnostics: Vec::new() };
    samples.diagnostics = variables.iter().map(|variable| diagnostics(&samples, variable)).collect();
    Ok(samples)
}

/// Fewest rows of a chain for which diagnostics exist: both halves need a variance.
const FEWEST_DRAWS: usize = 4;

fn check(
    network: &Network,
    row: &[f32],
    variables: &[Variable],
    options: &SamplingOptions,
) -> Result<(), UgmmError> {
    let &SamplingOptions { chains, draws, thin, cells, .. } = options;
    for (setting, value, least, expected) in [
        ("the number of chains", chains, 2, "at least 2, to be compared"),
        ("the number of rows of each chain", draws, FEWEST_DRAWS, "at least 4"),
        ("thin", thin, 1, "at least 1"),
        ("cells", cells, 2, "at least 2"),
    ] {
        if value < least {
            return Err(UgmmError::setting(setting, value, expected));
        }
    }
    if row.len() != network.inputs() {
        let (what, found, expected) = ("the row", row.len(), network.inputs());
        return Err(UgmmError::Size { what, found, unit: "values", expected });
    }
    let mut taken = vec![false; row.len()];
    for input in variables.iter().flat_map(|variable| variable.inputs.clone()) {
        if taken.get(input).is_none_or(|taken| *taken) {
            return Err(UgmmError::setting(
                "a variable's input",
                input,
                "one of the network's, and of no other",
            ));
        }
        taken[input] = true;
    }
    match variables {
        [] => Err(UgmmError::setting("the number of variables to draw", 0, "at least 1")),
        _ => Ok(()),
    }
}

/// Sets a variable to a value drawn uniformly from its domain.
fn somewhere(variable: &Variable, row: &mut [f32], rng: &mut ChaCha8Rng) {
    let place = &mut row[variable.inputs.clone()];
    match &variable.domain {
        Domain::Interval { low, high } => {
            place[0] = (low + uniform(rng) * (high - low)) as f32;
        }
        Domain::Numbers(numbers) => place[0] = numbers[index(rng, numbers.len())] as f32,
        Domain::States(states) => place.copy_from_slice(&states[index(rng, states.len())]),
    }
}

/// Draws a value of a variable from its distribution.
fn draw(variable: &Variable, conditional: &Conditional, row: &mut [f32], rng: &mut ChaCha8Rng) {
    let place = &mut row[variable.inputs.clone()];
    let share = uniform(rng);
    match (&variable.domain, conditional) {
        (Domain::Interval { low, high }, Conditional::Density(density)) => {
            place[0] = density.quantile(share).clamp(*low, *high) as f32;
        }
        (Domain::Numbers(numbers), Conditional::States(probabilities)) => {
            place[0] = numbers[reached(probabilities, share)] as f32;
        }
        (Domain::States(states), Conditional::States(probabilities)) => {
            place.copy_from_slice(&states[reached(probabilities, share)]);
        }
        _ => unreachable!("a conditional is of its variable's kind"),
    }
}

/// The first state at which the cumulative probability exceeds `share`, which is in [0, 1).
fn reached(probabilities: &[f64], share: f64) -> usize {
    let mut below = 0.0;
    let is_reached = |probability: &f64| {
        below += probability;
        share < below
    };
    // By rounding, the sum of all probabilities may be slightly below `share`.
    let last = probabilities.iter().rposition(|probability| *probability > 0.0).unwrap_or(0);
    probabilities.iter().position(is_reached).unwrap_or(last)
}

/// Convergence diagnostics of a variable: for a number those of its value, for states those of the state on
/// which chains agree least.
fn diagnostics(samples: &Samples, variable: &Variable) -> Diagnostics {
    let chains = |value: &dyn Fn(&[f32]) -> f64| -> Vec<Vec<f64>> {
        let of = |chain| samples.chain(chain).map(|row| value(&row[variable.inputs.clone()])).collect();
        (0..samples.chains).map(of).collect()
    };
    match &variable.domain {
        Domain::Interval { .. } | Domain::Numbers(_) => Diagnostics::of(&chains(&|value| value[0].into())),
        Domain::States(states) => {
            let of_state = |state: &Vec<f32>| {
                Diagnostics::of(&chains(&|value| f64::from(u8::from(value == state.as_slice()))))
            };
            states.iter().map(of_state).reduce(Diagnostics::worse).unwrap_or_default()
        }
    }
}
