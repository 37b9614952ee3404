//! From the columns of a table to the inputs of a network, scaled.

mod curve;
mod encoding;
mod error;
mod fit;
mod moments;
mod normal;
mod options;
mod quantiles;
mod scale;
mod states;
mod view;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use self::encoding::{ColumnEncoding, Inputs};
use self::view::View;
use crate::encoded::Encoded;
use crate::error::DataError;
use crate::frame::{Frame, FrameError, Request};
use crate::show::value;
use crate::table::Table;

pub use self::error::PreprocessError;
pub use self::fit::MIN_LEVEL_ROWS;
pub use self::options::{Ordinal, PreprocessingOptions, Scaling};
pub use self::states::ColumnStates;

/// Rows whose inputs are written column by column; few enough to stay in the cache.
const BLOCK_ROWS: usize = 256;

/// How the columns of a table become inputs of a network, fitted to some of its rows and saved with the network.
///
/// * A number or a date (in days) is one input, scaled as [`Scaling`] says.
/// * A boolean is one input, 1 for true and 0 for false, standardised under [`Scaling::Standard`].
/// * A category is one input, called `column=level`, for each level with at least [`MIN_LEVEL_ROWS`] rows: 1 for the
///   row's level and 0 for the others, standardised under [`Scaling::Standard`]. Rarer levels share an input
///   `column=(other)`, and an unseen level is one of them.
/// * A category with an order ([`Ordinal`]) is one input, the position of its level counted from 0, scaled like a
///   number.
/// * A missing value is NaN in all inputs of its column, and so is an unseen level if there is no input for others:
///   the network does without it.
/// * Columns with one value in all rows, unless [`PreprocessingOptions::keep_constant`] says otherwise, or whose levels are
///   all rare, make no input.
///
/// Values become `f32` only when they are scaled, so that nothing is lost of numbers with a large offset. A
/// preprocessor that is deserialised is checked: whatever it was made of, it can be used without a panic.
///
/// ```
/// use ugmm_data::frame::ColumnData;
/// use ugmm_data::{PreprocessingOptions, Preprocessor, Table};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let colours = ["red", "blue", "red", "red", "blue", "blue"].map(|text| Some(text.to_owned()));
/// let table = Table::from_columns(vec![
///     ("length".to_owned(), ColumnData::Numbers(vec![5.0, 7.0, 5.0, 7.0, f64::NAN, 6.0])),
///     ("colour".to_owned(), ColumnData::Text(colours.to_vec())),
/// ])?;
/// let rows: Vec<usize> = (0..table.rows()).collect();
/// let preprocessor = Preprocessor::fit(&table, &rows, None, &PreprocessingOptions::default())?;
/// assert_eq!(preprocessor.names(), ["length", "colour=blue", "colour=red"]);
/// let inputs = preprocessor.transform(&table, &[5, 4])?;
/// assert_eq!(inputs[..3], [0.0, 1.0, -1.0]);
/// assert!(inputs[3].is_nan());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved")]
pub struct Preprocessor {
    columns: Vec<ColumnEncoding>,
}

/// A preprocessor that is not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    columns: Vec<ColumnEncoding>,
}

impl TryFrom<Saved> for Preprocessor {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        if saved.columns.is_empty() {
            return Err("the preprocessing has no columns; it needs at least one".to_owned());
        }
        let mut seen = HashSet::new();
        for (column, position) in saved.columns.iter().zip(1..) {
            let name = &column.request.name;
            if name.is_empty() {
                return Err(format!("column {position} of the preprocessing has no name"));
            }
            if !seen.insert(name) {
                return Err(format!(
                    "the preprocessing has the column {} twice; each may occur once",
                    value(name)
                ));
            }
            column.check().map_err(|reason| format!("the preprocessing {reason}"))?;
        }
        Ok(Self { columns: saved.columns })
    }
}

