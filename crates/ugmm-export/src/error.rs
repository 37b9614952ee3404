//! Why a model cannot be exported.

/// An error of an export; the message is one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The ending of the file's name is none of those that are known.
    #[error(
        "{ending} is no form of a model to export; the file must end in .onnx (ONNX), .js (JavaScript), .html (a page), .c \
         (C99) or .sql (SQL)"
    )]
    Ending {
        /// The ending in quotation marks, or a clause in its place.
        ending: String,
    },
    /// The model has something that the form cannot hold.
    #[error("this model cannot be exported as {form}: {reason}")]
    Unable {
        /// The name of the form.
        form: &'static str,
        /// What the form cannot hold.
        reason: String,
    },
    /// An output by column is wanted where there is none.
    #[error("{form} has no output by column; only the ONNX graph of a density has one")]
    NoChoice {
        /// The name of the form.
        form: &'static str,
    },
    /// A table is named where none is read.
    #[error("{form} reads no table; only SQL does")]
    NoTable {
        /// The name of the form.
        form: &'static str,
    },
}
