//! Errors in questions to a model.

use crate::names::some;
use crate::remedy::Remedy;
use ugmm_data::closest;

/// A question that a model cannot answer. Each message is one sentence that says what is wrong;
/// [`QuestionError::remedies`] are settings that help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are what their names say; the messages spell them out")]
pub enum QuestionError {
    /// The text does not assign values to columns.
    #[error(
        "{text:?}: {reason}; write for example length=4.5,colour=red, and names or values with commas or equals signs in double quotes"
    )]
    Assignment { text: String, reason: &'static str },

    /// The model has no such column.
    #[error("the model has no column {column:?}; {}", match closest(.column, .columns) {
        Some(known) => format!("did you mean {known:?}?"),
        None => format!("its columns are {}", some(.columns)),
    })]
    NoSuchColumn { column: String, columns: Vec<String> },

    /// The target of a discriminative network is given, but it is not among the network's inputs.
    #[error("this discriminative model predicts {target:?}, so it cannot be given")]
    NoTargetInput { target: String },

    /// A column has two values.
    #[error("the column {column:?} is given twice; give it one value")]
    GivenTwice { column: String },

    /// A column is both given and asked for.
    #[error("the column {column:?} is both given and asked for; leave it out of one of the two")]
    GivenAndAsked { column: String },

    /// A column is asked for twice.
    #[error("the column {column:?} is asked for twice; name it once")]
    AskedTwice { column: String },

    /// The column cannot have this value.
    #[error("the column {column:?} cannot be {value:?}; it must be {expected}")]
    NoValue { column: String, value: String, expected: String },

    /// A column of categories has no range.
    #[error(
        "the column {column:?} holds categories, so it has no range such as {value:?}; leave it out of the ranges"
    )]
    RangeOfCategories { column: String, value: String },

    /// The column that is asked for is given.
    #[error(
        "the column {column:?} is given, so there is nothing to ask about it; leave it out of what is given"
    )]
    AskedAndGiven { column: String },

    /// A discriminative network only has the distribution of its target.
    #[error(
        "this model is discriminative: it can be asked for {target:?} only, not {}",
        match .column { Some(column) => format!("for {column:?}"), None => "for rows, their scores or most probable values".into() }
    )]
    OnlyTarget { target: String, column: Option<String> },

    /// The model has no target to predict.
    #[error(
        "this density was trained without a target, so there is nothing to predict; ask for a column given others"
    )]
    NoTarget,

    /// The question needs a classifier, but the model predicts a number.
    #[error("the model predicts the number {target:?}; only decisions between classes can be certified")]
    NotOfClasses { target: String },

    /// The target cannot be predicted, because no value is given.
    #[error(
        "nothing is given to predict {target:?} from; a discriminative model needs the value of one column at least"
    )]
    NothingGiven { target: String },

    /// The model needs every value, but some are missing.
    #[error("this model needs every value; give {} as well", some(.columns))]
    NeedsAll { columns: Vec<String> },

    /// The score of a row needs all of its values.
    #[error("the score is that of a whole row; give {} as well", some(.columns))]
    WholeRow { columns: Vec<String> },

    /// Every column is given, so that nothing can be maximised.
    #[error("every column is given, so there is nothing left to find; leave out what is asked for")]
    NothingToFind,

    /// Every column is given, so that nothing can be drawn.
    #[error("every column is given, so there is nothing to draw")]
    NothingToDraw,

    /// The range of a numeric column is unknown.
    #[error(
        "the model does not store the range of the column {column:?}, because an older version trained it"
    )]
    NoRange { column: String },
}

impl QuestionError {
    /// Settings with which the question has an answer.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NoTargetInput { .. } | Self::OnlyTarget { .. } => vec![Remedy::Density],
            Self::NoRange { column } => vec![Remedy::Range(column.clone())],
            _ => vec![],
        }
    }
}
