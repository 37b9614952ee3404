//! Reads tables of any size in batches, encoded for a model.

mod sample;

pub use sample::RowSample;

use crate::column::Column;
use crate::column::encoding::{EncodedRows, encode};
use crate::error::TabularError;
use crate::model::{Needs, TableModel};
use std::path::PathBuf;
use ugmm_data::frame::{
    Doubt, Frame, FrameError, FrameReader, Input, Notation, NumberFormat, ReadAs, ReadOptions, Request,
    UnseenValues, ValueType, Values,
};

/// Largest number of values in a batch.
const BATCH_VALUES: usize = 1 << 18;
/// Largest number of rows in a batch: enough to keep the kernels busy.
const BATCH_ROWS: usize = 4096;
/// Largest number of rows in a batch if the network evaluates each row once for each cell of a density.
const DENSITY_BATCH_ROWS: usize = 512;

/// Whether a table's target is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadTarget {
    /// The target is not read.
    No,
    /// The target is read; a table without it is an error.
    Yes,
    /// The target is read if the table has it. Standard input, which can be opened only once, is read without
    /// it.
    IfThere,
}

/// Reads a table in batches.
pub struct TableReader<'m> {
    path: PathBuf,
    model: &'m dyn TableModel,
    frames: FrameReader,
    with_target: bool,
    /// The column with the weights of rows.
    weights: Option<String>,
    /// Number of columns whose text is returned unchanged.
    kept: usize,
}

/// A batch of consecutive rows of a table.
pub struct Batch {
    /// The encoded rows; the target is missing unless it was read.
    pub rows: EncodedRows,
    /// The number of each row in the file, for messages.
    pub places: Vec<usize>,
    /// The weight of each row, positive; `None` for equal weights.
    pub weights: Option<Vec<f64>>,
    /// The columns that were asked for as text, `[columns][rows]`.
    pub kept: Vec<Vec<Option<String>>>,
}

impl Batch {
    /// The encoded values of each row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.rows.values.chunks_exact((self.rows.values.len() / self.places.len().max(1)).max(1))
    }

    /// The encoded values of the row at `place` in the batch.
    #[must_use]
    pub fn row(&self, place: usize) -> &[f64] {
        let width = self.rows.values.len() / self.places.len();
        &self.rows.values[place * width..(place + 1) * width]
    }
}

impl<'m> TableReader<'m> {
    /// Opens a file ("-" is standard input) or a table in memory. It must have all columns of the model except its target. The
    /// columns `keep` are returned unchanged as text. The training table's marks of missing values apply to
    /// this file, too.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, has images of another size, or lacks columns, all of
    /// which the message names. Errors in rows are returned by the iterator.
    pub fn open(
        input: impl Into<Input>,
        model: &'m dyn TableModel,
        target: ReadTarget,
        keep: &[String],
        options: &ReadOptions,
    ) -> Result<Self, TabularError> {
        let (input, options) = (input.into(), model.reading().options(options));
        Self::with_target(&input, model, target, None, |with_target| {
            let mut requests = read_requests(model, with_target);
            requests.extend(keep.iter().map(Request::text));
            let frames = FrameReader::open(input.clone(), &requests, &options, batch_rows(model))?;
            Ok((frames, keep.len()))
        })
    }

    /// Opens a file or a table in memory with a column of weights, at least 0. Rows of weight 0 are left out.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Self::open`]. The iterator returns an error for the first row without a weight.
    pub fn open_weighted(
        input: impl Into<Input>,
        model: &'m dyn TableModel,
        target: ReadTarget,
        weights: &str,
        options: &ReadOptions,
    ) -> Result<Self, TabularError> {
        let (input, options) = (input.into(), model.reading().options(options));
        Self::with_target(&input, model, target, Some(weights), |with_target| {
            let mut requests = read_requests(model, with_target);
            let read_as = ReadAs::Numbers(NumberFormat::default());
            requests.push(Request { name: weights.to_owned(), read_as });
            Ok((FrameReader::open(input.clone(), &requests, &options, batch_rows(model))?, 0))
        })
    }

