//! Errors as Python's exceptions, with the sentences of the libraries and what to pass instead.

use crate::advice;
use pyo3::PyErr;
use pyo3::exceptions::{
    PyFileNotFoundError, PyIsADirectoryError, PyOSError, PyPermissionError, PyValueError,
};
use std::io::ErrorKind;
use ugmm_network::UgmmError;
use ugmm_tabular::TabularError;

/// The exception for an error of the libraries.
pub fn raise(error: impl Into<TabularError>) -> PyErr {
    let error = error.into();
    let message = format!("{error}{}", advice::of(error.remedies()));
    match &error {
        TabularError::Model(UgmmError::Io { source, .. }) => match source.kind() {
            ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
            ErrorKind::PermissionDenied => PyPermissionError::new_err(message),
            ErrorKind::IsADirectory => PyIsADirectoryError::new_err(message),
            _ => PyOSError::new_err(message),
        },
        _ => PyValueError::new_err(message),
    }
}

/// A `ValueError` with this message.
pub fn value_error(message: impl Into<String>) -> PyErr {
    PyValueError::new_err(message.into())
}
