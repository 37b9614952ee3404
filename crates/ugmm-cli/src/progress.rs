//! Progress of training on standard error: a bar on a terminal, lines elsewhere.

use crate::output::percent;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm_network::UgmmError;
use ugmm_network::training::{BatchReport, Checkpoint, EpochReport, Observer};
use ugmm_tabular::run::{EpochProgress, Measure, Progress, Stage};

/// Time before the first line, which has an estimate of the duration.
const FIRST_LINE: Duration = Duration::from_secs(2);
/// Time between lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Length of a bar, whose position is a fraction of it.
const BAR_LENGTH: u64 = 1_000_000;

/// Shows the progress of trainings, which may run side by side.
pub struct Display {
    /// Text that is printed before training begins.
    introduction: String,
    kind: Kind,
    /// How much of each training that is not finished is done, by its number.
    shares: BTreeMap<usize, f64>,
    share_done: f64,
    /// Fraction of the run that was finished before this process resumed it.
    share_at_start: Option<f64>,
    start: Instant,
}

enum Kind {
    Bar(ProgressBar),
    Lines { next: Instant },
    Nothing,
}

impl Display {
    pub fn new(introduction: String, quiet: bool) -> Self {
        let start = Instant::now();
        let kind = if quiet {
            Kind::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(BAR_LENGTH), ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {msg}, {eta} left")
                    .expect("the template is a constant"),
            );
            Kind::Bar(bar)
        } else {
            Kind::Lines { next: start + FIRST_LINE }
        };
        let (shares, share_done, share_at_start) = (BTreeMap::new(), 0.0, None);
        Self { introduction, kind, shares, share_done, share_at_start, start }
    }

    fn begin(&mut self, stage: &Stage) {
        self.shares.insert(stage.number, 0.0);
        if let Kind::Bar(bar) = &self.kind {
            bar.set_prefix(self.label(stage));
        }
    }

    /// The name of the training; of several side by side, how many others are finished comes first.
    fn label(&self, stage: &Stage) -> String {
        match self.shares.len() {
            0 | 1 => stage.name.to_owned(),
            _ => format!("{} of {} finished, {}", stage.finished, stage.of, stage.name),
        }
    }

    /// Takes note that this fraction of the training of a stage is done.
    fn advance(&mut self, stage: &Stage, of_this: f64, message: impl FnOnce() -> String) {
        self.shares.insert(stage.number, of_this.min(1.0));
        self.share_done = (stage.finished as f64 + self.shares.values().sum::<f64>()) / stage.of as f64;
        self.share_at_start.get_or_insert(self.share_done);
        if let Kind::Bar(bar) = &self.kind {
            bar.set_prefix(self.label(stage));
            bar.set_message(message());
            bar.set_position((self.share_done * BAR_LENGTH as f64) as u64);
        }
    }

    fn step(&mut self, stage: &Stage, report: &BatchReport) {
        let of_this = report.step as f64 / report.total_steps.max(1) as f64;
        self.advance(stage, of_this, || format!("loss {:.4}", report.loss));
    }

    fn epoch(&mut self, stage: &Stage, progress: &EpochProgress) {
        let &EpochProgress { epoch, circuit, measure, training, held_out, accuracy } = progress;
        let (what, per) = match measure {
            Measure::Loss => ("loss", ""),
            Measure::LogLikelihood => ("log-likelihood", " per row"),
        };
        if measure == Measure::LogLikelihood {
            // A density reports no steps within an epoch.
            let circuit = circuit.map_or(String::new(), |(number, of)| format!("circuit {number} of {of}, "));
            let of_this = epoch as f64 / stage.epochs.max(1) as f64;
            self.advance(stage, of_this, || format!("{circuit}{what} {training:.4}"));
        }
        let last = epoch == stage.epochs && stage.finished + 1 == stage.of;
        let now = Instant::now();
        match &mut self.kind {
            Kind::Lines { next } if now >= *next || last => *next = now + LINE_INTERVAL,
            _ => return,
        }
        let held_out = match (accuracy, held_out) {
            (Some(accuracy), _) => format!(", held-out accuracy {} %", percent(accuracy, 2)),
            (None, Some(held_out)) => format!(", held-out {what} {held_out:.4}"),
            (None, None) => String::new(),
        };
        let spent = self.start.elapsed();
        let done = self.share_done - self.share_at_start.unwrap_or(0.0);
        let time = match last {
            true => format!("{} in all", HumanDuration(spent)),
            // The first step of a process has no information about its speed.
            false if done <= 0.0 => "no estimate yet".into(),
            false => {
                let left = spent.mul_f64(((1.0 - self.share_done) / done).min(1e6));
                let at_most = if measure == Measure::LogLikelihood { "at most" } else { "about" };
                format!("{at_most} {} left", HumanDuration(left))
            }
        };
        let (label, epochs) = (self.label(stage), stage.epochs);
        let circuit = circuit.map_or(String::new(), |(number, of)| format!(", circuit {number} of {of}"));
        eprintln!("{label}{circuit}: epoch {epoch}/{epochs}, {what} {training:.4}{per}{held_out}, {time}");
    }

    fn end(&self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.end();
    }
}

impl Progress for Display {
    fn on_begin(&mut self) {
        if !matches!(self.kind, Kind::Nothing) {
            eprint!("{}", self.introduction);
        }
    }

    fn on_stage(&mut self, stage: &Stage) {
        self.begin(stage);
    }

    fn on_batch(&mut self, stage: &Stage, report: &BatchReport) {
        self.step(stage, report);
    }

    fn on_epoch(&mut self, stage: &Stage, progress: &EpochProgress) {
        self.epoch(stage, progress);
    }

    fn on_stage_end(&mut self, stage: &Stage) {
        self.shares.remove(&stage.number);
    }

    fn on_end(&mut self) {
        self.end();
    }
}

/// An observer for each training of an experiment, given its label and its number of epochs.
pub fn trainings(quiet: bool) -> impl Fn(&str, usize) -> Box<dyn Observer> {
    move |label, epochs| {
        let mut display = Display::new(String::new(), quiet);
        display.begin(&only(label, epochs));
        Box::new(Training { display, label: label.to_owned(), epochs })
    }
}

/// The only stage of an experiment's training.
fn only(name: &str, epochs: usize) -> Stage<'_> {
    Stage { name, number: 1, of: 1, epochs, finished: 0 }
}

/// Shows the progress of a single network's training.
struct Training {
    display: Display,
    label: String,
    epochs: usize,
}

impl Observer for Training {
    fn on_batch(&mut self, report: &BatchReport) -> ControlFlow<()> {
        self.display.step(&only(&self.label, self.epochs), report);
        ControlFlow::Continue(())
    }

    fn on_epoch(
        &mut self,
        report: &EpochReport,
        _checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
    ) -> Result<ControlFlow<()>, UgmmError> {
        self.display.epoch(&only(&self.label, self.epochs), &report.into());
        Ok(ControlFlow::Continue(()))
    }
}