    /// Opens a file or a table in memory and also returns the names of all of its columns, which are returned as text. The target
    /// is read if the file has it.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Self::open`].
    pub fn open_whole(
        input: impl Into<Input>,
        model: &'m dyn TableModel,
        options: &ReadOptions,
    ) -> Result<(Self, Vec<String>), TabularError> {
        let (input, options) = (input.into(), model.reading().options(options));
        let mut kept = Vec::new();
        let reader = Self::with_target(&input, model, ReadTarget::IfThere, None, |with_target| {
            let requests = read_requests(model, with_target);
            let (frames, names) =
                FrameReader::open_whole(input.clone(), &requests, &options, batch_rows(model))?;
            kept = names;
            Ok((frames, kept.len()))
        })?;
        Ok((reader, kept))
    }

    fn with_target(
        input: &Input,
        model: &'m dyn TableModel,
        target: ReadTarget,
        weights: Option<&str>,
        mut open: impl FnMut(bool) -> Result<(FrameReader, usize), FrameError>,
    ) -> Result<Self, TabularError> {
        let mut reader = |with_target| {
            let (frames, kept) = open(with_target).map_err(|error| of_model(error, model))?;
            if let Some(images) = frames.images() {
                model.reading().check_images(&images.file, images.shape)?;
            }
            let (path, weights) = (input.path().to_path_buf(), weights.map(str::to_owned));
            Ok(Self { path, model, frames, with_target, weights, kept })
        };
        match target {
            ReadTarget::Yes => reader(model.has_target()),
            ReadTarget::IfThere if model.has_target() && !input.is_standard_input() => match reader(true) {
                Err(error) if lacks_target(&error, model) => reader(false),
                opened => opened,
            },
            ReadTarget::No | ReadTarget::IfThere => reader(false),
        }
    }

    /// Levels in the rows read so far that training did not have (for a density: or had in few rows), by
    /// column.
    #[must_use]
    pub fn unseen(&self) -> Vec<UnseenValues> {
        self.frames.unseen()
    }

    /// How the file writes the values of the model's columns, in the order of the columns, without a target
    /// that is not read.
    #[must_use]
    pub fn notations(&self) -> Vec<Notation> {
        self.frames.notations()
    }

    /// Types of the columns that are returned as text, as the file declares them.
    #[must_use]
    pub fn kept_types(&self) -> Vec<ValueType> {
        let types = self.frames.value_types();
        types[types.len() - self.kept..].to_vec()
    }

