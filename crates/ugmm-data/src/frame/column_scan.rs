//! Finding out what one column holds, value by value.

use std::path::Path;

use super::boolean;
use super::cell::Cell;
use super::date;
use super::error::FrameError;
use super::levels::{LEVEL_LIMIT, LevelCounter};
use super::number::{self, DecimalMark, Number, NumberFormat, Refused};
use super::options::Choice;
use super::schema::{Column, Kind};

/// Levels that all columns together may count while they look like numbers; see [`ColumnScan::new`].
const NUMBER_LEVELS: usize = 1_000_000;
/// Levels that any column may count.
const FEWEST_LEVELS: usize = 100;

/// What is known of a column after some rows.
pub(super) struct ColumnScan {
    name: String,
    choice: Choice,
    missing: usize,
    rows: usize,
    /// The column as numbers, while all values fit.
    point: Option<Numbers>,
    comma: Option<Numbers>,
    /// The pairs of words for booleans that all values fit.
    pairs: u8,
    /// The column as dates, while all values fit.
    dates: Option<Range>,
    /// The first value that is a number but not one to compute with.
    refused: Option<(usize, String, Refused)>,
    levels: LevelCounter,
    level_limit: usize,
}

/// What is known of a column of numbers.
struct Numbers {
    range: Range,
    integers: bool,
    grouped: bool,
}

/// From the least to the greatest value; empty at first.
#[derive(Clone, Copy)]
struct Range {
    min: f64,
    max: f64,
}

impl Range {
    const EMPTY: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY };

    fn add(&mut self, value: f64) {
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
}

impl Numbers {
    const NONE: Self = Self { range: Range::EMPTY, integers: true, grouped: false };

    fn add(&mut self, number: Number) {
        self.range.add(number.value);
        self.integers &= number.value.fract() == 0.0;
        self.grouped |= number.grouped;
    }
}

impl ColumnScan {
    /// A scan of one of `columns` columns. `comma` says whether there may be decimal commas, `only_text` whether the
    /// file says that these are strings.
    ///
    /// Numbers are counted as levels too, as one text makes categories of them. For that memory is set aside, and a
    /// share of it for each column, so that thousands of columns of measurements do not take thousands of times as
    /// much.
    pub(super) fn new(name: &str, choice: Choice, columns: usize, comma: bool, only_text: bool) -> Self {
        let numbers = choice != Choice::Categorical && !(only_text && choice == Choice::Inferred);
        let others = choice == Choice::Inferred && !only_text;
        let share = (NUMBER_LEVELS / columns.max(1)).clamp(FEWEST_LEVELS, LEVEL_LIMIT);
        Self {
            name: name.to_owned(),
            choice,
            missing: 0,
            rows: 0,
            point: numbers.then_some(Numbers::NONE),
            comma: (numbers && comma).then_some(Numbers::NONE),
            pairs: if others { boolean::ALL_PAIRS } else { 0 },
            dates: others.then_some(Range::EMPTY),
            refused: None,
            levels: LevelCounter::new(),
            level_limit: if numbers { share } else { LEVEL_LIMIT },
        }
    }

    /// Takes in the value of row `row`, cleaned of blanks and marks of missing values.
    pub(super) fn add(&mut self, path: &Path, row: usize, cell: Cell) -> Result<(), FrameError> {
        self.add_times(path, row, cell, 1)
    }

    /// The same of so many rows with one value; `row` is one of them.
    pub(super) fn add_times(
        &mut self,
        path: &Path,
        row: usize,
        cell: Cell,
        times: usize,
    ) -> Result<(), FrameError> {
        self.rows += times;
        if cell == Cell::Missing {
            self.missing += times;
            return Ok(());
        }
        let before = self.expected();
        self.narrow(row, cell);
        let expected = self.expected();
        if self.choice == Choice::Numeric {
            self.check_number(path, row, cell)?;
        }
        if self.levels.is_counting() {
            if expected.is_none() {
                self.level_limit = LEVEL_LIMIT;
            }
            self.levels.add(&cell.text(), times, self.level_limit);
        }
        if expected.is_some() || self.levels.is_counting() {
            return Ok(());
        }
        let (file, column, limit) = (path.to_owned(), self.name.clone(), self.level_limit);
        Err(match before {
            Some(expected) if self.rows - self.missing > 1 => {
                let written = cell.text().into_owned();
                FrameError::OtherKindOfValue { file, row, column, written, expected, limit }
            }
            _ => FrameError::TooManyLevels { file, row, column, limit },
        })
    }

