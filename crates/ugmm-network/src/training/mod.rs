//! The training loop.

mod augmentation;
mod batches;
mod checkpoint;
mod config;
mod dataset;
mod early_stopping;
mod engine;
mod evaluation;
mod history;
mod losses;
mod optimizer;
mod pace;
mod report;
mod schedule;
mod sparsity;
mod stepper;
mod update;

pub use crate::objective::Targets;
pub use crate::rows::Features;
pub use augmentation::Augmentation;
pub use checkpoint::{Checkpoint, Progress as CheckpointProgress};
pub use config::TrainingConfig;
pub use dataset::{Batch, Dataset};
pub use early_stopping::EarlyStopping;
pub use engine::{Engine, EngineState};
pub use evaluation::{Measured, evaluate, measure};
pub use history::History;
pub use optimizer::OptimizerConfig;
pub use report::{BatchReport, EpochReport};
pub use schedule::{Position, Schedule};
pub use sparsity::Sparsity;
pub use stepper::{Stepper, loss_and_gradients};

use crate::random::{Stream, generator, uniform};
use crate::{Checked, Model, ModelConfig, Task, UgmmError};
use early_stopping::Best;
use losses::{Losses, NotFinite};
use pace::Pace;
use rand::Rng;
use rand::seq::SliceRandom;
use std::ops::ControlFlow;
use std::time::Instant;

/// An observer of training, which may stop it. Progress bars, logs, checkpoints and interruption are
/// implemented as observers.
pub trait Observer {
    /// Called after each step; `Break` ends training.
    fn on_batch(&mut self, _report: &BatchReport) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after each epoch; `Break` ends training. `checkpoint` makes a checkpoint of this moment, for
    /// [`resume`].
    ///
    /// # Errors
    ///
    /// An error ends training, which returns it.
    fn on_epoch(
        &mut self,
        _report: &EpochReport,
        _checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
    ) -> Result<ControlFlow<()>, UgmmError> {
        Ok(ControlFlow::Continue(()))
    }

