//! The columns of a table as variables of a circuit.

use crate::Table;
use crate::columns::check_column;
use crate::error::TabularError;
use crate::question_error::QuestionError;
use crate::range::NumberRange;
use crate::value_text::{is_month, value_text};
use crate::variables::{number, one_of};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use ugmm_circuit::{MAXIMUM_STATES, UnivariateMixture, Variable};
use ugmm_data::frame::{
    Column, Kind, Level, LevelIndex, ReadAs, Request, Schema, UNSEEN, Values, minute_text,
};
use ugmm_data::{ImageShape, MIN_LEVEL_ROWS};

/// What the state of rare and unseen levels is called. It is no value: nothing is drawn or filled in as such.
pub const OTHER: &str = "(other)";
/// What it is called where training had no rare levels.
const NOT_SEEN: &str = "(not seen)";
/// Rows, and the share of all rows, that have the least or the greatest of a column's whole numbers where they end with it: numbers
/// that thin out towards an end have about one row there, however many rows there are.
const PILED_UP: usize = 10;
const PILED_UP_SHARE: f64 = 0.05;
/// How far the numbers of a column of whole numbers may be apart: those of a wider one are a density, which says as much where each
/// number has little probability, and is learned faster than a table.
const WIDEST: f64 = 1024.0;
/// States that are named, at most.
const SHOWN_STATES: usize = 10;
/// The largest byte of a pixel.
const WHITE: f64 = 255.0;
/// Bytes that there are.
const BYTES: usize = 256;
/// How far a pixel times 255 may be from a whole number: pixels may have been written with few digits.
const PIXEL_TOLERANCE: f64 = 0.02;

/// A column of a table as a variable of a circuit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DensityColumn {
    pub(crate) request: Request,
    pub(crate) values: ColumnValues,
    /// What its numbers ranged over in the rows learned from.
    pub(crate) range: Option<NumberRange>,
    /// Of numbers that are no whole ones, the least that can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) least: Option<f64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) greatest: Option<f64>,
    /// Levels that share the last state; none where the model was trained by a version that did not keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rare: Option<Vec<RareLevel>>,
}

/// A level that too few rows have for a state of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RareLevel {
    /// As the table has it.
    pub text: String,
    /// Rows learned from that have it; at least 1.
    pub rows: usize,
}

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ColumnValues {
    /// Any number, or any time.
    Number,
    /// Whole numbers, or days, of this range.
    Whole { low: i64, high: i64 },
    /// A pixel, 0 to 1: its byte divided by 255.
    Pixel,
    /// 0 is false, 1 is true, in the words of the table.
    Truth { words: [String; 2] },
    /// The levels of the request by their codes, and after them, `with_other`, one state for all others.
    States { with_other: bool },
}

/// A value of a row, as the circuit wants it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoded {
    Missing,
    Value(f64),
    /// A level that training did not have or had seldom.
    Unseen(f64),
    /// A number that the variable cannot be.
    Impossible(f64),
    /// A number with a fraction of a variable of whole numbers: the nearest one, or the day.
    Rounded(f64),
}

impl DensityColumn {
    /// A column of which nothing more is known.
    fn new(request: Request, values: ColumnValues, range: Option<NumberRange>) -> Self {
        Self { request, values, range, least: None, greatest: None, rare: None }
    }

