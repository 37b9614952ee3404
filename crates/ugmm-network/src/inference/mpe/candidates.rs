//! Starting points from a beam search for paths from the root to the inputs, which replaces each sum by its
//! best component.

use super::problem::{Candidate, Cells, Choice, Problem, QueryVariable, Values};
use crate::random::uniform;
use crate::verification::bounds::Region;
use crate::{Stream, generator};
use rayon::prelude::*;
use ugmm_kernels::bounds::{InputBox, Mixtures};

/// A wanted value of an input or of a layer's activation.
#[derive(Clone, Copy, Debug)]
struct Wish {
    /// Index of the neuron in its layer, or of the input.
    place: usize,
    value: f64,
    /// Loss of the path so far, in nats, by unreachable values and by components that are not the best.
    cost: f64,
}

/// At most this number of distinct starts.
pub(super) fn starts(problem: &Problem, beam: usize, seed: u64) -> Vec<Candidate> {
    let mut rng = generator(seed, Stream::Search);
    let mut choices: Vec<Vec<Choice>> = vec![problem.middle(&problem.domain())];
    // Every path determines one input; half of the starts draw the others at random, and half take the
    // middles.
    let wishes = paths(problem, beam);
    for (index, &wish) in wishes.iter().enumerate() {
        let mut start = if index % 2 == 0 { choices[0].clone() } else { problem.random_choices(&mut rng) };
        grant(problem, &mut start, wish);
        choices.push(start);
    }
    // One more start combines the wishes of all paths; where two concern one input, the better path's wish
    // applies.
    let mut all = choices[0].clone();
    wishes.into_iter().rev().for_each(|wish| grant(problem, &mut all, wish));
    choices.push(all);
    while choices.len() < beam {
        choices.push(problem.random_choices(&mut rng));
    }
    choices.into_par_iter().map(|choices| problem.candidate(choices)).collect()
}

/// Starts of a later search: random ones, and the best point with some of its variables drawn anew.
pub(super) fn more_starts(
    problem: &Problem,
    best: &Candidate,
    count: usize,
    seed: u64,
    round: u64,
) -> Vec<Candidate> {
    // Each round has its own generator.
    let mut rng = generator(seed ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15), Stream::Search);
    let choices: Vec<Vec<Choice>> = (0..count)
        .map(|index| {
            let mut choices = problem.random_choices(&mut rng);
            if index % 2 == 1 {
                // The fraction of redrawn variables varies from almost none to almost all.
                let share = uniform(&mut rng);
                for (choice, known) in choices.iter_mut().zip(&best.point) {
                    if uniform(&mut rng) > share {
                        *choice = *known;
                    }
                }
            }
            choices
        })
        .collect();
    choices.into_par_iter().map(|choices| problem.candidate(choices)).collect()
}

/// Sets the variable of a wish to the possible value nearest to it.
fn grant(problem: &Problem, choices: &mut [Choice], wish: Wish) {
    let of_input = |variable: &QueryVariable| variable.inputs.contains(&wish.place);
    let Some(at) = problem.variables.iter().position(of_input) else { return };
    let variable = &problem.variables[at];
    choices[at] = match &variable.values {
        Values::Numbers(numbers) => Choice::Number(numbers.nearest(wish.value)),
        Values::States(states) => {
            let place = wish.place - variable.inputs.start;
            let distance = |state: &usize| (states[*state][place] - wish.value).abs();
            let nearest = (0..states.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
            Choice::State(nearest.unwrap_or(0))
        }
    };
}

/// The wishes of the best paths for the free inputs, best first.
fn paths(problem: &Problem, beam: usize) -> Vec<Wish> {
    let layers = problem.function.layers();
    // The ranges that the inputs of each layer can reach.
    let domain = problem.domain();
    let region = Cells::new(problem, &domain);
    let (low, high) = region.sides();
    let mut reach = vec![(low.to_vec(), high.to_vec())];
    for layer in &layers[..layers.len() - 1] {
        let (low, high) = &reach[reach.len() - 1];
        reach.push(layer.intervals(InputBox { low, high, ends_only: &[] }));
    }
    let mut wishes = vec![Wish { place: 0, value: f64::INFINITY, cost: 0.0 }];
    for (layer, (low, high)) in layers.iter().zip(&reach).rev() {
        let mut next: Vec<Wish> =
            wishes.iter().flat_map(|wish| wishes_below(layer, *wish, low, high)).collect();
        next.sort_by(|a, b| a.cost.total_cmp(&b.cost));
        next.truncate(beam);
        wishes = next;
    }
    wishes
}

/// The wishes for the inputs of a neuron, one component at a time: the input values at which the component
/// alone gives the neuron the wanted activation (two values, or its mean if it never does), moved into the
/// range of the input.
fn wishes_below(layer: &Mixtures, wish: Wish, low: &[f64], high: &[f64]) -> Vec<Wish> {
    let mut wishes = Vec::with_capacity(2 * layer.inputs());
    for input in 0..layer.inputs() {
        let peak = layer.log_peak(wish.place, input);
        let inverse_sigma = layer.inverse_sigma(wish.place, input);
        if peak == f64::NEG_INFINITY || inverse_sigma == 0.0 {
            continue;
        }
        let deviation = (2.0 * (peak - wish.value).max(0.0)).sqrt() / inverse_sigma;
        for side in [-1.0, 1.0] {
            let mean = layer.mean(wish.place, input);
            let value = (mean + side * deviation).clamp(low[input], high[input]);
            let reached = layer.exponent(wish.place, input, value);
            // The root should be as great as possible, other neurons should have the wanted value.
            let short = if wish.value == f64::INFINITY { -reached } else { (wish.value - reached).abs() };
            wishes.push(Wish { place: input, value, cost: wish.cost + short });
            if deviation == 0.0 {
                break;
            }
        }
    }
    wishes
}
