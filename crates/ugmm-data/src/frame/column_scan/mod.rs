//! Finding out what one column holds, value by value.

use std::path::Path;

use super::boolean;
use super::cell::Cell;
use super::column::{Column, Kind};
use super::date::{self, DateFormat};
use super::doubt::Doubt;
use super::error::FrameError;
use super::levels::{LEVEL_LIMIT, LevelCounter};
use super::missing::{ColumnMarks, Marks};
use super::number::{self, DecimalMark, Number, Refused, Thousands};
use super::number_format::{self, NumberFormat};
use super::options::{Choice, ReadOptions};
use super::row_numbers::RowNumbers;
use super::written::Written;

/// Levels that all columns together may count while they look like numbers; see [`ColumnScan::new`].
const NUMBER_LEVELS: usize = 1_000_000;
/// How many times as long a time dates span in one order as in another, from which on the shorter one is not in doubt.
const CLEARLY_SHORTER: f64 = 4.0;
/// Levels that any column may count.
const FEWEST_LEVELS: usize = 100;
/// Different texts for a missing value that are counted.
const MOST_MARKS: usize = 100;

/// What is known of a column after some rows.
pub(super) struct ColumnScan {
    name: String,
    choice: Choice,
    missing: usize,
    missing_marks: ColumnMarks,
    /// The texts that were taken for missing values.
    marks: LevelCounter,
    row_numbers: RowNumbers,
    rows: usize,
    /// The column as numbers, while all values fit.
    point: Option<Numbers>,
    comma: Option<Numbers>,
    /// The first value that is a number with one mark only, of each of the two.
    only_point: Option<Place>,
    only_comma: Option<Place>,
    /// The first value that is one number with a decimal point and another with a comma.
    open_mark: Option<Place>,
    /// The pairs of words for booleans that all values fit.
    pairs: u8,
    /// Whether such a word was met: 1 and 0 alone, as strings, are categories.
    has_word: bool,
    /// The column as dates in the formats that all values fit.
    dates: Vec<(DateFormat, Range)>,
    /// The first date whose order has to be known.
    open_date: Option<Place>,
    /// Whether a date has AM or PM, which are written with the month first.
    half_days: bool,
    /// The format of the dates if it is stated, and whether for this column by its name, which then must hold dates.
    stated_dates: Option<(DateFormat, bool)>,
    /// The sign before or after the numbers of a column that must be numbers.
    unit: Option<char>,
    /// The first value that is a number but not one to compute with.
    refused: Option<(usize, String, Refused)>,
    levels: LevelCounter,
    level_limit: usize,
}

/// Row and text of a value.
type Place = (usize, String);

/// How the numbers and dates of a file are written, as far as it is known.
pub(super) struct Manner {
    /// The decimal mark that is stated,
    stated: Option<DecimalMark>,
    thousands: Option<Thousands>,
    /// or that columns decide which can be read in one way only,
    found: Option<DecimalMark>,
    /// Where nothing says otherwise.
    assumed: DecimalMark,
    /// Whether the day comes first in the columns that decide it.
    day_first: Option<bool>,
    /// Where both marks occur, a column with points and one with commas.
    mixed: Option<(String, String)>,
}

impl Manner {
    /// By the options, and by all the columns of a file for what they leave open; commas are in the numbers of a file that is
    /// separated by semicolons.
    pub(super) fn of(
        scans: &[ColumnScan],
        options: &ReadOptions,
        semicolons: bool,
    ) -> Result<Self, FrameError> {
        let only = |mark| {
            let decides = move |scan: &&ColumnScan| scan.only_mark() == Some(mark);
            scans.iter().find(decides).map(|scan| scan.name.clone())
        };
        let (point, comma) = (only(DecimalMark::Point), only(DecimalMark::Comma));
        let has_comma =
            |scan: &ColumnScan| scan.open_mark.as_ref().is_some_and(|(_, text)| text.contains(','));
        let day_first = |first: bool| scans.iter().any(|scan| scan.day_first() == Some(first));
        Ok(Self {
            stated: options.decimal_mark()?,
            thousands: options.thousands,
            found: match (&point, &comma) {
                (Some(_), None) => Some(DecimalMark::Point),
                (None, Some(_)) => Some(DecimalMark::Comma),
                _ => None,
            },
            assumed: match semicolons && scans.iter().any(has_comma) {
                true => DecimalMark::Comma,
                false => DecimalMark::Point,
            },
            day_first: match (day_first(true), day_first(false)) {
                (true, false) => Some(true),
                (false, true) => Some(false),
                _ => None,
            },
            mixed: point.zip(comma),
        })
    }

