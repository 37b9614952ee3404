//! Everything that can be wrong with a table in a file, one variant each.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::encoding::Encoding;
use super::input::MOST_TIMES;
use super::levels::LEVEL_LIMIT;
use super::names;
use super::number::{self, DecimalMark, Refused, Thousands};
use super::written::Written;
use crate::error::DataError;
use crate::image_grid::{ImageShape, MOST_PIXELS};
use crate::remedy::Remedy;
use crate::show::{count, list, value};

/// What is wrong with the table or with what was asked of it, where, and what would be right.
///
/// The [`Display`](std::fmt::Display) text is one sentence for the person who has the file at hand. Fields called
/// `row` hold the 1-based line number in a file of text, as an editor shows it, the number of the row in a sheet, and the 1-based
/// number of the row in other files.
///
/// ```
/// use ugmm_data::frame::{ReadOptions, Schema};
///
/// let error = Schema::infer("no-such.csv", &ReadOptions::default()).unwrap_err();
/// assert_eq!(error.to_string(), "no-such.csv does not exist");
/// ```
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages below spell them out")]
pub enum FrameError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    File(#[from] DataError),

    /// A file of no bytes, or of blank lines and comments only.
    #[error("{} is empty; a table needs rows and, unless it is read without one, a header line", file.display())]
    Empty { file: PathBuf },

    /// A header followed by nothing, or a Parquet file without rows.
    #[error("{} has columns but no rows of data", file.display())]
    NoRows { file: PathBuf },

    /// Standard input where a table is read twice.
    #[error(
        "the table is read twice, once to infer what its columns hold, so it cannot come from standard input; save it as a file"
    )]
    StandardInputTwice,

    /// A pipe, which can be read only once, where a file must be read twice.
    #[error(
        "{} can be read only once, and a table is read twice here, first to infer what its columns hold; save it as a file",
        file.display()
    )]
    PipeTwice { file: PathBuf },

    /// A kind of file that is read from its end, from standard input.
    #[error("standard input holds {what}, which is read from its end; give it as a file")]
    FromStandardInput { what: &'static str },

    /// Text in another encoding, in which many bytes are 0.
    #[error(
        "{} seems to be {encoding} text; convert it to UTF-8, for example with: iconv -f {encoding} -t UTF-8 OLD > NEW",
        file.display()
    )]
    WideText { file: PathBuf, encoding: &'static str },

    /// A known kind of file that is no table this crate reads.
    #[error("{} is {what}, which cannot be read as a table; {remedy}", file.display())]
    OtherKind { file: PathBuf, what: &'static str, remedy: &'static str },

    /// Bytes that are no UTF-8 text.
    #[error("{}, row {row}, column {}: the text is not UTF-8; save the file as UTF-8", file.display(), value(column))]
    NotUtf8 { file: PathBuf, row: usize, column: String },

    /// A byte that no text has.
    #[error(
        "{}, row {row}: a byte of value 0, which no text has; the file is damaged, or not a table as text",
        file.display()
    )]
    ZeroByte { file: PathBuf, row: usize },

    /// A quoted field that the file ends in the middle of.
    #[error("{}, row {row}: a quoted field begins but its closing quote is missing", file.display())]
    UnclosedQuote { file: PathBuf, row: usize },

    /// A row so long that something must be wrong with it.
    #[error(
        "{}, row {row}: the row goes on for more than {mebibytes} MiB; a closing quote may be missing",
        file.display()
    )]
    RowTooLong { file: PathBuf, row: usize, mebibytes: usize },

    /// The first line holds numbers where column names belong.
    #[error(
        "{}, row {row}: the header seems to be missing, because the first line holds numbers ({}); \
         add a first line that names every column",
        file.display(), list(cells)
    )]
    HeaderMissing { file: PathBuf, row: usize, cells: Vec<String> },

    /// Two columns with one name; the positions count columns from 1.
    #[error(
        "{}: columns {first} and {second} are both named {}; every column needs a name of its own",
        file.display(), value(column)
    )]
    DuplicateColumn { file: PathBuf, column: String, first: usize, second: usize },

    /// A delimiter that is no character to separate columns by.
    #[error("the columns cannot be separated by {}; use a comma, a semicolon, a tab or another ASCII character \
        that is no letter, digit, quote or line end", value(&char::from(*delimiter).to_string()))]
    BadDelimiter { delimiter: u8 },

    /// A mark for comments that is none, or the same as the delimiter.
    #[error("comments cannot begin with {}; use an ASCII character such as # that is no letter, digit, quote or \
        line end and does not separate columns", value(&char::from(*comment).to_string()))]
    BadComment { comment: u8 },

    /// The options name a column that is not there.
    #[error(
        "{}: the options name a column {} that is not there{}; {}",
        file.display(), value(column), did_you_mean(closest), columns_are(columns)
    )]
    UnknownColumn { file: PathBuf, column: String, closest: Option<String>, columns: Vec<String> },

    /// The options name a column twice, in one list or in two.
    #[error(
        "the options name the column {} twice; it can be only one of numeric, categorical and ignored",
        value(column)
    )]
    NamedTwice { column: String },

    /// Some of the requested columns are not there.
    #[error(
        "{}: there {} {}{}{}; {}",
        file.display(), if missing.len() == 1 { "is no column" } else { "are no columns" }, list(missing),
        if *of_model { ", which the model needs" } else { "" }, did_you_mean(closest), columns_are(columns)
    )]
    ColumnsMissing {
        file: PathBuf,
        missing: Vec<String>,
        closest: Option<String>,
        columns: Vec<String>,
        /// Whether it is a model that asks for them.
        of_model: bool,
    },

    /// A column was requested that the schema does not have.
    #[error("there is no column {}{}; {}", value(column), did_you_mean(closest), columns_are(columns))]
    NotInSchema { column: String, closest: Option<String>, columns: Vec<String> },

    /// A column was requested that was ignored when the schema was inferred.
    #[error(
        "the column {} was ignored, so its kind is not known; request it as text or do not ignore it",
        value(column)
    )]
    IgnoredColumn { column: String },

    /// No columns to read.
    #[error("no column is requested; name at least one")]
    NoColumnRequested,

    /// A row with more or fewer fields than the first.
    #[error(
        "{}, row {row}: {}, where the first row has {expected}",
        file.display(), count(*found as u128, "field")
    )]
    RaggedRow { file: PathBuf, row: usize, expected: usize, found: usize },

    /// Something else where a number belongs.
    #[error("{written} is not a number; write it like {}", example(*mark))]
    NotANumber { written: Written, mark: DecimalMark },

    /// The decimal mark and what groups digits are stated and are the same.
    #[error("the decimal mark and the mark between thousands are stated as the same; state one of them")]
    MarksContradict,

    /// A number with other marks than are stated.
    #[error("{written} is not written as stated, {stated}; state the marks that the file has, or none")]
    OtherMarks { written: Written, stated: String },

    /// Numbers with decimal points and with decimal commas in one file, one of which, `other`, can be either.
    #[error(
        "{written} contradicts {} in row {}, column {}, in its decimal mark, and one of them could be read with either",
        value(&other.text), other.row, value(&other.column)
    )]
    MixedMarks { written: Written, other: Box<Written> },

    /// A number that may be `grouped` by thousands or a `decimal`, where the model was trained on numbers without groups and with the
    /// decimal mark `mark`; `deciding` is a number of the file that can only have that mark.
    #[error("{written} is {}", readings(*mark, *grouped, *decimal, deciding.as_deref()))]
    OpenGroups {
        written: Written,
        mark: DecimalMark,
        grouped: f64,
        decimal: f64,
        deciding: Option<Box<Written>>,
    },

    /// A format of dates that is none.
    #[error(
        "{} is no format of dates; it needs a year and a day or a month, such as %d/%m/%Y, %m/%d/%y %H:%M or %Y%m",
        value(format)
    )]
    BadDateFormat { format: String },

    /// A format of dates that no column has.
    #[error("{}: no column holds dates written as {}; state the format that they have, or none", file.display(), value(format))]
    NoSuchDates { file: PathBuf, format: String },

    /// NaN or an infinity where a number belongs.
    #[error("{written} is not a finite number; write a finite number, or nothing if it is not known")]
    NotFinite { written: Written },

    /// A number beyond the largest `f64`.
    #[error("{written} is too large; numbers may go from -1.7e308 to 1.7e308")]
    TooLarge { written: Written },

    /// An integer that an `f64` cannot hold.
    #[error(
        "{written} has too many digits to be told from its neighbours (integers may go from -2^53 to 2^53); write a number of \
         fewer digits, or nothing if it is not known"
    )]
    Inexact { written: Written, ignorable: bool },

    /// Something else where a date belongs.
    #[error("{written} is not a date; write it like {example}")]
    NotADate { written: Written, example: String },

    /// Something else where a boolean belongs.
    #[error("{written} is neither true nor false; write true or false, yes or no")]
    NotABoolean { written: Written },

    /// A column of text with more different values than a network can have categories.
    #[error(
        "{}, row {row}, column {}: more than {limit} different values up to here are too many for categories; put \
         values together",
        file.display(), value(column)
    )]
    TooManyLevels { file: PathBuf, row: usize, column: String, limit: usize },

    /// A column of numbers, dates or booleans that one text makes one of too many categories.
    #[error(
        "{written} is not {expected} like the values before it, and those are too many for categories (more than {limit}); \
         correct it"
    )]
    OtherKindOfValue { written: Written, expected: &'static str, limit: usize },

    /// A column whose different values are too many to make categories of.
    #[error(
        "the column {} has too many different values for categories, of which there may be {LEVEL_LIMIT}, and fewer if \
         they look like numbers in a table of more than 100 columns; put values together",
        value(column)
    )]
    TooManyCategories { column: String },

    /// A table in memory without columns or without rows.
    #[error("the table has no {what}; it needs at least one column and one row")]
    EmptyTable { what: &'static str },

    /// A column in memory without a name; the position counts from 1.
    #[error("column {position} has no name; every column needs one")]
    UnnamedColumn { position: usize },

    /// Two columns in memory with one name; the positions count columns from 1.
    #[error(
        "columns {first} and {second} are both named {}; every column needs a name of its own",
        value(column)
    )]
    DuplicateName { column: String, first: usize, second: usize },

    /// Columns in memory of different lengths.
    #[error(
        "the column {} has {}, where the first column has {expected}; all columns need the same number",
        value(column), count(*found as u128, "row")
    )]
    ColumnLength { column: String, expected: usize, found: usize },

    /// An infinity in memory; `row` counts from 1.
    #[error(
        "row {row}, column {}: {number} is not a finite number; give a finite number, or NaN if it is not known",
        value(column)
    )]
    InfiniteNumber { row: usize, column: String, number: f64 },

    /// Another number of weights than of rows.
    #[error("there must be as many weights as rows, but there are {found} for {rows}")]
    WeightCount { rows: usize, found: usize },

    /// A weight that is negative, missing, infinite or no number.
    #[error(
        "{}: {} is no weight; a weight is a finite number of at least 0",
        place(file.as_deref(), *row, column.as_deref()), found.as_deref().map_or_else(|| "a missing value".to_owned(), value)
    )]
    BadWeight { file: Option<PathBuf>, row: usize, column: Option<String>, found: Option<String> },

    /// A column of times that has other values than numbers or dates.
    #[error(
        "{}the column {} cannot order the rows by time: it needs a number or a date that differs between rows",
        file.as_ref().map_or_else(String::new, |file| format!("{}: ", file.display())), value(column)
    )]
    NoTimes { file: Option<PathBuf>, column: String },

    /// A row without a time.
    #[error(
        "{}: a missing value is no time; rows are divided by time, so each row needs one",
        place(file.as_deref(), *row, Some(column))
    )]
    NoTime { file: Option<PathBuf>, row: usize, column: String },

    /// Weights of 0 only.
    #[error(
        "{}all weights are 0; at least one must be positive",
        column.as_deref().map_or_else(String::new, |name| {
            let file = file.as_ref().map_or_else(String::new, |file| format!("{}, ", file.display()));
            format!("{file}column {}: ", value(name))
        })
    )]
    NoWeight { file: Option<PathBuf>, column: Option<String> },

    /// A Parquet column of a type, or stored in a way, that is not supported; `reason` says what would be right.
    #[error("{}: the column {} {reason}", file.display(), value(column))]
    Unsupported { file: PathBuf, column: String, reason: String, ignorable: bool },

    /// An IDX file of something else than images.
    #[error(
        "{} is an IDX file of {values} in {}, where images are unsigned bytes in 3: images, rows and columns{}",
        file.display(), count(*dimensions, "dimension"),
        if *dimensions == 1 { "; if it holds their labels, give the file of images, and the labels are found beside it" }
        else { "" }
    )]
    IdxOther { file: PathBuf, values: &'static str, dimensions: u8 },

    /// Images so large that a table of their pixels would have too many columns.
    #[error(
        "{}: the images are {shape} pixels, and a table has a column for each; make them smaller, of at most {MOST_PIXELS} \
         pixels, such as 256x256", file.display()
    )]
    TooManyPixels { file: PathBuf, shape: ImageShape },

    /// The labels of images, of which there is no file.
    #[error("{}: there is no column \"label\", because no file of labels lies beside the images; {}", file.display(),
        match looked_for.as_slice() {
            [] => "it is looked for where the name of the file of images has \"images\" in it, and is called \"labels\" \
                   instead".to_owned(),
            names => format!("it would be called {}", names.iter().map(|name| name.display().to_string())
                .collect::<Vec<_>>().join(" or ")),
        }
    )]
    LabelsMissing { file: PathBuf, looked_for: Vec<PathBuf> },

    /// A pixel outside the images.
    #[error("{}: the images are {shape} pixels, so there is no column {}", file.display(), value(column))]
    PixelMissing { file: PathBuf, shape: ImageShape, column: String },

    /// A packed file that would fill the memory.
    #[error(
        "{} holds more than {times} times its own size, which tables do not; if it is right, save it as plain CSV",
        file.display()
    )]
    Unpacks { file: PathBuf, times: u64 },

    /// A single cell above a table, where its header should be; `row` is that of the sheet.
    #[error(
        "{}, row {row}: {} stands alone above a row of {below} cells, as a title does, where the names of the columns belong; \
         delete the rows above the names",
        file.display(), value(text)
    )]
    TitleLine { file: PathBuf, row: usize, text: String, below: usize },

    /// A column of a sheet without a name, between or after others that have one; `column` is its letter.
    #[error(
        "{}, row {row}, column {column}: the column has values but no name, as below a merged cell; write a name into each cell \
         of the row",
        file.display()
    )]
    NamelessColumn { file: PathBuf, row: usize, column: String },

    /// An error in a cell, where a formula has no value.
    #[error(
        "{written} is the error of a formula; correct the formula, or empty the cell if its value is not known"
    )]
    FormulaError { written: Written },

    /// A sheet or a table of a database, `part`, that is not in the file, or none where one has to be named.
    #[error("{}: {}", file.display(), no_such_part(part, name.as_deref(), parts))]
    NoSuchPart { file: PathBuf, part: &'static str, name: Option<String>, parts: Vec<String> },

    /// A part of a file that is one table.
    #[error("{} is a single table, which has no parts such as {}; give the file alone", file.display(), value(name))]
    NoParts { file: PathBuf, name: String },

    /// A stream of rows in memory that failed.
    #[error("{}: the rows cannot be read ({reason})", file.display())]
    Stream { file: PathBuf, reason: String },

    /// A file that begins like one of `format` but is damaged or cut off.
    #[error("{}: the {format} data is damaged or incomplete ({reason}); fetch or write the file again", file.display())]
    Damaged { file: PathBuf, format: &'static str, reason: String },
}

impl FrameError {
    /// The error for a file that unpacks to more than [`MOST_TIMES`] times its size.
    pub(super) fn unpacks(file: &Path) -> Self {
        Self::Unpacks { file: file.to_owned(), times: MOST_TIMES }
    }

    /// The error for a value that is no number in a column of numbers with this decimal mark.
    pub(super) fn of_number(written: Written, reason: Refused, mark: DecimalMark) -> Self {
        match reason {
            Refused::NotANumber => Self::NotANumber { written, mark },
            Refused::NotFinite => Self::NotFinite { written },
            Refused::TooLarge => Self::TooLarge { written },
            Refused::Inexact => Self::Inexact { written, ignorable: true },
        }
    }

    /// The error where a model asks for the columns, so that none of them can be left out.
    #[must_use]
    pub(super) fn of_reader(mut self) -> Self {
        if let Self::Inexact { ignorable, .. } | Self::Unsupported { ignorable, .. } = &mut self {
            *ignorable = false;
        }
        self
    }

    /// The error for a file that a model reads: whether all columns that are not there are among `columns`, those of the model.
    #[must_use]
    pub fn of_model<'c>(mut self, columns: impl IntoIterator<Item = &'c str>) -> Self {
        if let Self::ColumnsMissing { missing, of_model, .. } = &mut self {
            let needed: Vec<&str> = columns.into_iter().collect();
            *of_model = missing.iter().all(|column| needed.contains(&column.as_str()));
        }
        self
    }

    /// The settings with which the file can be read, the likeliest first; none where only another file helps.
    ///
    /// ```
    /// use ugmm_data::Remedy;
    /// use ugmm_data::frame::{ReadOptions, Schema};
    ///
    /// # let directory = tempfile::tempdir().unwrap();
    /// # let path = directory.path().join("table.csv");
    /// std::fs::write(&path, "5.1,3.5\n4.9,3.0\n").unwrap();
    /// let error = Schema::infer(&path, &ReadOptions::default()).unwrap_err();
    /// assert_eq!(error.remedies(), [Remedy::NoHeader]);
    /// ```
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        let missing = |written: &Written| Remedy::Missing(written.text.clone());
        let ignore = |column: &String| Remedy::Ignore(column.clone());
        match self {
            Self::HeaderMissing { .. } => vec![Remedy::NoHeader],
            Self::NotUtf8 { .. } => vec![Remedy::Encoding("windows-1252".to_owned())],
            Self::WideText { encoding, .. } if Encoding::of(encoding).is_some() => {
                vec![Remedy::Encoding(encoding.to_lowercase())]
            }
            Self::UnknownColumn { columns, .. }
            | Self::ColumnsMissing { columns, .. }
            | Self::NotInSchema { columns, .. } => Remedy::of_columns(columns).into_iter().collect(),
            Self::NotANumber { written, mark } => {
                let only = number::only_mark(&written.text).filter(|only| only != mark);
                [missing(written)].into_iter().chain(only.map(Remedy::Decimal)).collect()
            }
            Self::MixedMarks { .. } => [DecimalMark::Point, DecimalMark::Comma].map(Remedy::Decimal).to_vec(),
            Self::OpenGroups { mark, deciding, .. } => {
                let decimal = Remedy::Decimal(mark.other());
                let grouped = Remedy::Thousands(match mark {
                    DecimalMark::Point => Thousands::Comma,
                    DecimalMark::Comma => Thousands::Point,
                });
                [grouped].into_iter().chain(deciding.is_none().then_some(decimal)).collect()
            }
            Self::NotADate { written, .. } => {
                vec![Remedy::Dates { column: written.column.clone(), format: None }]
            }
            Self::Inexact { written: Written { column, .. }, ignorable: true } => {
                vec![Remedy::Categorical(column.clone()), ignore(column)]
            }
            Self::TooManyCategories { column } => vec![Remedy::Categorical(column.clone())],
            Self::TooManyLevels { column, .. } => {
                vec![Remedy::Dates { column: column.clone(), format: None }, ignore(column)]
            }
            Self::FormulaError { written } => vec![missing(written), ignore(&written.column)],
            Self::OtherKindOfValue { written, .. } => vec![missing(written), ignore(&written.column)],
            Self::Unsupported { column, ignorable: true, .. } => vec![ignore(column)],
            Self::BadWeight { column: Some(_), .. } | Self::NoWeight { column: Some(_), .. } => {
                vec![Remedy::Weights]
            }
            _ => vec![],
        }
    }
}

