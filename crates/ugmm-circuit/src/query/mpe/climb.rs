//! Iterated conditional modes (Besag 1986): each variable moves to the mode of its conditional given all
//! others, until nothing changes. The log-likelihood never decreases.

use super::domain::Domain;
use super::problem::{Point, Problem};
use crate::query::mixture::UnivariateMixture;
use rayon::prelude::*;
use std::time::Instant;
use ugmm_kernels::branch_and_bound::Found;

/// Largest number of rounds.
const ROUNDS: usize = 200;
/// Largest number of modes of a conditional to try.
const MOST_MODES: usize = 8;
/// Distance in standard units below which points count as one.
const NEAR: f64 = 1e-4;
/// Gain of a round, in nats, below which it is the last.
const LEAST_GAIN: f64 = 1e-10;

/// The best point reached from `starts`, which must not be empty.
pub(super) fn best_of(problem: &Problem, starts: Vec<Point>, until: Option<Instant>) -> Found<Point> {
    let mut best: Option<Found<Point>> = None;
    let mut climbing: Vec<Found<Point>> = starts.into_par_iter().map(|start| problem.found(start)).collect();
    for _ in 0..ROUNDS {
        let moved: Vec<(Found<Point>, bool)> = climbing
            .into_par_iter()
            .map(|mut found| {
                let goes_on =
                    until.is_none_or(|until| Instant::now() < until) && improve(problem, &mut found);
                (found, goes_on)
            })
            .collect();
        climbing = Vec::new();
        for (found, goes_on) in moved {
            if best.as_ref().is_none_or(|best| found.value > best.value) {
                best = Some(found.clone());
            }
            // Points that have met go on as one.
            if goes_on && !climbing.iter().any(|other| is_near(problem, &other.point, &found.point)) {
                climbing.push(found);
            }
        }
        if climbing.is_empty() {
            break;
        }
    }
    best.expect("there is a start")
}

/// Whether two points are so near to each other that they climb to the same mode.
fn is_near(problem: &Problem, one: &[f64], other: &[f64]) -> bool {
    problem.asked.iter().all(|domain| {
        let distance = (one[domain.variable] - other[domain.variable]).abs();
        if domain.is_discrete { distance == 0.0 } else { distance < NEAR }
    })
}

/// The point reached from `best`, with a log-likelihood at least as great.
pub(super) fn climb(problem: &Problem, mut best: Found<Point>, until: Option<Instant>) -> Found<Point> {
    for _ in 0..ROUNDS {
        if until.is_some_and(|until| Instant::now() >= until) || !improve(problem, &mut best) {
            break;
        }
    }
    best
}

/// Takes one round; returns whether another may gain more.
fn improve(problem: &Problem, best: &mut Found<Point>) -> bool {
    let before = best.value;
    round(problem, best);
    // The first step from an impossible point has an infinite gain.
    best.value - before >= LEAST_GAIN && best.value > f64::NEG_INFINITY
}

/// Moves as many variables together as improve the log-likelihood together; the variable of the largest gain
/// always moves.
fn round(problem: &Problem, best: &mut Found<Point>) {
    let asked: Vec<usize> = problem.asked.iter().map(|domain| domain.variable).collect();
    let row = problem.decoded(&best.point);
    let Ok(conditionals) = problem.circuit.conditionals_of(&row, &asked) else { return };
    let mut moves: Vec<(f64, usize, f64)> = Vec::with_capacity(asked.len());
    for (domain, conditional) in problem.asked.iter().zip(&conditionals) {
        let now = best.point[domain.variable];
        let to = mode_within(conditional, domain, problem, now);
        let gain =
            log_density(conditional, domain, problem, to) - log_density(conditional, domain, problem, now);
        if gain > 0.0 {
            moves.push((gain, domain.variable, to));
        }
    }
    moves.sort_by(|a, b| b.0.total_cmp(&a.0));
    while !moves.is_empty() {
        let mut point = best.point.clone();
        moves.iter().for_each(|&(_, variable, to)| point[variable] = to);
        let value = problem.value(&point);
        if value > best.value {
            *best = Found { point, value };
            return;
        }
        moves.truncate(moves.len() / 2);
    }
}

fn log_density(conditional: &UnivariateMixture, domain: &Domain, problem: &Problem, encoded: f64) -> f64 {
    conditional.log_density(problem.circuit.variables()[domain.variable].decode(encoded))
}

/// The greatest value of a conditional within a domain, at least approximately, and at least as good as
/// `now`.
fn mode_within(conditional: &UnivariateMixture, domain: &Domain, problem: &Problem, now: f64) -> f64 {
    let about = &problem.circuit.variables()[domain.variable];
    let (low, high) = (domain.whole.low, domain.whole.high);
    let inside = |value: f64| about.encode(value).map_or(low, |value| value.clamp(low, high));
    let mut best = (log_density(conditional, domain, problem, now), now);
    let mut consider = |encoded: f64| {
        let value = log_density(conditional, domain, problem, encoded);
        if value > best.0 {
            best = (value, encoded);
        }
    };
    match conditional {
        UnivariateMixture::Discrete { .. } => {
            (low as usize..=high as usize).for_each(|state| consider(state as f64));
        }
        UnivariateMixture::Continuous { .. } => {
            consider(low);
            consider(high);
            conditional.modes(MOST_MODES).into_iter().for_each(|mode| consider(inside(mode)));
        }
    }
    best.1
}
