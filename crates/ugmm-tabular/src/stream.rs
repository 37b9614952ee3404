//! The rows of a file, however many, as a model wants them.

use crate::error::TabularError;
use crate::model::TabularModel;
use std::path::{Path, PathBuf};
use ugmm_data::Encoded;
use ugmm_data::frame::{FrameReader, ReadOptions, Values};

/// Reads a file batch by batch.
pub struct ModelReader<'m> {
    path: PathBuf,
    model: &'m TabularModel,
    with_target: bool,
    frames: FrameReader,
}

/// Consecutive rows.
pub struct Batch {
    /// Row-major, `[rows, inputs]`; NaN where a value is missing.
    pub inputs: Vec<f32>,
    /// Where each row is in the file, for messages.
    pub rows: Vec<usize>,
    /// What was met.
    pub encoded: Encoded,
    /// The target column, where it was asked for: texts for classes, numbers for numbers.
    pub target: Option<Values>,
}

impl<'m> ModelReader<'m> {
    /// Opens a file ("-" is standard input) to predict its rows, or, `with_target`, to compare predictions with its target
    /// column, so many rows at a time.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or lacks columns, which are then all named; what is wrong with a row comes from the
    /// iterator.
    pub fn open(
        path: &Path,
        model: &'m TabularModel,
        with_target: bool,
        options: &ReadOptions,
        batch_rows: usize,
    ) -> Result<Self, TabularError> {
        let mut requests = model.preprocessor().requests();
        if with_target {
            requests.push(model.target_request().clone());
        }
        let frames = FrameReader::open(path, &requests, options, batch_rows)?;
        Ok(Self { path: path.to_path_buf(), model, with_target, frames })
    }
}

impl Iterator for ModelReader<'_> {
    type Item = Result<Batch, TabularError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut frame = match self.frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.into())),
        };
        let preprocessor = self.model.preprocessor();
        let mut inputs = Vec::new();
        let target = if self.with_target { frame.columns.pop() } else { None };
        let encoded = preprocessor.append(&frame, &mut inputs);
        let width = preprocessor.inputs();
        let takes_missing_values = self.model.takes_missing_values();
        let lacking = |row: &[f32]| match takes_missing_values {
            true => row.iter().all(|value| value.is_nan()),
            false => row.iter().any(|value| value.is_nan()),
        };
        if let Some(index) = inputs.chunks(width).position(lacking) {
            let (file, row) = (self.path.clone(), frame.rows[index]);
            if takes_missing_values {
                return Some(Err(TabularError::EmptyRow { file, row }));
            }
            let place = inputs[index * width..][..width].iter().position(|value| value.is_nan());
            let column = preprocessor.names().swap_remove(place.unwrap_or(0));
            return Some(Err(TabularError::NeedsEveryValue { file, row, column }));
        }
        Some(Ok(Batch { inputs, rows: frame.rows, encoded, target }))
    }
}
