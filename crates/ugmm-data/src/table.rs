//! A table in memory.

use std::collections::HashMap;
use std::path::Path;

use crate::frame::{
    Column, ColumnData, FrameError, FrameReader, Input, Kind, ReadAs, ReadOptions, Request, Schema,
    UsualMarks, Values, column_of,
};
use crate::split::Dependence;

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
    /// The number of each row among all that were read, from 1, if some were taken out.
    numbers: Option<Vec<usize>>,
    /// The weight of each row, positive and at most 1; none for equal weights.
    weights: Option<Vec<f64>>,
    /// The groups or times of the rows.
    dependence: Dependence,
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
        Ok(Self {
            columns,
            places: frame.rows,
            schema,
            numbers: None,
            weights: None,
            dependence: Dependence::None,
        })
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
        Ok(Self {
            schema,
            columns: held,
            places: (1..=rows).collect(),
            numbers: None,
            weights: None,
            dependence: Dependence::None,
        })
    }

    /// The table with a weight for each row, at least 0, as many as rows: a row of weight 2 counts as two rows. Rows of weight
    /// 0 are taken out of the table. Only ratios of weights matter, because all weights are divided by the greatest.
    ///
    /// ```
    /// use ugmm_data::Table;
    /// use ugmm_data::frame::ColumnData;
    ///
    /// # fn main() -> Result<(), ugmm_data::frame::FrameError> {
    /// let table = Table::from_columns(vec![("a".to_owned(), ColumnData::Numbers(vec![1.0, 2.0, 3.0]))])?;
    /// let weighted = table.weighted(&[1.0, 0.0, 4.0])?;
    /// assert_eq!((weighted.rows(), weighted.weights()), (2, Some(&[0.25, 1.0][..])));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FrameError::WeightCount`], [`FrameError::BadWeight`] or [`FrameError::NoWeight`].
    pub fn weighted(self, weights: &[f64]) -> Result<Self, FrameError> {
        let (rows, found) = (self.rows(), weights.len());
        if found != rows {
            return Err(FrameError::WeightCount { rows, found });
        }
        if let Some(row) = weights.iter().position(|weight| !(*weight >= 0.0 && weight.is_finite())) {
            let (row, found) = (self.places[row], Some(weights[row].to_string()));
            return Err(FrameError::BadWeight { file: None, row, column: None, found });
        }
        // Division by the greatest keeps sums finite.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> = (0..rows).filter(|&row| weights[row] / largest > 0.0).collect();
        if kept.is_empty() {
            return Err(FrameError::NoWeight { file: None, column: None });
        }
        let weights: Vec<f64> = kept.iter().map(|&row| weights[row] / largest).collect();
        let are_equal = weights.iter().all(|&weight| weight == 1.0);
        let table = if kept.len() < rows { self.select(&kept) } else { self };
        Ok(Self { weights: (!are_equal).then_some(weights), ..table })
    }

    /// The table weighted by its column `name`, as [`Self::weighted`] says, without this column. `file` is the table's file, for
    /// messages.
    ///
    /// # Errors
    ///
    /// Those of [`Self::column`], [`FrameError::BadWeight`] for the first row without a number of at least 0, and
    /// [`FrameError::NoWeight`].
    pub fn weighted_by(mut self, name: &str, file: &Path) -> Result<Self, FrameError> {
        let (column, values) = self.find(name)?;
        let texts = self.labels(name)?;
        let weights: Vec<f64> = match (&column.kind, values) {
            (Kind::Numeric { .. }, Values::Numbers(numbers)) => numbers.clone(),
            (Kind::Boolean, Values::Numbers(truths)) => {
                let words = column.words().map(|word| word.parse().unwrap_or(f64::NAN));
                let number =
                    |truth: &f64| if truth.is_nan() { f64::NAN } else { words[usize::from(*truth > 0.0)] };
                truths.iter().map(number).collect()
            }
            _ => {
                let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
                texts.iter().map(|text| number(text).unwrap_or(f64::NAN)).collect()
            }
        };
        self.remove(name);
        let (places, file, column) = (self.places.clone(), Some(file.to_owned()), Some(name.to_owned()));
        self.weighted(&weights).map_err(|error| match error {
            FrameError::BadWeight { row, .. } => {
                let found = places.iter().position(|&place| place == row).and_then(|at| texts[at].clone());
                FrameError::BadWeight { file, row, column, found }
            }
            FrameError::NoWeight { .. } => FrameError::NoWeight { file, column },
            error => error,
        })
    }

    /// The table without its column `name`, whose values are the groups of the rows: rows of equal values belong together,
    /// and a row without a value is a group of its own.
    ///
    /// # Errors
    ///
    /// Those of [`Self::column`].
    pub fn grouped_by(mut self, name: &str) -> Result<Self, FrameError> {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut count = 0;
        let mut groups = Vec::with_capacity(self.rows());
        for text in self.labels(name)? {
            let group = text.map_or(count, |text| *known.entry(text).or_insert(count));
            count = count.max(group + 1);
            groups.push(group);
        }
        self.remove(name);
        Ok(Self { dependence: Dependence::Groups(groups), ..self })
    }

    /// The table without its column `name`, whose numbers or dates are the times of the rows. `file` is for messages.
    ///
    /// # Errors
    ///
    /// Those of [`Self::column`], [`FrameError::NoTimes`] if the column has neither numbers nor dates, or one of them only, and
    /// [`FrameError::NoTime`] for the first row without a time.
    pub fn ordered_by(mut self, name: &str, file: &Path) -> Result<Self, FrameError> {
        let (column, values) = self.find(name)?;
        let (file, column_name) = (Some(file.to_owned()), name.to_owned());
        let times = match (&column.kind, values) {
            (Kind::Numeric { .. } | Kind::Date { .. }, Values::Numbers(times)) => times.clone(),
            _ => return Err(FrameError::NoTimes { file, column: column_name }),
        };
        if let Some(place) = times.iter().position(|time| time.is_nan()) {
            return Err(FrameError::NoTime { file, row: self.places[place], column: column_name });
        }
        self.remove(name);
        Ok(Self { dependence: Dependence::Times(times), ..self })
    }

    /// Which rows depend on each other.
    pub fn dependence(&self) -> &Dependence {
        &self.dependence
    }

    fn remove(&mut self, name: &str) {
        if let Some(place) = self.schema.columns.iter().position(|column| column.name == name) {
            self.schema.columns.remove(place);
            self.columns.remove(place);
        }
    }

    /// The weight of each row, positive and at most 1; none for equal weights.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The rows `rows` without weights.
    fn select(self, rows: &[usize]) -> Self {
        let Self { mut schema, columns, places, numbers, dependence, .. } = self;
        let columns: Vec<Option<Values>> =
            columns.into_iter().map(|values| values.map(|values| values.select(rows))).collect();
        schema.rows = rows.len();
        for (column, values) in schema.columns.iter_mut().zip(&columns) {
            column.missing = values.as_ref().map_or(0, Values::missing);
            if let (Some(levels), Some(Values::Codes(codes))) = (&mut column.levels, values) {
                levels.iter_mut().for_each(|level| level.rows = 0);
                for code in codes.iter().flatten() {
                    if let Some(level) = levels.get_mut(*code as usize) {
                        level.rows += 1;
                    }
                }
            }
        }
        let numbers =
            Some(rows.iter().map(|&row| numbers.as_ref().map_or(row + 1, |numbers| numbers[row])).collect());
        let places = rows.iter().map(|&row| places[row]).collect();
        let dependence = dependence.of_rows(rows);
        Self { schema, columns, places, numbers, weights: None, dependence }
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

    /// The number of a row, counted from 0, among all rows of the file, from 1 and without the header, for messages.
    pub fn number(&self, row: usize) -> usize {
        self.numbers.as_ref().and_then(|numbers| numbers.get(row).copied()).unwrap_or(row + 1)
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
