//! Learning-rate schedules.

use crate::UgmmError;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The learning rate over the course of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// A constant learning rate.
    Constant {
        /// The learning rate; positive.
        learning_rate: f64,
    },
    /// Multiplied by `factor` after each of the given numbers of epochs (the paper's schedule for MNIST).
    MultiStep {
        /// Initial learning rate; positive.
        learning_rate: f64,
        /// Numbers of finished epochs at which the rate changes, ascending.
        milestones: Vec<usize>,
        /// Factor of each change, in (0, 1].
        factor: f64,
    },
    /// Linear warm-up, then half a cosine down to `learning_rate × final_fraction` (Loshchilov and Hutter 2017).
    Cosine {
        /// Learning rate at the end of the warm-up; positive.
        learning_rate: f64,
        /// Number of steps of the warm-up.
        warmup_steps: usize,
        /// Final learning rate as a fraction of `learning_rate`, in [0, 1].
        final_fraction: f64,
    },
}

/// The position in a training, on which a schedule depends.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Number of finished epochs.
    pub epoch: usize,
    /// Number of finished steps, over all epochs.
    pub step: usize,
    /// Number of steps of the whole training.
    pub total_steps: usize,
}

impl Schedule {
    /// The learning rate of the next step.
    #[must_use]
    pub fn learning_rate(&self, position: Position) -> f64 {
        match self {
            Self::Constant { learning_rate } => *learning_rate,
            Self::MultiStep { learning_rate, milestones, factor } => {
                let passed = milestones.iter().filter(|&&milestone| milestone <= position.epoch).count();
                learning_rate * factor.powi(passed as i32)
            }
            Self::Cosine { learning_rate, warmup_steps, final_fraction } => {
                if position.step < *warmup_steps {
                    return learning_rate * (position.step + 1) as f64 / *warmup_steps as f64;
                }
                let steps = position.total_steps.saturating_sub(*warmup_steps).max(1);
                let progress = ((position.step - warmup_steps) as f64 / steps as f64).min(1.0);
                let height = 0.5 * (1.0 + (PI * progress).cos());
                learning_rate * (final_fraction + (1.0 - final_fraction) * height)
            }
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`UgmmError::Setting`] for the first setting that is out of its range.
    pub(super) fn check(&self) -> Result<(), UgmmError> {
        let (Self::Constant { learning_rate }
        | Self::MultiStep { learning_rate, .. }
        | Self::Cosine { learning_rate, .. }) = self;
        if !(*learning_rate > 0.0 && learning_rate.is_finite()) {
            return Err(UgmmError::setting("learning_rate", learning_rate, "positive and finite"));
        }
        match self {
            Self::Constant { .. } => Ok(()),
            Self::MultiStep { milestones, factor, .. } => {
                if !milestones.is_sorted() {
                    return Err(UgmmError::setting(
                        "milestones",
                        format!("{milestones:?}"),
                        "in ascending order",
                    ));
                }
                match *factor > 0.0 && *factor <= 1.0 {
                    true => Ok(()),
                    false => Err(UgmmError::setting("factor", factor, "positive and at most 1")),
                }
            }
            Self::Cosine { final_fraction, .. } => match (0.0..=1.0).contains(final_fraction) {
                true => Ok(()),
                false => Err(UgmmError::setting("final_fraction", final_fraction, "between 0 and 1")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: usize, step: usize) -> Position {
        Position { epoch, step, total_steps: 1100 }
    }

    #[test]
    fn multi_step_falls_after_each_milestone() {
        let schedule = Schedule::MultiStep { learning_rate: 1e-2, milestones: vec![20, 45, 60], factor: 0.1 };
        for (epoch, expected) in [(0, 1e-2), (19, 1e-2), (20, 1e-3), (44, 1e-3), (45, 1e-4), (99, 1e-5)] {
            let rate = schedule.learning_rate(at(epoch, 0));
            assert!((rate / expected - 1.0).abs() < 1e-12, "epoch {epoch}: {rate}");
        }
    }

    #[test]
    fn cosine_warms_up_and_ends_at_its_final_fraction() {
        let schedule = Schedule::Cosine { learning_rate: 2.0, warmup_steps: 100, final_fraction: 0.25 };
        for (step, expected) in [(0, 0.02), (99, 2.0), (100, 2.0), (600, 1.25), (1100, 0.5)] {
            let rate = schedule.learning_rate(at(0, step));
            assert!((rate - expected).abs() < 1e-12, "step {step}: {rate}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let schedule = Schedule::MultiStep { learning_rate: 0.1, milestones: vec![2, 1], factor: 0.1 };
        assert_eq!(
            schedule.check().unwrap_err().to_string(),
            "milestones is [2, 1], but must be in ascending order"
        );
        let error = Schedule::Constant { learning_rate: f64::NAN }.check().unwrap_err();
        assert_eq!(error.to_string(), "learning_rate is NaN, but must be positive and finite");
    }
}
