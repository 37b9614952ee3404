//! Remedies: what a caller can set so that an error or a doubt goes away.

use crate::network::options::TaskChoice;
use std::fmt;
use ugmm_data::Scaling;

/// Largest number of marks of missing values that remedies name.
const MOST_MARKS: usize = 3;

/// A setting that helps if a table cannot be used, a question has no answer, or a training is in doubt.
///
/// The [`Display`](fmt::Display) text says when the setting is right or what it achieves, without its name: a
/// command adds an option to it, and another caller an argument.
///
/// ```
/// use ugmm_tabular::{Remedy, TaskChoice};
///
/// assert_eq!(Remedy::Task(TaskChoice::Classification).to_string(), "to predict classes");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// How the table is read.
    Reading(ugmm_data::Remedy),
    /// A text that should not be a mark of missing values:
    /// [`ReadOptions::missing`](ugmm_data::frame::ReadOptions::missing).
    NoMark(String),
    /// A change of the table that removes the unit of its numbers.
    WithoutUnit {
        /// A value as the table has it.
        written: String,
        /// The number in this value.
        number: String,
    },
    /// The kind of the target: the choice of [`prepare_target`](crate::target::prepare_target).
    Task(TaskChoice),
    /// The scaling of numeric columns: [`PreprocessingOptions::scaling`](ugmm_data::PreprocessingOptions::scaling).
    Scaling(Scaling),
    /// A uGMM network instead of a feed-forward network: [`Settings::model`](ugmm_network::Settings::model).
    UgmmNetwork,
    /// Sizes of hidden layers: [`Settings::hidden`](ugmm_network::Settings::hidden).
    Hidden(Vec<usize>),
    /// Component dropout of each layer, with none in the first: [`Settings::dropout`](ugmm_network::Settings::dropout).
    Dropout(Vec<f64>),
    /// A network that accepts missing values:
    /// [`Settings::missing_values`](ugmm_network::Settings::missing_values).
    MissingValues,
    /// A smaller learning rate: [`Settings::learning_rate`](ugmm_network::Settings::learning_rate).
    LearningRate(f64),
    /// A limit of the gradients' norm: [`Settings::max_gradient_norm`](ugmm_network::Settings::max_gradient_norm).
    GradientNorm(f64),
    /// A search for good settings: [`FitOptions::search`](crate::FitOptions::search).
    Search,
    /// A network instead of a density model: [`fit`](crate::fit()).
    Network,
    /// A density model instead of a network: [`fit_density`](crate::fit_density).
    Density,
    /// A range of this column in the question.
    Range(String),
    /// A run that resumes from its checkpoint: [`Run::resume`](crate::Run::resume).
    Resume,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Reading(remedy) => write!(f, "{remedy}"),
            Self::NoMark(text) => write!(f, "if {text:?} is a value"),
            Self::WithoutUnit { .. } => write!(f, "if the column holds numbers with a unit"),
            Self::Task(TaskChoice::Classification) => write!(f, "to predict classes"),
            Self::Task(TaskChoice::Regression) => write!(f, "to predict numbers"),
            Self::Scaling(Scaling::Standard) => write!(f, "to scale columns by their standard deviations"),
            Self::Scaling(Scaling::Quantile) => write!(f, "to scale columns by their quantiles"),
            Self::Scaling(Scaling::None) => write!(f, "to use columns without scaling"),
            Self::UgmmNetwork => write!(f, "to train a uGMM network, which accepts missing values"),
            Self::Hidden(_) => write!(f, "to train a network with fewer layers"),
            Self::Dropout(_) => write!(f, "to keep all components of the first layer"),
            Self::MissingValues => write!(f, "to train a network that accepts missing values"),
            Self::LearningRate(_) => write!(f, "to take smaller steps"),
            Self::GradientNorm(_) => write!(f, "to limit the norm of the gradients"),
            Self::Search => write!(f, "to search for better settings"),
            Self::Network => write!(f, "to train a network"),
            Self::Density => write!(f, "to train a density model"),
            Self::Range(column) => write!(f, "to give the column {column:?} a range"),
            Self::Resume => write!(f, "to resume the run"),
        }
    }
}

impl From<ugmm_data::Remedy> for Remedy {
    fn from(remedy: ugmm_data::Remedy) -> Self {
        Self::Reading(remedy)
    }
}

/// Remedies for texts that may be marks of missing values, for the first [`MOST_MARKS`] of them.
pub(crate) fn as_missing(texts: impl IntoIterator<Item = String>) -> Vec<Remedy> {
    texts.into_iter().take(MOST_MARKS).map(|text| ugmm_data::Remedy::Missing(text).into()).collect()
}
