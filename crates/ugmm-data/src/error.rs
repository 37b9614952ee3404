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
/// use ugmm_data::{DataError, read_idx_labels};
///
/// let error = read_idx_labels("no-such.idx".as_ref()).unwrap_err();
/// assert_eq!(error, DataError::FileMissing { file: "no-such.idx".into() });
/// assert_eq!(error.to_string(), "no-such.idx does not exist");
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

    /// A row index beyond a table's end; `index` counts from 0.
    #[error("there is no row with index {index} in a table of {}", count(*rows as u128, "row"))]
    RowOutOfRange { index: usize, rows: usize },

    /// No label to make classes from.
    #[error("there are no class labels; at least one is needed")]
    NoClasses,

    /// A class name with nothing in it; `index` counts from 0.
    #[error("the name of class {index} is empty; every class needs a name")]
    EmptyClassName { index: usize },

    /// Two classes with one name.
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

    /// Fewer groups than parts into which whole groups are to be divided.
    #[error(
        "the rows have {}, which cannot be divided into {parts} parts: no group has rows in two parts",
        count(*groups as u128, "group")
    )]
    TooFewGroups { groups: usize, parts: usize },

    /// Fewer times than parts into which rows are to be divided by time.
    #[error(
        "the rows have {}, which cannot be divided into {parts} parts: rows of the same time stay together",
        count(*times as u128, "time")
    )]
    TooFewTimes { times: usize, parts: usize },

    /// Compressed data that ends too early.
    #[error("{}: the {compression} data breaks off before its end; fetch the file again", file.display())]
    CompressionTruncated { file: PathBuf, compression: &'static str },

    /// Compressed data that is damaged.
    #[error("{}: the {compression} data is damaged ({reason}); fetch the file again", file.display())]
    CompressionDamaged { file: PathBuf, compression: &'static str, reason: String },

    /// A file that is not the IDX file that it should be, or not all of it; `reason` says what is there and what is announced.
    #[error("{}: {reason}", file.display())]
    Idx { file: PathBuf, reason: String },

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
