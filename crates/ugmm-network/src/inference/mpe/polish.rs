//! Coordinate ascent: each variable in turn gets its best value given the others.

use super::problem::{Candidate, Choice, Problem, QueryVariable, Values};
use crate::golden_section::golden_section;
use rayon::prelude::*;
use std::time::Instant;

/// Largest number of candidates to polish.
pub(super) const POLISHED: usize = 8;

/// Largest number of rounds over the variables.
const ROUNDS: usize = 30;
/// Gain of a round, in nats, below which it is the last.
const LEAST_GAIN: f64 = 1e-8;

/// Largest number of repeated polishings of the best candidate if there are few variables.
const REPETITIONS: usize = 20;
const FEW_VARIABLES: usize = 16;

/// Number of values of a number that the first round tries before it refines the best of them.
const GRID: usize = 17;
/// Factor by which the searched part of a number's range shrinks from round to round.
const SHRINKING: f64 = 0.8;
/// Largest number of golden-section steps: to 1e-5 of the interval, and so to about 1e-10 of the variation of
/// the score in it.
const GOLDEN_STEPS: usize = 24;

/// The best of `candidates`, which must not be empty, after polishing.
pub(super) fn polish_all(problem: &Problem, candidates: Vec<Candidate>, until: Option<Instant>) -> Candidate {
    let polished: Vec<Candidate> =
        candidates.into_par_iter().map(|candidate| polish(problem, candidate, until)).collect();
    let mut best =
        polished.into_iter().max_by(|a, b| a.value.total_cmp(&b.value)).expect("there is a candidate");
    if problem.variables.len() > FEW_VARIABLES {
        return best;
    }
    // Variables that depend on each other need many rounds, which cost little if there are few variables.
    for _ in 0..REPETITIONS {
        let before = best.value;
        best = polish(problem, best, until);
        if best.value - before < LEAST_GAIN {
            break;
        }
    }
    best
}

/// Optimises each variable of a candidate alone, in rounds; the score never decreases.
pub(super) fn polish(problem: &Problem, candidate: Candidate, until: Option<Instant>) -> Candidate {
    let mut climb = Climb::new(problem, candidate);
    for round in 0..ROUNDS {
        let before = climb.best.value;
        for variable in 0..problem.variables.len() {
            if until.is_some_and(|until| Instant::now() >= until) {
                return climb.best;
            }
            climb.improve(variable, round);
        }
        if climb.best.value - before < LEAST_GAIN {
            break;
        }
    }
    climb.best
}

struct Climb<'a> {
    problem: &'a Problem,
    best: Candidate,
    /// Free inputs of the best assignment.
    x: Vec<f64>,
    /// Exponents of the first layer at `x`, `[neurons, inputs]`.
    exponents: Vec<f64>,
}

impl<'a> Climb<'a> {
    fn new(problem: &'a Problem, best: Candidate) -> Self {
        let x = problem.inputs(&best.point);
        let first = &problem.function.layers()[0];
        let neurons = 0..first.neurons();
        let exponents =
            neurons.flat_map(|j| x.iter().enumerate().map(move |(k, &x)| first.exponent(j, k, x)));
        Self { problem, best, exponents: exponents.collect(), x }
    }

    fn improve(&mut self, at: usize, round: usize) {
        let variable = &self.problem.variables[at];
        let others = self.without(variable);
        let score = |choice: Choice| self.score(variable, &others, choice);
        let mut best = (self.best.point[at], self.best.value);
        let consider = |best: &mut (Choice, f64), choice: Choice| {
            let value = score(choice);
            if value > best.1 {
                *best = (choice, value);
            }
            value
        };
        match &variable.values {
            Values::States(states) => {
                for state in 0..states.len() {
                    consider(&mut best, Choice::State(state));
                }
            }
            Values::Numbers(numbers) if numbers.list().is_some_and(|list| list.len() <= GRID) => {
                for &number in numbers.list().unwrap_or_default() {
                    consider(&mut best, Choice::Number(number));
                }
            }
            Values::Numbers(numbers) => {
                let (low, high) = (numbers.low, numbers.high);
                let now = self.x[variable.inputs.start];
                let step = (high - low) / (GRID - 1) as f64;
                let mut middle = now;
                if round == 0 {
                    let place = |cell: usize| (low + step * cell as f64).clamp(low, high);
                    for cell in 0..GRID {
                        consider(&mut best, Choice::Number(numbers.nearest(place(cell))));
                    }
                    if let Choice::Number(number) = best.0 {
                        middle = number;
                    }
                }
                // The other variables still move, so that this one does not need its last digits yet.
                let reach = step * SHRINKING.powi(round as i32);
                let ends = ((middle - reach).max(low), (middle + reach).min(high));
                golden_section(ends, GOLDEN_STEPS, |number| {
                    -consider(&mut best, Choice::Number(numbers.nearest(number)))
                });
            }
        }
        let (choice, value) = best;
        if value > self.best.value {
            variable.set(&mut self.x, choice);
            self.best.point[at] = choice;
            let first = &self.problem.function.layers()[0];
            for j in 0..first.neurons() {
                for k in variable.inputs.clone() {
                    self.exponents[j * first.inputs() + k] = first.exponent(j, k, self.x[k]);
                }
            }
            // The score is computed as every other score, without increments.
            let exact = self.problem.value(&self.best.point);
            self.best.value = exact;
        }
    }

    /// The largest exponent and the sum of exponentials relative to it, for each first-layer neuron without
    /// the components of a variable.
    fn without(&self, variable: &QueryVariable) -> Vec<(f64, f64)> {
        let first = &self.problem.function.layers()[0];
        let rows = self.exponents.chunks_exact(first.inputs()).zip(first.constants());
        rows.map(|(row, &constant)| {
            let other = |k: &usize| !variable.inputs.contains(k);
            let largest = (0..row.len()).filter(other).map(|k| row[k]).fold(constant, f64::max);
            if largest == f64::NEG_INFINITY {
                return (largest, 0.0);
            }
            let sum: f64 = (0..row.len()).filter(other).map(|k| (row[k] - largest).exp()).sum();
            (largest, sum + (constant - largest).exp())
        })
        .collect()
    }

    fn score(&self, variable: &QueryVariable, others: &[(f64, f64)], choice: Choice) -> f64 {
        let first = &self.problem.function.layers()[0];
        let mut x = [0.0];
        let values: &[f64] = match (choice, &variable.values) {
            (Choice::State(state), Values::States(states)) => &states[state],
            (Choice::Number(number), _) => {
                x[0] = number;
                &x
            }
            (Choice::State(_), Values::Numbers(_)) => unreachable!("a number has no states"),
        };
        let activations = others.iter().enumerate().map(|(j, &(largest, sum))| {
            let own = variable.inputs.clone().zip(values).map(|(k, &x)| first.exponent(j, k, x));
            let top = own.clone().fold(largest, f64::max);
            if top == f64::NEG_INFINITY {
                return -f64::MAX;
            }
            let rest = if sum > 0.0 { sum * (largest - top).exp() } else { 0.0 };
            top + (rest + own.map(|exponent| (exponent - top).exp()).sum::<f64>()).ln()
        });
        self.problem.function.outputs_above(activations.collect())[0]
    }
}