    /// The column's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.request.name
    }

    /// What it is taken as, in a word or two.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match (&self.values, &self.request.read_as) {
            (ColumnValues::Number, read_as)
                if read_as.is_date() && self.range.is_some_and(|range| range.whole) =>
            {
                "date"
            }
            (ColumnValues::Number, read_as) if read_as.is_date() => "time",
            (ColumnValues::Number, _) => "number",
            (ColumnValues::Whole { .. }, read_as) if read_as.is_date() => "date",
            (ColumnValues::Whole { .. }, _) => "whole number",
            (ColumnValues::Pixel, _) => "pixel",
            (ColumnValues::Truth { .. }, _) => "true or false",
            (ColumnValues::States { .. }, _) => "category",
        }
    }

    /// Whether its values have an order and a distance: numbers, dates, pixels.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self.values, ColumnValues::Number | ColumnValues::Whole { .. } | ColumnValues::Pixel)
    }

    /// Whether it is one of whole numbers, days or pixels, which have probabilities rather than densities.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.values, ColumnValues::Whole { .. } | ColumnValues::Pixel)
    }

    /// Whether its values are true and false.
    #[must_use]
    pub fn is_truth(&self) -> bool {
        matches!(self.values, ColumnValues::Truth { .. })
    }

    /// Whether its numbers are dates or times, as days since 1970-01-01.
    #[must_use]
    pub fn is_date(&self) -> bool {
        self.request.read_as.is_date()
    }

    /// Least and greatest number of the rows learned from, in the table's units; none of a category.
    #[must_use]
    pub fn range(&self) -> Option<NumberRange> {
        self.range
    }

    /// Names of its states, in order; none of a number.
    #[must_use]
    pub fn states(&self) -> Option<Vec<String>> {
        match (&self.values, &self.request.read_as) {
            (ColumnValues::Truth { words }, _) => Some(words.to_vec()),
            (ColumnValues::States { with_other }, ReadAs::Codes(levels)) => {
                let mut names = levels.clone();
                names.extend(with_other.then(|| OTHER.to_owned()));
                Some(names)
            }
            _ => None,
        }
    }

    /// The state of rare and unseen levels, if it has one.
    #[must_use]
    pub fn other(&self) -> Option<usize> {
        match (&self.values, &self.request.read_as) {
            (ColumnValues::States { with_other: true }, ReadAs::Codes(levels)) => Some(levels.len()),
            _ => None,
        }
    }

    /// Levels that share the state of rare and unseen ones; none where the model does not know them.
    #[must_use]
    pub fn rare(&self) -> Option<&[RareLevel]> {
        self.rare.as_deref()
    }

    /// The values that stand for rare levels, which come after the states, each with its share of the rows that have a rare one.
    pub(crate) fn rare_values(&self) -> Vec<(f64, f64)> {
        let (Some(other), Some(rare)) = (self.other(), self.rare()) else { return Vec::new() };
        let rows = rare.iter().map(|level| level.rows).sum::<usize>() as f64;
        (other + 1..).zip(rare).map(|(value, level)| (value as f64, level.rows as f64 / rows)).collect()
    }

    /// The state that a value stands for, and the logarithm of the value's share of it: 0 but for rare levels.
    pub(crate) fn state_of(&self, value: f64) -> (f64, f64) {
        match self.other() {
            Some(other) if value > other as f64 => {
                let share = self.rare_values().into_iter().find(|(rare, _)| *rare == value);
                (other as f64, share.map_or(0.0, |(_, share)| share.ln()))
            }
            _ => (value, 0.0),
        }
    }

    /// Each value of a column of states with its probability, where `probabilities` are those of its states: the state of rare and
    /// unseen levels is divided between the rare ones, if the model knows some.
    pub(crate) fn divided(&self, probabilities: &[f64]) -> Vec<(f64, f64)> {
        let rare = self.rare_values();
        let kept = if rare.is_empty() { probabilities.len() } else { probabilities.len().saturating_sub(1) };
        let last = probabilities.last().copied().unwrap_or(0.0);
        let states = (0..kept).map(|state| (state as f64, probabilities[state]));
        states.chain(rare.into_iter().map(|(value, share)| (value, share * last))).collect()
    }

    /// The most probable value of a column of states and its probability. It is a level of the table wherever the model knows one: only
    /// a model without the names of rare levels answers with the state of all of them.
    #[must_use]
    pub fn most_probable(&self, distribution: &UnivariateMixture) -> (f64, f64) {
        let UnivariateMixture::Discrete { probabilities, .. } = distribution else {
            let mode = distribution.mode();
            return (mode, distribution.density(mode));
        };
        let mut values = self.divided(probabilities);
        if self.rare.is_some() && values.len() > 1 {
            values.retain(|(value, _)| Some(*value as usize) != self.other());
        }
        let first = values.first().copied().unwrap_or((0.0, 0.0));
        values.into_iter().fold(first, |best, one| if one.1 > best.1 { one } else { best })
    }

    /// A value of the circuit's variable in the table's units: the same but for pixels.
    #[must_use]
    pub fn to_table(&self, value: f64) -> f64 {
        if self.values == ColumnValues::Pixel { value / WHITE } else { value }
    }

    /// The circuit's value of a number in the table's units.
    pub(crate) fn in_circuit(&self, number: f64) -> f64 {
        if self.values == ColumnValues::Pixel { number * WHITE } else { number }
    }

    /// A value of the circuit's variable as it would stand in the table: numbers to a hundred-thousandth of their range.
    #[must_use]
    pub fn text(&self, value: f64) -> String {
        if let Some(states) = self.states() {
            let rare = || self.rare()?.get((value as usize).checked_sub(states.len())?);
            // What is no state can only come of a file that was made by hand.
            let state = states.get(value as usize).or_else(|| rare().map(|level| &level.text));
            return state.cloned().unwrap_or_default();
        }
        match self.values {
            ColumnValues::Pixel => ((value.round() + 0.0) / WHITE).to_string(),
            _ => value_text(&self.request.read_as, self.in_table(value)),
        }
    }

    /// A value of the circuit's variable as exact as those of the table.
    fn in_table(&self, value: f64) -> f64 {
        match (&self.values, self.range) {
            (ColumnValues::Number, Some(range)) if !range.whole => range.step_rounded(value),
            (ColumnValues::Number, Some(_)) | (ColumnValues::Whole { .. }, _) => value.round() + 0.0,
            _ => value,
        }
    }

    /// What a value of a column of states is called in a list of all of them.
    pub(crate) fn state_name(&self, value: f64) -> String {
        let has_no_rare = self.rare().is_some_and(<[RareLevel]>::is_empty);
        self.cell(value).unwrap_or_else(|| if has_no_rare { NOT_SEEN } else { OTHER }.to_owned())
    }

    /// A value as [`Self::text`] has it; none for the state of rare and unseen levels, which is no value of the table.
    #[must_use]
    pub fn cell(&self, value: f64) -> Option<String> {
        (self.other().map(|other| other as f64) != Some(value)).then(|| self.text(value))
    }

    /// A value as [`Self::cell`] has it, but months as the date of their first day: what a file that writes months in another
    /// way can be given.
    #[must_use]
    pub fn cell_with_day(&self, value: f64) -> Option<String> {
        match is_month(&self.request.read_as) {
            true => Some(ReadAs::Days.text(self.request.read_as.nearest(value))),
            false => self.cell(value),
        }
    }

    /// A number that need not be one of the variable's, such as a mean, as text: with the digits that count.
    #[must_use]
    pub fn fine_text(&self, value: f64) -> String {
        match (self.is_date(), self.range) {
            (true, _) => minute_text(value),
            (false, Some(range)) => {
                let range = NumberRange {
                    low: self.in_circuit(range.low),
                    high: self.in_circuit(range.high),
                    whole: false,
                };
                self.to_table(range.step_rounded(value)).to_string()
            }
            (false, None) => value.to_string(),
        }
    }

    /// The circuit's value for one as it would stand in the table.
    ///
    /// # Errors
    ///
    /// When it is no value of the column; the message says what would be.
    pub fn parse(&self, text: &str) -> Result<f64, TabularError> {
        let text = text.trim();
        let wrong = |expected: String| {
            TabularError::from(QuestionError::NoValue {
                column: self.name().to_owned(),
                value: text.to_owned(),
                expected,
            })
        };
        if let Some(names) = self.value_names() {
            let value = match self.values {
                ColumnValues::Truth { .. } => self.request.read_as.number(text),
                // Rare levels come after the state that they share.
                _ => LevelIndex::new(&names).position(text).map(|place| {
                    let is_rare = self.other().is_some_and(|other| place as usize >= other);
                    f64::from(place + u32::from(is_rare))
                }),
            };
            // Answers have this name where no level of the table stands for the state.
            let not_seen = || self.other().filter(|_| text == NOT_SEEN && self.rare() == Some(&[]));
            let value = value.or_else(|| not_seen().map(|other| other as f64));
            return value.ok_or_else(|| wrong(one_of(text, &names)));
        }
        let Some(number) = number(&self.request.read_as, text) else {
            let kind = if self.is_date() { "a date" } else { "a number" };
            let text_of = |number: f64| value_text(&self.request.read_as, number);
            let example = self.range.map(|range| {
                format!(", such as those from {} to {}", text_of(range.low), text_of(range.high))
            });
            return Err(wrong(format!("{kind}{}", example.unwrap_or_default())));
        };
        match self.encode_number(number) {
            Encoded::Value(value) => Ok(value),
            _ => Err(wrong(self.possible_values())),
        }
    }

    /// What its values are called, of a column of states: the state of rare and unseen levels is none, the rare levels that are
    /// known are some.
    fn value_names(&self) -> Option<Vec<String>> {
        let mut names = self.states()?;
        names.truncate(self.other().unwrap_or(names.len()));
        names.extend(self.rare().unwrap_or_default().iter().map(|level| level.text.clone()));
        Some(names)
    }

    /// A number in the table's units as it would stand there.
    #[must_use]
    pub fn number_text(&self, number: f64) -> String {
        value_text(&self.request.read_as, number)
    }

    /// What its numbers can be, in words.
    #[must_use]
    pub fn possible_values(&self) -> String {
        match self.values {
            ColumnValues::Whole { low, high } => {
                let kind = if self.is_date() { "a day" } else { "a whole number" };
                let [low, high] = [low, high].map(|end| value_text(&self.request.read_as, end as f64));
                format!("{kind} from {low} to {high}")
            }
            ColumnValues::Number if self.least.is_some() || self.greatest.is_some() => {
                let text = |end: f64| value_text(&self.request.read_as, end);
                let kind = if self.is_date() { "a date" } else { "a number" };
                match (self.least, self.greatest) {
                    (Some(least), Some(greatest)) => {
                        format!("{kind} from {} to {}", text(least), text(greatest))
                    }
                    (least, greatest) => {
                        let most = if least.is_some() { "least" } else { "most" };
                        format!("{kind} of at {most} {}", text(least.or(greatest).unwrap_or_default()))
                    }
                }
            }
            ColumnValues::Pixel => "a pixel from 0 to 1, a byte divided by 255".into(),
            ColumnValues::States { .. } => match self.value_names().unwrap_or_default() {
                names if names.len() <= SHOWN_STATES => format!("one of {}", names.join(", ")),
                names => format!("one of {} states", names.len()),
            },
            _ => "a finite number".into(),
        }
    }

    /// A number of the table.
    pub(crate) fn encode_number(&self, number: f64) -> Encoded {
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

    /// A code of the table; [`UNSEEN`](ugmm_data::frame::UNSEEN) is none of the levels.
    pub(crate) fn encode_code(&self, code: Option<u32>) -> Encoded {
        let ReadAs::Codes(levels) = &self.request.read_as else { return Encoded::Missing };
        match (code, &self.values) {
            (None, _) => Encoded::Missing,
            (Some(code), _) if (code as usize) < levels.len() => Encoded::Value(f64::from(code)),
            (Some(_), ColumnValues::States { with_other: true }) => Encoded::Unseen(levels.len() as f64),
            // Of a target: a class that there is none of.
            (Some(_), _) => Encoded::Impossible(f64::NAN),
        }
    }

    /// The values of the column in a table that it was made of: codes are those of its levels, not of the table's.
    pub(crate) fn values_of<'t>(&self, table: &'t Table) -> Result<Cow<'t, Values>, TabularError> {
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

    /// What must hold of a column from a file, in words if it does not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let name = self.name();
        let fits = match (&self.values, &self.request.read_as) {
            (ColumnValues::Number, ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_)) => true,
            (ColumnValues::Whole { low, high }, ReadAs::Numbers(_) | ReadAs::Days | ReadAs::Dates(_)) => {
                low <= high && high.checked_sub(*low).is_some_and(|range| range < MAXIMUM_STATES as i64)
            }
            (ColumnValues::Pixel, ReadAs::Numbers(_)) => true,
            (ColumnValues::Truth { .. }, ReadAs::Booleans) => true,
            (ColumnValues::States { with_other }, ReadAs::Codes(levels)) => {
                (1..=MAXIMUM_STATES).contains(&(levels.len() + usize::from(*with_other)))
            }
            _ => false,
        };
        if !fits {
            return Err(format!("the values of the column {name:?} are not those that it is read as"));
        }
        let rare = self.rare.as_deref().unwrap_or_default();
        if rare.iter().any(|level| level.rows == 0) || !rare.is_empty() && self.other().is_none() {
            return Err(format!("the rare levels of the column {name:?} are not those of a category"));
        }
        match self.range {
            Some(range) if !range.is_usable() => Err(format!("the range of the column {name:?} is no range")),
            None if self.is_number() => Err(format!("the column {name:?} has no range")),
            _ => Ok(()),
        }
    }

    /// Whether the circuit's variable is the one that this column makes.
    pub(crate) fn fits(&self, variable: &Variable) -> bool {
        use ugmm_circuit::VariableKind as V;
        match (&self.values, variable.kind) {
            (ColumnValues::Number, V::Continuous { low, high, .. }) => {
                (self.least, self.greatest) == (low, high)
            }
            (ColumnValues::Whole { low, high }, V::Integer { low: least, high: greatest }) => {
                (*low, *high) == (least, greatest)
            }
            (ColumnValues::Pixel, V::Categorical { states: BYTES }) => true,
            (ColumnValues::Truth { .. } | ColumnValues::States { .. }, V::Categorical { states }) => {
                self.states().is_some_and(|names| names.len() == states)
            }
            _ => false,
        }
    }

    /// The circuit's variable, for these values of the rows to learn from.
    pub(crate) fn variable(&self, values: impl Iterator<Item = f64> + Clone) -> Variable {
        let variable = match &self.values {
            ColumnValues::Number => Variable::standardizing(values).between(self.least, self.greatest),
            ColumnValues::Whole { low, high } => Variable::integer(*low, *high),
            // A probability for each byte: there are rows enough, and black and white are no ends of a bell.
            ColumnValues::Pixel => Variable::categorical(BYTES),
            ColumnValues::Truth { .. } | ColumnValues::States { .. } => {
                Variable::categorical(self.states().map_or(1, |names| names.len()))
            }
        };
        variable.named(self.name())
    }
}

