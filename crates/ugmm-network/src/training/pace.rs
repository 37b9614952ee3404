//! How many steps there is time for.

use std::time::{Duration, Instant};

/// Time after which the pace is known well enough to plan by.
const KNOWN_AFTER: Duration = Duration::from_millis(200);

/// The pace of a training that may have to end at a deadline.
pub(super) struct Pace {
    /// Steps, if there is time for all.
    pub planned: usize,
    pub deadline: Option<Instant>,
    pub start: Instant,
    /// Steps that were done before, in an earlier run.
    pub first_step: usize,
}

impl Pace {
    /// Steps of the whole training, as it looks after `step` steps: what a schedule goes by, so that it ends with the time.
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
        // Nothing is known at first.
        assert_eq!(total_steps(40, start), 1000);
        assert_eq!(total_steps(41, after(0.1)), 1000);
        // A hundred steps in two seconds, so four hundred more in the eight that are left.
        assert_eq!(total_steps(140, after(2.0)), 540);
        // It goes faster than that, so that there is time for all, or stands still.
        assert_eq!(total_steps(540, after(3.0)), 1000);
        assert_eq!(total_steps(141, after(9.9)), 142);
        // The time is over.
        assert_eq!(total_steps(142, after(10.0)), 142);
        assert_eq!(total_steps(142, after(11.0)), 142);
        assert_eq!(Pace { deadline: None, ..pace }.total_steps(142), 1000);
    }
}
