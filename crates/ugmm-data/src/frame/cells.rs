//! Tables of cells, each of which has a type of its own, as sheets have them.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, NullArray, RecordBatch, RecordBatchOptions,
    StringArray, TimestampMillisecondArray,
};
use arrow_schema::{Field, Fields, Schema};

use super::batches::Cutter;
use super::block::Block;
use super::cell::Cell;
use super::error::FrameError;
use super::missing::Marks;
use super::names::{Names, is_row_of_numbers};
use super::options::ReadOptions;
use super::written::Written;

const MILLISECONDS_PER_DAY: f64 = 86_400e3;
/// Bytes that a cell takes beside those of its text.
const CELL_BYTES: u64 = 32;

/// The value of a cell that is not empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Boolean(bool),
    /// A date or a time, as days since 1970-01-01.
    Days(f64),
    Text(String),
    /// What is shown where a formula has no value, such as `#DIV/0!`.
    Error(String),
}

impl Value {
    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Number(number) => Cell::Number(*number),
            Self::Boolean(boolean) => Cell::Boolean(*boolean),
            Self::Days(days) => Cell::Days(*days),
            Self::Text(text) | Self::Error(text) => Cell::Text(text),
        }
    }
}

impl Value {
    /// The value as a text of a column that also has texts. A number has no form that could be read with another decimal mark:
    /// 1.204 as 1204.
    fn beside_texts(&self) -> Cow<'_, str> {
        let text = self.cell().text();
        let is_number = matches!(self, Self::Number(_));
        match is_number && text.split_once('.').is_some_and(|(_, decimals)| decimals.len() == 3) {
            true => Cow::Owned(format!("{text}0")),
            false => text,
        }
    }
}

/// Rows and columns that a sheet has at most.
pub(super) const MOST_ROWS: usize = 1 << 20;
pub(super) const MOST_COLUMNS: usize = 1 << 14;

/// The cells of a sheet that are not empty, row by row.
pub(super) struct Grid {
    path: PathBuf,
    /// For each row that has such cells its number, and the cells with their columns; all counted from 0.
    rows: Vec<(usize, Vec<(usize, Value)>)>,
    /// Bytes of the cells, and how many they may be.
    bytes: u64,
    most_bytes: u64,
    /// All sheets, if the first was taken because none was named.
    pub(super) unasked: Vec<String>,
}

impl Grid {
    pub(super) fn new(path: &Path, most_bytes: u64) -> Self {
        Self { path: path.to_owned(), rows: Vec::new(), bytes: 0, most_bytes, unasked: Vec::new() }
    }

    /// Adds a cell after all others. A text of nothing but blanks is no cell.
    pub(super) fn push(&mut self, row: usize, column: usize, value: Value) -> Result<(), FrameError> {
        let damaged = |file: &Path, reason| FrameError::Damaged {
            file: file.to_owned(),
            format: "spreadsheet",
            reason,
        };
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            let reason = format!("a cell beyond row {MOST_ROWS} or column {MOST_COLUMNS}");
            return Err(damaged(&self.path, reason));
        }
        let text = match &value {
            Value::Text(text) if text.trim().is_empty() => return Ok(()),
            Value::Text(text) | Value::Error(text) => text.len() as u64,
            _ => 0,
        };
        self.take(CELL_BYTES + text)?;
        match self.rows.last_mut() {
            Some((last, cells)) if *last == row && cells.last().is_none_or(|(last, _)| *last < column) => {
                cells.push((column, value));
            }
            Some((last, _)) if *last >= row => {
                return Err(damaged(&self.path, "its cells are not in the order of their places".into()));
            }
            _ => {
                self.take(CELL_BYTES)?;
                self.rows.push((row, vec![(column, value)]));
            }
        }
        Ok(())
    }

    /// Fails if the cells take more memory with so many bytes more than they may.
    fn take(&mut self, bytes: u64) -> Result<(), FrameError> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > self.most_bytes {
            true => Err(FrameError::unpacks(&self.path)),
            false => Ok(()),
        }
    }
}

/// A table of cells in memory, whose columns are known.
pub(super) struct CellTable {
    pub(super) names: Names,
    path: PathBuf,
    batch: RecordBatch,
    /// For each column whether all its values are texts.
    are_texts: Vec<bool>,
    /// For each column the first error of a formula that no option declares as a mark of a missing value.
    errors: Vec<Option<Written>>,
    /// The number of each row in the sheet, from 1, and that of the header.
    rows: Vec<usize>,
    header_row: Option<usize>,
    /// All sheets, if the first was taken because none was named.
    pub(super) unasked: Vec<String>,
}