/// The columns of a table that a density is learned of, the target last.
///
/// # Errors
///
/// When nothing is left to learn from, or a category names rows rather than kinds of rows.
pub(crate) fn used_columns<'t>(
    table: &'t Table,
    target: Option<&str>,
) -> Result<Vec<&'t Column>, TabularError> {
    let schema = table.schema();
    let is_target = |column: &&Column| Some(column.name.as_str()) == target;
    let used = schema.columns.iter().filter(|column| !is_target(column) && column.is_informative());
    // Labels that nobody asks for are no part of an image.
    let mut columns: Vec<_> = used.filter(|column| !schema.is_label(&column.name)).collect();
    if columns.is_empty() {
        return Err(TabularError::NothingToLearn);
    }
    columns.iter().try_for_each(|column| check_column(column, table.rows()))?;
    columns.extend(schema.columns.iter().filter(is_target));
    Ok(columns)
}

/// The columns of [`used_columns`] as variables. Levels and ranges are those of `rows`, the rows to learn from: what other rows
/// hold makes no difference.
pub(crate) fn columns_of(
    table: &Table,
    target: Option<&str>,
    rows: &[usize],
) -> Result<Vec<DensityColumn>, TabularError> {
    let schema = table.schema();
    let column_of = |column: &Column| match (&column.kind, Some(column.name.as_str()) == target) {
        // A split leaves no class of the target without a row to learn from.
        (Kind::Categorical, true) => {
            let values = ColumnValues::States { with_other: false };
            Ok(DensityColumn::new(schema.request(&column.name)?, values, None))
        }
        (_, is_target) => column_of(table, column, schema.images.is_some() && !is_target, rows),
    };
    used_columns(table, target)?.into_iter().map(column_of).collect()
}