    /// What the column holds.
    pub(super) fn finish(self, path: &Path, semicolons: bool) -> Result<Column, FrameError> {
        let constant = match self.choice {
            Choice::Inferred => self.rows == self.missing || self.missing == 0 && self.has_one_value(),
            _ => self.rows == self.missing,
        };
        let kind = if constant {
            Kind::Constant
        } else if let Some((mark, numbers)) = self.numbers(semicolons) {
            if let Some((row, written, reason)) = &self.refused {
                return Err(refusal(path, *row, &self.name, written, *reason, mark));
            }
            let Range { min, max } = numbers.range;
            let format = NumberFormat { mark, grouped: numbers.grouped };
            Kind::Numeric { min, max, integers: numbers.integers, format }
        } else if self.pairs != 0 {
            Kind::Boolean
        } else if let Some(Range { min, max }) = self.dates {
            Kind::Date { min, max }
        } else {
            Kind::Categorical
        };
        Ok(Column { name: self.name, kind, missing: self.missing, levels: self.levels.finish() })
    }

    /// Drops what the column cannot be with this value.
    fn narrow(&mut self, row: usize, cell: Cell) {
        let mut numbers = |numbers: &mut Option<Numbers>, parsed: Result<Number, Refused>| match parsed {
            Ok(number) => {
                if let Some(numbers) = numbers {
                    numbers.add(number);
                }
            }
            Err(Refused::NotANumber) => *numbers = None,
            Err(reason) => {
                self.refused.get_or_insert_with(|| (row, cell.text().into_owned(), reason));
            }
        };
        if self.point.is_some() {
            numbers(&mut self.point, number_of(cell, DecimalMark::Point));
        }
        if self.comma.is_some() {
            numbers(&mut self.comma, number_of(cell, DecimalMark::Comma));
        }
        if self.pairs != 0 {
            self.pairs &= match cell {
                Cell::Text(text) => boolean::pairs(text),
                // The file itself says that it is one.
                Cell::Boolean(_) => boolean::ALL_PAIRS,
                _ => 0,
            };
        }
        if let Some(range) = &mut self.dates {
            let days = match cell {
                Cell::Text(text) => date::parse(text),
                Cell::Days(days) => Some(days),
                _ => None,
            };
            match days {
                Some(days) => range.add(days),
                None => self.dates = None,
            }
        }
    }

    /// What the column can still be but for categories.
    fn expected(&self) -> Option<&'static str> {
        if self.point.is_some() || self.comma.is_some() {
            Some("a number")
        } else if self.dates.is_some() {
            Some("a date")
        } else {
            (self.pairs != 0).then_some("true or false")
        }
    }

    /// Refuses a value of a column that must be numbers.
    fn check_number(&self, path: &Path, row: usize, cell: Cell) -> Result<(), FrameError> {
        let reason = match &self.refused {
            Some((_, _, reason)) => *reason,
            None if self.point.is_none() && self.comma.is_none() => Refused::NotANumber,
            None => return Ok(()),
        };
        let mark = if self.point.is_some() || self.comma.is_none() {
            DecimalMark::Point
        } else {
            DecimalMark::Comma
        };
        Err(refusal(path, row, &self.name, &cell.text(), reason, mark))
    }

    fn has_one_value(&self) -> bool {
        let one = |numbers: &Option<Numbers>| {
            numbers.as_ref().is_some_and(|numbers| numbers.range.min == numbers.range.max)
        };
        self.levels.is_constant() || self.refused.is_none() && (one(&self.point) || one(&self.comma))
    }

    /// The column as numbers. If both marks are possible, only groups make a difference: `1,234` is 1.234 where
    /// semicolons separate the columns, since commas do not because they are in the numbers, and 1234 elsewhere.
    fn numbers(&self, semicolons: bool) -> Option<(DecimalMark, &Numbers)> {
        let point = self.point.as_ref().map(|numbers| (DecimalMark::Point, numbers));
        let comma = self.comma.as_ref().map(|numbers| (DecimalMark::Comma, numbers));
        match &self.point {
            Some(numbers) if numbers.grouped && semicolons => comma.or(point),
            _ => point.or(comma),
        }
    }
}

fn number_of(cell: Cell, mark: DecimalMark) -> Result<Number, Refused> {
    let plain = |value| Number { value, grouped: false };
    match cell {
        Cell::Text(text) => number::parse(text, mark),
        Cell::Integer(integer) => number::from_integer(integer).map(plain),
        Cell::Number(number) => number::from_float(number).map(plain),
        _ => Err(Refused::NotANumber),
    }
}

/// The error for a value that is no number in a column of numbers.
pub(super) fn refusal(
    path: &Path,
    row: usize,
    column: &str,
    written: &str,
    reason: Refused,
    mark: DecimalMark,
) -> FrameError {
    let (file, column, written) = (path.to_owned(), column.to_owned(), written.to_owned());
    match reason {
        Refused::NotANumber => {
            let example = match mark {
                DecimalMark::Point => "5.1 or -2e-3",
                DecimalMark::Comma => "5,1 or -2e-3",
            };
            FrameError::NotANumber { file, row, column, written, example }
        }
        Refused::NotFinite => FrameError::NotFinite { file, row, column, written },
        Refused::TooLarge => FrameError::TooLarge { file, row, column, written },
        Refused::Inexact => FrameError::Inexact { file, row, column, written },
    }
}
