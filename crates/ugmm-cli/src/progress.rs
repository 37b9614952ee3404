//! Progress of training on standard error: a bar on a terminal, lines elsewhere.

use crate::output::percent;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
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

/// Shows the progress of consecutive trainings.
pub struct Display {
    /// Text that is printed before training begins.
    introduction: String,
    kind: Kind,
    label: String,
    epochs: usize,
    /// Number of finished trainings.
    before: usize,
    /// Number of all trainings.
    of: usize,
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
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {msg}, {eta} left")
                    .expect("the template is a constant"),
            );
            Kind::Bar(bar)
        } else {
            Kind::Lines { next: start + FIRST_LINE }
        };
        let (label, epochs, share_done, share_at_start) = (String::new(), 0, 0.0, None);
        Self { introduction, kind, label, epochs, before: 0, of: 1, share_done, share_at_start, start }
    }

    fn begin(&mut self, label: &str, epochs: usize, before: usize, of: usize) {
        (self.label, self.epochs, self.before, self.of) = (label.to_owned(), epochs, before, of);
        if let Kind::Bar(bar) = &self.kind {
            bar.set_prefix(self.label.clone());
        }
    }

    fn step(&mut self, report: &BatchReport) {
        let of_this = report.step as f64 / report.total_steps.max(1) as f64;
        self.share_done = (self.before as f64 + of_this) / self.of as f64;
        self.share_at_start.get_or_insert(self.share_done);
        if let Kind::Bar(bar) = &self.kind {
            bar.set_length((report.total_steps * self.of) as u64);
            bar.set_message(format!("loss {:.4}", report.loss));
            bar.set_position((report.total_steps * self.before + report.step) as u64);
        }
    }

    fn epoch(&mut self, progress: &EpochProgress) {
        let &EpochProgress { epoch, circuit, measure, training, held_out, accuracy } = progress;
        let (what, per) = match measure {
            Measure::Loss => ("loss", ""),
            Measure::LogLikelihood => ("log-likelihood", " per row"),
        };
        if measure == Measure::LogLikelihood {
            // A density reports no steps within an epoch.
            let of_this = epoch as f64 / self.epochs.max(1) as f64;
            self.share_done = (self.before as f64 + of_this.min(1.0)) / self.of as f64;
            self.share_at_start.get_or_insert(self.share_done);
            if let Kind::Bar(bar) = &self.kind {
                bar.set_length((self.epochs * self.of) as u64);
                let circuit =
                    circuit.map_or(String::new(), |(number, of)| format!("circuit {number} of {of}, "));
                bar.set_message(format!("{circuit}{what} {training:.4}"));
                bar.set_position((self.epochs * self.before + epoch) as u64);
            }
        }
        let last = epoch == self.epochs && self.before + 1 == self.of;
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
        let (label, epochs) = (&self.label, self.epochs);
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
        self.begin(stage.name, stage.epochs, stage.number - 1, stage.of);
    }

    fn on_batch(&mut self, report: &BatchReport) {
        self.step(report);
    }

    fn on_epoch(&mut self, progress: &EpochProgress) {
        self.epoch(progress);
    }

    fn on_end(&mut self) {
        self.end();
    }
}

/// An observer for each training of an experiment, given its label and its number of epochs.
pub fn trainings(quiet: bool) -> impl Fn(&str, usize) -> Box<dyn Observer> {
    move |label, epochs| {
        let mut display = Display::new(String::new(), quiet);
        display.begin(label, epochs, 0, 1);
        Box::new(Training(display))
    }
}

/// Shows the progress of a single network's training.
struct Training(Display);

impl Observer for Training {
    fn on_batch(&mut self, report: &BatchReport) -> ControlFlow<()> {
        self.0.step(report);
        ControlFlow::Continue(())
    }

    fn on_epoch(
        &mut self,
        report: &EpochReport,
        _checkpoint: &dyn Fn() -> Result<Checkpoint, UgmmError>,
    ) -> Result<ControlFlow<()>, UgmmError> {
        self.0.epoch(&report.into());
        Ok(ControlFlow::Continue(()))
    }
}