    /// What remains open in the whole file.
    pub(super) fn doubt(&self) -> Option<Doubt> {
        let (point, comma) = self.mixed.clone()?;
        Some(Doubt::MixedMarks { point, comma })
    }

    fn mark(&self) -> DecimalMark {
        self.stated.or(self.found).unwrap_or(self.assumed)
    }

    /// What is stated, in words.
    fn in_words(&self) -> String {
        let decimal = self.stated.map(|mark| format!("with decimal {}s", mark.name()));
        let thousands =
            self.thousands.map(|thousands| format!("with {} between thousands", thousands.plural()));
        decimal.into_iter().chain(thousands).collect::<Vec<_>>().join(" and ")
    }
}

/// What is known of a column of numbers.
struct Numbers {
    range: Range,
    integers: bool,
    /// The first value in groups, and what groups its digits; further ones that are grouped otherwise.
    grouped: Option<(Place, Thousands)>,
    otherwise: Option<(Place, Thousands)>,
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

    fn width(self) -> f64 {
        self.max - self.min
    }
}

impl Numbers {
    const NONE: Self = Self { range: Range::EMPTY, integers: true, grouped: None, otherwise: None };

    fn add(&mut self, row: usize, text: &Cell, number: Number) {
        self.range.add(number.value);
        self.integers &= number.value.fract() == 0.0;
        let Some(groups) = number.groups else { return };
        let place = || ((row, text.text().into_owned()), groups);
        let (_, first) = self.grouped.get_or_insert_with(place);
        if *first != groups {
            self.otherwise.get_or_insert_with(place);
        }
    }

    /// The first value that is not grouped as stated.
    fn contradiction(&self, stated: Option<Thousands>) -> Option<&Place> {
        let all = [&self.grouped, &self.otherwise].into_iter().flatten();
        stated
            .and_then(|stated| all.into_iter().find(|(_, groups)| *groups != stated).map(|(place, _)| place))
    }
}

impl ColumnScan {
    /// A scan of one of `columns` columns; `only_text` says whether the file says that these are strings.
    ///
    /// Numbers are counted as levels too, as one text makes categories of them. For that memory is set aside, and a
    /// share of it for each column, so that thousands of columns of measurements do not take thousands of times as
    /// much.
    pub(super) fn new(
        name: &str,
        choice: Choice,
        columns: usize,
        only_text: bool,
        options: &ReadOptions,
        marks: &Marks,
    ) -> Self {
        let numbers = choice != Choice::Categorical && !(only_text && choice == Choice::Inferred);
        let others = choice == Choice::Inferred;
        let stated = options.dates_of(name).filter(|_| others);
        let formats = match &stated {
            Some((format, _)) => vec![format.clone()],
            None if others => DateFormat::TRIED.to_vec(),
            None => Vec::new(),
        };
        let share = (NUMBER_LEVELS / columns.max(1)).clamp(FEWEST_LEVELS, LEVEL_LIMIT);
        Self {
            name: name.to_owned(),
            choice,
            missing: 0,
            missing_marks: marks.of(name),
            marks: LevelCounter::new(),
            row_numbers: RowNumbers::default(),
            rows: 0,
            point: numbers.then_some(Numbers::NONE),
            comma: numbers.then_some(Numbers::NONE),
            only_point: None,
            only_comma: None,
            open_mark: None,
            pairs: if others { boolean::ALL_PAIRS } else { 0 },
            has_word: false,
            dates: formats.into_iter().map(|format| (format, Range::EMPTY)).collect(),
            open_date: None,
            half_days: false,
            stated_dates: stated,
            unit: None,
            refused: None,
            levels: LevelCounter::new(),
            level_limit: if numbers { share } else { LEVEL_LIMIT },
        }
    }

    /// Takes in the value of row `row`, as it is in the file.
    pub(super) fn add(
        &mut self,
        path: &Path,
        row: usize,
        cell: Cell,
        marks: &Marks,
    ) -> Result<(), FrameError> {
        self.add_times(path, row, cell, 1, marks)
    }

