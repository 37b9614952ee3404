//! What a model reads of a file.

use crate::error::CliError;
use std::path::{Path, PathBuf};
use ugmm::model_file::SavedModel;
use ugmm_data::frame::{FrameReader, ReadOptions, Request, Values};
use ugmm_data::{Encoded, Encoder};

/// Rows that are read at a time: enough to keep the kernels busy.
const BATCH_ROWS: usize = 4096;

/// The rows of a file in batches, as a model wants them.
pub struct ModelReader {
    path: PathBuf,
    encoder: Encoder,
    with_target: bool,
    takes_missing_values: bool,
    frames: FrameReader,
}

/// Consecutive rows.
pub struct Batch {
    /// Row-major, `[rows, features]`; NaN where a value is missing.
    pub features: Vec<f32>,
    /// The target column's text, where it was asked for; `None` in a row without one.
    pub labels: Vec<Option<String>>,
    /// Where each row is in the file, for messages.
    pub rows: Vec<usize>,
    pub encoded: Encoded,
}

impl ModelReader {
    /// Opens a file to predict its rows, or, `with_target`, to compare predictions with its target column.
    pub fn open(
        path: &Path,
        model_path: &Path,
        saved: &SavedModel,
        with_target: bool,
        options: &ReadOptions,
    ) -> Result<Self, CliError> {
        let encoder = encoder(model_path, saved)?;
        let mut requests = encoder.requests().to_vec();
        if with_target {
            requests.push(Request::text(&saved.columns.target));
        }
        let frames = FrameReader::open(path, &requests, options, BATCH_ROWS)?;
        let takes_missing_values = ugmm::Network::takes_missing_values(&saved.model);
        Ok(Self { path: path.to_path_buf(), encoder, with_target, takes_missing_values, frames })
    }
}

/// How the model makes its features of a table's columns.
fn encoder(model_path: &Path, saved: &SavedModel) -> Result<Encoder, CliError> {
    let columns = &saved.columns;
    let encoder = match &columns.reading {
        None => Encoder::numbers(&columns.features),
        Some(reading) => serde_json::from_value(reading.clone()).map_err(|error| CliError::Reading {
            path: model_path.to_path_buf(),
            reason: error.to_string(),
        })?,
    };
    if encoder.names() != columns.features {
        let reason = "they do not make the model's features".into();
        return Err(CliError::Reading { path: model_path.to_path_buf(), reason });
    }
    Ok(encoder)
}

impl Iterator for ModelReader {
    type Item = Result<Batch, CliError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut frame = match self.frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.into())),
        };
        let mut features = Vec::new();
        let encoded = self.encoder.encode(&frame, &mut features);
        let labels = match frame.columns.pop() {
            Some(Values::Text(labels)) if self.with_target => labels,
            _ => Vec::new(),
        };
        let width = features.len() / frame.rows.len().max(1);
        let lacking = |row: &[f32]| match self.takes_missing_values {
            true => row.iter().all(|value| value.is_nan()),
            false => row.iter().any(|value| value.is_nan()),
        };
        if let Some(index) = features.chunks(width.max(1)).position(lacking) {
            let (path, row) = (self.path.clone(), frame.rows[index]);
            if self.takes_missing_values {
                return Some(Err(CliError::EmptyRow { path, row }));
            }
            let row_values = &features[index * width..][..width];
            let place = row_values.iter().position(|value| value.is_nan()).unwrap_or(0);
            let column = self.encoder.names().swap_remove(place);
            return Some(Err(CliError::NeedsEveryValue { path, row, column }));
        }
        Some(Ok(Batch { features, labels, rows: frame.rows, encoded }))
    }
}