    /// The time at which training must end. The number of steps, and with it a cosine schedule, is shortened
    /// to fit. The extent depends on the speed of the machine, and so do the results.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// An observer that does nothing.
impl Observer for () {}

/// A trained network and its history.
#[derive(Debug)]
pub struct Trained<N> {
    /// The network after the last epoch (with early stopping, after the best one), [settled](Model::settled)
    /// and ready to predict.
    pub network: N,
    /// One report per epoch.
    pub history: Vec<EpochReport>,
    /// With early stopping, the epoch of the returned network, from 1.
    pub best_epoch: Option<usize>,
}

/// Largest number of rows in the sample for [`Init::Data`](crate::Init::Data).
const INITIALIZATION_ROWS: usize = 2048;
/// Largest number of rows whose statistics are folded into a network that standardises between its layers.
/// Their means and deviations are within a few per cent of those of all rows, unlike those of a training
/// batch.
const SETTLING_ROWS: usize = 4096;

/// A new model for a task, initialised from rows of `dataset`, drawn in proportion to their weights, if its
/// configuration requires it.
///
/// # Errors
///
/// [`UgmmError`] when a setting is out of its range or the model does not fit the task or the data.
pub fn init_model(
    config: &ModelConfig,
    task: &Task,
    dataset: &Dataset,
    seed: u64,
) -> Result<Model, UgmmError> {
    task.check_width(config.width())?;
    task.with_targets(dataset.targets())?;
    let mut rng = generator(seed, Stream::Initialization);
    let mut all: Vec<usize> = (0..dataset.rows()).collect();
    let rows = match dataset.weights() {
        None => all.partial_shuffle(&mut rng, INITIALIZATION_ROWS).0.to_vec(),
        Some(weights) => drawn_by_weight(weights, INITIALIZATION_ROWS, &mut rng),
    };
    let Batch { x, targets, .. } = dataset.batch(&rows);
    config.init(Some(&task.with_targets(&targets)?.training_input(&x)), &mut rng)
}

/// Draws `count` rows, each as often as its share of all weights says, rounded up or down (systematic sampling).
fn drawn_by_weight<R: Rng + ?Sized>(weights: &[f64], count: usize, rng: &mut R) -> Vec<usize> {
    let step = weights.iter().sum::<f64>() / count as f64;
    let (mut next, mut end) = (uniform(rng) * step, 0.0);
    let mut drawn = Vec::with_capacity(count);
    for (row, weight) in weights.iter().enumerate() {
        end += weight;
        while next < end && drawn.len() < count {
            drawn.push(row);
            next += step;
        }
    }
    drawn
}

/// Trains `network` on `training` rows and evaluates it on `validation` rows after each epoch.
///
/// A network, data and configuration determine every bit of the result on one machine, whatever the number of
/// threads.
///
/// # Errors
///
/// [`UgmmError`] when the data or the network do not fit the task, early stopping lacks validation rows, or the
/// loss is no longer finite; also the errors of the observer.
///
/// ```
/// use ugmm_network::training::{Dataset, Features, TrainingConfig, init_model, train};
/// use ugmm_network::{Check, ClassObjective, Classification, ModelConfig, NetworkConfig};
///
/// let rows = Dataset::new(Features::F32(vec![-1.0, -1.2, 0.9, 1.1]), 1, vec![0, 0, 1, 1], 2)?;
/// let task = Classification::new(1, 2, ClassObjective::Discriminative)?.into();
/// let config = ModelConfig::Ugmm(NetworkConfig::new(&[1, 4, 2]));
/// let network = init_model(&config, &task, &rows, 0)?;
/// let config = TrainingConfig::new(0, 3).checked()?;
/// let trained = train(network, &task, &rows, None, &config, &mut ())?;
/// assert_eq!(trained.history.len(), 3);
/// # Ok::<(), ugmm_network::UgmmError>(())
/// ```
pub fn train(
    network: Model,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &Checked<TrainingConfig>,
    observer: &mut dyn Observer,
) -> Result<Trained<Model>, UgmmError> {
    resume(None, network, task, training, validation, config, observer)
}

/// Trains a network as [`train`] does. With a checkpoint of such a training it resumes, and the result is bit
/// for bit that of an uninterrupted training; of `network` only the shape matters then.
///
/// # Errors
///
/// The errors of [`train`], and [`UgmmError::Checkpoint`] when the checkpoint does not belong to a network of
/// this shape.
pub fn resume(
    checkpoint: Option<&Checkpoint>,
    network: Model,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &Checked<TrainingConfig>,
    observer: &mut dyn Observer,
) -> Result<Trained<Model>, UgmmError> {
    let engine = Stepper::new(network, *task, config)?;
    run(engine, checkpoint, task, training, validation, config, observer)
}

/// The training loop, with any [`Engine`] for its steps. It resumes from a checkpoint of this kind of engine,
/// if there is one.
///
/// # Errors
///
/// The errors of [`resume`].
pub fn run<E: Engine>(
    mut engine: E,
    checkpoint: Option<&Checkpoint>,
    task: &Task,
    training: &Dataset,
    validation: Option<&Dataset>,
    config: &Checked<TrainingConfig>,
    observer: &mut dyn Observer,
) -> Result<Trained<E::Network>, UgmmError> {
    let per_row = engine.predictions_per_row();
    evaluation::check_dataset(per_row, engine.takes_missing_values(), task, training)?;
    if let Some(augmentation) = &config.augmentation {
        augmentation.check(training.columns())?;
    }
    if config.early_stopping.is_some() && validation.is_none() {
        let expected = "left out where there are no validation rows";
        return Err(UgmmError::setting("early_stopping", "given", expected));
    }
    let sample = match engine.needs_settling() {
        true => Some(settling_sample(task, training, config.seed)?),
        false => None,
    };
    let settled = |engine: &E, network: E::Network| match &sample {
        Some((sample, weights)) => engine.settled(network, sample, weights.as_deref()),
        None => network,
    };
    let mut best = config.early_stopping.map(Best::new);
    let (mut step, mut history) = match checkpoint {
        None => (0, Vec::new()),
        Some(checkpoint) => {
            if let Some(best) = &mut best {
                checkpoint.restore_best(best, &engine)?;
            }
            checkpoint.restore(&mut engine)?;
            (checkpoint.progress.step, checkpoint.history().to_vec())
        }
    };
    let steps_per_epoch = training.rows().div_ceil(config.batch_size);
    let pace = Pace {
        planned: config.epochs * steps_per_epoch,
        deadline: observer.deadline(),
        start: Instant::now(),
        first_step: step,
    };
    let finished = history.len();
    if let Some(best) = &mut best
        && !engine.has_final_shape()
    {
        best.from = finished;
    }
    // The checkpoint may belong to the epoch at which early stopping ended training.
    let ended = best.as_ref().is_some_and(|best| best.ends_after(finished));
    let epochs = if ended { finished..finished } else { finished..config.epochs };
    batches::with_batches(training, config, finished, |batches| {
        for epoch in epochs {
            let (mut losses, mut learning_rate) = (Losses::default(), 0.0);
            let mut interrupted = false;
            let diverged = |NotFinite { batch, loss }| UgmmError::Diverged { epoch: epoch + 1, batch, loss };
            for (number, batch) in (1..).zip(batches.take(steps_per_epoch)) {
                let total_steps = pace.total_steps(step);
                learning_rate = config.schedule.learning_rate(Position { epoch, step, total_steps });
                let count = batch.targets.len();
                engine.prepare(step as f64 / total_steps as f64);
                engine.step(batch, learning_rate)?;
                losses.add(number, count);
                if losses.is_time_to_ask(engine.steps_per_reading()) {
                    losses.take(engine.read_losses()).map_err(diverged)?;
                }
                let loss = losses.latest();
                step += 1;
                interrupted = observer.on_batch(&BatchReport { step, total_steps, loss }).is_break();
                if interrupted || step >= pace.total_steps(step) {
                    break;
                }
            }
            losses.take(engine.read_losses()).map_err(diverged)?;
            if interrupted {
                break;
            }
            let measured = validation
                .map(|rows| engine.measure(&settled(&engine, engine.network()), task, rows, config))
                .transpose()?;
            let report = EpochReport {
                epoch: epoch + 1,
                learning_rate,
                training_loss: losses.mean(),
                validation: measured.and_then(|measured| measured.metrics),
                validation_loss: measured.map(|measured| measured.loss),
            };
            history.push(report);
            let no_better = match (&mut best, report.validation_loss) {
                (Some(best), _) if !engine.has_final_shape() => {
                    best.from = report.epoch;
                    false
                }
                (Some(best), Some(loss)) => best.is_enough(report.epoch, loss, || engine.network()),
                _ => false,
            };
            let checkpoint = || Checkpoint::of(&engine, step, &history, best.as_ref());
            let stop = observer.on_epoch(&report, &checkpoint)?.is_break();
            if stop || no_better || step >= pace.total_steps(step) {
                break;
            }
        }
        Ok(())
    })?;
    let (network, best_epoch) = match best.and_then(Best::into_network) {
        Some((network, epoch)) => (settled(&engine, network), Some(epoch)),
        None => (settled(&engine, engine.network()), None),
    };
    Ok(Trained { network, history, best_epoch })
}

/// The sample for [`Engine::settled`] and its weights: the network's inputs of training rows drawn at random.
fn settling_sample(
    task: &Task,
    training: &Dataset,
    seed: u64,
) -> Result<(Vec<f32>, Option<Vec<f64>>), UgmmError> {
    let mut rows: Vec<usize> = (0..training.rows()).collect();
    let (rows, _) = rows.partial_shuffle(&mut generator(seed, Stream::Settling), SETTLING_ROWS);
    let Batch { x, targets, .. } = training.batch(rows);
    let sample = task.with_targets(&targets)?.training_input(&x);
    let of_rows: Option<Vec<f64>> =
        training.weights().map(|weights| rows.iter().map(|&row| weights[row]).collect());
    let inputs = sample.len() / task.inputs();
    Ok((sample, of_rows.map(|weights| input_weights(&weights, inputs))))
}

/// The weights of `inputs` rows of a network's inputs, by the weights of targets: several consecutive inputs belong to
/// one target, or several targets of equal weight to one row of inputs.
#[must_use]
pub fn input_weights(weights: &[f64], inputs: usize) -> Vec<f64> {
    let (each, step) = (inputs / weights.len().max(1), weights.len() / inputs.max(1));
    let of_target = |&weight: &f64| std::iter::repeat_n(weight, each.max(1));
    weights.iter().step_by(step.max(1)).flat_map(of_target).collect()
}