fn column_of(
    table: &Table,
    column: &Column,
    is_image: bool,
    rows: &[usize],
) -> Result<DensityColumn, TabularError> {
    let mut request = table.schema().request(&column.name)?;
    Ok(match (table.column(&column.name)?, &column.kind) {
        (Values::Numbers(_), Kind::Boolean) => {
            DensityColumn::new(request, ColumnValues::Truth { words: column.words() }, None)
        }
        (Values::Numbers(numbers), _) => {
            let of_rows = rows.iter().map(|&row| numbers[row]);
            let no_value = NumberRange { low: 0.0, high: 0.0, whole: false };
            match NumberRange::of(of_rows.clone()) {
                None => DensityColumn::new(request, ColumnValues::Number, Some(no_value)),
                Some(range) if is_image && numbers.iter().all(|number| is_byte(*number)) => {
                    DensityColumn::new(request, ColumnValues::Pixel, Some(range))
                }
                Some(range) => of_numbers(request, range, of_rows),
            }
        }
        (values, _) => {
            let levels = column.levels.as_deref().unwrap_or_default();
            let mut counts = vec![0usize; levels.len()];
            if let Values::Codes(codes) = values {
                let codes = rows.iter().filter_map(|&row| codes[row]);
                codes
                    .for_each(|code| counts.get_mut(code as usize).into_iter().for_each(|count| *count += 1));
            }
            let seen = levels.iter().zip(counts).filter(|(_, rows)| *rows > 0);
            let (common, rare): (Vec<_>, Vec<_>) = seen.partition(|(_, rows)| *rows >= MIN_LEVEL_ROWS);
            let common = common.into_iter().map(|(level, _)| level.text.clone()).collect();
            let rare = rare.into_iter().map(|(level, rows)| RareLevel { text: level.text.clone(), rows });
            request.read_as = ReadAs::Codes(common);
            let values = ColumnValues::States { with_other: true };
            let rare = Some(rare.collect());
            DensityColumn { rare, ..DensityColumn::new(request, values, None) }
        }
    })
}

