//! The function to maximise, and the mapping from choices of variables to its inputs.

use super::numbers::Numbers;
use crate::inference::variable::{Domain, Variable};
use crate::verification::bounds::{Known, Region, ScoreFunction};
use rand::Rng;
use std::ops::Range;
use ugmm_kernels::branch_and_bound::Found;

/// A value of a variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// A number, in the network's units.
    Number(f64),
    /// The index of a state, or of a discrete number.
    State(usize),
}

/// An assignment and its score.
pub(super) type Candidate = Found<Vec<Choice>>;

/// The score as a function of the query variables.
pub(super) struct Problem {
    pub function: ScoreFunction,
    pub variables: Vec<QueryVariable>,
    known: Vec<Known>,
}

pub(super) struct QueryVariable {
    /// Range among the free inputs.
    pub inputs: Range<usize>,
    /// Range among all inputs of the network.
    pub network_inputs: Range<usize>,
    pub values: Values,
}

pub(super) enum Values {
    Numbers(Numbers),
    States(Vec<Vec<f64>>),
}

impl Problem {
    /// The problem of `variables`, whose inputs are the free ones of `known`.
    pub fn new(function: ScoreFunction, variables: &[Variable], known: &[Known]) -> Self {
        let free_before = |input: usize| known[..input].iter().filter(|known| **known == Known::Free).count();
        let variables = variables.iter().map(|variable| {
            let first = free_before(variable.inputs.start);
            QueryVariable {
                inputs: first..first + variable.inputs.len(),
                network_inputs: variable.inputs.clone(),
                values: match &variable.domain {
                    Domain::Interval { low, high } => Values::Numbers(Numbers::all(*low, *high)),
                    Domain::Numbers(numbers) => Values::Numbers(Numbers::only(numbers.clone())),
                    Domain::States(states) => {
                        let wide = |state: &Vec<f32>| state.iter().map(|&value| value.into()).collect();
                        Values::States(states.iter().map(wide).collect())
                    }
                },
            }
        });
        Self { variables: variables.collect(), function, known: known.to_vec() }
    }

    pub fn has_numbers(&self) -> bool {
        self.variables.iter().any(|variable| matches!(variable.values, Values::Numbers(_)))
    }

    /// The free inputs for a choice for each variable.
    pub fn inputs(&self, choices: &[Choice]) -> Vec<f64> {
        let mut x = vec![0.0; self.function.inputs()];
        for (variable, &choice) in self.variables.iter().zip(choices) {
            variable.set(&mut x, choice);
        }
        x
    }

    /// All inputs of the network for a choice for each variable; NaN for missing ones.
    pub fn all_inputs(&self, choices: &[Choice]) -> Vec<f64> {
        let free = self.inputs(choices);
        let mut all: Vec<f64> = (self.known.iter())
            .map(|known| match known {
                Known::Value(value) => *value,
                Known::Missing | Known::Free => f64::NAN,
            })
            .collect();
        for variable in &self.variables {
            all[variable.network_inputs.clone()].copy_from_slice(&free[variable.inputs.clone()]);
        }
        all
    }

    pub fn value(&self, choices: &[Choice]) -> f64 {
        self.function.outputs_at(&self.inputs(choices))[0]
    }

    pub fn candidate(&self, choices: Vec<Choice>) -> Candidate {
        let value = self.value(&choices);
        Candidate { point: choices, value }
    }

    /// The choices after each discrete number has been moved to its nearest value.
    pub fn nearest(&self, mut choices: Vec<Choice>) -> Vec<Choice> {
        for (variable, choice) in self.variables.iter().zip(&mut choices) {
            if let (Choice::Number(number), Values::Numbers(numbers)) = (choice, &variable.values) {
                *number = numbers.nearest(*number);
            }
        }
        choices
    }

    /// The whole domain, a cell for each variable.
    pub fn domain(&self) -> Vec<Cell> {
        let cell = |variable: &QueryVariable| match &variable.values {
            Values::Numbers(numbers) => Cell::Number(numbers.low, numbers.high),
            Values::States(states) => Cell::States(0, states.len()),
        };
        self.variables.iter().map(cell).collect()
    }

    /// Choices in the middles of cells.
    pub fn middle(&self, cells: &[Cell]) -> Vec<Choice> {
        self.variables.iter().zip(cells).map(|(variable, cell)| cell.middle(&variable.values)).collect()
    }

    pub fn random_choices(&self, rng: &mut impl Rng) -> Vec<Choice> {
        let choice = |variable: &QueryVariable| match &variable.values {
            Values::Numbers(numbers) => Choice::Number(numbers.random(rng)),
            Values::States(states) => Choice::State(crate::random::index(rng, states.len())),
        };
        self.variables.iter().map(choice).collect()
    }
}

