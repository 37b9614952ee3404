//! Predicted distributions of values, and measures of predictions.

mod crps;
pub(crate) mod log_likelihood;
pub(crate) mod measures;

pub use log_likelihood::LogLikelihoodMeasures;
pub use measures::Measures;

use crate::column::Column;
use ugmm_circuit::UnivariateMixture;
use ugmm_network::inference::conditional::ConditionalDensity;
use ugmm_network::metrics::NumberDistribution;

/// Number of cells in which a continuous mixture is tabulated.
const CELLS: usize = 256;

/// The distribution of a value of a [`Column`].
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// A density over cells of the column's range.
    Cells(ConditionalDensity),
    /// Probabilities of states or of whole numbers, or a mixture of Gaussians.
    Mixture(UnivariateMixture),
}

/// The probabilities below the two ends of the central interval with this share of a distribution.
#[must_use]
pub fn central_tails(share: f64) -> [f64; 2] {
    [(1.0 - share) / 2.0, (1.0 + share) / 2.0]
}

/// Predictions of a column for some rows.
#[derive(Clone, Debug)]
pub enum Predictions {
    /// Predictions of a column of classes.
    Classes(ClassPredictions),
    /// Predictions of a column of numbers, one distribution for each row.
    Numbers(Vec<Distribution>),
}

/// Predicted classes of some rows.
#[derive(Clone, Debug, Default)]
pub struct ClassPredictions {
    /// log P(class | row), `[rows, classes]`, row-major.
    pub log_probabilities: Vec<f32>,
    /// Index of the predicted class of each row; with class weights it need not be the most probable class.
    pub decisions: Vec<usize>,
    /// Joint scores of row and class, `[rows, classes]`; empty if the network has none.
    pub scores: Vec<f32>,
}

impl Predictions {
    /// The predicted value of each row: the index of the class, or the mean.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        match self {
            Self::Classes(classes) => classes.decisions.iter().map(|&class| class as f64).collect(),
            Self::Numbers(numbers) => numbers.iter().map(Distribution::mean).collect(),
        }
    }
}

