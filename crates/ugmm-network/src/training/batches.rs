//! The order of training rows, and the preparation of batches ahead of their use.

use super::{Augmentation, Batch, Dataset, TrainingConfig};
use crate::random::{Stream, generator};
use crate::{Checked, RowWeights};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::sync::mpsc::sync_channel;

/// Number of feature values per batch from which preparation in another thread pays.
const AHEAD_FROM: usize = 1 << 14;

/// An endless sequence of batches: all rows in a new random order in each epoch. The last batch of an epoch
/// may be smaller.
struct Batches<'a> {
    dataset: &'a Dataset,
    batch_size: usize,
    rng: ChaCha8Rng,
    augmentation: Option<Augmentation>,
    augmentation_rng: ChaCha8Rng,
    /// Factor of the row weights.
    scale: f64,
    order: Vec<usize>,
    next: usize,
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next == 0 {
            self.order.shuffle(&mut self.rng);
        }
        let end = (self.next + self.batch_size).min(self.order.len());
        let rows = &self.order[self.next..end];
        let mut batch = self.dataset.batch(rows);
        batch.weights.iter_mut().flatten().for_each(|weight| *weight *= self.scale);
        if let Some(augmentation) = &self.augmentation {
            let images = batch.x.chunks_mut(self.dataset.columns());
            images.for_each(|image| augmentation.apply(image, &mut self.augmentation_rng));
        }
        self.next = if end == self.order.len() { 0 } else { end };
        Some(batch)
    }
}

impl Batches<'_> {
    /// Draws the random numbers of a whole epoch without making batches.
    fn skip_round(&mut self) {
        self.order.shuffle(&mut self.rng);
        if let Some(augmentation) = &self.augmentation {
            let mut row = vec![0.0; self.dataset.columns()];
            self.order.iter().for_each(|_| augmentation.apply(&mut row, &mut self.augmentation_rng));
        }
    }
}

/// The factor of row weights with which their mean over all targets, weighted by class, is 1. The loss of all rows is
/// then a mean by row weight times class weight, although a batch is divided by its class weights only.
fn weight_scale(dataset: &Dataset, class_weights: Option<&[f64]>) -> f64 {
    let (Some(of_classes), Some(of_targets)) = (class_weights, dataset.target_weights()) else { return 1.0 };
    let of_classes: Vec<f64> = dataset.labels().iter().map(|&label| of_classes[label]).collect();
    let both: f64 = of_classes.iter().zip(of_targets).map(|(class, row)| class * row).sum();
    RowWeights(Some(&of_classes)).sum(of_classes.len()) / both
}

/// Calls `consume` with the batches of `dataset` after a number of finished epochs. Another thread prepares
/// large batches, one ahead.
pub(super) fn with_batches<Output>(
    dataset: &Dataset,
    config: &Checked<TrainingConfig>,
    skipped_rounds: usize,
    consume: impl FnOnce(&mut dyn Iterator<Item = Batch>) -> Output,
) -> Output {
    let TrainingConfig { batch_size, seed, augmentation, .. } = **config;
    let mut batches = Batches {
        dataset,
        batch_size,
        rng: generator(seed, Stream::Shuffling),
        augmentation,
        augmentation_rng: generator(seed, Stream::Augmentation),
        scale: weight_scale(dataset, config.class_weights.as_deref()),
        order: (0..dataset.rows()).collect(),
        next: 0,
    };
    (0..skipped_rounds).for_each(|_| batches.skip_round());
    if batch_size.saturating_mul(dataset.columns()) < AHEAD_FROM {
        return consume(&mut batches);
    }
    std::thread::scope(|scope| {
        // The channel holds nothing: while one batch is in use, the thread holds the next.
        let (sender, receiver) = sync_channel(0);
        scope.spawn(move || {
            for batch in batches {
                // The receiver is dropped when training ends, early or not.
                if sender.send(batch).is_err() {
                    break;
                }
            }
        });
        consume(&mut receiver.into_iter())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;
    use crate::training::{Features, Targets};

    /// Labels of the first batches, for rows with this number of columns.
    fn labels(columns: usize, seed: u64) -> Vec<Vec<usize>> {
        labels_after(0, columns, seed)
    }

    fn labels_after(skipped_rounds: usize, columns: usize, seed: u64) -> Vec<Vec<usize>> {
        let rows = 10;
        let features = Features::Bytes { values: vec![1; rows * columns], scale: 1.0 };
        let dataset = Dataset::new(features, columns, (0..rows).collect(), rows).unwrap();
        let config = TrainingConfig { batch_size: 4, ..TrainingConfig::new(seed, 1) }.checked().unwrap();
        with_batches(&dataset, &config, skipped_rounds, |batches| {
            let labels = |Batch { x, targets, .. }: Batch| {
                let Targets::Classes(labels) = targets else { panic!("the rows have classes") };
                assert_eq!(x.len(), labels.len() * columns);
                labels
            };
            batches.take(9).map(labels).collect()
        })
    }

    #[test]
    fn every_round_meets_every_row_once_in_another_order() {
        let batches = labels(1, 3);
        let rounds: Vec<Vec<usize>> = batches.chunks(3).map(<[_]>::concat).collect();
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert!(rounds[0] != rounds[1] && rounds[1] != rounds[2]);
        assert!(labels(1, 4) != batches);
    }

    #[test]
    fn skipped_rounds_leave_the_others_as_they_are() {
        assert_eq!(labels_after(1, 1, 3)[..6], labels(1, 3)[3..]);
        // The draws of augmentation are skipped too.
        let mut dataset = Dataset::new(Features::F32((0..40).map(|i| i as f32).collect()), 4, vec![0; 10], 1);
        let dataset = dataset.as_mut().unwrap();
        let shift = Augmentation::Shift { height: 2, width: 2, most: 1 };
        let config = TrainingConfig { batch_size: 4, augmentation: Some(shift), ..TrainingConfig::new(1, 1) }
            .checked()
            .unwrap();
        let values = |skipped: usize, first: usize| {
            with_batches(dataset, &config, skipped, |batches| {
                let values = |batch: Batch| batch.x;
                batches.skip(first).take(3).map(values).collect::<Vec<_>>()
            })
        };
        assert_eq!(values(2, 0), values(0, 6));
    }

    #[test]
    fn making_batches_ahead_changes_nothing() {
        assert_eq!(labels(AHEAD_FROM, 3), labels(1, 3));
    }
}
