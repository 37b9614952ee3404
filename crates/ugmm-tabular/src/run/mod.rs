//! A run of training: its progress, time limit, interruption and checkpoint.

pub(crate) mod fingerprint;
pub(crate) mod identity;
pub(crate) mod journal;

use crate::TabularError;
use crate::run::journal::Journal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use ugmm_network::training::{BatchReport, Checkpoint, EpochReport, Observer};
use ugmm_network::{Device, UgmmError};

/// A stage of a run: the training of one network, or of the circuits of one structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage<'a> {
    /// The name of the stage, such as "fold 2 of 5".
    pub name: &'a str,
    /// The number of the stage, from 1.
    pub number: usize,
    /// Number of stages of the run.
    pub of: usize,
    /// Largest number of epochs.
    pub epochs: usize,
}

/// The state of a stage after an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochProgress {
    /// Number of finished epochs of the stage.
    pub epoch: usize,
    /// Number of the circuit, from 1, and number of circuits, if the stage trains some of several. Circuits may
    /// be trained side by side, so that those of consecutive reports differ.
    pub circuit: Option<(usize, usize)>,
    /// The measure that the values are of.
    pub measure: Measure,
    /// Value of the measure on the training rows.
    pub training: f64,
    /// Value of the measure on rows that are not trained on, if there are any.
    pub held_out: Option<f64>,
    /// Accuracy on these rows, if they have classes.
    pub accuracy: Option<f64>,
}

/// The measure that shows the progress of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The loss of a network, which falls.
    Loss,
    /// The log-likelihood per row of a density, which rises.
    LogLikelihood,
}

impl From<&EpochReport> for EpochProgress {
    fn from(report: &EpochReport) -> Self {
        Self {
            epoch: report.epoch,
            circuit: None,
            measure: Measure::Loss,
            training: report.training_loss,
            held_out: report.validation_loss,
            accuracy: report.validation.map(|metrics| metrics.accuracy),
        }
    }
}

/// Receives the progress of a run. `()` ignores it.
pub trait Progress {
    /// Is called when the table and the options are checked and training begins.
    fn on_begin(&mut self) {}
    /// Is called when a stage begins.
    fn on_stage(&mut self, _stage: &Stage) {}
    /// Is called after each training step of a network.
    fn on_batch(&mut self, _report: &BatchReport) {}
    /// Is called after each epoch of a stage.
    fn on_epoch(&mut self, _progress: &EpochProgress) {}
    /// Is called when all stages are finished.
    fn on_end(&mut self) {}
}

impl Progress for () {}

/// Options of carrying out a run. Only the time limit has an influence on the model.
pub struct Run<'a> {
    /// Receives the progress.
    pub progress: &'a mut dyn Progress,
    /// Set from another thread (on Ctrl-C) to stop the run soon, with a checkpoint.
    pub interrupted: &'a AtomicBool,
    /// The device that networks are trained on.
    pub device: Device,
    /// Time limit for all stages of the run together. Each network gets its share, and its schedule is
    /// shortened accordingly.
    pub time_limit: Option<Duration>,
    /// The checkpoint file, for [`Self::resume`]; see [`Self::discard_checkpoint`].
    pub checkpoint: Option<PathBuf>,
    /// Least time between checkpoints, which are written after epochs.
    pub checkpoint_interval: Duration,
    /// Whether to resume from the checkpoint file if it exists. If this is false, an existing file is an
    /// error.
    pub resume: bool,
}

impl<'a> Run<'a> {
    /// A run on the processor without time limit and checkpoint.
    pub fn new(progress: &'a mut dyn Progress, interrupted: &'a AtomicBool) -> Self {
        Self {
            progress,
            interrupted,
            device: Device::default(),
            time_limit: None,
            checkpoint: None,
            checkpoint_interval: Duration::MAX,
            resume: false,
        }
    }

    /// Deletes the checkpoint file, if there is one. Call it only after the model is saved, so that nothing
    /// is lost whenever the program is killed.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be deleted.
    pub fn discard_checkpoint(&self) -> Result<(), TabularError> {
        let Some(path) = self.checkpoint.as_ref().filter(|path| path.exists()) else { return Ok(()) };
        let io = |source| UgmmError::Io { path: path.clone(), source };
        Ok(std::fs::remove_file(path).map_err(io)?)
    }
}

/// How long an interrupted run waits for the epoch to finish.
const PATIENCE: Duration = Duration::from_secs(1);

/// The stages of a run in their order.
pub(crate) struct Stages<'r, 'a> {
    pub(crate) run: &'r mut Run<'a>,
    pub(crate) journal: Journal,
    pub(crate) deadline: Option<Instant>,
    pub(crate) number: usize,
    pub(crate) of: usize,
}

impl<'r, 'a> Stages<'r, 'a> {
    pub(crate) fn new(run: &'r mut Run<'a>, journal: Journal, of: usize) -> Self {
        let left = run.time_limit.map(|limit| limit.saturating_sub(journal.spent()));
        // A limit that the clock cannot represent is no limit.
        let deadline = left.and_then(|left| Instant::now().checked_add(left));
        Self { run, journal, deadline, number: 0, of }
    }

    /// Begins the next stage.
    pub(crate) fn next(&mut self, name: &str, epochs: usize) -> StageObserver<'_, 'a> {
        self.number += 1;
        let stage = Stage { name, number: self.number, of: self.of, epochs };
        self.run.progress.on_stage(&stage);
        let now = Instant::now();
        let share = |deadline: Instant| {
            now + deadline.saturating_duration_since(now) / (self.of - self.number + 1) as u32
        };
        let deadline = self.deadline.map(share);
        StageObserver {
            run: self.run,
            journal: &mut self.journal,
            deadline,
            interrupted_at: None,
            failure: None,
        }
    }

    /// Skips a stage that is finished.
    pub(crate) fn skip(&mut self) {
        self.number += 1;
    }

    /// Fails with an error if the run was interrupted.
    pub(crate) fn check_interrupted(&self) -> Result<(), TabularError> {
        match self.run.interrupted.load(Ordering::Relaxed) {
            true => Err(TabularError::Interrupted { checkpoint: self.journal.existing() }),
            false => Ok(()),
        }
    }
}

/// Observes one stage.
pub(crate) struct StageObserver<'s, 'a> {
    run: &'s mut Run<'a>,
    journal: &'s mut Journal,
    deadline: Option<Instant>,
    interrupted_at: Option<Instant>,
    /// The error of writing a checkpoint.
    failure: Option<TabularError>,
}

impl StageObserver<'_, '_> {
    /// The checkpoint from which the stage resumes.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.journal.current().cloned()
    }

    pub(crate) fn into_failure(self) -> Option<TabularError> {
        self.failure
    }
}

impl Observer for StageObserver<'_, '_> {
    fn on_batch(&mut self, report: &BatchReport) -> ControlFlow<()> {
        self.run.progress.on_batch(report);
        if !self.run.interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Continue(());
        }
        let since = self.interrupted_at.get_or_insert_with(Instant::now);
        if since.elapsed() < PATIENCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn on_epoch(
        &mut self,
        report: &EpochReport,
        checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
    ) -> Result<ControlFlow<()>, UgmmError> {
        self.run.progress.on_epoch(&report.into());
        let interrupted = self.run.interrupted.load(Ordering::Relaxed);
        let due = self.journal.is_due(self.run.checkpoint_interval);
        if self.journal.is_kept() && (interrupted || due) {
            self.failure = self.journal.keep(checkpoint()?).err();
        }
        let stop = interrupted || self.failure.is_some();
        Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}