/// A column of numbers, days or times, with the values that it can have by those that it had:
///
/// * Numbers none of which was negative are not below 0, those none of which was positive not above it.
/// * Whole numbers and days over a short range have a probability each, over this range and as much again on both sides, since to be
///   outside is to be impossible, which no number of rows can say of the next ones. At an end that many rows have, whole numbers
///   end: the best of five stars, the hundred of a hundred percent.
/// * Days and times over a long range are within as much again on both sides as well.
fn of_numbers(
    request: Request,
    range: NumberRange,
    numbers: impl Iterator<Item = f64> + Clone,
) -> DensityColumn {
    let is_date = request.read_as.is_date();
    let width = range.high - range.low;
    let margin = width.max(1.0);
    // No day is less than nothing. Of a column of zeros only, either end would do.
    let least = (!is_date && range.low >= 0.0).then_some(0.0);
    let greatest = (!is_date && range.high <= 0.0 && range.low < 0.0).then_some(0.0);
    let low = (range.low - margin).max(least.unwrap_or(f64::NEG_INFINITY));
    let high = (range.high + margin).min(greatest.unwrap_or(f64::INFINITY));
    let is_exact = range.low.abs().max(range.high.abs()) <= (1_i64 << 50) as f64;
    if range.whole && is_exact && width <= WIDEST {
        let known = numbers.clone().filter(|number| !number.is_nan()).count();
        let is_piled_up = |end: f64| {
            let rows = numbers.clone().filter(|number| *number == end).count();
            !is_date && width > 0.0 && rows >= PILED_UP && rows as f64 >= PILED_UP_SHARE * known as f64
        };
        let low = if is_piled_up(range.low) { range.low } else { low };
        let high = if is_piled_up(range.high) { range.high } else { high };
        let values = ColumnValues::Whole { low: low as i64, high: high as i64 };
        return DensityColumn::new(request, values, Some(range));
    }
    let (least, greatest) = if is_date { (Some(low), Some(high)) } else { (least, greatest) };
    DensityColumn { least, greatest, ..DensityColumn::new(request, ColumnValues::Number, Some(range)) }
}

fn is_byte(number: f64) -> bool {
    (number * WHITE - (number * WHITE).round()).abs() < PIXEL_TOLERANCE
}

/// Makes every pixel of a file of images a column of numbers, also one that is the same in all images: a density of images is
/// one of whole images.
pub fn prepare_pixels(schema: &mut Schema) {
    let Some(shape) = schema.images.as_ref().map(|images| images.shape) else { return };
    let pixels: std::collections::HashSet<String> = ImageShape::names(shape).collect();
    for column in schema.columns.iter_mut().filter(|column| pixels.contains(&column.name)) {
        if let (Kind::Constant, Some([level])) = (&column.kind, column.levels.as_deref()) {
            let value = level.text.parse().unwrap_or(0.0);
            let format = ugmm_data::frame::NumberFormat::default();
            column.kind = Kind::Numeric { min: value, max: value, integers: false, format };
        }
    }
}
