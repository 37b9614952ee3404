//! The rows of a file, however many, as a density model wants them.

use super::model::DensityModel;
use crate::column::encoding::{EncodedRows, encode};
use crate::error::TabularError;
use crate::read::doubts_without;
use std::path::Path;
use ugmm_data::frame::{
    Doubt, FrameError, FrameReader, Notation, ReadOptions, Request, UnseenValues, ValueType, Values,
};

/// Values that are read at a time.
const BATCH_VALUES: usize = 1 << 18;
/// Rows that are read at a time, at most.
const BATCH_ROWS: usize = 4096;

/// Reads a file batch by batch.
pub struct DensityReader<'m> {
    model: &'m DensityModel,
    frames: FrameReader,
    with_target: bool,
    kept: usize,
}

/// Consecutive rows.
pub struct DensityBatch {
    /// The rows; the target is missing unless it was asked for.
    pub rows: EncodedRows,
    /// Where each row is in the file, for messages.
    pub places: Vec<usize>,
    /// Columns to pass on, as text.
    pub kept: Vec<Vec<Option<String>>>,
}

impl DensityBatch {
    /// The values of the row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> &[f64] {
        let width = self.rows.values.len() / self.places.len();
        &self.rows.values[place * width..(place + 1) * width]
    }
}

impl<'m> DensityReader<'m> {
    /// Opens a file ("-" is standard input). All columns of the model but its target must be there; the target is read
    /// `with_target` only. The columns `keep` are passed on as they are. Marks of missing values of the table that was learned
    /// from hold for this one, too.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, lacks columns, which are then all named, or is of images of another size; what is wrong
    /// with a row comes from the iterator.
    pub fn open(
        path: &Path,
        model: &'m DensityModel,
        with_target: bool,
        keep: &[String],
        options: &ReadOptions,
    ) -> Result<Self, TabularError> {
        let mut requests = read_requests(model, with_target);
        requests.extend(keep.iter().map(Request::text));
        let options = model.with_marks(options);
        let frames = FrameReader::open(path, &requests, &options, batch_rows(model));
        let frames = checked(frames, model)?;
        Ok(Self { model, frames, with_target, kept: keep.len() })
    }

    /// The same with all columns of the file passed on as they are, and their names; the target is read if the file has it.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_whole(
        path: &Path,
        model: &'m DensityModel,
        options: &ReadOptions,
    ) -> Result<(Self, Vec<String>), TabularError> {
        let options = model.with_marks(options);
        let open = |with_target| -> Result<(Self, Vec<String>), TabularError> {
            let requests = read_requests(model, with_target);
            match FrameReader::open_whole(path, &requests, &options, batch_rows(model)) {
                Ok((frames, names)) => {
                    let frames = checked(Ok(frames), model)?;
                    Ok((Self { model, frames, with_target, kept: names.len() }, names))
                }
                Err(error) => Err(checked(Err(error), model).err().unwrap_or(TabularError::NothingToLearn)),
            }
        };
        match open(model.target().is_some()) {
            Err(error) if lacks_target(&error, model) && path != Path::new("-") => open(false),
            opened => opened,
        }
    }

    /// The same with the target if the file has it; says whether it does.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_with_target_if_there(
        path: &Path,
        model: &'m DensityModel,
        keep: &[String],
        options: &ReadOptions,
    ) -> Result<(Self, bool), TabularError> {
        // Standard input can be opened once only.
        if model.target().is_none() || path == Path::new("-") {
            return Ok((Self::open(path, model, false, keep, options)?, false));
        }
        match Self::open(path, model, true, keep, options) {
            Err(error) if lacks_target(&error, model) => {
                Ok((Self::open(path, model, false, keep, options)?, false))
            }
            opened => Ok((opened?, true)),
        }
    }

    /// The categories met so far that training did not have, or seldom, by column.
    #[must_use]
    pub fn unseen(&self) -> Vec<UnseenValues> {
        self.frames.unseen()
    }

    /// How the values of the model's columns are written in this file, in the order of the columns; not of a target that is not
    /// read.
    #[must_use]
    pub fn notations(&self) -> Vec<Notation> {
        self.frames.notations()
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

    /// Whether the target is among what is read.
    #[must_use]
    pub fn with_target(&self) -> bool {
        self.with_target
    }
}

/// How to read the columns of the model, its target last.
fn read_requests(model: &DensityModel, with_target: bool) -> Vec<Request> {
    let read = model.columns().len() - usize::from(!with_target && model.target().is_some());
    model.columns()[..read].iter().map(|column| column.request.clone()).collect()
}

fn batch_rows(model: &DensityModel) -> usize {
    (BATCH_VALUES / model.columns().len()).clamp(1, BATCH_ROWS)
}

/// Refuses images of another size.
fn checked(
    frames: Result<FrameReader, FrameError>,
    model: &DensityModel,
) -> Result<FrameReader, TabularError> {
    if let Err(FrameError::PixelMissing { file, shape, .. }) = &frames {
        // The size of the images says it better than a pixel that smaller ones lack.
        model.check_images(file, *shape)?;
    }
    let frames = frames.map_err(|error| error.of_model(model.columns().iter().map(|column| column.name())));
    let frames = frames?;
    if let Some(images) = frames.images() {
        model.check_images(&images.file, images.shape)?;
    }
    Ok(frames)
}

/// Whether the target is all that a file lacks.
fn lacks_target(error: &TabularError, model: &DensityModel) -> bool {
    match error {
        TabularError::Frame(FrameError::ColumnsMissing { missing, .. }) => {
            missing.iter().map(String::as_str).eq(model.target_name())
        }
        TabularError::Frame(FrameError::LabelsMissing { .. }) => true,
        _ => false,
    }
}

impl Iterator for DensityReader<'_> {
    type Item = Result<DensityBatch, TabularError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut frame = match self.frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.into())),
        };
        let text = |values| match values {
            Values::Text(texts) => texts,
            _ => unreachable!("columns to pass on are read as text"),
        };
        let kept = frame.columns.split_off(frame.columns.len() - self.kept).into_iter().map(text).collect();
        let mut columns: Vec<Option<&Values>> = frame.columns.iter().map(Some).collect();
        columns.resize(self.model.columns().len(), None);
        let rows = encode(self.model.columns(), &columns, frame.rows.len());
        Some(Ok(DensityBatch { rows, places: frame.rows, kept }))
    }
}
