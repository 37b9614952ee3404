//! The losses of steps. A processor has each of them at once; a GPU is asked for them once in a while only, since it would
//! stand still at every question.

use burn::tensor::Tensor;

/// Steps between two questions.
const STEPS_PER_READING: usize = 16;

/// The loss of a step.
#[allow(clippy::large_enum_variant, reason = "one at a time, and gone at once")]
pub(super) enum StepLoss {
    Known(f32),
    /// `[1]`, on its device.
    OnDevice(Tensor<1>),
}

/// A loss that is not finite, and the batch that it is of.
pub(super) struct NotFinite {
    pub(super) batch: usize,
    pub(super) loss: f32,
}

/// The losses of an epoch.
#[derive(Default)]
pub(super) struct Losses {
    /// Not read yet, with the batch and its rows.
    pending: Vec<(Tensor<1>, usize, usize)>,
    /// Σ loss · rows.
    sum: f64,
    rows: usize,
    latest: Option<f32>,
}

impl Losses {
    /// Takes the loss of a batch of so many rows; batches count from 1.
    pub(super) fn add(&mut self, loss: StepLoss, batch: usize, rows: usize) -> Result<(), NotFinite> {
        match loss {
            StepLoss::Known(loss) => self.take(loss, batch, rows),
            StepLoss::OnDevice(loss) => {
                self.pending.push((loss, batch, rows));
                if self.latest.is_some() && self.pending.len() < STEPS_PER_READING {
                    return Ok(());
                }
                self.read()
            }
        }
    }

    /// Reads what is pending.
    pub(super) fn read(&mut self) -> Result<(), NotFinite> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let losses = Tensor::cat(pending.iter().map(|(loss, ..)| loss.clone()).collect(), 0);
        for (loss, (_, batch, rows)) in crate::init::host_values(&losses).into_iter().zip(pending) {
            self.take(loss, batch, rows)?;
        }
        Ok(())
    }

    fn take(&mut self, loss: f32, batch: usize, rows: usize) -> Result<(), NotFinite> {
        if !loss.is_finite() {
            return Err(NotFinite { batch, loss });
        }
        self.sum += f64::from(loss) * rows as f64;
        self.rows += rows;
        self.latest = Some(loss);
        Ok(())
    }

    /// The last one that is known.
    pub(super) fn latest(&self) -> f32 {
        self.latest.unwrap_or(f32::NAN)
    }

    /// Σ loss · rows / Σ rows of those that are known.
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.rows as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn on_device(loss: f32) -> StepLoss {
        StepLoss::OnDevice(Tensor::from_floats([loss], &Device::flex()))
    }

    #[test]
    fn losses_on_a_device_come_in_order_and_none_is_lost() {
        let (mut known, mut asked) = (Losses::default(), Losses::default());
        for batch in 1..=40 {
            let loss = (batch as f32).sin();
            assert!(known.add(StepLoss::Known(loss), batch, batch % 3 + 1).is_ok());
            assert!(asked.add(on_device(loss), batch, batch % 3 + 1).is_ok());
        }
        assert!(asked.latest().is_finite());
        assert!(asked.read().is_ok());
        assert_eq!(asked.mean(), known.mean());
        assert_eq!(asked.latest(), known.latest());
    }

    #[test]
    fn the_batch_of_a_loss_that_is_no_number_is_named() {
        let mut losses = Losses::default();
        assert!(losses.add(on_device(1.0), 1, 1).is_ok());
        assert!(losses.add(on_device(f32::NAN), 2, 1).is_ok());
        assert!(losses.add(on_device(1.0), 3, 1).is_ok());
        assert_eq!(losses.read().err().unwrap().batch, 2);
        assert_eq!(losses.add(StepLoss::Known(f32::INFINITY), 4, 1).err().unwrap().batch, 4);
    }
}
