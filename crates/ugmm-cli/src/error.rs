//! Failures of the command, each printed as one sentence.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),
    #[error(transparent)]
    Model(#[from] ugmm::UgmmError),
    #[error(transparent)]
    Frame(#[from] ugmm_data::frame::FrameError),
    #[error("{0}: the output would replace this input; choose another name")]
    OverwritesInput(PathBuf),
    #[error("{path}: the column {target:?} holds only one label, {label:?}; at least two classes are needed")]
    OneClass { path: PathBuf, target: String, label: String },
    #[error("{path}: there is no target column {target:?}; the columns are {}", .columns.join(", "))]
    NoSuchTarget { path: PathBuf, target: String, columns: Vec<String> },
    #[error("the target column {target:?} cannot be ignored")]
    TargetIgnored { target: String },
    #[error(
        "{path}: the column {target:?} has as many different values as it has rows ({rows}), so there are no classes to \
         learn; numbers cannot be predicted yet"
    )]
    TargetIsNoClass { path: PathBuf, target: String, rows: usize },
    #[error("{path}: no row has a value in the column {target:?}")]
    NoLabels { path: PathBuf, target: String },
    #[error("{path}: beside {target:?} no column is left to learn from; constant columns say nothing")]
    NoFeatures { path: PathBuf, target: String },
    #[error(
        "{path}: the column {column:?} has {levels} different texts in {rows} rows, too many to learn from; leave it out \
         with --ignore {column:?} or, if it should hold numbers, see with --numeric {column:?} which value is none"
    )]
    TooManyLevels { path: PathBuf, column: String, levels: usize, rows: usize },
    #[error(
        "{path}: the column {column:?} lacks {missing} values, and a feed-forward network needs every value; fill them \
         in, leave the column out with --ignore {column:?}, or train a uGMM network, which does without them"
    )]
    Incomplete { path: PathBuf, column: String, missing: usize },
    #[error("{path}, row {row}: no value at all; a prediction needs at least one")]
    EmptyRow { path: PathBuf, row: usize },
    #[error("{path}, row {row}, column {column:?}: the value is missing, and this model needs every value")]
    NeedsEveryValue { path: PathBuf, row: usize, column: String },
    #[error("{path}: the model's list of columns cannot be used: {reason}")]
    Reading { path: PathBuf, reason: String },
    #[error(
        "{path}, row {row}, column {target:?}: {found}, where the model knows the classes {}", .known.join(", ")
    )]
    Label { path: PathBuf, row: usize, target: String, found: String, known: Vec<String> },
    #[error("{path}: {source}")]
    Labels { path: PathBuf, source: ugmm_data::DataError },
    #[error("{path}{place}: {reason}")]
    SettingsFile { path: PathBuf, place: String, reason: String },
    #[error("the pool of threads could not be started: {0}")]
    Threads(String),
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}
