//! One run of learning: who is told of it, how long it may take, and where it keeps what it has done.

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

/// A part of a run: the training of one network, or of the circuits of one structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage<'a> {
    /// Such as "fold 2 of 5".
    pub name: &'a str,
    /// Its number, from 1.
    pub number: usize,
    /// Number of stages of the run.
    pub of: usize,
    /// Epochs it takes at most.
    pub epochs: usize,
}

/// A stage after one of its epochs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochProgress {
    /// Number of finished epochs of the stage.
    pub epoch: usize,
    /// The measure of the training.
    pub measure: Measure,
    /// Its value on the training rows.
    pub training: f64,
    /// Its value on rows that are not trained on, if there are some.
    pub held_out: Option<f64>,
    /// The accuracy on these rows, if they have classes.
    pub accuracy: Option<f64>,
}

/// The measure of a training.
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
            measure: Measure::Loss,
            training: report.training_loss,
            held_out: report.validation_loss,
            accuracy: report.validation.map(|metrics| metrics.accuracy),
        }
    }
}

/// Receives the progress of a run. `()` ignores it.
pub trait Progress {
    /// The table and the options were checked; training begins.
    fn on_begin(&mut self) {}
    /// A stage begins.
    fn on_stage(&mut self, _stage: &Stage) {}
    /// A network finished a step.
    fn on_batch(&mut self, _report: &BatchReport) {}
    /// A stage finished an epoch.
    fn on_epoch(&mut self, _progress: &EpochProgress) {}
    /// All stages are finished.
    fn on_end(&mut self) {}
}

impl Progress for () {}

/// How a run is to be carried out; nothing here changes what is learned but the time limit.
pub struct Run<'a> {
    /// Who is told.
    pub progress: &'a mut dyn Progress,
    /// Set from another thread (by Ctrl-C) to stop soon, with a checkpoint of what is done.
    pub interrupted: &'a AtomicBool,
    /// Where networks are trained and asked.
    pub device: Device,
    /// Time for all networks of the run together. Each gets its share, and its schedule is shortened to it.
    pub time_limit: Option<Duration>,
    /// The file that keeps what is done, for [`Self::resume`]; see [`Self::discard_checkpoint`].
    pub checkpoint: Option<PathBuf>,
    /// Time between checkpoints; they are made after an epoch.
    pub checkpoint_interval: Duration,
    /// Whether to go on from the checkpoint file, if it is there. Without this an existing one is an error.
    pub resume: bool,
}

impl<'a> Run<'a> {
    /// A run on the processor without a time limit or a checkpoint.
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

    /// Deletes the checkpoint file, if there is one: to be called when the model that came of the run is saved, and not
    /// before, so that nothing is lost whenever the program is killed.
    ///
    /// # Errors
    ///
    /// When the file cannot be deleted.
    pub fn discard_checkpoint(&self) -> Result<(), TabularError> {
        let Some(path) = self.checkpoint.as_ref().filter(|path| path.exists()) else { return Ok(()) };
        let io = |source| UgmmError::Io { path: path.clone(), source };
        Ok(std::fs::remove_file(path).map_err(io)?)
    }
}

/// How long a finished epoch is waited for after an interruption.
const PATIENCE: Duration = Duration::from_secs(1);

/// The stages of a run, one after the other.
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
        // Beyond the end of all clocks is no limit.
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

    /// Passes over a stage that is done.
    pub(crate) fn skip(&mut self) {
        self.number += 1;
    }

    /// Whether the run was interrupted, as the error that it then is.
    pub(crate) fn check_interrupted(&self) -> Result<(), TabularError> {
        match self.run.interrupted.load(Ordering::Relaxed) {
            true => Err(TabularError::Interrupted { checkpoint: self.journal.existing() }),
            false => Ok(()),
        }
    }
}

/// Watches one stage.
pub(crate) struct StageObserver<'s, 'a> {
    run: &'s mut Run<'a>,
    journal: &'s mut Journal,
    deadline: Option<Instant>,
    interrupted_at: Option<Instant>,
    /// What went wrong with the checkpoint.
    failure: Option<TabularError>,
}

impl StageObserver<'_, '_> {
    /// Where to go on from.
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
