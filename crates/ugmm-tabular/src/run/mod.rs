//! A run of training: its progress, time limit, interruption and checkpoint.

pub(crate) mod fingerprint;
pub(crate) mod identity;
pub(crate) mod journal;

use crate::TabularError;
use crate::network::outputs::Outputs;
use crate::run::journal::Journal;
use std::ops::{ControlFlow, Range};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ugmm_kernels::{jobs_at_once, side_by_side};
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
    /// Number of stages that are finished at this moment.
    pub finished: usize,
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

/// Receives the progress of a run. `()` ignores it. Networks with small steps are trained side by side, on the
/// threads that call this, one at a time; the reports of each stage are in order.
pub trait Progress: Send {
    /// Is called when the table and the options are checked and training begins.
    fn on_begin(&mut self) {}
    /// Is called when a stage begins.
    fn on_stage(&mut self, _stage: &Stage) {}
    /// Is called after each training step of a network.
    fn on_batch(&mut self, _stage: &Stage, _report: &BatchReport) {}
    /// Is called after each epoch of a stage.
    fn on_epoch(&mut self, _stage: &Stage, _progress: &EpochProgress) {}
    /// Is called when a stage is finished.
    fn on_stage_end(&mut self, _stage: &Stage) {}
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
    /// shortened accordingly; networks that are trained side by side share the same time.
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

/// The stages of a run, which have numbers from 1 in their order.
pub(crate) struct Stages<'r> {
    progress: Mutex<&'r mut dyn Progress>,
    interrupted: &'r AtomicBool,
    checkpoint_interval: Duration,
    journal: Mutex<Journal>,
    deadline: Option<Instant>,
    of: usize,
    finished: AtomicUsize,
    /// The smallest number of a stage that failed. Those after it end without a result; those before it go
    /// on, so that the error is that of a run of one stage after the other.
    failed: AtomicUsize,
}

impl<'r> Stages<'r> {
    pub(crate) fn new(run: &'r mut Run<'_>, journal: Journal, of: usize) -> Self {
        let left = run.time_limit.map(|limit| limit.saturating_sub(journal.spent()));
        Self {
            progress: Mutex::new(run.progress),
            interrupted: run.interrupted,
            checkpoint_interval: run.checkpoint_interval,
            finished: AtomicUsize::new(journal.finished_count()),
            journal: Mutex::new(journal),
            // A limit that the clock cannot represent is no limit.
            deadline: left.and_then(|left| Instant::now().checked_add(left)),
            of,
            failed: AtomicUsize::new(usize::MAX),
        }
    }

    /// Runs the stages with these numbers by `stage`, at most `most` at a time. Returns their results in
    /// order, or the first error.
    pub(crate) fn run<T: Send>(
        &self,
        numbers: Range<usize>,
        most: usize,
        stage: impl Fn(&Group<'_, 'r>, usize) -> Result<T, TabularError> + Sync,
    ) -> Result<Vec<T>, TabularError> {
        let at_once = jobs_at_once(numbers.len(), most);
        let group = Group { stages: self, end: numbers.end, at_once };
        let each = |number: usize| {
            let result = stage(&group, number);
            match result {
                Ok(_) => ControlFlow::Continue(result),
                Err(_) => {
                    self.failed.fetch_min(number, Ordering::Relaxed);
                    ControlFlow::Break(result)
                }
            }
        };
        let (mut results, mut interrupted) = (Vec::with_capacity(numbers.len()), false);
        for result in side_by_side(numbers, at_once, each) {
            match result {
                Ok(result) => results.push(result),
                Err(TabularError::Interrupted { .. }) => interrupted = true,
                Err(error) => return Err(error),
            }
        }
        // The others may have written the checkpoint after one of them was interrupted.
        if interrupted { Err(self.interruption()) } else { Ok(results) }
    }

    /// Time spent on the run, before an interruption and since.
    pub(crate) fn spent(&self) -> Duration {
        self.journal().spent()
    }

    /// Ends the training of a run.
    pub(crate) fn end(&self) {
        self.progress().on_end();
    }

