//! The loop of training.

use super::adam::Adam;
use super::batches::Batches;
use super::choice::chosen_structure;
use super::config::{Method, Precision, TrainingConfig};
use super::expectation_maximization::{ExpectationMaximization, Priors};
use super::initialization::{Encoded, frequencies, initialize};
use super::members::{member_seed, mix};
use super::memory;
use super::random::{Stream, generator};
use super::side_by_side::train_members;
use crate::circuit::{Circuit, encode};
use crate::compute::{Compiled, Lanes, Real, Statistics, expectation, log_likelihoods};
use crate::error::CircuitError;
use crate::rows::Rows;
use crate::structure::Structure;
use crate::variable::Variable;
use rand::seq::SliceRandom;
use std::borrow::Cow;

/// What receives the report after each epoch. It has one type for all callers, so that the loop of training
/// is compiled in this crate: a generic function is compiled in its caller's, which may be built for size.
pub(super) type Progress<'a> = dyn FnMut(&Epoch) -> bool + 'a;

/// The report after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Number of the member, from 1. Members may be trained side by side; the reports of each are in order.
    pub member: usize,
    /// Number of the epoch, from 1 for each member.
    pub number: usize,
    /// Mean log-likelihood of the training rows in nats, each under the parameters before the update of its
    /// batch.
    pub training: f64,
    /// Mean log-likelihood of the held-out rows after the epoch, in nats; `None` without such rows.
    pub validation: Option<f64>,
}

/// A trained circuit and its history.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The circuit with the parameters of the best epoch; for several members, their mixture.
    pub circuit: Circuit,
    /// All epochs of the first member.
    pub history: Vec<Epoch>,
    /// The epoch of the first member's parameters; 0 is before the first epoch.
    pub best_epoch: usize,
    /// Mean log-likelihood of the held-out rows in the best epoch, averaged over members, in nats; `None`
    /// without such rows.
    pub validation: Option<f64>,
    /// Number of mixed circuits.
    pub members: usize,
}

/// Trains a circuit on rows, with the structure that the configuration selects. A fraction of the rows is
/// held out for early stopping, different ones for each member.
///
/// `variables` gives the kind of each variable; [`Variable::standardizing`] makes continuous ones. `progress`
/// is called after each epoch, on the thread that trains. If it returns false, training ends, and an
/// unfinished member is left out unless it is the first. Members with small batches are trained side by side
/// on as many threads as the current pool has; each takes the memory of one circuit in training.
///
/// # Errors
///
/// [`CircuitError`] when a setting is out of range, a variable is invalid, rows do not fit the variables or
/// there are none, or the likelihood becomes NaN.
pub fn train(
    rows: Rows<'_>,
    variables: Vec<Variable>,
    config: &TrainingConfig,
    mut progress: impl FnMut(&Epoch) -> bool + Send,
) -> Result<Trained, CircuitError> {
    let plan = Plan::new(variables, config)?;
    let each = |member: usize, progress: &mut Progress<'_>| train_member(member, rows, &plan, progress);
    mixed(train_members(0..config.members, config, each, &mut progress)?)
}

/// Variables and settings of a training, which were checked.
pub(super) struct Plan<'a> {
    pub variables: Vec<Variable>,
    pub config: Cow<'a, TrainingConfig>,
}

impl<'a> Plan<'a> {
    pub fn new(variables: Vec<Variable>, config: &'a TrainingConfig) -> Result<Self, CircuitError> {
        config.check()?;
        variables.iter().enumerate().try_for_each(|(index, variable)| variable.validate(index))?;
        Ok(Self { variables, config: Cow::Borrowed(config) })
    }
}

/// The mixture of the finished members and of the first one.
fn mixed(members: Vec<(usize, Trained, bool)>) -> Result<Trained, CircuitError> {
    let mut kept: Vec<Trained> = Vec::with_capacity(members.len());
    for (member, trained, is_finished) in members {
        if is_finished || member == 0 {
            kept.push(trained);
        }
    }
    let count = kept.len();
    let validation = kept.iter().map(|trained| trained.validation).sum::<Option<f64>>();
    let validation = validation.map(|sum| sum / count as f64);
    let mut kept = kept.into_iter();
    let mut first = kept.next().ok_or(CircuitError::TooFewRows { rows: 0, needed: 1 })?;
    let circuits =
        std::iter::once(first.circuit.clone()).chain(kept.map(|trained| trained.circuit)).collect();
    first.circuit = mix(circuits)?;
    Ok(Trained { validation, members: count, ..first })
}

