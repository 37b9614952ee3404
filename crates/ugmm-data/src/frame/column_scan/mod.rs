//! The kind of one column, inferred value by value.

mod dates;
mod numbers;

use std::path::Path;

use self::dates::DateScan;
use self::numbers::{NumberManner, NumberScan};
use super::boolean;
use super::cell::Cell;
use super::column::{Column, Kind};
use super::date::DateFormat;
use super::doubt::Doubt;
use super::error::FrameError;
use super::levels::{LEVEL_LIMIT, LevelCounter};
use super::missing::{ColumnMarks, Marks};
use super::options::{Choice, ReadOptions};
use super::range::Range;
use super::row_numbers::RowNumbers;
use super::written::{Place, Written};

/// Levels that all columns together may count while they look like numbers; see [`ColumnScan::new`].
const NUMBER_LEVELS: usize = 1_000_000;
/// Levels that any column may count.
const FEWEST_LEVELS: usize = 100;
/// Different texts for a missing value that are counted.
const MOST_MARKS: usize = 100;

/// What is known of a column after some rows.
pub(super) struct ColumnScan<'a> {
    path: &'a Path,
    name: String,
    choice: Choice,
    rows: usize,
    missing: usize,
    marks: &'a Marks,
    own_marks: ColumnMarks,
    /// The texts that mark missing values.
    missing_as: LevelCounter,
    row_numbers: RowNumbers,
    numbers: NumberScan,
    dates: DateScan,
    /// The pairs of words for booleans that all values fit.
    pairs: u8,
    /// Whether such a word was met: 1 and 0 alone, as strings, are categories.
    has_word: bool,
    levels: LevelCounter,
    level_limit: usize,
}

/// How the numbers and dates of a file are written, as far as it is known.
pub(super) struct Manner {
    numbers: NumberManner,
    /// Whether the day comes first in dates.
    day_first: Option<bool>,
}

impl Manner {
    /// The manner that the options state; what they leave open is inferred from all columns. `semicolons` says that these separate
    /// columns.
    pub(super) fn of(
        scans: &[ColumnScan],
        options: &ReadOptions,
        semicolons: bool,
    ) -> Result<Self, FrameError> {
        let numbers = scans.iter().map(|scan| (scan.name.as_str(), &scan.numbers));
        let numbers = NumberManner::of(numbers, options, semicolons)?;
        Ok(Self { numbers, day_first: dates::day_first(scans.iter().map(|scan| &scan.dates)) })
    }

    /// The doubt about the file as a whole.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        self.numbers.doubt()
    }
}

impl<'a> ColumnScan<'a> {
    /// A scan of one of `columns` columns; `only_text` says whether the file says that these are strings.
    ///
    /// Numbers are counted as levels too, as one text makes categories of them. For that memory is set aside, and a
    /// share of it for each column, so that thousands of columns of measurements do not take thousands of times as
    /// much.
    pub(super) fn new(
        path: &'a Path,
        name: &str,
        choice: Choice,
        columns: usize,
        only_text: bool,
        options: &ReadOptions,
        marks: &'a Marks,
    ) -> Self {
        let is_inferred = choice == Choice::Inferred;
        let may_be_numbers = choice != Choice::Categorical && !(only_text && is_inferred);
        let share = (NUMBER_LEVELS / columns.max(1)).clamp(FEWEST_LEVELS, LEVEL_LIMIT);
        Self {
            path,
            name: name.to_owned(),
            choice,
            rows: 0,
            missing: 0,
            marks,
            own_marks: marks.of(name),
            missing_as: LevelCounter::new(),
            row_numbers: RowNumbers::default(),
            numbers: NumberScan::new(may_be_numbers),
            dates: DateScan::new(is_inferred, options.dates_of(name)),
            pairs: if is_inferred { boolean::ALL_PAIRS } else { 0 },
            has_word: false,
            levels: LevelCounter::new(),
            level_limit: if may_be_numbers { share } else { LEVEL_LIMIT },
        }
    }