impl QueryVariable {
    /// Writes the variable's inputs into `x`, the free inputs.
    pub fn set(&self, x: &mut [f64], choice: Choice) {
        let x = &mut x[self.inputs.clone()];
        match (choice, &self.values) {
            (Choice::Number(number), _) => x[0] = number,
            (Choice::State(state), Values::States(states)) => x.copy_from_slice(&states[state]),
            (Choice::State(_), Values::Numbers(_)) => unreachable!("a number has no states"),
        }
    }
}

/// A part of a variable's domain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// The lower and the upper end.
    Number(f64, f64),
    /// The first state and the number of states.
    States(usize, usize),
}

impl Cell {
    /// The two halves of a cell; `None` if it cannot be divided.
    pub fn halves(self, values: &Values) -> Option<[Self; 2]> {
        match (self, values) {
            (Self::Number(low, high), Values::Numbers(numbers)) => {
                numbers.halves(low, high).map(|halves| halves.map(|(low, high)| Self::Number(low, high)))
            }
            (Self::Number(..), Values::States(_)) => None,
            (Self::States(first, count), _) => {
                let half = count / 2;
                (half > 0).then_some([Self::States(first, half), Self::States(first + half, count - half)])
            }
        }
    }

    /// A choice in or near the middle of the cell.
    pub fn middle(self, values: &Values) -> Choice {
        match (self, values) {
            (Self::Number(low, high), Values::Numbers(numbers)) => {
                Choice::Number(numbers.nearest((0.5 * low + 0.5 * high).clamp(low, high)))
            }
            (Self::Number(low, _), Values::States(_)) => Choice::Number(low),
            (Self::States(first, count), _) => Choice::State(first + count / 2),
        }
    }
}

/// Cells of all variables as a region of the free inputs.
pub(super) struct Cells<'a> {
    problem: &'a Problem,
    cells: &'a [Cell],
    low: Vec<f64>,
    high: Vec<f64>,
    ends_only: Vec<bool>,
}

impl<'a> Cells<'a> {
    pub fn new(problem: &'a Problem, cells: &'a [Cell]) -> Self {
        let inputs = problem.function.inputs();
        let (mut low, mut high) = (vec![f64::INFINITY; inputs], vec![f64::NEG_INFINITY; inputs]);
        let mut ends_only = vec![false; inputs];
        for (variable, cell) in problem.variables.iter().zip(cells) {
            match (cell, &variable.values) {
                (Cell::States(first, count), Values::States(states)) => {
                    let states = &states[*first..first + count];
                    for (place, input) in variable.inputs.clone().enumerate() {
                        for state in states {
                            low[input] = low[input].min(state[place]);
                            high[input] = high[input].max(state[place]);
                        }
                        let is_end =
                            |state: &Vec<f64>| state[place] == low[input] || state[place] == high[input];
                        ends_only[input] = states.iter().all(is_end);
                    }
                }
                (Cell::Number(from, to), values) => {
                    let input = variable.inputs.start;
                    (low[input], high[input]) = (*from, *to);
                    ends_only[input] =
                        matches!(values, Values::Numbers(numbers) if numbers.are_neighbours(*from, *to));
                }
                (Cell::States(..), Values::Numbers(_)) => unreachable!("a number has no states"),
            }
        }
        Self { problem, cells, low, high, ends_only }
    }
}

impl Region for Cells<'_> {
    fn sides(&self) -> (&[f64], &[f64]) {
        (&self.low, &self.high)
    }

    fn ends_only(&self) -> &[bool] {
        &self.ends_only
    }

    fn greatest(&self, slopes: &[f64], middle: &[f64]) -> f64 {
        let of_variable = |(variable, cell): (&QueryVariable, &Cell)| {
            let inputs = variable.inputs.clone();
            let (slopes, middle) = (&slopes[inputs.clone()], &middle[inputs]);
            match (cell, &variable.values) {
                (Cell::States(first, count), Values::States(states)) => states[*first..first + count]
                    .iter()
                    .map(|state| {
                        let terms = slopes.iter().zip(state.iter().zip(middle));
                        terms.map(|(slope, (x, middle))| slope * (x - middle)).sum()
                    })
                    .fold(f64::NEG_INFINITY, f64::max),
                (Cell::Number(low, high), _) => {
                    (slopes[0] * (low - middle[0])).max(slopes[0] * (high - middle[0]))
                }
                (Cell::States(..), Values::Numbers(_)) => unreachable!("a number has no states"),
            }
        };
        self.problem.variables.iter().zip(self.cells).map(of_variable).sum()
    }
}