    fn interruption(&self) -> TabularError {
        TabularError::Interrupted { checkpoint: self.journal().existing() }
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn progress(&self) -> MutexGuard<'_, &'r mut dyn Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Consecutive stages that may run side by side.
pub(crate) struct Group<'s, 'r> {
    stages: &'s Stages<'r>,
    /// Number after that of the last stage.
    end: usize,
    at_once: usize,
}

impl<'s, 'r> Group<'s, 'r> {
    /// The outputs of the stage with this number, if it was finished before the run was resumed.
    pub(crate) fn outputs(&self, number: usize) -> Option<Outputs> {
        self.stages.journal().finished(number).cloned()
    }

    /// Begins the stage with this number.
    pub(crate) fn begin(&self, number: usize, name: &'s str, epochs: usize) -> StageObserver<'s, 'r> {
        let Stages { of, deadline, .. } = *self.stages;
        let now = Instant::now();
        let share = |deadline: Instant| {
            let journal = self.stages.journal();
            let left = (number..self.end).filter(|&number| journal.finished(number).is_none()).count();
            let rounds = left.div_ceil(self.at_once) + (of + 1 - self.end);
            now + deadline.saturating_duration_since(now) / rounds.max(1) as u32
        };
        let observer = StageObserver {
            stages: self.stages,
            name,
            number,
            epochs,
            deadline: deadline.map(share),
            kept: now,
            interrupted_at: None,
            failure: None,
        };
        self.stages.progress().on_stage(&observer.stage());
        observer
    }
}

/// Observes one stage.
pub(crate) struct StageObserver<'s, 'r> {
    stages: &'s Stages<'r>,
    name: &'s str,
    number: usize,
    epochs: usize,
    deadline: Option<Instant>,
    /// When the state of this stage was last written to the checkpoint file.
    kept: Instant,
    interrupted_at: Option<Instant>,
    /// The error of writing a checkpoint.
    failure: Option<TabularError>,
}

impl StageObserver<'_, '_> {
    /// The checkpoint from which the stage resumes.
    pub(crate) fn checkpoint(&self) -> Option<Checkpoint> {
        self.stages.journal().current(self.number).cloned()
    }

    /// Checks that training was neither interrupted nor stopped by an error.
    pub(crate) fn check(&mut self) -> Result<(), TabularError> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None if self.stages.is_interrupted() || self.is_in_vain() => Err(self.stages.interruption()),
            None => Ok(()),
        }
    }

    /// Ends the stage, whose outputs are written to the checkpoint file if there are any.
    pub(crate) fn end(&self, outputs: Option<&Outputs>) -> Result<(), TabularError> {
        if let Some(outputs) = outputs {
            let interval = self.stages.checkpoint_interval;
            self.stages.journal().finish(self.number, outputs.clone(), interval)?;
        }
        self.stages.finished.fetch_add(1, Ordering::Relaxed);
        self.stages.progress().on_stage_end(&self.stage());
        Ok(())
    }

    /// Whether an earlier stage failed.
    fn is_in_vain(&self) -> bool {
        self.stages.failed.load(Ordering::Relaxed) < self.number
    }

    fn stage(&self) -> Stage<'_> {
        let &Self { name, number, epochs, stages, .. } = self;
        Stage { name, number, of: stages.of, epochs, finished: stages.finished.load(Ordering::Relaxed) }
    }
}

impl Observer for StageObserver<'_, '_> {
    fn on_batch(&mut self, report: &BatchReport) -> ControlFlow<()> {
        self.stages.progress().on_batch(&self.stage(), report);
        if self.is_in_vain() {
            return ControlFlow::Break(());
        }
        if !self.stages.is_interrupted() {
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
        self.stages.progress().on_epoch(&self.stage(), &report.into());
        let (interrupted, interval) = (self.stages.is_interrupted(), self.stages.checkpoint_interval);
        let is_due = {
            let journal = self.stages.journal();
            // Another stage may have written the file, without the latest state of this one.
            journal.is_kept() && (interrupted || self.kept.elapsed() >= interval || journal.is_due(interval))
        };
        if is_due {
            let checkpoint = checkpoint()?;
            self.failure = self.stages.journal().keep(self.number, checkpoint).err();
            self.kept = Instant::now();
        }
        let stop = interrupted || self.failure.is_some();
        Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}
