//! Scores of rows that differ in one variable, at a cost that depends on that variable only.
//!
//! A neuron of the first layer is a sum over its inputs. In rows that differ in one variable only, the sum
//! over all other inputs is equal: it is computed once, and each value of the variable adds its own
//! components to it. The other layers see all rows in one batch. With D inputs and n values this saves up to
//! min(D, n) times the work in the first layer.

use super::variable::{Domain, Variable};
use crate::layer::Parameters;
use crate::layer::missing::{fill_unknown_outputs, log_seen_weight};
use crate::softmax::log_sum_exp;
use crate::values::check_finite;
use crate::{Network, Predictor, UgmmError};
use rayon::prelude::*;
use std::f64::consts::TAU;
use std::ops::Range;

/// Largest number of first-layer activations in a batch, 64 MiB.
const MOST_ACTIVATIONS: usize = 1 << 24;
/// Sums below this are recomputed from logarithms, because f32 loses digits there.
const SMALLEST_SUM: f32 = 1e-30;

/// A network prepared for rows that differ in one variable.
pub(crate) struct Lines<'n> {
    network: &'n Network,
    /// Parameters of the first layer's mixtures.
    first: Parameters<'n>,
    /// 1 / σ of the first layer, `[neurons, inputs]`.
    inverse_sigmas: Vec<f32>,
    /// log π − log σ − ½ log 2π of the first layer, `[neurons, inputs]`.
    constants: Vec<f32>,
}

/// The values of a variable at which scores are computed, and the densities of the first layer's components
/// at them.
pub(crate) struct Nodes {
    inputs: Range<usize>,
    count: usize,
    /// Logarithms of the sums over the variable's components, `[nodes, neurons]`.
    logs: Vec<f32>,
    /// The greatest logarithm of each neuron, `[neurons]`.
    greatest: Vec<f32>,
    /// exp(logs − greatest), `[nodes, neurons]`.
    shares: Vec<f32>,
}

impl Nodes {
    /// Number of values.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl<'n> Lines<'n> {
    /// Prepares a trained network.
    ///
    /// # Errors
    ///
    /// [`UgmmError`] when it does not have exactly one output, or still standardises over its batches.
    pub fn new(network: &'n Network) -> Result<Self, UgmmError> {
        if network.outputs() != 1 {
            let (what, unit) = ("the network", "outputs");
            return Err(UgmmError::Size { what, found: network.outputs(), unit, expected: 1 });
        }
        if network.standardize {
            let expected = "false: a network is asked after training, when its units are settled";
            return Err(UgmmError::setting("standardize", true, expected));
        }
        let first = network.layers[0].parameters();
        let inverse_sigmas = first.log_sigmas.iter().map(|log_sigma| (-log_sigma).exp()).collect();
        let half_log_tau = 0.5 * TAU.ln();
        let neurons = first.mixing_logits.chunks(first.inputs).zip(first.log_sigmas.chunks(first.inputs));
        let constants = neurons.flat_map(|(logits, log_sigmas)| {
            let log_sum = log_sum_exp(logits.iter().copied().map(f64::from));
            let constant = move |(&logit, &log_sigma): (&f32, &f32)| {
                (f64::from(logit) - log_sum - f64::from(log_sigma) - half_log_tau) as f32
            };
            logits.iter().zip(log_sigmas).map(constant)
        });
        let constants = constants.collect();
        Ok(Self { network, first, inverse_sigmas, constants })
    }

    fn inputs(&self) -> usize {
        self.network.inputs()
    }

    fn neurons(&self) -> usize {
        self.network.layers[0].neurons()
    }

    /// Checks row-major rows: their size, that values are finite, and that missing values are allowed
    /// wherever they occur outside of `asked`, the inputs of the queried variable.
    pub fn check(&self, rows: &[f32], asked: &Range<usize>) -> Result<(), UgmmError> {
        let inputs = self.inputs();
        let size = |found| UgmmError::Size { what: "the rows", found, unit: "values", expected: inputs };
        if asked.end > inputs || asked.is_empty() {
            return Err(size(asked.end));
        }
        if rows.is_empty() || !rows.len().is_multiple_of(inputs) {
            return Err(size(rows.len()));
        }
        check_finite("a row", rows, inputs, true)?;
        let is_needed = |place: &usize| rows[*place].is_nan() && !asked.contains(&(place % inputs));
        match (0..rows.len()).find(is_needed) {
            Some(place) if !self.network.missing_values => {
                Err(UgmmError::MissingValue { row: place / inputs, column: place % inputs })
            }
            _ => Ok(()),
        }
    }

    /// The nodes of `values`, `[nodes, inputs of the variable]`, row-major.
    pub fn nodes(&self, inputs: Range<usize>, values: &[f32]) -> Nodes {
        let (neurons, all, width) = (self.neurons(), self.inputs(), inputs.len());
        let count = values.len() / width;
        let mut logs = vec![0f32; count * neurons];
        logs.par_chunks_mut(neurons).zip(values.par_chunks(width)).for_each(|(logs, values)| {
            for (neuron, log) in logs.iter_mut().enumerate() {
                let exponent = |(input, value): (usize, &f32)| {
                    let place = neuron * all + input;
                    let z = (value - self.first.means[place]) * self.inverse_sigmas[place];
                    (self.constants[place] - 0.5 * z * z).max(f32::MIN)
                };
                let exponents = inputs.clone().zip(values).map(exponent);
                *log = exponents.reduce(log_add).unwrap_or(f32::MIN);
            }
        });
        let mut greatest = vec![f32::MIN; neurons];
        for row in logs.chunks(neurons) {
            greatest.iter_mut().zip(row).for_each(|(greatest, log)| *greatest = greatest.max(*log));
        }
        let shares = logs
            .chunks(neurons)
            .flat_map(|row| row.iter().zip(&greatest).map(|(log, most)| (log - most).exp()));
        let shares = shares.collect();
        Nodes { inputs, count, logs, greatest, shares }
    }

