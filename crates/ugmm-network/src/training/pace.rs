//! The number of steps that fit before a deadline.

use std::time::{Duration, Instant};

/// Time after which the pace is known well enough for a prediction.
const KNOWN_AFTER: Duration = Duration::from_millis(200);

/// The pace of a training that may have a deadline.
pub(super) struct Pace {
    /// Number of steps without a deadline.
    pub planned: usize,
    pub deadline: Option<Instant>,
    pub start: Instant,
    /// Number of steps finished in an earlier run.
    pub first_step: usize,
}

impl Pace {
    /// Expected number of steps of the whole training after `step` steps; a schedule that uses it ends at the
    /// deadline.
    pub(super) fn total_steps(&self, step: usize) -> usize {
        self.deadline.map_or(self.planned, |deadline| self.steps_by(deadline, step, Instant::now()))
    }

    fn steps_by(&self, deadline: Instant, step: usize, now: Instant) -> usize {
        let left = deadline.saturating_duration_since(now);
        if left.is_zero() {
            return step.min(self.planned);
        }
        let taken = now.saturating_duration_since(self.start);
        let steps = step - self.first_step;
        if taken < KNOWN_AFTER || steps == 0 {
            return self.planned;
        }
        let in_time = left.as_secs_f64() / taken.as_secs_f64() * steps as f64;
        self.planned.min(step.saturating_add(in_time as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_is_shortened_to_its_time() {
        let start = Instant::now();
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let deadline = after(10.0);
        let pace = Pace { planned: 1000, deadline: Some(deadline), start, first_step: 40 };
        let total_steps = |step, now| pace.steps_by(deadline, step, now);
        // The pace is unknown at first.
        assert_eq!(total_steps(40, start), 1000);
        assert_eq!(total_steps(41, after(0.1)), 1000);
        // The pace is a hundred steps in two seconds, so that four hundred more fit into the remaining eight.
        assert_eq!(total_steps(140, after(2.0)), 540);
        // With a higher pace there is time for all steps; with a much lower one, for one more.
        assert_eq!(total_steps(540, after(3.0)), 1000);
        assert_eq!(total_steps(141, after(9.9)), 142);
        // The deadline has passed.
        assert_eq!(total_steps(142, after(10.0)), 142);
        assert_eq!(total_steps(142, after(11.0)), 142);
        assert_eq!(Pace { deadline: None, ..pace }.total_steps(142), 1000);
    }
}
