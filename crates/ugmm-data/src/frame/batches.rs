//! Arrow's batches of rows, cut into blocks.

use arrow_array::RecordBatch;

use super::block::Block;
use super::error::FrameError;

/// Cuts batches of any length into blocks, and counts their rows.
#[derive(Default)]
pub(super) struct Cutter {
    /// Rows of the last batch that are in no block yet.
    left: Option<RecordBatch>,
    /// Rows in blocks so far.
    rows: usize,
}

impl Cutter {
    /// The next rows, at most `most_rows`, of this batch and those that `fetch` returns; `None` where it does. The batches have the
    /// selected columns, in the order of the selection.
    pub(super) fn next(
        &mut self,
        most_rows: usize,
        mut fetch: impl FnMut() -> Result<Option<RecordBatch>, FrameError>,
    ) -> Result<Option<Block>, FrameError> {
        let batch = loop {
            let Some(batch) = self.left.take().map_or_else(&mut fetch, |left| Ok(Some(left)))? else {
                return Ok(None);
            };
            if batch.num_rows() > 0 {
                break batch;
            }
        };
        let count = batch.num_rows().min(most_rows);
        if count < batch.num_rows() {
            self.left = Some(batch.slice(count, batch.num_rows() - count));
        }
        let rows = (self.rows + 1..=self.rows + count).collect();
        self.rows += count;
        let columns = batch.columns().iter().map(|column| column.slice(0, count)).collect();
        Ok(Some(Block { rows, columns }))
    }
}