impl Preprocessor {
    /// Fits to the rows `rows` of a table, counted from 0, how all its columns but `target` become inputs. Means, deviations,
    /// quantiles and shares are [weighted](Table::weights); a level is rare by its number of rows.
    ///
    /// # Errors
    ///
    /// A target, a row or an ordered column that is not there, an order that does not fit its column, no rows, or
    /// [`PreprocessError::NothingToLearn`].
    pub fn fit(
        table: &Table,
        rows: &[usize],
        target: Option<&str>,
        options: &PreprocessingOptions,
    ) -> Result<Self, PreprocessError> {
        check_rows(table, rows)?;
        Ok(Self { columns: fit::fit(table, rows, target, options)? })
    }

    /// The columns to read from a file, in this order.
    pub fn requests(&self) -> Vec<Request> {
        self.columns.iter().map(|column| column.request.clone()).collect()
    }

    /// The inputs' names: the column's, and for a category with the level after an equals sign.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().flat_map(ColumnEncoding::names).collect()
    }

    /// Number of inputs, at least 1.
    pub fn inputs(&self) -> usize {
        self.columns.iter().map(|column| column.scales().len()).sum()
    }

    /// For each input the position of its column in [`Self::requests`].
    pub fn source_columns(&self) -> Vec<usize> {
        let of = |(position, column): (usize, &ColumnEncoding)| vec![position; column.scales().len()];
        self.columns.iter().enumerate().flat_map(of).collect()
    }

    /// The states of the column at `column` of [`Self::requests`]; none if there is no such column, or it holds numbers or
    /// dates.
    pub fn states(&self, column: usize) -> Option<ColumnStates> {
        ColumnStates::of_column(self.columns.get(column)?)
    }

    /// The input that a number becomes, of a column of [`Self::requests`] with one input; none if there is no such column
    /// or it has several. The network's own input is this number rounded to `f32`.
    pub fn input_of(&self, column: usize, number: f64) -> Option<f64> {
        match &self.columns.get(column)?.inputs {
            Inputs::One(scale) => Some(scale.input_f64(number)),
            Inputs::PerLevel { .. } => None,
        }
    }

    /// The inputs for rows of values, `[rows, inputs]`, row-major; the first columns of `rows`, `[rows, width]`, are those of
    /// [`Self::requests`]. A value is a number, or the index of a state among [`Self::states`]; an index beyond them counts as the
    /// last state. NaN where a value is missing.
    pub fn inputs_of(&self, rows: &[f64], width: usize) -> Vec<f32> {
        if rows.is_empty() {
            return Vec::new();
        }
        let stride = self.inputs();
        let mut inputs = vec![f32::NAN; rows.len() / width * stride];
        let mut offset = 0;
        for (index, column) in self.columns.iter().enumerate() {
            let places = rows.iter().skip(index).step_by(width).zip(inputs[offset..].chunks_mut(stride));
            match (&column.inputs, self.states(index)) {
                (Inputs::PerLevel { .. }, Some(states)) => {
                    let known = places.filter(|(value, _)| !value.is_nan());
                    known.for_each(|(&value, place)| {
                        let state = &states.inputs[(value as usize).min(states.inputs.len() - 1)];
                        place[..state.len()].copy_from_slice(state);
                    });
                }
                (Inputs::One(scale), _) => places.for_each(|(&value, place)| place[0] = scale.input(value)),
                // Only categories have an input for each level.
                (Inputs::PerLevel { .. }, None) => {}
            }
            offset += column.scales().len();
        }
        inputs
    }

    /// Appends the inputs of the frame's rows, `[rows, inputs]` row-major; NaN where a value is missing. The frame's
    /// first columns must be those of [`Self::requests`].
    ///
    /// # Panics
    ///
    /// When the frame has fewer columns or columns of another kind.
    pub fn append(&self, frame: &Frame, inputs: &mut Vec<f32>) -> Encoded {
        let view = |(index, column): (usize, &ColumnEncoding)| {
            let values = frame.columns.get(index).and_then(|values| View::as_read(&column.request, values));
            values.unwrap_or_else(|| panic!("the frame was not read by the requests of the preprocessor"))
        };
        let views: Vec<View> = self.columns.iter().enumerate().map(view).collect();
        let rows: Vec<usize> = (0..frame.rows.len()).collect();
        let start = inputs.len();
        inputs.resize(start + rows.len() * self.inputs(), 0.0);
        self.write(&views, &rows, &mut inputs[start..])
    }

    /// The inputs of the rows `rows`, counted from 0, of a table, `[rows, inputs]` row-major; NaN where a value is
    /// missing. Columns are found by name, and so are the levels of categories.
    ///
    /// # Errors
    ///
    /// A row that is not there, and [`PreprocessError::WrongColumns`] with all columns that are not there or hold
    /// something else.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<Vec<f32>, PreprocessError> {
        check_rows(table, rows)?;
        let held: HashMap<&str, _> = table.held().map(|held| (held.0.name.as_str(), held)).collect();
        let (mut views, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
        for ColumnEncoding { request, .. } in &self.columns {
            match held.get(request.name.as_str()) {
                Some(&(column, values)) => match View::of_column(request, column, values) {
                    Ok(view) => views.push(view),
                    Err(reason) => wrong.push(reason),
                },
                None => missing.push(request.name.clone()),
            }
        }
        if !missing.is_empty() || !wrong.is_empty() {
            return Err(PreprocessError::WrongColumns { missing, wrong });
        }
        let mut inputs = vec![0.0; rows.len() * self.inputs()];
        self.write(&views, rows, &mut inputs);
        Ok(inputs)
    }

    /// The value, in the units of the data, that becomes `value` at the input `input`: a number, days since 1970-01-01,
    /// the position of a level, or the share of rows (0 to 1) with the input's level. Under [`Scaling::Quantile`] a
    /// value beyond the ends of the scale is that of the end. None if there is no such input or `value` is NaN.
    pub fn to_data_units(&self, input: usize, value: f64) -> Option<f64> {
        let scale = self.columns.iter().flat_map(ColumnEncoding::scales).nth(input)?;
        (!value.is_nan()).then(|| scale.value(value))
    }

    /// Mean and standard deviation, in the units of the data, that the input `input` is standardised by: 0 and 1 if it
    /// is as in the data. None if there is no such input or it is scaled by quantiles.
    pub fn scale_of(&self, input: usize) -> Option<(f64, f64)> {
        self.columns.iter().flat_map(ColumnEncoding::scales).nth(input)?.linear()
    }

    /// The points of the curve that the input `input` is scaled by, ascending: values in the units of the data, and the
    /// input of each. The curve is straight between two points and constant beyond the first and the last. None if
    /// there is no such input or it is not scaled by quantiles.
    pub fn curve_of(&self, input: usize) -> Option<(&[f64], &[f64])> {
        self.columns.iter().flat_map(ColumnEncoding::scales).nth(input)?.curve()
    }

    /// Writes the inputs of `rows`, `[rows, inputs]` row-major.
    fn write(&self, views: &[View], rows: &[usize], inputs: &mut [f32]) -> Encoded {
        let mut encoded = Encoded::default();
        let stride = self.inputs();
        for (rows, inputs) in rows.chunks(BLOCK_ROWS).zip(inputs.chunks_mut(BLOCK_ROWS * stride)) {
            let mut offset = 0;
            for (column, view) in self.columns.iter().zip(views) {
                encoded += column.write(view, rows, inputs, offset, stride);
                offset += column.scales().len();
            }
        }
        encoded
    }
}

/// Fails if the table does not have one of the rows.
fn check_rows(table: &Table, rows: &[usize]) -> Result<(), PreprocessError> {
    match rows.iter().find(|&&row| row >= table.rows()) {
        Some(&index) => Err(FrameError::from(DataError::RowOutOfRange { index, rows: table.rows() }).into()),
        None => Ok(()),
    }
}
