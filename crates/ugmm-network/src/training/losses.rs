//! The losses of an epoch.

/// A loss that is not finite, and its batch.
pub(super) struct NotFinite {
    pub(super) batch: usize,
    pub(super) loss: f32,
}

/// The losses of an epoch. An engine may know the losses of some steps later, so that they are read now and
/// then.
#[derive(Default)]
pub(super) struct Losses {
    /// Number, from 1, and rows of each batch whose loss is not yet known.
    pending: Vec<(usize, usize)>,
    /// Σ loss · rows.
    sum: f64,
    rows: usize,
    latest: Option<f32>,
}

impl Losses {
    /// Records a batch by its number, from 1, and its rows.
    pub(super) fn add(&mut self, batch: usize, rows: usize) {
        self.pending.push((batch, rows));
    }

    /// Whether losses should be read now: none is known yet, or `steps_per_reading` are pending.
    pub(super) fn is_time_to_ask(&self, steps_per_reading: usize) -> bool {
        self.latest.is_none() || self.pending.len() >= steps_per_reading
    }

    /// Records the losses of all pending batches.
    pub(super) fn take(&mut self, losses: Vec<f32>) -> Result<(), NotFinite> {
        for ((batch, rows), loss) in std::mem::take(&mut self.pending).into_iter().zip(losses) {
            if !loss.is_finite() {
                return Err(NotFinite { batch, loss });
            }
            self.sum += f64::from(loss) * rows as f64;
            self.rows += rows;
            self.latest = Some(loss);
        }
        Ok(())
    }

    /// The latest known loss; NaN if there is none.
    pub(super) fn latest(&self) -> f32 {
        self.latest.unwrap_or(f32::NAN)
    }

    /// Σ loss · rows / Σ rows over the known losses.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.rows as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_that_come_later_come_in_order_and_none_is_lost() {
        let (mut at_once, mut later) = (Losses::default(), Losses::default());
        let mut waiting = Vec::new();
        for batch in 1..=40 {
            let loss = (batch as f32).sin();
            at_once.add(batch, batch % 3 + 1);
            assert!(at_once.take(vec![loss]).is_ok());
            later.add(batch, batch % 3 + 1);
            waiting.push(loss);
            if later.is_time_to_ask(16) {
                assert!(later.take(std::mem::take(&mut waiting)).is_ok());
            }
        }
        assert!(later.take(waiting).is_ok());
        assert_eq!(later.mean(), at_once.mean());
        assert_eq!(later.latest(), at_once.latest());
    }

    #[test]
    fn the_batch_of_a_loss_that_is_no_number_is_named() {
        let mut losses = Losses::default();
        (1..=3).for_each(|batch| losses.add(batch, 1));
        assert_eq!(losses.take(vec![1.0, f32::NAN, 1.0]).err().unwrap().batch, 2);
    }
}