/// A row, with its file and column if they are known.
fn place(file: Option<&Path>, row: usize, column: Option<&str>) -> String {
    let file = file.map_or_else(String::new, |file| format!("{}, ", file.display()));
    let column = column.map_or_else(String::new, |name| format!(", column {}", value(name)));
    format!("{file}row {row}{column}")
}

/// Numbers with this decimal mark.
fn example(mark: DecimalMark) -> &'static str {
    match mark {
        DecimalMark::Point => "5.1 or -2e-3",
        DecimalMark::Comma => "5,1 or -2e-3",
    }
}

/// The two numbers that a text may be, in words.
fn readings(mark: DecimalMark, grouped: f64, decimal: f64, deciding: Option<&Written>) -> String {
    let other = mark.other().name();
    let what = format!("{grouped} with {other}s between thousands and {decimal} with a decimal {other}");
    match deciding {
        Some(Written { row, text, .. }) => format!(
            "{what}, and {} in row {row} has a decimal {}; correct one of them",
            value(text),
            mark.name()
        ),
        None => format!("{what}, and nothing above it decides which"),
    }
}

/// The parts of a file in words, for one who named another or none.
fn no_such_part(part: &str, name: Option<&str>, parts: &[String]) -> String {
    match (name, parts) {
        (_, []) => format!("the file has no {part}"),
        (Some(name), parts) => {
            let closest = did_you_mean(&names::closest(name, parts));
            format!("there is no {part} {}{closest}; the {part}s are {}", value(name), list(parts))
        }
        (None, parts) => format!(
            "the file has several {part}s; name one of {} after the file and two colons, as in FILE::{}",
            list(parts),
            parts[0]
        ),
    }
}

/// The columns of a table in words, for one who named another.
///
/// ```
/// use ugmm_data::frame::columns_are;
///
/// assert_eq!(columns_are(&["a".into(), "b".into()]), "the columns are \"a\", \"b\"");
/// assert_eq!(columns_are(&["a:b".into()]), "the only column is \"a:b\"");
/// ```
pub fn columns_are(columns: &[String]) -> String {
    match columns {
        [only] => format!("the only column is {}", value(only)),
        columns => format!("the columns are {}", list(columns)),
    }
}

fn did_you_mean(closest: &Option<String>) -> String {
    closest.as_ref().map(|name| format!(" (is it {}?)", value(name))).unwrap_or_default()
}
