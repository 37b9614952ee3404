//! Columns that come from memory instead of a file.

use std::collections::HashMap;

use super::column::{Column, Kind};
use super::error::FrameError;
use super::levels::{self, LEVEL_LIMIT, Level, LevelCounter, LevelIndex};
use super::number_format::NumberFormat;
use super::range::Range;
use super::reader::Values;
use super::row_numbers::RowNumbers;

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

/// What the column holds, as if a file had it, and its values: numbers stay numbers, texts become codes.
pub(crate) fn column_of(name: String, data: ColumnData) -> Result<(Column, Values), FrameError> {
    match data {
        ColumnData::Numbers(numbers) => Ok((of_numbers(name, &numbers)?, Values::Numbers(numbers))),
        ColumnData::Text(texts) => of_texts(name, &texts),
    }
}

fn of_numbers(name: String, numbers: &[f64]) -> Result<Column, FrameError> {
    if let Some(row) = numbers.iter().position(|number| number.is_infinite()) {
        return Err(FrameError::InfiniteNumber { row: row + 1, column: name, number: numbers[row] });
    }
    let known = || numbers.iter().copied().filter(|number| !number.is_nan());
    let mut range = Range::EMPTY;
    known().for_each(|number| range.add(number));
    let Range { min, max } = range;
    let missing = numbers.len() - known().count();
    let kind = if missing == numbers.len() || missing == 0 && min == max {
        Kind::Constant
    } else {
        let integers = known().all(|number| number.fract() == 0.0);
        Kind::Numeric { min, max, integers, format: NumberFormat::default() }
    };
    let mut row_numbers = RowNumbers::default();
    known().for_each(|number| row_numbers.add(Some(number), 1));
    let numbering = row_numbers.numbering(numbers.len());
    Ok(Column { name, kind, missing, levels: number_levels(known()), missing_as: vec![], numbering })
}

/// The different numbers as texts, unless they are too many.
fn number_levels(numbers: impl Iterator<Item = f64>) -> Option<Vec<Level>> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for number in numbers {
        // One zero, not two.
        *counts.entry((number + 0.0).to_bits()).or_default() += 1;
        if counts.len() > LEVEL_LIMIT {
            return None;
        }
    }
    let level = |(bits, rows)| Level { text: f64::from_bits(bits).to_string(), rows };
    Some(levels::sorted(counts.into_iter().map(level).collect()))
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
