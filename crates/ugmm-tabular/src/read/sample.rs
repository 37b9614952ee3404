//! A random sample of the rows of a table of any size.

use super::TableReader;
use crate::error::TabularError;
use rand::Rng;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use ugmm_network::random::{Stream, generator, index};

/// Rows of a table, drawn at random without replacement, in their order in the table. Memory is needed for the sample
/// only.
#[derive(Clone, Debug)]
pub struct RowSample {
    /// The values of the model's columns, `[rows, columns]`, row-major, as a [`TableReader`] returns them.
    pub values: Vec<f64>,
    /// Index of each row among all rows that could be drawn, ascending.
    pub places: Vec<usize>,
    /// Number of rows that could be drawn.
    pub of: usize,
    /// Number of rows left out because their target is missing; 0 if the target is not needed.
    pub without_target: usize,
    /// Number of rows left out because they have no value that the model uses.
    pub without_values: usize,
}

impl RowSample {
    /// Draws at most `most` of the rows `[rows, width]` by reservoir sampling (Vitter 1985, algorithm R). `seed`
    /// determines the draw.
    pub fn draw<'r>(rows: impl Iterator<Item = &'r [f64]>, most: NonZeroUsize, seed: u64) -> Self {
        let mut reservoir = Reservoir::new(most, generator(seed, Stream::RowSampling));
        rows.for_each(|row| reservoir.add(row));
        reservoir.sample()
    }

    /// Draws at most `most` of the rows of a table that can be predicted and, if the reader reads the target, have a
    /// target. `seed` determines the draw. `stop` ends the reading when it becomes true.
    ///
    /// # Errors
    ///
    /// Returns the errors of the reader, an error for a class that training did not have, and
    /// [`TabularError::Interrupted`].
    pub fn read(
        reader: &mut TableReader,
        most: NonZeroUsize,
        seed: u64,
        stop: &AtomicBool,
    ) -> Result<Self, TabularError> {
        let mut reservoir = Reservoir::new(most, generator(seed, Stream::RowSampling));
        let (mut without_target, mut without_values) = (0, 0);
        let (model, needs_target) = (reader.model, reader.has_target());
        while let Some(batch) = reader.next() {
            let batch = batch?;
            if stop.load(Ordering::Relaxed) {
                return Err(TabularError::Interrupted { checkpoint: None });
            }
            reader.check_classes(&batch)?;
            for row in batch.iter() {
                let has_target = row.last().is_some_and(|target| !target.is_nan());
                match (has_target || !needs_target, model.is_predictable(row)) {
                    (false, _) => without_target += 1,
                    (true, false) => without_values += 1,
                    (true, true) => reservoir.add(row),
                }
            }
        }
        Ok(Self { without_target, without_values, ..reservoir.sample() })
    }

    /// Number of rows in the sample.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.places.len()
    }
}

/// The rows drawn so far, each with its index.
struct Reservoir<R> {
    kept: Vec<(usize, Vec<f64>)>,
    seen: usize,
    most: usize,
    rng: R,
}

impl<R: Rng> Reservoir<R> {
    fn new(most: NonZeroUsize, rng: R) -> Self {
        Self { kept: Vec::new(), seen: 0, most: most.get(), rng }
    }

    fn add(&mut self, row: &[f64]) {
        let row = (self.seen, row.to_vec());
        self.seen += 1;
        if self.kept.len() < self.most {
            self.kept.push(row);
            return;
        }
        let place = index(&mut self.rng, self.seen);
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = row;
        }
    }

    fn sample(mut self) -> RowSample {
        self.kept.sort_by_key(|(place, _)| *place);
        let (places, rows): (Vec<usize>, Vec<Vec<f64>>) = self.kept.into_iter().unzip();
        let (of, values) = (self.seen, rows.concat());
        RowSample { values, places, of, without_target: 0, without_values: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_drawn_equally_often() {
        let rows: Vec<f64> = (0..40).map(f64::from).collect();
        let draw = |seed| RowSample::draw(rows.chunks(2), NonZeroUsize::new(5).unwrap(), seed);
        let mut counts = [0usize; 20];
        for seed in 0..4000 {
            let sample = draw(seed);
            assert_eq!((sample.rows(), sample.of, sample.values.len()), (5, 20, 10));
            assert!(sample.places.is_sorted_by(|a, b| a < b));
            for (&place, row) in sample.places.iter().zip(sample.values.chunks(2)) {
                assert_eq!(row, &rows[2 * place..][..2]);
                counts[place] += 1;
            }
        }
        // 1000 are expected of each, with a standard deviation of 27.
        assert!(counts.iter().all(|count| (870..=1130).contains(count)), "{counts:?}");
        assert_eq!(draw(3).places, draw(3).places);
        let all = RowSample::draw(rows.chunks(2), NonZeroUsize::new(20).unwrap(), 1);
        assert_eq!((all.values, all.places), (rows, (0..20).collect()));
    }
}