impl Distribution {
    /// A distribution over the whole numbers from `first` on.
    pub(crate) fn discrete(first: i64, probabilities: Vec<f64>) -> Self {
        Self::Mixture(UnivariateMixture::Discrete { first, probabilities })
    }

    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Cells(cells) => cells.mean(),
            Self::Mixture(mixture) => mixture.mean(),
        }
    }

    /// The standard deviation.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        match self {
            Self::Cells(cells) => cells.deviation(),
            Self::Mixture(mixture) => mixture.deviation(),
        }
    }

    /// The most probable value, or the one of the highest density.
    #[must_use]
    pub fn mode(&self) -> f64 {
        match self {
            Self::Cells(cells) => cells.mode(),
            Self::Mixture(mixture) => mixture.mode(),
        }
    }

    /// The quantile of this probability in [0, 1].
    #[must_use]
    pub fn quantile(&self, probability: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.quantile(probability),
            Self::Mixture(mixture) => mixture.quantile(probability),
        }
    }

    /// P(X ≤ `value`), in [0, 1].
    #[must_use]
    pub fn cumulative(&self, value: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.cumulative(value),
            Self::Mixture(mixture) => mixture.cumulative(value),
        }
    }

    /// The density per unit of the column, or the probability of a state or whole number.
    #[must_use]
    pub fn density(&self, value: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.density(value),
            Self::Mixture(mixture) => mixture.density(value),
        }
    }

    /// The natural logarithm of [`Self::density`].
    #[must_use]
    pub fn log_density(&self, value: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.log_density(value),
            Self::Mixture(mixture) => mixture.log_density(value),
        }
    }

    /// The continuous ranked probability score ∫ (F(t) − 1[t ≥ value])² dt, in the column's units.
    #[must_use]
    pub fn crps(&self, value: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.crps(value),
            Self::Mixture(mixture) => crps::continuous_ranked_probability_score(mixture, value),
        }
    }

    /// The entropy in nats; for a density, of densities per unit of the column.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        match self {
            Self::Cells(_) => {
                let ((low, high), heights) = self.heights();
                let width = (high - low) / heights.len() as f64;
                heights.into_iter().filter(|height| *height > 0.0).map(|h| -width * h * h.ln()).sum()
            }
            Self::Mixture(mixture) => mixture.entropy(),
        }
    }

    /// Whether states or whole numbers have probabilities, rather than a density.
    #[must_use]
    pub fn is_discrete(&self) -> bool {
        matches!(self, Self::Mixture(UnivariateMixture::Discrete { .. }))
    }

    /// Each possible value of `column` with its probability; `None` for a density. Rare levels share the
    /// probability of their state in proportion to their training rows; whole numbers are in ascending order.
    #[must_use]
    pub fn probabilities(&self, column: &Column) -> Option<Vec<(f64, f64)>> {
        let Self::Mixture(UnivariateMixture::Discrete { first, probabilities }) = self else { return None };
        Some(match column.is_number() {
            false => column.divided(probabilities),
            true => (*first..).map(|value| value as f64).zip(probabilities.iter().copied()).collect(),
        })
    }

    /// A density as heights of cells of equal width, per unit of the column, and the ends of the range that
    /// they cover: all cells, whose heights integrate to 1, or nearly all of a mixture, whose heights are its
    /// density in the middles.
    #[must_use]
    pub fn heights(&self) -> ((f64, f64), Vec<f64>) {
        let ((low, high), cells) = match self {
            // The cells may have unequal widths.
            Self::Cells(cells) => self.shares(cells.probabilities().len()),
            Self::Mixture(_) => (self.shown_range(), vec![0.0; CELLS]),
        };
        let width = (high - low) / cells.len() as f64;
        let height = |(cell, share): (usize, f64)| match self {
            Self::Cells(_) => share / width,
            Self::Mixture(mixture) => mixture.density(low + (cell as f64 + 0.5) * width),
        };
        ((low, high), cells.into_iter().enumerate().map(height).collect())
    }

    /// The probability of each of this number of cells of equal width, and the ends of the range that they
    /// cover, [`Self::shown_range`].
    #[must_use]
    pub fn shares(&self, cells: usize) -> ((f64, f64), Vec<f64>) {
        let (low, high) = self.shown_range();
        let edge = |cell: usize| low + cell as f64 / cells as f64 * (high - low);
        // The lower end of the range of cells may have a probability of its own, which belongs to the first cell.
        let below = |cell: usize| match (self, cell) {
            (Self::Cells(_), 0) => 0.0,
            _ => self.cumulative(edge(cell)),
        };
        let share = |cell: usize| (self.cumulative(edge(cell + 1)) - below(cell)).max(0.0);
        ((low, high), (0..cells).map(share).collect())
    }

    /// The range of the cells, or a range that contains nearly all of a mixture.
    #[must_use]
    pub fn shown_range(&self) -> (f64, f64) {
        match self {
            Self::Cells(cells) => cells.range(),
            Self::Mixture(mixture) => {
                let (low, high) = (mixture.quantile(0.001), mixture.quantile(0.999));
                let margin = 0.05 * (high - low);
                let (least, greatest) = match mixture {
                    UnivariateMixture::Continuous { low, high, .. } => (*low, *high),
                    UnivariateMixture::Discrete { .. } => (None, None),
                };
                // The range stays within the limits of the column.
                let low = (low - margin).max(least.unwrap_or(f64::NEG_INFINITY));
                (low, (high + margin).min(greatest.unwrap_or(f64::INFINITY)))
            }
        }
    }
}

impl NumberDistribution for Distribution {
    fn mean(&self) -> f64 {
        self.mean()
    }

    fn quantile(&self, probability: f64) -> f64 {
        self.quantile(probability)
    }

    fn is_possible(&self, number: f64) -> bool {
        match self {
            Self::Cells(cells) => NumberDistribution::is_possible(cells, number),
            Self::Mixture(mixture) => mixture.log_density(number).is_finite(),
        }
    }

    fn log_density(&self, number: f64) -> f64 {
        self.log_density(number)
    }

    fn crps(&self, number: f64) -> f64 {
        self.crps(number)
    }
}
