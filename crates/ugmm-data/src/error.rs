//! Everything that can be wrong with data, one variant each.

use std::path::PathBuf;

use thiserror::Error;

use crate::show::{count, list, value};

/// What is wrong with the data, where, and what would be right.
///
/// The [`Display`](std::fmt::Display) text is one sentence for the person who has the file at hand. Fields called
/// `row` hold the 1-based line number in the file, as an editor shows it, unless they say otherwise.
///
/// ```
/// use ugmm_data::{DataError, read_csv};
///
/// let error = read_csv("no-such.csv".as_ref(), None).unwrap_err();
/// assert_eq!(error, DataError::FileMissing { file: "no-such.csv".into() });
/// assert_eq!(error.to_string(), "no-such.csv does not exist");
/// ```
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages below spell them out")]
pub enum DataError {
    /// There is no such file.
    #[error("{} does not exist", file.display())]
    FileMissing { file: PathBuf },

    /// A directory stands where a file should.
    #[error("{} is a directory, not a file", file.display())]
    IsDirectory { file: PathBuf },

    /// The operating system would not let the file be read.
    #[error("{} cannot be read: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: String },

    /// A CSV file of no bytes, or of blank lines only.
    #[error("{} is empty; a CSV file needs a header line and rows of numbers", file.display())]
    EmptyFile { file: PathBuf },

    /// A CSV file whose header is followed by nothing.
    #[error("{} has a header but no rows of data", file.display())]
    NoRows { file: PathBuf },

    /// Bytes that are no UTF-8 text.
    #[error("{}, row {row}: the text is not UTF-8; save the file as UTF-8", file.display())]
    NotUtf8 { file: PathBuf, row: usize },

    /// A quoted field that the file ends in the middle of.
    #[error("{}, row {row}: a quoted field begins but its closing quote is missing", file.display())]
    UnclosedQuote { file: PathBuf, row: usize },

