//! How to read a file, where its content does not say.

use std::collections::HashSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::date::{self, DateFormat};
use super::encoding::Encoding;
use super::error::FrameError;
use super::names::{Names, closest};
use super::number::{DecimalMark, Thousands};

/// How to read a file, where its content does not say. The default is right for most files.
///
/// ```
/// use ugmm_data::frame::ReadOptions;
///
/// let options = ReadOptions { missing: vec!["-999".into()], ..ReadOptions::default() };
/// assert!(options.has_header && options.delimiter.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The character between columns, in ASCII; by default inferred from the first lines.
    pub delimiter: Option<u8>,
    /// Whether the first line of text names the columns. A Parquet file always has names.
    pub has_header: bool,
    /// The character with which a comment begins; by default inferred as the [module](super) says.
    pub comment: Option<u8>,
    /// The encoding of a file of text; by default UTF-8, or UTF-16 where a mark of byte order begins the file, and a text that is
    /// neither is an error.
    pub encoding: Option<Encoding>,
    /// Marks for missing values besides the usual ones, compared exactly but for blanks around them. One that is a
    /// number stands for that number however it is written: `-999` for `-999.0` as well, and in a Parquet file. So does a date:
    /// `1900-01-01` for `01/01/1900`.
    pub missing: Vec<String>,
    /// Columns in which the usual marks of missing values are values.
    pub usual_marks: UsualMarks,
    /// Whether a value that is none of its column's kind is a missing value, rather than an error, when a file is read by a
    /// model's requests. [`Schema::infer`](super::Schema::infer) ignores this setting.
    pub lenient: bool,
    /// The decimal mark of all numbers; by default inferred from the file. A column of numbers with the other mark is an error.
    pub decimal: Option<DecimalMark>,
    /// The mark between thousands in all numbers; by default inferred from the file. A column of numbers with another mark is an
    /// error.
    pub thousands: Option<Thousands>,
    /// Formats of dates, by column; for other columns inferred from the file.
    pub dates: Vec<StatedDates>,
    /// Columns that must be numbers; a value that is none is an error.
    pub numeric: Vec<String>,
    /// Columns that are categories, even if all values are numbers.
    pub categorical: Vec<String>,
    /// Columns to ignore, whatever is in them.
    pub ignore: Vec<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            has_header: true,
            comment: None,
            encoding: None,
            missing: Vec::new(),
            usual_marks: UsualMarks::Missing,
            lenient: false,
            decimal: None,
            thousands: None,
            dates: Vec::new(),
            numeric: Vec::new(),
            categorical: Vec::new(),
            ignore: Vec::new(),
        }
    }
}

/// In which columns the usual marks of missing values, such as `None`, are texts like any other. A field of nothing is missing
/// everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsualMarks {
    /// In no column: they stand for missing values.
    #[default]
    Missing,
    /// In these columns, by name.
    TextIn(Vec<String>),
    /// In all columns.
    Text,
}

impl UsualMarks {
    /// Whether the usual marks stand for missing values in all columns.
    pub fn are_missing(&self) -> bool {
        *self == Self::Missing
    }

    /// Whether the usual marks stand for missing values in the column `name`.
    pub(super) fn are_missing_in(&self, name: &str) -> bool {
        match self {
            Self::Missing => true,
            Self::TextIn(columns) => !columns.iter().any(|column| column == name),
            Self::Text => false,
        }
    }

    /// The usual marks are values in each column in which one of the two says so.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Text, _) | (_, Self::Text) => Self::Text,
            (Self::Missing, marks) | (marks, Self::Missing) => marks.clone(),
            (Self::TextIn(columns), Self::TextIn(more)) => {
                let new = more.iter().filter(|name| !columns.contains(name));
                Self::TextIn(columns.iter().chain(new).cloned().collect())
            }
        }
    }
}

/// The format of the dates of one column, or of all columns of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedDates {
    /// The column; none for all columns whose values fit.
    pub column: Option<String>,
    /// The format, as `strftime` has it, with year, month and day: `%d/%m/%Y`.
    pub format: String,
}

/// The kind of a column that the options state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Inferred,
    Numeric,
    Categorical,
    Ignored,
}

impl ReadOptions {
    /// The decimal mark that is stated, by itself or by the mark between thousands. Fails if the two contradict each other.
    pub(super) fn decimal_mark(&self) -> Result<Option<DecimalMark>, FrameError> {
        match (self.decimal, self.thousands.and_then(Thousands::decimal_mark)) {
            (Some(decimal), Some(other)) if decimal != other => Err(FrameError::MarksContradict),
            (decimal, other) => Ok(decimal.or(other)),
        }
    }

    /// The format of dates that is stated for the column `name`, and whether it is for this column by name.
    pub(super) fn dates_of(&self, name: &str) -> Option<(DateFormat, bool)> {
        let stated = |column: Option<&str>| self.dates.iter().find(|dates| dates.column.as_deref() == column);
        let own = stated(Some(name)).map(|dates| (dates, true));
        let (dates, is_own) = own.or_else(|| stated(None).map(|dates| (dates, false)))?;
        Some((DateFormat::Stated(dates.format.clone()), is_own))
    }

    /// Fails if a stated format of dates is none.
    pub(super) fn check_dates(&self) -> Result<(), FrameError> {
        match self.dates.iter().find(|dates| !date::is_format(&dates.format)) {
            Some(dates) => Err(FrameError::BadDateFormat { format: dates.format.clone() }),
            None => Ok(()),
        }
    }

    /// The choice for each of the columns `names`. Fails if the options name a column that is not there, or one twice.
    pub(super) fn choices(&self, path: &Path, names: &Names) -> Result<Vec<Choice>, FrameError> {
        let lists = [
            (&self.numeric, Choice::Numeric),
            (&self.categorical, Choice::Categorical),
            (&self.ignore, Choice::Ignored),
        ];
        let mut choices = vec![Choice::Inferred; names.all().len()];
        let position = |name: &String| {
            names.position(name).ok_or_else(|| FrameError::UnknownColumn {
                file: path.to_owned(),
                column: name.clone(),
                closest: closest(name, names.all()),
                columns: names.all().to_vec(),
            })
        };
        if let UsualMarks::TextIn(columns) = &self.usual_marks {
            columns.iter().try_for_each(|name| position(name).map(drop))?;
        }
        let mut seen = HashSet::new();
        self.dates
            .iter()
            .filter_map(|dates| dates.column.as_ref())
            .try_for_each(|name| position(name).map(drop))?;
        for (name, choice) in
            lists.iter().flat_map(|&(list, choice)| list.iter().map(move |name| (name, choice)))
        {
            let position = position(name)?;
            if !seen.insert(position) {
                return Err(FrameError::NamedTwice { column: name.clone() });
            }
            choices[position] = choice;
        }
        Ok(choices)
    }
}
