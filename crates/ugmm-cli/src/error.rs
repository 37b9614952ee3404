//! Failures of the command, each printed as one sentence.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Data(#[from] ugmm_data::DataError),
    #[error(transparent)]
    Model(#[from] ugmm::UgmmError),
    #[error("{0}: the output would replace this input; choose another name")]
    OverwritesInput(PathBuf),
    #[error("{path}: the column {target:?} holds only one label, {label:?}; at least two classes are needed")]
    OneClass { path: PathBuf, target: String, label: String },
    #[error(
        "{path}: there is no column {target:?} to compare predictions with; the model predicts that column"
    )]
    NoTarget { path: PathBuf, target: String },
    #[error("{path}: {source}")]
    Labels { path: PathBuf, source: ugmm_data::DataError },
    #[error("{path}{place}: {reason}")]
    SettingsFile { path: PathBuf, place: String, reason: String },
    #[error("the pool of threads could not be started: {0}")]
    Threads(String),
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}