    /// The first line holds numbers where column names belong.
    #[error(
        "{}, row {row}: the header seems to be missing, because the first line holds numbers ({}); \
         add a first line that names every column",
        file.display(), list(cells)
    )]
    HeaderMissing { file: PathBuf, row: usize, cells: Vec<String> },

    /// The columns are separated by something other than commas.
    #[error("{}, row {row}: the columns seem to be separated by {separator}; use commas", file.display())]
    WrongSeparator { file: PathBuf, row: usize, separator: &'static str },

    /// A header cell with nothing in it; `position` counts columns from 1.
    #[error("{}, row {row}: column {position} has no name; every column needs one", file.display())]
    EmptyColumnName { file: PathBuf, row: usize, position: usize },

    /// The same name twice in the header; the positions count columns from 1.
    #[error(
        "{}, row {row}: columns {first} and {second} are both named {}; every column needs a name of its own",
        file.display(), value(column)
    )]
    DuplicateColumn { file: PathBuf, row: usize, column: String, first: usize, second: usize },

    /// The target is not in the header.
    #[error("{}: there is no target column {}; the columns are {}", file.display(), value(target), list(columns))]
    TargetMissing { file: PathBuf, target: String, columns: Vec<String> },

    /// Some of the features asked for are not in the header.
    #[error(
        "{}: there is no feature column {}; the columns are {}",
        file.display(), missing.iter().map(|name| value(name)).collect::<Vec<_>>().join(", "), list(columns)
    )]
    ColumnsMissing { file: PathBuf, missing: Vec<String>, columns: Vec<String> },

    /// The target is the only column.
    #[error("{}: {} is the only column; at least one feature column is needed beside the target",
        file.display(), value(target))]
    NoFeatureColumns { file: PathBuf, target: String },

    /// A list of features to read with nothing in it.
    #[error("no feature column was asked for; name at least one")]
    NoFeatureRequested,

    /// A list of features to read that names one of them twice.
    #[error("the feature {} was asked for twice; name it once", value(feature))]
    FeatureRequestedTwice { feature: String },

    /// The target is also in the list of features to read.
    #[error(
        "{} was asked for both as a feature and as the target; it can be only one of them",
        value(feature)
    )]
    TargetIsFeature { feature: String },

    /// A row with more or fewer fields than the header.
    #[error(
        "{}, row {row}: {}, where the header has {expected}",
        file.display(), count(*found as u128, "field")
    )]
    RaggedRow { file: PathBuf, row: usize, expected: usize, found: usize },

    /// A feature cell that is empty, or holds a common mark for "not known" such as `NA`.
    #[error(
        "{}, row {row}, column {}: the value is missing{}; missing values are not supported yet, \
         so fill it in or remove the row",
        file.display(), value(column),
        if written.is_empty() { String::new() } else { format!(" ({})", value(written)) }
    )]
    MissingValue { file: PathBuf, row: usize, column: String, written: String },

    /// A target cell that is empty.
    #[error(
        "{}, row {row}, column {}: the label is missing; every row needs one",
        file.display(), value(column)
    )]
    MissingLabel { file: PathBuf, row: usize, column: String },

    /// Text where a number belongs.
    #[error(
        "{}, row {row}, column {}: {} is not a number; write it like 5.1 or -2e-3",
        file.display(), value(column), value(written)
    )]
    NotANumber { file: PathBuf, row: usize, column: String, written: String },

    /// NaN or an infinity where a number belongs.
    #[error(
        "{}, row {row}, column {}: {} is not a finite number; only finite numbers are accepted",
        file.display(), value(column), value(written)
    )]
    NotFinite { file: PathBuf, row: usize, column: String, written: String },

    /// A number beyond the largest `f32`.
    #[error(
        "{}, row {row}, column {}: {} is too large; numbers may go from -3.4e38 to 3.4e38",
        file.display(), value(column), value(written)
    )]
    TooLarge { file: PathBuf, row: usize, column: String, written: String },

    /// A row index beyond a table's end; `index` counts from 0.
    #[error("there is no row with index {index} in a table of {}", count(*rows as u128, "row"))]
    RowOutOfRange { index: usize, rows: usize },

    /// No label to make classes from.
    #[error("there are no class labels; at least one is needed")]
    NoClasses,

    /// A class name with nothing in it; `index` counts from 0.
    #[error("the name of class {index} is empty; every class needs a name")]
    EmptyClassName { index: usize },

    /// The same class name twice.
    #[error("the class name {} occurs twice; every class needs a name of its own", value(name))]
    DuplicateClassName { name: String },

    /// A label that is none of the classes; `row` counts rows of data (not lines of a file) from 1.
    #[error("data row {row}: {} is not a known label; the known ones are {}", value(label), list(known))]
    UnknownLabel { row: usize, label: String, known: Vec<String> },

    /// A share of rows that is not between 0 and 1.
    #[error("the test fraction is {fraction}; it must be more than 0 and less than 1")]
    TestFraction { fraction: f64 },

    /// No class has two rows, so none can be on both sides of a split.
    #[error(
        "{} cannot be split into training and test rows; at least one class needs two rows",
        count(*rows as u128, "row")
    )]
    TooFewToSplit { rows: usize },

    /// A number of folds that the rows cannot be divided into.
    #[error(
        "{rows} rows cannot be divided into {folds} folds; take at least 2 folds, and at most as many as rows"
    )]
    Folds { folds: usize, rows: usize },

    /// A gzip file that ends too early.
    #[error("{}: the gzip data breaks off before its end; fetch the file again", file.display())]
    GzipTruncated { file: PathBuf },

    /// A gzip file whose content is damaged.
    #[error("{}: the gzip data is damaged ({reason}); fetch the file again", file.display())]
    GzipDamaged { file: PathBuf, reason: String },

    /// A file too short for an IDX header; both counts are bytes.
    #[error(
        "{}: the file ends after {}, where an IDX header of {content} has {expected}",
        file.display(), count(*found, "byte")
    )]
    IdxHeaderTruncated { file: PathBuf, content: &'static str, expected: u64, found: u64 },

    /// Other first bytes than an IDX file of this kind has; `hint` says what the file may be instead.
    #[error(
        "{}: the file begins with 0x{found:08x}, where an IDX file of {content} begins with 0x{expected:08x}{hint}",
        file.display()
    )]
    IdxMagic { file: PathBuf, content: &'static str, expected: u32, found: u32, hint: &'static str },

    /// An IDX header that announces nothing.
    #[error("{}: the header gives 0 as the number of {what}; it must be at least 1", file.display())]
    IdxZeroSize { file: PathBuf, what: &'static str },

    /// Fewer bytes than an IDX header announces; both counts are bytes after the header.
    #[error("{}: the header announces {}, but the file holds only {found}",
        file.display(), count(*expected, "data byte"))]
    IdxTooShort { file: PathBuf, expected: u128, found: u64 },

    /// More bytes than an IDX header announces; `found` is where counting stopped.
    #[error("{}: the header announces {}, but the file goes on for at least {found}",
        file.display(), count(*expected, "data byte"))]
    IdxTooLong { file: PathBuf, expected: u128, found: u64 },

    /// One of MNIST's four files is not in the directory.
    #[error(
        "none of the files {} is in the directory {}; fetch MNIST with scripts/fetch-mnist.sh",
        names.join(", "), directory.display()
    )]
    MnistFileMissing { directory: PathBuf, names: Vec<String> },

    /// Images of another size than MNIST's.
    #[error("{}: the images are {rows}x{columns} pixels, where MNIST's are 28x28", file.display())]
    ImageSize { file: PathBuf, rows: usize, columns: usize },

    /// Not one label per image.
    #[error(
        "{} holds {} but {} holds {}; there must be one label per image",
        images_file.display(), count(*images as u128, "image"), labels_file.display(), count(*labels as u128, "label")
    )]
    CountMismatch { images_file: PathBuf, labels_file: PathBuf, images: usize, labels: usize },

    /// A label that is no digit; `row` counts labels from 1.
    #[error("{}: label {row} is {label}; MNIST's labels go from 0 to 9", file.display())]
    DigitOutOfRange { file: PathBuf, row: usize, label: u8 },
}
