//! Encodes rows of a table as values of a model's columns.

use super::{Column, ColumnValues, PIXEL_TOLERANCE, WHITE};
use crate::Table;
use crate::error::TabularError;
use std::borrow::Cow;
use ugmm_data::frame::{Level, ReadAs, UNSEEN, Values};

/// Rows as values of a model's columns; see [`Column`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncodedRows {
    /// `[rows, columns]`, row-major; NaN where a value is missing, or not possible in its column.
    pub values: Vec<f64>,
    /// Values that their columns cannot have, by row and column.
    pub outside: Vec<Outside>,
    /// Number of missing values.
    pub missing: usize,
    /// Number of values with a level that training did not have; for a density, rare levels are counted too.
    pub unseen: usize,
    /// Number of numbers that have a fraction in a column of whole numbers; they are rounded.
    pub rounded: usize,
}

/// A value that has no probability: a number outside the range of its column, or a class that training did
/// not have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    /// Index of the row in the batch.
    pub row: usize,
    /// Index of the column.
    pub column: usize,
    /// The number in the table's units; NaN for a class.
    pub number: f64,
}

/// A value of a row as its column encodes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoded {
    Missing,
    Value(f64),
    /// A level that the column does not know; NaN where the column has no state for such levels.
    Unseen(f64),
    /// A number that the column cannot have.
    Impossible(f64),
    /// The nearest whole number, or the day, for a number with a fraction in a column of whole numbers or
    /// days.
    Rounded(f64),
}

/// Encodes rows given as columns of the same length; `None` is a column whose values are all missing. The
/// column at `target` rejects a class that training did not have; other columns encode an unseen level as a
/// rare one.
pub(crate) fn encode(
    columns: &[Column],
    target: Option<usize>,
    values: &[Option<&Values>],
    rows: usize,
) -> EncodedRows {
    let width = columns.len();
    let mut encoded = EncodedRows { values: vec![f64::NAN; rows * width], ..EncodedRows::default() };
    for (index, (column, values)) in columns.iter().zip(values).enumerate() {
        let Some(values) = values else { continue };
        for row in 0..rows {
            let value = match values {
                Values::Numbers(numbers) => column.encode_number(numbers[row]),
                Values::Codes(codes) => column.encode_code(codes[row], target == Some(index)),
                Values::Text(_) => Encoded::Missing,
            };
            let place = &mut encoded.values[row * width + index];
            match value {
                Encoded::Missing => encoded.missing += 1,
                Encoded::Value(value) => *place = value,
                Encoded::Unseen(value) => {
                    encoded.unseen += 1;
                    *place = value;
                }
                Encoded::Rounded(value) => {
                    encoded.rounded += 1;
                    *place = value;
                }
                Encoded::Impossible(number) => {
                    encoded.outside.push(Outside { row, column: index, number });
                }
            }
        }
    }
    encoded.outside.sort_by_key(|outside| (outside.row, outside.column));
    encoded
}

/// Encodes the rows of a table.
pub(crate) fn encode_table(
    table: &Table,
    columns: &[Column],
    target: Option<usize>,
) -> Result<EncodedRows, TabularError> {
    let held: Vec<_> = columns.iter().map(|column| column.values_of(table)).collect::<Result<_, _>>()?;
    let values: Vec<_> = held.iter().map(|values| Some(values.as_ref())).collect();
    Ok(encode(columns, target, &values, table.rows()))
}

impl Column {
    /// Encodes a number of the table.
    pub(super) fn encode_number(&self, number: f64) -> Encoded {
        if number.is_nan() {
            return Encoded::Missing;
        }
        let possible = |is_possible: bool, value: f64| {
            if is_possible { Encoded::Value(value) } else { Encoded::Impossible(number) }
        };
        match self.values {
            ColumnValues::Whole { low, high } => {
                let whole = if self.is_date() { number.floor() } else { number.round() };
                match (low as f64..=high as f64).contains(&whole) {
                    false => Encoded::Impossible(number),
                    true if whole == number => Encoded::Value(number),
                    true => Encoded::Rounded(whole),
                }
            }
            ColumnValues::Number => {
                let is_beyond = self.least.is_some_and(|least| number < least)
                    || self.greatest.is_some_and(|greatest| number > greatest);
                possible(!is_beyond, number)
            }
            ColumnValues::Pixel => {
                let byte = number * WHITE;
                let is_byte = (byte - byte.round()).abs() < PIXEL_TOLERANCE;
                possible(is_byte && (0.0..=WHITE).contains(&byte.round()), byte.round() + 0.0)
            }
            _ => Encoded::Value(number),
        }
    }

    /// Encodes a code of the table; [`UNSEEN`] is the code of an unknown level.
    fn encode_code(&self, code: Option<u32>, is_target: bool) -> Encoded {
        let ReadAs::Codes(levels) = &self.request.read_as else { return Encoded::Missing };
        match (code, self.other()) {
            (None, _) => Encoded::Missing,
            (Some(code), other) if (code as usize) < levels.len() => {
                // Rare levels come after the state that they share.
                let is_rare = other.is_some_and(|other| code as usize >= other);
                Encoded::Value(f64::from(code) + f64::from(u8::from(is_rare)))
            }
            (Some(_), Some(other)) => Encoded::Unseen(other as f64),
            (Some(_), None) if is_target => Encoded::Impossible(f64::NAN),
            (Some(_), None) => Encoded::Unseen(f64::NAN),
        }
    }

    /// The values of the column in a table; codes are indices of the column's levels, not of the table's.
    fn values_of<'t>(&self, table: &'t Table) -> Result<Cow<'t, Values>, TabularError> {
        let values = table.column(self.name())?;
        let (Values::Codes(codes), ReadAs::Codes(levels)) = (values, &self.request.read_as) else {
            return Ok(Cow::Borrowed(values));
        };
        let known = table.schema().column(self.name())?.levels.as_deref().unwrap_or_default();
        let own = |level: &Level| levels.iter().position(|own| *own == level.text);
        let own: Vec<u32> = known.iter().map(|level| own(level).map_or(UNSEEN, |code| code as u32)).collect();
        let code = |code: &Option<u32>| code.map(|code| own.get(code as usize).copied().unwrap_or(UNSEEN));
        Ok(Cow::Owned(Values::Codes(codes.iter().map(code).collect())))
    }
}
