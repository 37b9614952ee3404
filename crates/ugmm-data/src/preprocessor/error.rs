//! Everything that can be wrong with making inputs of columns, one variant each.

use thiserror::Error;

use crate::frame::FrameError;
use crate::remedy::Remedy;
use crate::show::{list, value};

/// What is wrong with a table that is to become inputs, or with the settings of inputs.
///
/// The [`Display`](std::fmt::Display) text is one sentence that says what would be right.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages below spell them out")]
pub enum PreprocessError {
    /// A column or a row that is not in the table.
    #[error(transparent)]
    Table(#[from] FrameError),

    /// An empty list of rows.
    #[error("there are no rows to learn from; give at least two")]
    NoRows,

    /// No column left to make inputs of.
    #[error(
        "there is nothing to learn from: besides the target, each column has one value in the rows chosen, or \
         categories that are all too rare"
    )]
    NothingToLearn,

    /// An order for a column that holds something else than categories.
    #[error(
        "the column {} is to have an order but holds {found}, not categories; take it out of the list of ordered \
         columns",
        value(column)
    )]
    NotCategories { column: String, found: &'static str },

    /// Two orders for one column.
    #[error("the column {} is listed twice among those with an order; list it once", value(column))]
    OrdinalTwice { column: String },

    /// An order for the target.
    #[error(
        "the column {} is the target, which is no input; take it out of the list of ordered columns",
        value(column)
    )]
    OrdinalTarget { column: String },

    /// A level twice in an order.
    #[error("the order of the column {} has the level {} twice; name each once", value(column), value(level))]
    OrderRepeats { column: String, level: String },

    /// Levels that are not in the order.
    #[error("the order of the column {} lacks levels that the table has: {}", value(column), list(levels))]
    OrderLacks { column: String, levels: Vec<String> },

    /// A table without the columns that the inputs are made of, or with others by their names; what is `wrong` with each of these.
    #[error("the table does not fit: {}", misfits(missing, wrong))]
    WrongColumns { missing: Vec<String>, wrong: Vec<String> },
}

impl PreprocessError {
    /// The settings that help: see [`FrameError::remedies`].
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Table(error) => error.remedies(),
            _ => vec![],
        }
    }
}

/// Wrong columns that a message says more about than that they are there.
const SHOWN: usize = 5;

fn misfits(missing: &[String], wrong: &[String]) -> String {
    let missing = (!missing.is_empty()).then(|| format!("it has no column {}", list(missing)));
    let more = wrong.len().checked_sub(SHOWN + 1);
    let more = more.map(|more| format!("{} more hold something else than expected", more + 1));
    let parts: Vec<String> =
        missing.into_iter().chain(wrong.iter().take(SHOWN).cloned()).chain(more).collect();
    let remedy = match wrong {
        [] => "",
        _ => "; read it by the schema of the training table",
    };
    parts.join(", ") + remedy
}
