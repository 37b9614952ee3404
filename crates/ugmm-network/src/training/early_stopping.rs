//! Early stopping by the loss on validation rows.

use serde::{Deserialize, Serialize};

/// Stops training when the loss on the validation rows has not decreased for `patience` epochs, and keeps the
/// network with the smallest loss (Prechelt 1998).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without a smaller loss after which training stops, at least 1.
    pub patience: usize,
}

/// The best network so far, by the loss on validation rows.
pub(super) struct Best<N> {
    patience: usize,
    /// The last epoch whose network does not count; 0 if all count.
    pub(super) from: usize,
    pub(super) found: Option<Found<N>>,
}

pub(super) struct Found<N> {
    pub(super) epoch: usize,
    pub(super) loss: f64,
    /// The network after that epoch: without autodiff, and not settled.
    pub(super) network: N,
}

impl<N> Best<N> {
    pub(super) fn new(settings: EarlyStopping) -> Self {
        Self { patience: settings.patience, from: 0, found: None }
    }

    /// Records the loss after `epoch`, counted from 1, and returns whether to stop. NaN is never a better
    /// loss.
    pub(super) fn is_enough(&mut self, epoch: usize, loss: f64, network: impl FnOnce() -> N) -> bool {
        let better = match &self.found {
            Some(found) => loss < found.loss,
            None => !loss.is_nan(),
        };
        if better {
            self.found = Some(Found { epoch, loss, network: network() });
        }
        self.ends_after(epoch)
    }

    /// Whether training stops after `epoch`, counted from 1; 0 is the state before the first epoch.
    pub(super) fn ends_after(&self, epoch: usize) -> bool {
        epoch - self.found.as_ref().map_or(self.from, |found| found.epoch) >= self.patience
    }

    pub(super) fn into_network(self) -> Option<(N, usize)> {
        self.found.map(|found| (found.network, found.epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_after_so_many_epochs_without_a_smaller_loss() {
        let losses = [3.0, 2.0, 2.5, 1.0, 1.0, f64::NAN, 1.5, 0.5];
        let mut best = Best::new(EarlyStopping { patience: 3 });
        let stopped = losses.iter().enumerate().position(|(index, &loss)| {
            let epoch = index + 1;
            best.is_enough(epoch, loss, || epoch * 10)
        });
        assert_eq!(stopped, Some(6));
        assert_eq!(best.into_network(), Some((40, 4)));
    }
}
