//! Doubts about a finished training.

use crate::network::baseline::Baseline;
use crate::remedy::{Remedy, as_missing};
use std::fmt;
use ugmm_data::Scaling;

/// Limit of the gradients' norm that a remedy for a rising loss suggests.
const GRADIENT_NORM: f64 = 1.0;
/// Divisor of the learning rate that a remedy for a rising loss suggests.
const SMALLER: f64 = 10.0;
/// Number of hidden layers that the remedy for deep networks suggests.
const FEWER_LAYERS: usize = 2;

/// Something in a finished training that may be wrong. The [`Display`](fmt::Display) text is one sentence
/// that describes it; [`Doubt::remedies`] are settings that help.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Doubt {
    /// Some numbers of the target are outliers.
    FarTargets {
        /// Name of the target.
        target: String,
        /// The outliers.
        numbers: FarValues,
    },
    /// Some values of a column are outliers that determine its scale.
    FarInputs {
        /// Name of the column.
        column: String,
        /// The outliers.
        numbers: FarValues,
    },
    /// Many different values of a column become the same input of the network.
    Indistinct {
        /// Name of the column.
        column: String,
        /// Number of its different values.
        different: usize,
        /// Number of the different inputs that they become.
        distinguished: usize,
        /// Whether the column is scaled.
        is_scaled: bool,
    },
    /// A column without scaling is much wider than the components of a network.
    Unscaled {
        /// Name of the column.
        column: String,
        /// Its standard deviation.
        deviation: f64,
    },
    /// The training loss is greater at the end of training than at its beginning.
    RisingLoss {
        /// Training loss of the first epoch.
        first: f64,
        /// Training loss of the last epoch.
        last: f64,
        /// Highest learning rate of the schedule.
        learning_rate: f64,
    },
    /// The model is not better than the baseline by any measure.
    NoBetter {
        /// Name of the target.
        target: String,
        /// The baseline.
        baseline: Baseline,
        /// A possible reason.
        reason: Reason,
    },
    /// Predicted means are worse than the baseline; densities may be better.
    WorseMeans {
        /// Name of the target.
        target: String,
        /// Root mean squared error of the predicted means.
        found: f64,
        /// Root mean squared error of the baseline.
        baseline: f64,
    },
    /// Predicted densities are worse than the baseline; means may be better.
    WorseDensities {
        /// Name of the target.
        target: String,
        /// Mean log-density of the predictions.
        found: f64,
        /// Mean log-density of the baseline.
        baseline: f64,
    },
}

/// Outliers of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct FarValues {
    /// The outliers as the table has them, with their rows and the range of all other values, as text.
    pub description: String,
    /// Outliers that repeat, as codes for missing values do.
    pub codes: Vec<String>,
}

/// A possible reason why a model is no better than the baseline.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The columns that other doubts are about.
    Columns,
    /// The number of hidden layers; the sizes of these.
    Depth(Vec<usize>),
    /// No reason is apparent.
    Unknown,
}

impl Doubt {
    /// Settings that may remove the doubt.
    #[must_use]
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::FarTargets { numbers, .. } => as_missing(numbers.codes.clone()),
            Self::FarInputs { numbers, .. } => {
                let missing = as_missing(numbers.codes.clone());
                missing.into_iter().chain([Remedy::Scaling(Scaling::Quantile)]).collect()
            }
            Self::Indistinct { is_scaled: true, .. } => vec![Remedy::Scaling(Scaling::Quantile)],
            Self::Indistinct { is_scaled: false, .. } | Self::Unscaled { .. } => {
                vec![Remedy::Scaling(Scaling::Standard)]
            }
            Self::RisingLoss { learning_rate, .. } => {
                vec![Remedy::LearningRate(learning_rate / SMALLER), Remedy::GradientNorm(GRADIENT_NORM)]
            }
            Self::NoBetter { reason: Reason::Depth(sizes), .. } => {
                vec![Remedy::Hidden(sizes.iter().copied().take(FEWER_LAYERS).collect())]
            }
            Self::NoBetter { reason: Reason::Unknown, .. } => vec![Remedy::Search],
            Self::NoBetter { reason: Reason::Columns, .. }
            | Self::WorseMeans { .. }
            | Self::WorseDensities { .. } => vec![],
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::FarTargets { target, numbers } => write!(
                f,
                "{target} is {}; predicted means ignore such numbers unless they are likely; if they are errors, correct or \
                 remove them",
                numbers.description
            ),
            Self::FarInputs { column, numbers } => write!(
                f,
                "the column {column:?} is {}; these values determine its scale, on which the network can hardly distinguish \
                 the others; if they are errors, correct or remove them",
                numbers.description
            ),
            Self::Indistinct { column, different, distinguished, .. } => write!(
                f,
                "the column {column:?} has {different} different values, of which the network can distinguish only \
                 {distinguished}"
            ),
            Self::Unscaled { column, deviation } => write!(
                f,
                "the column {column:?} is not scaled and has a standard deviation of {deviation:.0}, where networks learn best \
                 from one of about 1"
            ),
            Self::RisingLoss { first, last, .. } => {
                write!(
                    f,
                    "the training loss rose from {first:.4} in the first epoch to {last:.4} in the last"
                )
            }
            Self::NoBetter { target, baseline, reason } => {
                write!(f, "the model is no better than the baseline ({}); ", baseline.in_words(target))?;
                match reason {
                    Reason::Columns => write!(f, "the columns named above may be the reason"),
                    Reason::Depth(sizes) => {
                        write!(f, "networks of {} hidden layers are hard to train", sizes.len())
                    }
                    Reason::Unknown => write!(f, "the other columns may have no information about {target}"),
                }
            }
            Self::WorseMeans { target, found, baseline } => write!(
                f,
                "predicted means of {target} are worse than the baseline: their root mean squared error is {found:.4}, that of \
                 always predicting the mean is {baseline:.4}; medians and intervals may still be good; the logarithms of numbers \
                 of very different sizes are easier to predict"
            ),
            Self::WorseDensities { target, found, baseline } => write!(
                f,
                "predicted densities of {target} are worse than the baseline: their mean log-density is {found:.4}, that of \
                 always predicting a normal distribution is {baseline:.4}; do not rely on intervals; means may still be good"
            ),
        }
    }
}
