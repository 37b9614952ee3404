//! Projected gradient ascent from many starts in one batch.

use super::numbers::Numbers;
use super::problem::{Candidate, Choice, Problem, Values};
use crate::{Network, Predictor, RowWeights};
use rayon::prelude::*;
use std::time::Instant;

/// First step of each number, as a fraction of its range.
const FIRST_STEP: f64 = 0.05;
/// Factors of the step length after a gradient of the same and of the opposite sign (Riedmiller and Braun
/// 1993).
const FASTER: f64 = 1.4;
const SLOWER: f64 = 0.5;

/// The starts after `steps` steps, none with a lower score than before. Numbers move, and discrete ones are
/// rounded to the nearest value at the end; states stay.
///
/// Steps follow the signs of the gradients, with a separate length for each number (Rprop), because gradients
/// far from all means have any magnitude.
pub(super) fn ascend(
    network: &Network,
    problem: &Problem,
    starts: Vec<Candidate>,
    steps: usize,
    until: Option<Instant>,
) -> Vec<Candidate> {
    let numbers: Vec<Number> = (problem.variables.iter().enumerate())
        .filter_map(|(variable, query)| match &query.values {
            Values::Numbers(Numbers { low, high, .. }) => {
                Some(Number { variable, input: query.network_inputs.start, low: *low, high: *high })
            }
            Values::States(_) => None,
        })
        .collect();
    let mut lengths: Vec<f64> = starts
        .iter()
        .flat_map(|_| numbers.iter().map(|number| FIRST_STEP * (number.high - number.low)))
        .collect();
    let mut last = vec![0.0; lengths.len()];
    let mut now: Vec<Vec<Choice>> = starts.iter().map(|start| start.point.clone()).collect();
    let mut best = now.clone();
    let mut best_scores = vec![f32::NEG_INFINITY; now.len()];
    for _ in 0..steps {
        if until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        let (scores, gradients) = gradients(network, problem, &now);
        for (row, choices) in now.iter_mut().enumerate() {
            if scores[row] > best_scores[row] {
                best_scores[row] = scores[row];
                best[row].clone_from(choices);
            }
            for (place, number) in numbers.iter().enumerate() {
                let at = row * numbers.len() + place;
                let gradient = f64::from(gradients[row * network.inputs() + number.input]);
                let turn = gradient * last[at];
                lengths[at] *= if turn > 0.0 {
                    FASTER
                } else if turn < 0.0 {
                    SLOWER
                } else {
                    1.0
                };
                lengths[at] = lengths[at].min(number.high - number.low);
                // After a change of sign the next step counts as the first.
                last[at] = if turn < 0.0 { 0.0 } else { gradient };
                let Choice::Number(x) = choices[number.variable] else { continue };
                let step = if gradient == 0.0 { 0.0 } else { lengths[at] * gradient.signum() };
                choices[number.variable] = Choice::Number((x + step).clamp(number.low, number.high));
            }
        }
    }
    let pairs = best.into_par_iter().zip(starts);
    let better = |(choices, start): (Vec<Choice>, Candidate)| {
        let candidate = problem.candidate(problem.nearest(choices));
        if candidate.value > start.value { candidate } else { start }
    };
    pairs.map(better).collect()
}

struct Number {
    variable: usize,
    input: usize,
    low: f64,
    high: f64,
}

/// Scores `[rows]`, and their gradients with respect to the network's inputs, `[rows, inputs]`.
fn gradients(network: &Network, problem: &Problem, rows: &[Vec<Choice>]) -> (Vec<f32>, Vec<f32>) {
    let x = rows.iter().flat_map(|choices| problem.all_inputs(choices)).map(|value| value as f32).collect();
    let pass = network.recorded(x, None, RowWeights::default());
    let gradient = pass.input_gradient(vec![1.0; pass.outputs.len()]);
    (pass.outputs, gradient)
}
