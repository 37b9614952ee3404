//! Columns that come from memory instead of a file.

use std::path::Path;

use super::cell::Cell;
use super::column::{Column, Kind};
use super::column_scan::{ColumnScan, Manner};
use super::error::FrameError;
use super::levels::{LEVEL_LIMIT, LevelCounter, LevelIndex};
use super::missing::Marks;
use super::options::{Choice, ReadOptions};
use super::reader::Values;

/// The values of a column in memory, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnData {
    /// Finite numbers; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Categories; `None` where one is missing.
    Text(Vec<Option<String>>),
}

impl ColumnData {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Text(texts) => texts.len(),
        }
    }
}

/// The column and its values: numbers stay numbers, texts become codes.
pub(crate) fn column_of(name: String, data: ColumnData) -> Result<(Column, Values), FrameError> {
    match data {
        ColumnData::Numbers(numbers) => Ok((of_numbers(&name, &numbers)?, Values::Numbers(numbers))),
        ColumnData::Text(texts) => of_texts(name, &texts),
    }
}

fn of_numbers(name: &str, numbers: &[f64]) -> Result<Column, FrameError> {
    if let Some(row) = numbers.iter().position(|number| number.is_infinite()) {
        let (column, number) = (name.to_owned(), numbers[row]);
        return Err(FrameError::InfiniteNumber { row: row + 1, column, number });
    }
    let options = ReadOptions::default();
    let marks = Marks::new(&options);
    let mut scan = ColumnScan::new(Path::new(""), name, Choice::Inferred, 1, false, &options, &marks);
    for (&number, row) in numbers.iter().zip(1..) {
        // One zero, not two.
        scan.add(row, Cell::Number(number + 0.0), 1)?;
    }
    let manner = Manner::of(std::slice::from_ref(&scan), &options, false)?;
    scan.finish(&manner, &mut Vec::new())
}

fn of_texts(name: String, texts: &[Option<String>]) -> Result<(Column, Values), FrameError> {
    let mut counter = LevelCounter::new();
    for text in texts.iter().flatten() {
        counter.add(text, 1, LEVEL_LIMIT);
    }
    let Some(levels) = counter.finish(false) else {
        return Err(FrameError::TooManyCategories { column: name });
    };
    let missing = texts.iter().filter(|text| text.is_none()).count();
    let constant = levels.is_empty() || missing == 0 && levels.len() == 1;
    let kind = if constant { Kind::Constant } else { Kind::Categorical };
    let levels = Some(levels);
    let column = Column { name, kind, missing, levels, missing_as: vec![], numbering: None };
    let codes = LevelIndex::new(&column.level_names());
    let code = |text: &Option<String>| text.as_ref().and_then(|text| codes.position(text));
    let values = Values::Codes(texts.iter().map(code).collect());
    Ok((column, values))
}
