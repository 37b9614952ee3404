//! A table in memory.

use std::collections::HashMap;

use crate::frame::{
    Column, ColumnData, FrameError, FrameReader, Input, Kind, ReadAs, ReadOptions, Request, Schema,
    UsualMarks, Values, column_of,
};

/// A table in memory with columns of any kind, of a file or of a program's own data.
///
/// Numbers, booleans and dates are [`Values::Numbers`], categories [`Values::Codes`] in the order of their
/// [levels](Column::levels), and so are constant columns of a file.
///
/// ```
/// use ugmm_data::Table;
/// use ugmm_data::frame::{ColumnData, Values};
///
/// # fn main() -> Result<(), ugmm_data::frame::FrameError> {
/// let colours = ["red", "blue", "red"].map(|text| Some(text.to_owned()));
/// let table = Table::from_columns(vec![
///     ("length".to_owned(), ColumnData::Numbers(vec![5.1, f64::NAN, 4.0])),
///     ("colour".to_owned(), ColumnData::Text(colours.to_vec())),
/// ])?;
/// assert_eq!(table.rows(), 3);
/// assert_eq!(table.column("colour")?, &Values::Codes(vec![Some(1), Some(0), Some(1)]));
/// assert_eq!(table.labels("length")?, [Some("5.1".to_owned()), None, Some("4".to_owned())]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    schema: Schema,
    /// In the order of the schema; none for an ignored column.
    columns: Vec<Option<Values>>,
    places: Vec<usize>,
}

impl Table {
    /// Reads a file, or a table in memory, twice: to infer the kinds of its columns, and then to hold them.
    ///
    /// # Errors
    ///
    /// Those of [`Schema::infer`] and of [`Self::read_as`].
    pub fn read(input: impl Into<Input>, options: &ReadOptions) -> Result<Self, FrameError> {
        let input = input.into();
        let schema = Schema::infer(input.clone(), options)?;
        Self::read_as(input, schema, options)
    }

    /// Reads a file by a schema, which may be that of another file: a category that the schema does not have is then
    /// [`UNSEEN`](crate::frame::UNSEEN). Columns that the schema does not have or that it ignores are ignored. The file is
    /// read once, so it may be standard input, `-`.
    ///
    /// # Errors
    ///
    /// Those of [`FrameReader`], and [`FrameError::NoColumnRequested`] if the schema ignores all columns.
    pub fn read_as(
        input: impl Into<Input>,
        schema: Schema,
        options: &ReadOptions,
    ) -> Result<Self, FrameError> {
        let requests: Vec<Request> = schema.columns.iter().filter_map(Column::request).collect();
        // One frame holds all rows, so that none is copied.
        let mut reader = FrameReader::open(input, &requests, options, usize::MAX)?;
        let Some(frame) = reader.next().transpose()? else {
            return Err(FrameError::EmptyTable { what: "rows" });
        };
        let mut read = frame.columns.into_iter();
        let take = |column: &Column| if column.kind == Kind::Ignored { None } else { read.next() };
        let columns = schema.columns.iter().map(take).collect();
        Ok(Self { columns, places: frame.rows, schema })
    }

    /// A table of these columns, each with its name. Texts are categories, and a column of one value in every row, or
    /// of none at all, is [`Kind::Constant`].
    ///
    /// # Errors
    ///
    /// [`FrameError::EmptyTable`], [`FrameError::UnnamedColumn`], [`FrameError::DuplicateName`],
    /// [`FrameError::ColumnLength`], [`FrameError::InfiniteNumber`], or [`FrameError::TooManyCategories`].
    pub fn from_columns(columns: Vec<(String, ColumnData)>) -> Result<Self, FrameError> {
        let Some((_, first)) = columns.first() else {
            return Err(FrameError::EmptyTable { what: "columns" });
        };
        let rows = first.len();
        let mut positions = HashMap::new();
        for (index, (name, data)) in columns.iter().enumerate() {
            let column = name.clone();
            if name.is_empty() {
                return Err(FrameError::UnnamedColumn { position: index + 1 });
            }
            if let Some(first) = positions.insert(name, index) {
                return Err(FrameError::DuplicateName { column, first: first + 1, second: index + 1 });
            }
            if data.len() != rows {
                return Err(FrameError::ColumnLength { column, expected: rows, found: data.len() });
            }
        }
        if rows == 0 {
            return Err(FrameError::EmptyTable { what: "rows" });
        }
        let mut schema = Schema {
            columns: Vec::with_capacity(columns.len()),
            rows,
            delimiter: None,
            missing: vec![],
            usual_marks: UsualMarks::Missing,
            index: vec![],
            images: None,
            doubts: vec![],
        };
        let mut held = Vec::with_capacity(columns.len());
        for (name, data) in columns {
            let (column, values) = column_of(name, data)?;
            schema.columns.push(column);
            held.push(Some(values));
        }
        Ok(Self { schema, columns: held, places: (1..=rows).collect() })
    }

    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The columns and their kinds. A table read by the schema of another file has the schema of that file, rows and ranges
    /// included.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Where each row is in the file, for messages: see [`Frame::rows`](crate::frame::Frame::rows). Rows that come from
    /// no file are numbered from 1.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// The values of the column `name`, one per row.
    ///
    /// # Errors
    ///
    /// [`FrameError::NotInSchema`] if there is no such column, [`FrameError::IgnoredColumn`] if it was ignored.
    pub fn column(&self, name: &str) -> Result<&Values, FrameError> {
        self.find(name).map(|(_, values)| values)
    }

    /// The values of the column `name` as texts: categories as in the file, numbers in their shortest form (`1`,
    /// `0.5`), booleans as `true` and `false`, dates as `2024-02-29` and with the time of day if there is one. `None`
    /// where a value is missing or [`UNSEEN`](crate::frame::UNSEEN).
    ///
    /// # Errors
    ///
    /// Those of [`Self::column`].
    pub fn labels(&self, name: &str) -> Result<Vec<Option<String>>, FrameError> {
        let (column, values) = self.find(name)?;
        Ok(match values {
            Values::Numbers(numbers) => {
                let read_as = column.read_as().unwrap_or(ReadAs::Text);
                let text = |number: &f64| (!number.is_nan()).then(|| read_as.text(*number));
                numbers.iter().map(text).collect()
            }
            Values::Codes(codes) => {
                let names = column.level_names();
                let text = |code: &Option<u32>| code.and_then(|code| names.get(code as usize).cloned());
                codes.iter().map(text).collect()
            }
            Values::Text(texts) => texts.clone(),
        })
    }

    /// The column `name` and its values.
    fn find(&self, name: &str) -> Result<(&Column, &Values), FrameError> {
        let column = self.schema.column(name)?;
        let held = self.held().find(|(column, _)| column.name == name);
        held.ok_or_else(|| FrameError::IgnoredColumn { column: column.name.clone() })
    }

    /// The columns that are not ignored.
    pub(crate) fn held(&self) -> impl Iterator<Item = (&Column, &Values)> {
        let columns = self.schema.columns.iter().zip(&self.columns);
        columns.filter_map(|(column, values)| Some((column, values.as_ref()?)))
    }
}