/// Trains the members of a configuration after the first one, which is given, and mixes them with it. With
/// the first member from [`train`], by a configuration that differs only in having one member, the result
/// equals that of [`train`] for all members.
///
/// # Errors
///
/// The errors of [`train`].
///
/// # Panics
///
/// When the given circuit is already a mixture of several.
pub fn add_members(
    first: Trained,
    rows: Rows<'_>,
    variables: Vec<Variable>,
    config: &TrainingConfig,
    mut progress: impl FnMut(&Epoch) -> bool + Send,
) -> Result<Trained, CircuitError> {
    assert_eq!(first.members, 1, "the first member is one circuit");
    let plan = Plan::new(variables, config)?;
    let each = |member: usize, progress: &mut Progress<'_>| train_member(member, rows, &plan, progress);
    let mut members = vec![(0, first, true)];
    members.extend(train_members(1..config.members, config, each, &mut progress)?);
    mixed(members)
}

/// Trains one member, counted from 0, with its own seed and held-out rows; also returns whether training
/// continues after it.
fn train_member(
    member: usize,
    rows: Rows<'_>,
    plan: &Plan<'_>,
    progress: &mut Progress<'_>,
) -> Result<(Trained, bool), CircuitError> {
    let Plan { variables, config } = plan;
    let config = TrainingConfig { seed: member_seed(config.seed, member), ..config.as_ref().clone() };
    if rows.count() == 0 {
        return Err(CircuitError::TooFewRows { rows: 0, needed: 1 });
    }
    // This check comes while rows still have the numbers that the caller knows.
    encode(variables, rows, |_| ())?;
    let held_out = (rows.count() as f64 * config.validation_share).round() as usize;
    let held_out = if held_out < TrainingConfig::FEWEST_VALIDATION_ROWS { 0 } else { held_out };
    let mut order: Vec<usize> = (0..rows.count()).collect();
    order.shuffle(&mut generator(config.seed, Stream::Splitting));
    let (validation, training) = order.split_at(held_out);
    let [validation, training] = [validation, training].map(|places| rows.select(places.iter().copied()));
    let (training, validation) = (training.rows(), validation.rows());
    let structure = chosen_structure(training, variables, &config)?;
    let validation = (held_out > 0).then_some(validation);
    let mut go_on = true;
    let plan = Plan { variables: variables.clone(), config: Cow::Owned(config) };
    let mut progress = |epoch: &Epoch| {
        go_on = progress(&Epoch { member: member + 1, ..*epoch });
        go_on
    };
    let trained = train_planned(training, validation, &structure, &plan, &mut progress)?;
    Ok((trained, go_on))
}

/// Trains the parameters of a circuit with a given structure, with early stopping on given validation rows if
/// there are any. The structure, validation share and members of the configuration are ignored.
///
/// # Errors
///
/// The errors of [`train`], and [`CircuitError`] when the structure is not over these variables.
pub fn train_structure(
    rows: Rows<'_>,
    validation: Option<Rows<'_>>,
    variables: Vec<Variable>,
    structure: &Structure,
    config: &TrainingConfig,
    mut progress: impl FnMut(&Epoch) -> bool,
) -> Result<Trained, CircuitError> {
    train_planned(rows, validation, structure, &Plan::new(variables, config)?, &mut progress)
}