impl CellTable {
    /// The table in a sheet. Its first row that is not empty is the header, unless the options say that there is none. Empty rows
    /// between the header and the last row are rows of missing values, so that every row keeps its place.
    pub(super) fn new(mut grid: Grid, options: &ReadOptions) -> Result<Self, FrameError> {
        let (path, unasked) = (grid.path.clone(), std::mem::take(&mut grid.unasked));
        let columns = grid.rows.iter().flat_map(|(_, cells)| cells.iter().map(|(column, _)| *column));
        let Some(first) = columns.clone().min() else { return Err(FrameError::Empty { file: path }) };
        let count = columns.max().unwrap_or(first) + 1 - first;
        let header = if options.has_header { Some(grid.rows.remove(0)) } else { None };
        let header_row = header.as_ref().map(|(row, _)| row + 1);
        let mut filled = vec![false; count];
        let below = grid.rows.iter().flat_map(|(_, cells)| cells);
        below.for_each(|(column, _)| filled[column - first] = true);
        let names = match header {
            Some((row, cells)) => {
                check_title(&path, row + 1, &cells, &grid.rows)?;
                named(&path, row + 1, first, &cells, &mut filled)?
            }
            None => vec![String::new(); count],
        };
        let kept: Vec<usize> = (0..count).filter(|&column| filled[column]).collect();
        let names: Vec<String> = kept.iter().map(|&column| names[column].clone()).collect();
        grid.fill_rows(header_row)?;
        grid.take((grid.rows.len() as u64).saturating_mul(kept.len() as u64).saturating_mul(CELL_BYTES))?;
        let rows: Vec<usize> = grid.rows.iter().map(|(row, _)| row + 1).collect();
        let mut values: Vec<Vec<Option<Value>>> = kept.iter().map(|_| vec![None; rows.len()]).collect();
        for (row, (_, cells)) in grid.rows.into_iter().enumerate() {
            for (column, value) in cells {
                if let Ok(place) = kept.binary_search(&(column - first)) {
                    values[place][row] = Some(value);
                }
            }
        }
        let names = match options.has_header {
            true => Names::new(&path, names)?,
            false => Names::numbered(names.len()),
        };
        let marks = Marks::new(options);
        let error_of = |(values, name): (&Vec<Option<Value>>, &String)| {
            let own = marks.of(name);
            let is_error = |value: &Option<Value>| match value {
                Some(Value::Error(text)) => marks.clean(Cell::Text(text), &own) != Cell::Missing,
                _ => false,
            };
            let row = values.iter().position(is_error).filter(|_| !options.lenient)?;
            Some(Written::new(&path, rows[row], name, values[row].as_ref()?.cell().text()))
        };
        let errors = values.iter().zip(names.all()).map(error_of).collect();
        let is_text = |values: &Vec<Option<Value>>| {
            values.iter().flatten().all(|value| matches!(value, Value::Text(_)))
                && values.iter().any(Option::is_some)
        };
        let are_texts = values.iter().map(is_text).collect();
        let arrays: Vec<ArrayRef> = values.into_iter().map(|values| array_of(&values)).collect();
        let field = |(name, array): (&String, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
        let schema = Schema::new(names.all().iter().zip(&arrays).map(field).collect::<Vec<_>>());
        let whole = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::new(schema), arrays, &whole)
            .map_err(|reason| failed(&path, &reason))?;
        Ok(Self { names, path, batch, are_texts, errors, rows, header_row, unasked })
    }

    /// The columns.
    pub(super) fn fields(&self) -> &Fields {
        self.batch.schema_ref().fields()
    }

    /// Whether all values of the column at `index` are texts.
    pub(super) fn is_text(&self, index: usize) -> bool {
        self.are_texts[index]
    }

    /// Fails if the header is a row of numbers.
    pub(super) fn check_header(&self) -> Result<(), FrameError> {
        let (names, Some(row)) = (self.names.all(), self.header_row) else { return Ok(()) };
        match is_row_of_numbers(names) {
            true => Err(FrameError::HeaderMissing { file: self.path.clone(), row, cells: names.to_vec() }),
            false => Ok(()),
        }
    }

    /// Makes ready to read the columns at the positions `columns`.
    pub(super) fn select(self, columns: &[usize]) -> Result<CellBlocks, FrameError> {
        let Self { path, batch, errors, rows, .. } = self;
        if let Some(written) = columns.iter().find_map(|&column| errors[column].clone()) {
            return Err(FrameError::FormulaError { written });
        }
        let batch = batch.project(columns).map_err(|reason| failed(&path, &reason))?;
        Ok(CellBlocks { batch: Some(batch), rows, cutter: Cutter::default() })
    }
}

/// A table of cells of which some columns are read.
pub(super) struct CellBlocks {
    batch: Option<RecordBatch>,
    rows: Vec<usize>,
    cutter: Cutter,
}

