#![doc = include_str!("../README.md")]
//!
//! A [`portable::PortableModel`] describes a model completely; each form is made of it. What a form computes are the
//! predictions of `ugmm predict`: questions, draws, most probable values and proofs stay with this program.

pub mod c;
mod error;
pub mod javascript;
pub mod onnx;
pub mod portable;
pub mod sql;

pub use error::ExportError;

use portable::PortableModel;
use std::path::Path;
use ugmm_tabular::TableModel;

/// A form of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A graph of ONNX.
    Onnx,
    /// A module of JavaScript.
    JavaScript,
    /// A page for a browser.
    Page,
    /// A file of C99.
    C,
    /// A SELECT of SQL.
    Sql,
}

impl Form {
    /// The form that a file with this name has, by its ending.
    ///
    /// # Errors
    ///
    /// [`ExportError::Ending`] for another ending.
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("onnx") => Ok(Self::Onnx),
            Some("c") => Ok(Self::C),
            Some("sql") => Ok(Self::Sql),
            Some("html" | "htm") => Ok(Self::Page),
            Some("js" | "mjs") => Ok(Self::JavaScript),
            Some(ending) => Err(ExportError::Ending { ending: format!("{:?}", format!(".{ending}")) }),
            None => Err(ExportError::Ending { ending: "a name without an ending".into() }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Onnx => "ONNX",
            Self::JavaScript => "JavaScript",
            Self::Page => "a page",
            Self::C => "C",
            Self::Sql => "SQL",
        }
    }
}

/// What can be chosen for one form only.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices<'a> {
    /// Add an output with the log-likelihood of each value given the others of its row, which only a density as
    /// [`Form::Onnx`] has.
    pub by_column: bool,
    /// Name of the table that [`Form::Sql`] reads, [`sql::DEFAULT_TABLE`] unless it is given.
    pub table: Option<&'a str>,
}

/// The bytes of a file with the model in this form.
///
/// # Errors
///
/// [`ExportError`] if the form cannot hold the model, or does not have what was chosen.
pub fn export(model: &dyn TableModel, form: Form, choices: Choices<'_>) -> Result<Vec<u8>, ExportError> {
    let portable = PortableModel::of(model)?;
    if choices.by_column && form != Form::Onnx {
        return Err(ExportError::NoChoice { form: form.name() });
    }
    if choices.table.is_some() && form != Form::Sql {
        return Err(ExportError::NoTable { form: form.name() });
    }
    Ok(match form {
        Form::Onnx => onnx::bytes(&portable, choices.by_column)?,
        Form::Page => javascript::page(&portable).into_bytes(),
        Form::C => c::file(&portable).into_bytes(),
        Form::JavaScript => javascript::module(&portable).into_bytes(),
        Form::Sql => sql::query(&portable, choices.table.unwrap_or(sql::DEFAULT_TABLE))?.into_bytes(),
    })
}