/// Trains the parameters of a circuit as [`train_structure`] does.
pub(super) fn train_planned(
    rows: Rows<'_>,
    validation: Option<Rows<'_>>,
    structure: &Structure,
    Plan { variables, config }: &Plan<'_>,
    progress: &mut Progress<'_>,
) -> Result<Trained, CircuitError> {
    if rows.count() == 0 {
        return Err(CircuitError::TooFewRows { rows: 0, needed: 1 });
    }
    // The background is one more component.
    memory::check(structure, variables, config.components.saturating_add(1))?;
    let encoded = encode(variables, rows, |value| value)?;
    let weights = rows.mean_1_weights();
    let view = Encoded { values: &encoded, variables, weights: weights.as_deref() };
    let priors = Priors::new(config, frequencies(&view));
    let mut rng = generator(config.seed, Stream::Initialization);
    let circuit = initialize(&view, structure, config, &priors, &mut rng)?;
    let validation = match validation {
        None => None,
        Some(rows) => Some((encode(variables, rows, |value| value)?, rows.weights())),
    };
    match config.precision {
        Precision::Double => Run::new(circuit, (encoded, weights), validation, config, priors).go(progress),
        Precision::Single => {
            let narrow =
                |values: Vec<f64>| values.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
            let validation = validation.map(|(values, weights)| (narrow(values), weights));
            Run::new(circuit, (narrow(encoded), weights), validation, config, priors).go(progress)
        }
    }
}

struct Run<'a, T> {
    circuit: Circuit,
    /// The states of each variable in the rows, in ascending order.
    seen: Vec<Vec<usize>>,
    rows: Vec<T>,
    /// The weight of each row, 1 on average; `None` for equal weights.
    weights: Option<Vec<f64>>,
    /// Held-out rows and their weights.
    validation: Option<(Vec<T>, Option<&'a [f64]>)>,
    config: &'a TrainingConfig,
    priors: Priors,
}

