//! The order of rows.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The rows in a new order in each epoch, divided into batches of nearly equal sizes.
pub(super) struct Batches {
    order: Vec<u32>,
    count: usize,
}

impl Batches {
    pub(super) fn new(rows: usize, size: usize) -> Self {
        Self { order: (0..rows as u32).collect(), count: rows.div_ceil(size).max(1) }
    }

    /// Number of rows in the largest batch.
    pub(super) fn largest(&self) -> usize {
        self.order.len().div_ceil(self.count)
    }

    /// Number of batches.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn shuffle(&mut self, rng: &mut ChaCha8Rng) {
        self.order.shuffle(rng);
    }

    /// The row indices of one batch.
    pub(super) fn get(&self, number: usize) -> &[u32] {
        let edge = |number: usize| number * self.order.len() / self.count;
        &self.order[edge(number)..edge(number + 1)]
    }
}
