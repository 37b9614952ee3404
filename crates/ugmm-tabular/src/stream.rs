//! The rows of a file, however many, as a model wants them.

use crate::error::TabularError;
use crate::every_value::NeedsEveryValue;
use crate::model::TabularModel;
use std::path::{Path, PathBuf};
use ugmm_data::Encoded;
use ugmm_data::frame::{
    Doubt, FrameError, FrameReader, ReadOptions, Request, UnseenValues, ValueType, Values,
};

/// Rows that are read and predicted at a time: enough to keep the kernels busy.
const BATCH_ROWS: usize = 4096;
/// The same where each row passes the network many times.
const DENSITY_BATCH_ROWS: usize = 512;

/// Reads a file batch by batch.
pub struct ModelReader<'m> {
    path: PathBuf,
    model: &'m TabularModel,
    with_target: bool,
    /// Number of columns to pass on.
    kept: usize,
    frames: FrameReader,
}

/// What was assumed of the rows read so far, but for these marks of missing values that none of them has.
pub(crate) fn doubts_without(frames: &FrameReader, known: &[String]) -> Vec<Doubt> {
    let is_known = |doubt: &Doubt| matches!(doubt, Doubt::UnmetMark { mark } if known.contains(mark));
    frames.doubts().into_iter().filter(|doubt| !is_known(doubt)).collect()
}

/// Consecutive rows.
pub struct Batch {
    /// Row-major, `[known rows, inputs]`; NaN where a value is missing. Only rows with a value that the model looks at.
    pub inputs: Vec<f32>,
    /// For each row whether it has such a value.
    pub known: Vec<bool>,
    /// Where each row is in the file, for messages.
    pub rows: Vec<usize>,
    /// What was met.
    pub encoded: Encoded,
    /// The target column of all rows, where it was asked for: texts for classes, numbers for numbers.
    pub target: Option<Values>,
    /// Columns to pass on, of all rows, as text.
    pub kept: Vec<Vec<Option<String>>>,
}

impl<'m> ModelReader<'m> {
    /// Opens a file ("-" is standard input) to predict its rows, or, `with_target`, to compare predictions with its target
    /// column. The columns `keep` are passed on as they are. Marks of
    /// missing values of the table that was learned from hold for this one, too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, lacks columns, which are then all named, or is of images of another size; what is wrong with a row comes from the
    /// iterator.
    pub fn open(
        path: &Path,
        model: &'m TabularModel,
        with_target: bool,
        keep: &[String],
        options: &ReadOptions,
    ) -> Result<Self, TabularError> {
        let mut requests = model.preprocessor().requests();
        if with_target {
            requests.push(model.target_request().clone());
        }
        requests.extend(keep.iter().map(Request::text));
        let options = model.with_marks(options);
        let batch_rows = if model.classes().is_empty() { DENSITY_BATCH_ROWS } else { BATCH_ROWS };
        let needed = requests[..requests.len() - keep.len()].iter().map(|request| request.name.as_str());
        let frames =
            FrameReader::open(path, &requests, &options, batch_rows).map_err(|error| error.of_model(needed));
        if let Err(FrameError::PixelMissing { file, shape, .. }) = &frames {
            // The size of the images says it better than a pixel that smaller ones lack.
            model.check_images(file, *shape)?;
        }
        let frames = frames?;
        if let Some(images) = frames.images() {
            model.check_images(&images.file, images.shape)?;
        }
        Ok(Self { path: path.to_path_buf(), model, with_target, kept: keep.len(), frames })
    }
}

impl ModelReader<'_> {
    /// The categories met so far that training did not have, by column.
    #[must_use]
    pub fn unseen(&self) -> Vec<UnseenValues> {
        self.frames.unseen()
    }

    /// What the file says that the columns that are passed on hold.
    #[must_use]
    pub fn kept_types(&self) -> Vec<ValueType> {
        let types = self.frames.value_types();
        types[types.len() - self.kept..].to_vec()
    }

    /// What was assumed of the rows read so far; see [`FrameReader::doubts`]. Marks that the model remembers need not be there.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        doubts_without(&self.frames, self.model.missing_marks())
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
        let features = frame.columns.len() - self.kept - usize::from(self.with_target);
        let text = |values| match values {
            Values::Text(texts) => texts,
            _ => unreachable!("columns to pass on are read as text"),
        };
        let kept = frame.columns.split_off(frame.columns.len() - self.kept).into_iter().map(text).collect();
        let target = frame.columns.drain(features..).next();
        let encoded = preprocessor.append(&frame, &mut inputs);
        let width = preprocessor.inputs();
        let has_value = |row: &[f32]| row.iter().any(|value| !value.is_nan());
        let known: Vec<bool> = inputs.chunks(width).map(has_value).collect();
        if let Some(why) = NeedsEveryValue::of(&self.model.saved().model().config()) {
            let lacking = |row: &[f32]| row.iter().any(|value| value.is_nan());
            if let Some(index) = inputs.chunks(width).position(lacking) {
                let (file, row) = (self.path.clone(), frame.rows[index]);
                let place = inputs[index * width..][..width].iter().position(|value| value.is_nan());
                let column = preprocessor.names().swap_remove(place.unwrap_or(0));
                return Some(Err(TabularError::ValueMissing { file, row, column, why }));
            }
        }
        if known.contains(&false) {
            let rows = inputs.chunks(width).zip(&known).filter(|(_, known)| **known);
            inputs = rows.flat_map(|(row, _)| row).copied().collect();
        }
        Some(Ok(Batch { inputs, known, rows: frame.rows, encoded, target, kept }))
    }
}