impl CellBlocks {
    /// The next rows, at most `most_rows`, or `None` at the end.
    pub(super) fn next(&mut self, most_rows: usize) -> Result<Option<Block>, FrameError> {
        let block = self.cutter.next(most_rows, || Ok(self.batch.take()))?;
        Ok(block.map(|Block { rows, columns }| Block {
            rows: rows.into_iter().map(|row| self.rows[row - 1]).collect(),
            columns,
        }))
    }
}

impl Grid {
    /// Adds the empty rows from `first`, or the first row, to the last.
    fn fill_rows(&mut self, first: Option<usize>) -> Result<(), FrameError> {
        let ends = self.rows.first().zip(self.rows.last());
        let Some(rows) = ends.map(|((own, _), (last, _))| first.unwrap_or(*own)..=*last) else {
            return Ok(());
        };
        self.take(((rows.end() - rows.start()) as u64).saturating_mul(CELL_BYTES))?;
        let mut filled = std::mem::take(&mut self.rows).into_iter().peekable();
        let row = |row| filled.next_if(|(next, _)| *next == row).unwrap_or_else(|| (row, Vec::new()));
        self.rows = rows.map(row).collect();
        Ok(())
    }
}

/// Fails if the header is a single cell above rows of several: a title. One that is not above their first cell is the name of a
/// column beside those of an index.
fn check_title(
    path: &Path,
    row: usize,
    header: &[(usize, Value)],
    rows: &[(usize, Vec<(usize, Value)>)],
) -> Result<(), FrameError> {
    let ([(place, title)], Some((_, next))) = (header, rows.first()) else { return Ok(()) };
    match next.len() > 1 && next.first().is_some_and(|(first, _)| place <= first) {
        true => {
            let (text, below) = (title.cell().text().into_owned(), next.len());
            Err(FrameError::TitleLine { file: path.to_owned(), row, text, below })
        }
        false => Ok(()),
    }
}

/// The names of all columns, of which `first` is the first; a column with a name is kept even if nothing is below it. Only the
/// first columns may be without a name, as programs write an index.
fn named(
    path: &Path,
    row: usize,
    first: usize,
    header: &[(usize, Value)],
    filled: &mut [bool],
) -> Result<Vec<String>, FrameError> {
    let mut names = vec![String::new(); filled.len()];
    for (column, value) in header {
        names[column - first] = value.cell().text().trim().to_owned();
        filled[column - first] = true;
    }
    let unnamed = names.iter().take_while(|name| name.is_empty()).count();
    let nameless = (unnamed..names.len()).find(|&column| names[column].is_empty() && filled[column]);
    match nameless {
        Some(column) => {
            let column = letters(first + column);
            Err(FrameError::NamelessColumn { file: path.to_owned(), row, column })
        }
        None => Ok(names),
    }
}

/// The name that programs for sheets give to a column, counted from 0.
fn letters(column: usize) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => last.to_string(),
        others => letters(others - 1) + &last.to_string(),
    }
}

/// The values as an array of their type; as texts where they are of several.
fn array_of(values: &[Option<Value>]) -> ArrayRef {
    let given = || values.iter().flatten();
    let numbers = |value: &Option<Value>| match value {
        Some(Value::Number(number) | Value::Days(number)) => Some(*number),
        _ => None,
    };
    let Some(first) = given().next() else { return Arc::new(NullArray::new(values.len())) };
    let of_one_type = given().all(|value| std::mem::discriminant(value) == std::mem::discriminant(first));
    let is_day = |value: &Value| matches!(value, Value::Days(days) if days.fract() == 0.0);
    match first {
        Value::Number(_) if of_one_type => Arc::new(values.iter().map(numbers).collect::<Float64Array>()),
        Value::Boolean(_) if of_one_type => {
            let booleans = values.iter().map(|value| match value {
                Some(Value::Boolean(boolean)) => Some(*boolean),
                _ => None,
            });
            Arc::new(booleans.collect::<BooleanArray>())
        }
        Value::Days(_) if of_one_type && given().all(is_day) => Arc::new(
            values.iter().map(numbers).map(|days| days.map(|days| days as i32)).collect::<Date32Array>(),
        ),
        Value::Days(_) if of_one_type => {
            let milliseconds = |days: f64| (days * MILLISECONDS_PER_DAY).round() as i64;
            let times = values.iter().map(|value| numbers(value).map(milliseconds));
            Arc::new(times.collect::<TimestampMillisecondArray>())
        }
        _ => {
            let texts = values.iter().map(|value| value.as_ref().map(Value::beside_texts));
            Arc::new(texts.collect::<StringArray>())
        }
    }
}

fn failed(path: &Path, reason: &dyn std::error::Error) -> FrameError {
    FrameError::Stream { file: path.to_owned(), reason: reason.to_string() }
}
