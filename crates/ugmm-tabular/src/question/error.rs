//! What can be wrong with a question to a model.

use crate::names::some;
use crate::remedy::Remedy;
use ugmm_data::closest;

/// A question that cannot be asked. Each message is one sentence that says what is wrong; [`QuestionError::remedies`] are the
/// settings that help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum QuestionError {
    /// Text that does not give columns their values.
    #[error(
        "{text:?}: {reason}; write for example length=4.5,colour=red, and names or values with commas or equals signs in double quotes"
    )]
    Assignment { text: String, reason: &'static str },

    /// A column that the network does not have among its inputs.
    #[error("the model has no column {column:?}; {}", match closest(.column, .columns) {
        Some(known) => format!("did you mean {known:?}?"),
        None => format!("its columns are {}", some(.columns)),
    })]
    NoSuchColumn { column: String, columns: Vec<String> },

    /// The target of a discriminative network, as if it were among its inputs.
    #[error("this discriminative model predicts {target:?}, so it cannot be given")]
    NoTargetInput { target: String },

    /// A column with two values.
    #[error("the column {column:?} is given twice; give it one value")]
    GivenTwice { column: String },

    /// A column whose value is given, and asked for.
    #[error("the column {column:?} is both given and asked for; leave it out of one of the two")]
    GivenAndAsked { column: String },

    /// A column that is asked for twice.
    #[error("the column {column:?} is asked for twice; name it once")]
    AskedTwice { column: String },

    /// A value that the column cannot have.
    #[error("the column {column:?} cannot be {value:?}; it must be {expected}")]
    NoValue { column: String, value: String, expected: String },

    /// A range of a column of categories.
    #[error(
        "the column {column:?} holds categories, so it has no range such as {value:?}; leave it out of the ranges"
    )]
    RangeOfCategories { column: String, value: String },

    /// A column that is given and asked for.
    #[error(
        "the column {column:?} is given, so there is nothing to ask about it; leave it out of what is given"
    )]
    AskedAndGiven { column: String },

    /// Another column than the target of a network that knows of no other.
    #[error(
        "this model is discriminative: it can be asked for {target:?} only, not {}",
        match .column { Some(column) => format!("for {column:?}"), None => "for rows or their scores".into() }
    )]
    OnlyTarget { target: String, column: Option<String> },

    /// A prediction of a model that has no target.
    #[error(
        "this density was trained without a target, so there is nothing to predict; ask for a column given others"
    )]
    NoTarget,

    /// A classifier is wanted.
    #[error("the model predicts the number {target:?}; only decisions between classes can be certified")]
    NotOfClasses { target: String },

    /// A question that leaves nothing to answer it by.
    #[error(
        "nothing is given to predict {target:?} from; a discriminative model needs the value of one column at least"
    )]
    NothingGiven { target: String },

    /// A question that leaves out values of a model that needs all.
    #[error("this model needs every value; give {} as well", some(.columns))]
    NeedsAll { columns: Vec<String> },

    /// A row whose score is asked for.
    #[error("the score is that of a whole row; give {} as well", some(.columns))]
    WholeRow { columns: Vec<String> },

    /// Nothing left to look for.
    #[error("every column is given, so there is nothing left to find; leave out what is asked for")]
    NothingToFind,

    /// Nothing left to draw.
    #[error("every column is given, so there is nothing to draw")]
    NothingToDraw,

    /// A number whose range is not known.
    #[error(
        "the model does not store the range of the column {column:?}, because an older version trained it"
    )]
    NoRange { column: String },
}

impl QuestionError {
    /// What can be set so that the question has an answer.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NoTargetInput { .. } | Self::OnlyTarget { .. } => vec![Remedy::Density],
            Self::NoRange { column } => vec![Remedy::Range(column.clone())],
            _ => vec![],
        }
    }
}