    /// Adds the value of `times` rows, as it is in the file; `row` is one of them.
    pub(super) fn add(&mut self, row: usize, written: Cell, times: usize) -> Result<(), FrameError> {
        self.rows += times;
        let cell = self.marks.clean(written, &self.own_marks);
        if cell == Cell::Missing {
            self.missing += times;
            let is_nan = matches!(written, Cell::Number(number) if number.is_nan());
            let text = if is_nan { "".into() } else { written.text() };
            if !text.trim().is_empty() {
                self.missing_as.add(text.trim(), times, MOST_MARKS);
            }
            return Ok(());
        }
        let before = self.expected();
        // Only a column that must be numbers may have signs beside them.
        let number = self.numbers.add(row, cell, self.choice == Choice::Numeric);
        self.row_numbers.add(number, times);
        self.add_truth(cell);
        self.dates.add(row, cell);
        let expected = self.expected();
        let written = || self.written((row, cell.text().into_owned()));
        if let Some(format) = self.dates.missed() {
            let example = DateFormat::example(Some(format));
            return Err(FrameError::NotADate { written: written(), example });
        }
        if self.choice == Choice::Numeric
            && let Some((reason, mark)) = self.numbers.refusal()
        {
            return Err(FrameError::of_number(written(), reason, mark));
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
        let (written, limit) = (self.written((row, cell.text().into_owned())), self.level_limit);
        Err(match before {
            Some(expected) if self.rows - self.missing > 1 => {
                FrameError::OtherKindOfValue { written, expected, limit }
            }
            _ => FrameError::TooManyLevels { file: written.file, row, column: written.column, limit },
        })
    }

    fn add_truth(&mut self, cell: Cell) {
        if self.pairs == 0 {
            return;
        }
        let (pairs, is_word) = match cell {
            Cell::Text(text) => (boolean::pairs_or_numbers(text), boolean::pairs(text) != 0),
            // The file itself says that it is one.
            Cell::Boolean(_) => (boolean::ALL_PAIRS, true),
            _ => (0, true),
        };
        self.pairs &= pairs;
        self.has_word |= is_word;
    }

    /// The kind that all values have so far, in words; none where only categories are left.
    fn expected(&self) -> Option<&'static str> {
        if self.numbers.fits() {
            Some("a number")
        } else if self.dates.fits() {
            Some("a date")
        } else {
            (self.pairs != 0).then_some("true or false")
        }
    }

    fn written(&self, (row, text): Place) -> Written {
        Written::new(self.path, row, &self.name, text)
    }

    /// Whether the column holds dates in the format that is stated.
    pub(super) fn has_stated_dates(&self) -> bool {
        self.dates.has_stated()
    }

    /// The column, in a file that is written in this manner; doubts about it are added to `doubts`.
    pub(super) fn finish(self, manner: &Manner, doubts: &mut Vec<Doubt>) -> Result<Column, FrameError> {
        let kind = self.kind(manner, doubts)?;
        let column = Column {
            levels: self.levels.finish(kind == Kind::Boolean),
            missing_as: self.missing_as.finish(false).unwrap_or_default(),
            numbering: self.row_numbers.numbering(self.rows),
            name: self.name,
            kind,
            missing: self.missing,
        };
        if self.choice == Choice::Inferred {
            doubts.extend(column.doubt());
        }
        Ok(column)
    }

    fn kind(&self, manner: &Manner, doubts: &mut Vec<Doubt>) -> Result<Kind, FrameError> {
        let numbers = match self.dates.has_stated() {
            true => None,
            false => self.numbers.numbers(&manner.numbers).map_err(|place| FrameError::OtherMarks {
                written: self.written(place),
                stated: manner.numbers.in_words(),
            })?,
        };
        let has_one_value = || self.levels.is_constant() || self.numbers.has_one_value();
        let is_constant = self.choice == Choice::Inferred && self.missing == 0 && has_one_value();
        if is_constant || self.rows == self.missing {
            return Ok(Kind::Constant);
        }
        let column = || self.name.clone();
        if let Some((taken, numbers)) = numbers {
            let kind = self.numbers.kind(taken, numbers);
            let kind =
                kind.map_err(|(place, reason)| FrameError::of_number(self.written(place), reason, taken))?;
            let open = self.numbers.open(&manner.numbers).map(str::to_owned);
            doubts.extend(open.map(|written| Doubt::DecimalMark { column: column(), written, taken }));
            return Ok(kind);
        }
        if self.pairs != 0 && self.has_word {
            return Ok(Kind::Boolean);
        }
        let Some((format, Range { min, max })) = self.dates.dates(manner.day_first) else {
            return Ok(Kind::Categorical);
        };
        if let Some(taken) = &format
            && let Some((written, others)) = self.dates.open(taken, manner.day_first)
        {
            let (written, taken) = (written.to_owned(), taken.clone());
            doubts.push(Doubt::DateOrder { column: column(), written, taken, others });
        }
        Ok(Kind::Date { min, max, format })
    }
}