    /// Assumptions about the rows read so far; see [`FrameReader::doubts`]. Marks of missing values from the
    /// training table need not occur.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let known = self.model.reading().missing_marks;
        let is_known = |doubt: &Doubt| matches!(doubt, Doubt::UnmetMark { mark } if known.contains(mark));
        self.frames.doubts().into_iter().filter(|doubt| !is_known(doubt)).collect()
    }

    /// Whether the target is read.
    #[must_use]
    pub fn has_target(&self) -> bool {
        self.with_target
    }

    /// Checks that training had each class of the target in a batch.
    ///
    /// # Errors
    ///
    /// Returns an error for the first row with another class.
    pub fn check_classes(&self, batch: &Batch) -> Result<(), TabularError> {
        let Some(target) = self.model.target_column().filter(|target| !target.is_number()) else {
            return Ok(());
        };
        let index = self.model.columns().len() - 1;
        let Some(outside) = batch.rows.outside.iter().find(|outside| outside.column == index) else {
            return Ok(());
        };
        let unseen = self.unseen().into_iter().find(|unseen| unseen.column == target.name());
        Err(TabularError::UnknownClass {
            file: self.path.clone(),
            row: batch.places[outside.row],
            target: target.name().to_owned(),
            found: unseen.and_then(|unseen| unseen.first.into_iter().next()).unwrap_or_default(),
            known: target.states().unwrap_or_default(),
        })
    }

    /// Takes the weights out of a frame, and rows of weight 0 with them.
    fn take_weights(&self, mut frame: Frame) -> Result<(Frame, Option<Vec<f64>>), TabularError> {
        let (Some(column), Some(Values::Numbers(weights))) =
            (&self.weights, frame.columns.pop_if(|_| self.weights.is_some()))
        else {
            return Ok((frame, None));
        };
        if let Some(place) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
            let found = Some(weights[place].to_string()).filter(|_| !weights[place].is_nan());
            let (file, row, column) = (Some(self.path.clone()), frame.rows[place], Some(column.clone()));
            return Err(FrameError::BadWeight { file, row, column, found }.into());
        }
        let rows: Vec<usize> = (0..weights.len()).filter(|&row| weights[row] > 0.0).collect();
        let weights = rows.iter().map(|&row| weights[row]).collect();
        Ok((frame.select(&rows), Some(weights)))
    }

    /// Checks that each row has the values that the model needs.
    fn check_values(&self, batch: &Batch) -> Result<(), TabularError> {
        let Needs::EveryValue(why) = self.model.needs() else { return Ok(()) };
        let features = self.model.columns().len() - usize::from(self.model.has_target());
        for (place, row) in batch.iter().enumerate() {
            if let Some(column) = row[..features].iter().position(|value| value.is_nan()) {
                let (file, row) = (self.path.clone(), batch.places[place]);
                let column = self.model.columns()[column].name().to_owned();
                return Err(TabularError::ValueMissing { file, row, column, why });
            }
        }
        Ok(())
    }
}

/// Requests for the model's columns; its target is the last.
fn read_requests(model: &dyn TableModel, with_target: bool) -> Vec<Request> {
    let read = model.columns().len() - usize::from(!with_target && model.has_target());
    model.columns()[..read].iter().map(|column| column.request.clone()).collect()
}

fn batch_rows(model: &dyn TableModel) -> usize {
    let is_slow = model.needs() != Needs::Nothing && model.classes().is_none();
    let most = if is_slow { DENSITY_BATCH_ROWS } else { BATCH_ROWS };
    (BATCH_VALUES / model.columns().len()).clamp(1, most)
}

/// The most informative error about why a file does not suit a model.
fn of_model(error: FrameError, model: &dyn TableModel) -> TabularError {
    if let FrameError::PixelMissing { file, shape, .. } = &error
        && let Err(error) = model.reading().check_images(file, *shape)
    {
        // The size of the images is a better explanation than a pixel that smaller images lack.
        return error;
    }
    error.of_model(model.columns().iter().map(Column::name)).into()
}

/// Whether the error is only that the target is missing.
fn lacks_target(error: &TabularError, model: &dyn TableModel) -> bool {
    match error {
        TabularError::Frame(FrameError::ColumnsMissing { missing, .. }) => {
            missing.iter().map(String::as_str).eq(model.target_name())
        }
        // The images have no file of labels.
        TabularError::Frame(FrameError::LabelsMissing { .. }) => true,
        _ => false,
    }
}

impl Iterator for TableReader<'_> {
    type Item = Result<Batch, TabularError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.frames.next()?.map_err(TabularError::from);
        let (mut frame, weights) = match frame.and_then(|frame| self.take_weights(frame)) {
            Ok(taken) => taken,
            Err(error) => return Some(Err(error)),
        };
        let text = |values| match values {
            Values::Text(texts) => texts,
            _ => unreachable!("columns to pass on are read as text"),
        };
        let kept = frame.columns.split_off(frame.columns.len() - self.kept).into_iter().map(text).collect();
        let columns = self.model.columns();
        let mut values: Vec<Option<&Values>> = frame.columns.iter().map(Some).collect();
        values.resize(columns.len(), None);
        let rows = encode(columns, self.model.target(), &values, frame.rows.len());
        let batch = Batch { rows, places: frame.rows, weights, kept };
        Some(self.check_values(&batch).map(|()| batch))
    }
}