    /// The same of so many rows with one value; `row` is one of them.
    pub(super) fn add_times(
        &mut self,
        path: &Path,
        row: usize,
        written: Cell,
        times: usize,
        marks: &Marks,
    ) -> Result<(), FrameError> {
        self.rows += times;
        let cell = marks.clean(written, &self.missing_marks);
        if cell == Cell::Missing {
            self.missing += times;
            let text = if matches!(written, Cell::Number(number) if number.is_nan()) {
                "".into()
            } else {
                written.text()
            };
            if !text.trim().is_empty() {
                self.marks.add(text.trim(), times, MOST_MARKS);
            }
            return Ok(());
        }
        let before = self.expected();
        self.narrow(row, cell, times);
        let expected = self.expected();
        if let (Some((format, true)), true) = (&self.stated_dates, self.dates.is_empty()) {
            let (written, example) =
                (self.written(path, row, cell.text()), DateFormat::example(Some(format)));
            return Err(FrameError::NotADate { written, example });
        }
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
        let (written, limit) = (self.written(path, row, cell.text()), self.level_limit);
        Err(match before {
            Some(expected) if self.rows - self.missing > 1 => {
                FrameError::OtherKindOfValue { written, expected, limit }
            }
            _ => FrameError::TooManyLevels { file: written.file, row, column: written.column, limit },
        })
    }

    fn written(&self, path: &Path, row: usize, text: impl Into<String>) -> Written {
        Written::new(path, row, &self.name, text)
    }

    /// What the column holds, in a file that is written in this manner; what is in doubt about it is added to the list.
    pub(super) fn finish(
        self,
        path: &Path,
        manner: &Manner,
        doubts: &mut Vec<Doubt>,
    ) -> Result<Column, FrameError> {
        let constant = match self.choice {
            Choice::Inferred => self.rows == self.missing || self.missing == 0 && self.has_one_value(),
            _ => self.rows == self.missing,
        };
        let numbers = if self.has_stated_dates() { None } else { self.numbers(path, manner)? };
        let kind = if constant {
            Kind::Constant
        } else if let Some((mark, numbers)) = numbers {
            if let Some((row, written, reason)) = &self.refused {
                return Err(FrameError::of_number(self.written(path, *row, written), *reason, mark));
            }
            if let Some((_, written)) = self.open_mark.as_ref().filter(|_| self.only_mark().is_none())
                && manner.stated.or(manner.found).is_none()
                && manner.thousands.is_none()
            {
                let (column, written) = (self.name.clone(), written.clone());
                doubts.push(Doubt::DecimalMark { column, written, taken: mark });
            }
            let Range { min, max } = numbers.range;
            let truth = numbers.integers && min >= 0.0 && max <= 1.0;
            let format = NumberFormat { mark, grouped: numbers.grouped.is_some(), truth, unit: self.unit };
            Kind::Numeric { min, max, integers: numbers.integers, format }
        } else if self.pairs != 0 && self.has_word {
            Kind::Boolean
        } else if let Some((format, Range { min, max })) = self.dates(manner) {
            if let (Some((_, written)), Some(taken)) = (&self.open_date, &format) {
                let others = self.other_dates(taken, manner);
                let others = others.filter_map(|other| date::pattern_of(written, other)).collect::<Vec<_>>();
                if !others.is_empty() {
                    let (column, written, taken) = (self.name.clone(), written.clone(), taken.clone());
                    doubts.push(Doubt::DateOrder { column, written, taken, others });
                }
            }
            Kind::Date { min, max, format }
        } else {
            Kind::Categorical
        };
        let levels = self.levels.finish(kind == Kind::Boolean);
        let missing_as = self.marks.finish(false).unwrap_or_default();
        let numbering = self.row_numbers.numbering(self.rows);
        let column = Column { name: self.name, kind, missing: self.missing, levels, missing_as, numbering };
        if self.choice == Choice::Inferred {
            doubts.extend(column.doubt());
        }
        Ok(column)
    }