    /// The nodes of a variable: the middles of `cells` cells of an interval, or all states.
    pub fn nodes_of(&self, variable: &Variable, cells: usize) -> Nodes {
        let values = match &variable.domain {
            Domain::States(states) => states.concat(),
            Domain::Numbers(numbers) => numbers.iter().map(|&number| number as f32).collect(),
            Domain::Interval { .. } => {
                let (low, high) = variable.interval().unwrap_or((0.0, 1.0));
                let width = (high - low) / cells as f64;
                (0..cells).map(|cell| (low + (cell as f64 + 0.5) * width) as f32).collect()
            }
        };
        self.nodes(variable.inputs.clone(), &values)
    }

    /// Scores `[rows, nodes]` of checked row-major `rows` `[rows, inputs]`, with each node in the place of
    /// the variable's own value. NaN in other places is missing.
    pub fn scores(&self, rows: &[f32], nodes: &Nodes) -> Vec<f32> {
        let step = (MOST_ACTIVATIONS / (nodes.count * self.neurons())).max(1) * self.inputs();
        rows.chunks(step).flat_map(|rows| self.scores_of_batch(rows, nodes)).collect()
    }

    fn scores_of_batch(&self, rows: &[f32], nodes: &Nodes) -> Vec<f32> {
        let (neurons, inputs) = (self.neurons(), self.inputs());
        let count = rows.len() / inputs;
        let rest = self.without(rows, &nodes.inputs);
        let seen = self.log_seen(rows, &nodes.inputs);
        let mut y = vec![0f32; count * nodes.count * neurons];
        let of_rows = y.par_chunks_mut(nodes.count * neurons).enumerate();
        of_rows.zip(rest.par_chunks(neurons)).for_each(|((row, y), rest)| {
            add(y, rest, nodes);
            if let Some(seen) = &seen {
                let seen = &seen[row * neurons..][..neurons];
                for y in y.chunks_mut(neurons) {
                    y.iter_mut().zip(seen).for_each(|(y, seen)| *y -= seen);
                }
            }
        });
        let layers = self.network.layers.len();
        if layers == 1 && self.network.missing_values {
            fill_unknown_outputs(&mut y, neurons);
        }
        (1..layers).fold(y, |y, layer| self.network.layer_forward(layer, y))
    }

    /// The first layer's sums without the inputs of the variable and without missing inputs,
    /// `[rows, neurons]`, as logarithms, not renormalised.
    fn without(&self, rows: &[f32], variable: &Range<usize>) -> Vec<f32> {
        let inputs = self.inputs();
        let is_left_out = |place: usize, value: f32| value.is_nan() || variable.contains(&(place % inputs));
        let places = rows.iter().enumerate();
        let x: Vec<f32> =
            places.map(|(place, &value)| if is_left_out(place, value) { f32::NAN } else { value }).collect();
        self.first.mixtures(&x)
    }

    /// Logarithms of the total weight of each neuron's observed inputs, `[rows, neurons]`; NaN for a neuron
    /// that sees nothing. `None` if nothing is missing.
    fn log_seen(&self, rows: &[f32], variable: &Range<usize>) -> Option<Vec<f32>> {
        let inputs = self.inputs();
        let places = rows.iter().enumerate();
        // The variable is observed wherever it is queried.
        let x: Vec<f32> = places
            .map(|(place, &value)| if variable.contains(&(place % inputs)) { 0.0 } else { value })
            .collect();
        let is_missing = x.iter().any(|value| value.is_nan());
        is_missing.then(|| log_seen_weight(&x, &self.first.mixing_logits, inputs))
    }
}

/// log(exp(rest) + exp(log)) for each node and neuron, `[nodes, neurons]`.
fn add(y: &mut [f32], rest: &[f32], nodes: &Nodes) {
    let neurons = rest.len();
    // All nodes share the greater of the two terms, relative to which both are computed.
    let largest: Vec<f32> = rest.iter().zip(&nodes.greatest).map(|(rest, most)| rest.max(*most)).collect();
    let share = |values: &[f32]| -> Vec<f32> {
        values.iter().zip(&largest).map(|(value, largest)| (value - largest).exp()).collect()
    };
    let (rest_shares, factors) = (share(rest), share(&nodes.greatest));
    for (node, y) in y.chunks_mut(neurons).enumerate() {
        let shares = &nodes.shares[node * neurons..][..neurons];
        for neuron in 0..neurons {
            let sum = rest_shares[neuron] + shares[neuron] * factors[neuron];
            y[neuron] = match sum < SMALLEST_SUM {
                true => log_add(rest[neuron], nodes.logs[node * neurons + neuron]),
                false => largest[neuron] + sum.ln(),
            };
        }
    }
}

/// log(exp(a) + exp(b)).
fn log_add(a: f32, b: f32) -> f32 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}
