//! Progress of training: a bar on a terminal, plain lines elsewhere, both on standard error.

use crate::output::percent;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use ugmm::training::{BatchReport, EpochReport, Observer};

/// Time between plain lines: few enough for a log, often enough to see that it lives.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub struct Progress {
    label: String,
    epochs: usize,
    start: Instant,
    display: Display,
}

enum Display {
    Bar(ProgressBar),
    Lines { last: Instant, share_done: f64 },
}

impl Progress {
    /// Shows the training of `label` over so many epochs.
    pub fn new(label: impl Into<String>, epochs: usize) -> Self {
        let display = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{prefix} {wide_bar} {percent:>3} % {msg}, {eta} left")
                    .expect("the template is a constant"),
            );
            Display::Bar(bar)
        } else {
            Display::Lines { last: Instant::now(), share_done: 0.0 }
        };
        let progress = Self { label: label.into(), epochs, start: Instant::now(), display };
        if let Display::Bar(bar) = &progress.display {
            bar.set_prefix(progress.label.clone());
        }
        progress
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn on_batch(&mut self, report: &BatchReport) {
        match &mut self.display {
            Display::Bar(bar) => {
                if bar.length().is_none() {
                    bar.set_length(report.total_steps as u64);
                }
                bar.set_message(format!("loss {:.4}", report.loss));
                bar.set_position(report.step as u64);
            }
            Display::Lines { share_done, .. } => {
                *share_done = report.step as f64 / report.total_steps as f64;
            }
        }
    }

    fn on_epoch(&mut self, report: &EpochReport) -> ControlFlow<()> {
        if let Display::Lines { last, share_done } = &mut self.display
            && (last.elapsed() >= LINE_INTERVAL || report.epoch == self.epochs)
        {
            *last = Instant::now();
            let accuracy = report.validation.map_or(String::new(), |metrics| {
                format!(", held-out accuracy {} %", percent(metrics.accuracy, 2))
            });
            let left = self.start.elapsed().mul_f64((1.0 - *share_done) / share_done.max(f64::EPSILON));
            let left = match report.epoch == self.epochs {
                true => format!("{} in all", HumanDuration(self.start.elapsed())),
                false => format!("{} left", HumanDuration(left)),
            };
            let (label, epochs, epoch, loss) = (&self.label, self.epochs, report.epoch, report.training_loss);
            eprintln!("{label}: epoch {epoch}/{epochs}, loss {loss:.4}{accuracy}, {left}");
        }
        ControlFlow::Continue(())
    }
}