    /// Drops what the column cannot be with this value.
    fn narrow(&mut self, row: usize, cell: Cell, times: usize) {
        let place = || (row, cell.text().into_owned());
        if self.point.is_none() {
            self.row_numbers.add(None, times);
        }
        if self.point.is_some() || self.comma.is_some() {
            let place = || (row, cell.text().into_owned());
            // Only a column that must be numbers may have signs beside them, all the same.
            let own = match cell {
                Cell::Text(text) if self.choice == Choice::Numeric => number_format::split_unit(text)
                    .filter(|(_, unit)| *self.unit.get_or_insert(*unit) == *unit)
                    .map(|(number, _)| number),
                _ => None,
            };
            let cell = own.as_deref().map_or(cell, Cell::Text);
            let point = number_of(cell, DecimalMark::Point);
            if self.point.is_some() {
                self.row_numbers.add(point.ok().map(|number| number.value), times);
            }
            let comma = match cell {
                Cell::Text(text) if text.contains(['.', ',', ' ', '\'']) || point.is_err() => {
                    number_of(cell, DecimalMark::Comma)
                }
                _ => point,
            };
            let only = match (point, comma) {
                (Ok(_), Err(Refused::NotANumber)) => Some(&mut self.only_point),
                (Err(Refused::NotANumber), Ok(_)) => Some(&mut self.only_comma),
                (Ok(point), Ok(comma)) if point.value != comma.value => Some(&mut self.open_mark),
                _ => None,
            };
            if let Some(only) = only {
                only.get_or_insert_with(place);
            }
            for (numbers, parsed) in [(&mut self.point, point), (&mut self.comma, comma)] {
                match (numbers.as_mut(), parsed) {
                    (None, _) => {}
                    (Some(numbers), Ok(number)) => numbers.add(row, &cell, number),
                    (Some(_), Err(Refused::NotANumber)) => *numbers = None,
                    (Some(_), Err(reason)) => {
                        self.refused.get_or_insert_with(|| (row, cell.text().into_owned(), reason));
                    }
                }
            }
        }
        if self.pairs != 0 {
            self.pairs &= match cell {
                Cell::Text(text) => boolean::pairs_or_numbers(text),
                // The file itself says that it is one.
                Cell::Boolean(_) => boolean::ALL_PAIRS,
                _ => 0,
            };
            self.has_word |= match cell {
                Cell::Text(text) => boolean::pairs(text) != 0,
                _ => true,
            };
        }
        if self.dates.is_empty() {
            return;
        }
        let text = match cell {
            Cell::Text(text) => text.into(),
            // Dates such as 20240229.
            Cell::Integer(_) if self.stated_dates.is_some() => cell.text(),
            _ => "".into(),
        };
        self.dates.retain_mut(|(format, range)| {
            let days = match cell {
                Cell::Days(days) => Some(days),
                _ => date::parse_own(&text, format),
            };
            days.inspect(|&days| range.add(days)).is_some()
        });
        if self.open_date.is_none() && self.dates.iter().any(|(format, _)| date::is_open(&text, format)) {
            self.open_date = Some(place());
        }
        self.half_days |= text.ends_with(['m', 'M']);
    }

    /// The mark that the column must have, if it can only have one.
    fn only_mark(&self) -> Option<DecimalMark> {
        match (&self.point, &self.comma) {
            (Some(_), None) => Some(DecimalMark::Point),
            (None, Some(_)) => Some(DecimalMark::Comma),
            _ => None,
        }
    }

    /// The dates in this format, if all are.
    fn dates_in(&self, wanted: &DateFormat) -> Option<Range> {
        self.dates.iter().find(|(format, _)| format == wanted).map(|(_, range)| *range)
    }

    /// How many times as long a time the dates span with the day or the month first as with the year first, where both can be:
    /// years are few neighbours, and days are many.
    fn year_first(&self) -> Option<f64> {
        let year = self.dates_in(&DateFormat::ShortYearFirst)?;
        let others = [DateFormat::DayFirst, DateFormat::MonthFirst];
        let shortest = others.iter().filter_map(|other| self.dates_in(other)).map(Range::width);
        // A day is the least that dates span.
        shortest.min_by(f64::total_cmp).map(|other| other.max(1.0) / year.width().max(1.0))
    }