impl<'a, T: Real> Run<'a, T> {
    fn new(
        circuit: Circuit,
        (rows, weights): (Vec<T>, Option<Vec<f64>>),
        validation: Option<(Vec<T>, Option<&'a [f64]>)>,
        config: &'a TrainingConfig,
        priors: Priors,
    ) -> Self {
        let held_out = validation.iter().flat_map(|(values, _)| values);
        let seen = states_of(circuit.variables(), rows.iter().chain(held_out));
        Self { circuit, seen, rows, weights, validation, config, priors }
    }

    fn go(mut self, progress: &mut Progress<'_>) -> Result<Trained, CircuitError> {
        let count = self.rows.len() / self.circuit.variables().len();
        let mut batches = Batches::new(count, self.config.batch_size);
        let mut rng = generator(self.config.seed, Stream::Shuffling);
        let mut compiled = self.circuit.compile_for::<T>(&self.seen);
        let mut lanes = Lanes::new(&compiled, batches.largest());
        let mut statistics = Statistics::<f64>::zeros(&compiled);
        let mut maximization = ExpectationMaximization::new();
        let mut adam = Adam::new(&self.circuit);
        let mut best = Best::new(self.validate(&compiled), &self.circuit);
        let mut history = Vec::new();
        let mut stopped = false;
        let steps = (self.config.epochs * batches.count()).max(1);
        for epoch in 1..=self.config.epochs {
            batches.shuffle(&mut rng);
            let mut total = 0.0;
            for number in 0..batches.count() {
                let batch = batches.get(number);
                total += expectation(
                    &compiled,
                    &self.rows,
                    self.weights.as_deref(),
                    batch,
                    &mut lanes,
                    &mut statistics,
                );
                let step = (epoch - 1) * batches.count() + number;
                let size = batch.len() as f64;
                match self.config.method {
                    Method::ExpectationMaximization { step_size, final_step_size } => {
                        let share = 1.0 / batches.count() as f64;
                        let step_size = cosine(step_size, final_step_size, step, steps).max(share);
                        let scale = count as f64 / size;
                        let circuit = &mut self.circuit;
                        maximization.step(circuit, &statistics, scale, step_size, &self.priors);
                    }
                    Method::Adam { learning_rate } => {
                        let rate = cosine(learning_rate, 0.0, step, steps);
                        adam.step(&mut self.circuit, &statistics, size, rate, &self.priors);
                    }
                }
                compiled = self.circuit.compile_for(&self.seen);
            }
            let training = total / count as f64;
            if !training.is_finite() {
                return Err(CircuitError::Diverged { epoch, value: training });
            }
            let validation = self.validate(&compiled);
            history.push(Epoch { member: 1, number: epoch, training, validation });
            let improved = best.offer(epoch, validation, &self.circuit);
            stopped = !progress(&history[history.len() - 1]);
            if stopped || (!improved && epoch - best.epoch >= self.config.patience) {
                break;
            }
        }
        let noisy =
            matches!(self.config.method, Method::ExpectationMaximization { .. }) && batches.count() > 1;
        if let Some(circuit) = best.circuit.clone().filter(|_| noisy && !stopped) {
            self.circuit = circuit;
            let all: Vec<u32> = (0..count as u32).collect();
            for epoch in history.len() + 1..=history.len() + self.config.patience {
                compiled = self.circuit.compile_for(&self.seen);
                let total = expectation(
                    &compiled,
                    &self.rows,
                    self.weights.as_deref(),
                    &all,
                    &mut lanes,
                    &mut statistics,
                );
                // With nothing to average, only the statistics of all rows count.
                ExpectationMaximization::new().step(&mut self.circuit, &statistics, 1.0, 1.0, &self.priors);
                let validation = self.validate(&self.circuit.compile_for(&self.seen));
                history.push(Epoch { member: 1, number: epoch, training: total / count as f64, validation });
                let improved = best.offer(epoch, validation, &self.circuit);
                if !progress(&history[history.len() - 1]) || !improved {
                    break;
                }
            }
        }
        let circuit = best.circuit.unwrap_or(self.circuit);
        Ok(Trained { circuit, history, best_epoch: best.epoch, validation: best.validation, members: 1 })
    }

    /// Mean log-likelihood of the held-out rows, in nats.
    fn validate(&self, compiled: &Compiled<T>) -> Option<f64> {
        let (rows, weights) = self.validation.as_ref().filter(|(rows, _)| !rows.is_empty())?;
        let densities = log_likelihoods(compiled, rows);
        Some(match weights {
            None => densities.iter().sum::<f64>() / densities.len() as f64,
            Some(weights) => {
                let sum: f64 = densities.iter().zip(*weights).map(|(density, weight)| weight * density).sum();
                sum / weights.iter().sum::<f64>()
            }
        })
    }
}

/// The states of each discrete variable in encoded rows, in ascending order; none of continuous ones.
fn states_of<'v, T: Real>(variables: &[Variable], values: impl Iterator<Item = &'v T>) -> Vec<Vec<usize>> {
    let mut seen: Vec<Vec<bool>> =
        variables.iter().map(|variable| vec![false; variable.states().unwrap_or(0)]).collect();
    for (place, value) in values.enumerate() {
        let seen = &mut seen[place % variables.len()];
        if !seen.is_empty() && !value.is_missing() {
            seen[value.to_f64() as usize] = true;
        }
    }
    seen.into_iter().map(|seen| (0..seen.len()).filter(|&state| seen[state]).collect()).collect()
}

/// The best parameters so far; without validation, the last ones.
struct Best {
    validation: Option<f64>,
    epoch: usize,
    circuit: Option<Circuit>,
}

impl Best {
    fn new(validation: Option<f64>, circuit: &Circuit) -> Self {
        Self { validation, epoch: 0, circuit: validation.is_some().then(|| circuit.clone()) }
    }

    /// Keeps these parameters if they are the best so far; returns whether they are.
    fn offer(&mut self, epoch: usize, validation: Option<f64>, circuit: &Circuit) -> bool {
        match (validation, self.validation) {
            (Some(new), Some(old)) if new > old || old.is_nan() => {
                *self = Self { validation, epoch, circuit: Some(circuit.clone()) };
                true
            }
            (None, _) => {
                self.epoch = epoch;
                true
            }
            _ => false,
        }
    }
}

/// The value at `step` of `steps` on half a cosine from `first` to `last`.
fn cosine(first: f64, last: f64, step: usize, steps: usize) -> f64 {
    let share = step as f64 / steps as f64;
    last + (first - last) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
}