    /// Whether the dates must have the day or the month first, if there is a date that this matters for.
    fn day_first(&self) -> Option<bool> {
        let fits = |wanted| self.dates_in(&wanted).is_some();
        match (fits(DateFormat::DayFirst), fits(DateFormat::MonthFirst)) {
            _ if self.year_first().is_some_and(|times| times > 1.0) => None,
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }

    /// The formats in which the dates could be as well as in the one that was taken.
    fn other_dates(&self, taken: &DateFormat, manner: &Manner) -> impl Iterator<Item = &DateFormat> {
        let is_year_clear = self.year_first().is_none_or(|times| times.max(times.recip()) >= CLEARLY_SHORTER);
        let is_year_taken = *taken == DateFormat::ShortYearFirst;
        let is_day_clear = manner.day_first.is_some() || is_year_taken && is_year_clear;
        let could_be = move |other: &DateFormat| match other {
            DateFormat::ShortYearFirst => !is_year_clear,
            DateFormat::DayFirst | DateFormat::MonthFirst if is_year_taken => !is_year_clear,
            DateFormat::DayFirst | DateFormat::MonthFirst => !is_day_clear,
            DateFormat::Months | DateFormat::Stated(_) => false,
        };
        let taken = taken.clone();
        self.dates.iter().map(|(format, _)| format).filter(move |other| **other != taken && could_be(other))
    }

    /// Whether the column holds dates in the format that is stated.
    pub(super) fn has_stated_dates(&self) -> bool {
        self.stated_dates.is_some() && !self.dates.is_empty() && self.open_date.is_some()
    }

    /// The column as dates, with their format if their order has to be known.
    fn dates(&self, manner: &Manner) -> Option<(Option<DateFormat>, Range)> {
        let (first, range) = self.dates.first()?;
        if self.open_date.is_none() {
            return Some((None, *range));
        }
        if self.year_first().is_some_and(|times| times > 1.0) {
            let year_first = DateFormat::ShortYearFirst;
            return self.dates_in(&year_first).map(|range| (Some(year_first), range));
        }
        // The month comes first where clocks have twelve hours.
        let month_first = !manner.day_first.unwrap_or(!self.half_days);
        let other = self.dates.iter().find(|(format, _)| month_first && *format == DateFormat::MonthFirst);
        let (format, range) = other.unwrap_or(&(first.clone(), *range)).clone();
        Some((Some(format), range))
    }

    /// What the column can still be but for categories.
    fn expected(&self) -> Option<&'static str> {
        if self.point.is_some() || self.comma.is_some() {
            Some("a number")
        } else if !self.dates.is_empty() {
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
        Err(FrameError::of_number(self.written(path, row, cell.text()), reason, mark))
    }

    fn has_one_value(&self) -> bool {
        let one = |numbers: &Option<Numbers>| {
            numbers.as_ref().is_some_and(|numbers| numbers.range.min == numbers.range.max)
        };
        self.levels.is_constant() || self.refused.is_none() && (one(&self.point) || one(&self.comma))
    }

    /// The column as numbers.
    fn numbers(&self, path: &Path, manner: &Manner) -> Result<Option<(DecimalMark, &Numbers)>, FrameError> {
        let other = manner.mark().other();
        let readings = [(manner.mark(), self.with(manner.mark())), (other, self.with(other))];
        let fits = |mark: DecimalMark, numbers: &Numbers| {
            // A column of whole numbers, say, has both.
            manner.stated.is_none_or(|stated| stated == mark)
                && numbers.contradiction(manner.thousands).is_none()
        };
        let mut some = readings.iter().filter_map(|(mark, numbers)| Some((*mark, numbers.as_ref()?)));
        let Some((mark, numbers)) = some.clone().next() else { return Ok(None) };
        if let Some(fitting) = some.find(|(mark, numbers)| fits(*mark, numbers)) {
            return Ok(Some(fitting));
        }
        let own = if mark == DecimalMark::Point { &self.only_point } else { &self.only_comma };
        let wrong = numbers.contradiction(manner.thousands).or(own.as_ref()).or(self.open_mark.as_ref());
        let (row, written) = wrong.cloned().unwrap_or_default();
        let written = self.written(path, row, written);
        Err(FrameError::OtherMarks { written, stated: manner.in_words() })
    }

    fn with(&self, mark: DecimalMark) -> &Option<Numbers> {
        match mark {
            DecimalMark::Point => &self.point,
            DecimalMark::Comma => &self.comma,
        }
    }
}

fn number_of(cell: Cell, mark: DecimalMark) -> Result<Number, Refused> {
    let plain = |value| Number { value, groups: None };
    match cell {
        Cell::Text(text) => number::parse(text, mark),
        Cell::Integer(integer) => number::from_integer(integer).map(plain),
        Cell::Number(number) => number::from_float(number).map(plain),
        _ => Err(Refused::NotANumber),
    }
}
