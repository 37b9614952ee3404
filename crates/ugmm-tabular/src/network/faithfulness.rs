//! Faithfulness of explanations: predictions after columns are deleted in the order of an attribution.

use crate::distribution::{Distribution, Predictions};
use crate::error::TabularError;
use crate::network::model::NetworkModel;
use serde::Serialize;
use ugmm_network::inspect::{Absence, Deletion, DeletionCurves, deletion_curves, random_importances};
use ugmm_network::{Stream, generator};

/// Number of random orders for each row, as the comparison.
const RANDOM_ORDERS: u64 = 3;
/// Difference of a baseline from 0, in the network's units, above which the baseline counts as not zero.
const NOT_ZERO: f32 = 1e-3;
/// Quantiles of the interval whose probability is followed for a number: the central half of the prediction
/// with all columns.
const CENTRAL_HALF: (f64, f64) = (0.25, 0.75);

/// A method that attributes a prediction to columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// [`NetworkModel::contributions`] with [`Absence::Baseline`].
    Contributions,
    /// [`NetworkModel::contributions`] with [`Absence::Missing`].
    Knowledge,
    /// [`NetworkModel::responsibilities`].
    Responsibilities,
    /// Gradient of the log-probability times the input, in the network's units.
    GradientTimesInput,
    /// Gradient of the log-probability times the input's difference from its mean, in the network's units.
    GradientTimesDifference,
    /// No attribution: the mean over random orders.
    Random,
}

/// The deletion curve of one attribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributionCurve {
    /// The attribution.
    pub attribution: Attribution,
    /// Mean probability over the rows, after each number of deleted columns in [`Faithfulness::deleted`].
    pub probabilities: Vec<f64>,
    /// Area under the curve of each row over the fraction of deleted columns from 0 to 1; smaller is more
    /// faithful.
    #[serde(skip)]
    pub areas: Vec<f64>,
}

/// Result of [`NetworkModel::faithfulness`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faithfulness {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns that can be deleted.
    pub columns: usize,
    /// Number of deleted columns at each point of the curves.
    pub deleted: Vec<usize>,
    /// One curve for each attribution.
    pub curves: Vec<AttributionCurve>,
}

impl Faithfulness {
    /// The curve of an attribution; `None` if it was not measured.
    #[must_use]
    pub fn curve(&self, attribution: Attribution) -> Option<&AttributionCurve> {
        self.curves.iter().find(|curve| curve.attribution == attribution)
    }
}

impl NetworkModel {
    /// Compares attributions by deletion curves: the probability of each row's prediction while columns are
    /// deleted, the most important ones first. For a class, it is the probability of the class predicted with
    /// all columns; for a number, the probability of the central half (from the 25 % to the 75 % quantile) of
    /// the distribution predicted with all columns. A column is deleted by replacing its values with those of
    /// [`Self::average_row`], or, with [`Absence::Missing`], by leaving it out. `seed` determines the random
    /// orders.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no row, a size does not fit, columns are to be left out of a model that
    /// needs every value, or the model is not a uGMM network.
    pub fn faithfulness(
        &self,
        inputs: &[f32],
        absence: Absence,
        seed: u64,
    ) -> Result<Faithfulness, TabularError> {
        let sources = self.preprocessor().source_columns();
        let (targets, followed) = self.followed(inputs)?;
        let rows = targets.len();
        let columns = sources.last().map_or(0, |last| last + 1);
        let average = self.average_row();
        let deletion = match absence {
            Absence::Baseline => Deletion::Baseline(average.clone()),
            Absence::Missing if self.takes_missing_values() => Deletion::Missing,
            Absence::Missing => return Err(TabularError::CannotLeaveOut),
        };
        let curves_of = |importances: &[f32]| {
            deletion_curves(inputs, &sources, importances, &deletion, |rows| {
                followed.probabilities(self, rows)
            })
        };
        let mut curves = Vec::new();
        let mut deleted = Vec::new();
        let mut add = |attribution, found: &[DeletionCurves]| {
            let mean = |of: &dyn Fn(&DeletionCurves) -> Vec<f64>| -> Vec<f64> {
                let mut sums = vec![0.0; of(&found[0]).len()];
                for curves in found {
                    sums.iter_mut()
                        .zip(of(curves))
                        .for_each(|(sum, value)| *sum += value / found.len() as f64);
                }
                sums
            };
            deleted.clone_from(&found[0].deleted);
            let (probabilities, areas) = (mean(&DeletionCurves::mean), mean(&DeletionCurves::areas));
            curves.push(AttributionCurve { attribution, probabilities, areas });
        };
        for (attribution, importances) in self.attributions(inputs, &targets, &average, absence)? {
            add(attribution, &[curves_of(&importances)?]);
        }
        let mut rng = generator(seed, Stream::Deletion);
        let random: Result<Vec<_>, _> =
            (0..RANDOM_ORDERS).map(|_| curves_of(&random_importances(rows, columns, &mut rng))).collect();
        add(Attribution::Random, &random?);
        Ok(Faithfulness { rows, columns, deleted, curves })
    }

    /// The attributions that apply to the model, each `[rows, columns]`.
    fn attributions(
        &self,
        inputs: &[f32],
        targets: &[f64],
        average: &[f32],
        absence: Absence,
    ) -> Result<Vec<(Attribution, Vec<f32>)>, TabularError> {
        let contributions = self.contributions(inputs, targets, Absence::Baseline)?;
        let mut all = vec![(Attribution::Contributions, contributions)];
        if absence == Absence::Missing {
            all.push((Attribution::Knowledge, self.contributions(inputs, targets, Absence::Missing)?));
        }
        all.push((Attribution::Responsibilities, self.responsibilities(inputs, targets)?));
        if !self.classes().is_empty() {
            let classes: Vec<usize> = targets.iter().map(|&class| class as usize).collect();
            let gradients = self.saved().gradients(inputs, &classes)?;
            let times = |difference: &dyn Fn(f32, f32) -> f32| -> Vec<f32> {
                let rows = gradients.chunks(average.len()).zip(inputs.chunks(average.len()));
                let products = rows.flat_map(|(gradients, row)| {
                    gradients.iter().zip(row).zip(average).map(|((gradient, x), average)| match x.is_nan() {
                        true => 0.0,
                        false => gradient * difference(*x, *average),
                    })
                });
                self.by_column(&products.collect::<Vec<_>>())
            };
            all.push((Attribution::GradientTimesInput, times(&|x, _| x)));
            if average.iter().any(|average| average.abs() > NOT_ZERO) {
                all.push((Attribution::GradientTimesDifference, times(&|x, average| x - average)));
            }
        }
        Ok(all)
    }

    /// The predicted value of the target for each row, and the class or interval whose probability is
    /// followed.
    fn followed(&self, inputs: &[f32]) -> Result<(Vec<f64>, Followed), TabularError> {
        let predictions = self.predicted(inputs)?;
        let (low, high) = CENTRAL_HALF;
        let interval = |number: &Distribution| (number.quantile(low), number.quantile(high));
        let followed = match &predictions {
            Predictions::Classes(found) => Followed::Classes(found.decisions.clone()),
            Predictions::Numbers(numbers) => Followed::Intervals(numbers.iter().map(interval).collect()),
        };
        Ok((predictions.values(), followed))
    }
}

/// The class or interval of each row whose probability is followed.
enum Followed {
    Classes(Vec<usize>),
    Intervals(Vec<(f64, f64)>),
}

impl Followed {
    fn probabilities(&self, model: &NetworkModel, inputs: &[f32]) -> Result<Vec<f64>, TabularError> {
        Ok(match self {
            Self::Classes(classes) => {
                let logs = model.log_probabilities(inputs)?;
                let rows = logs.chunks(model.classes().len()).zip(classes);
                rows.map(|(logs, &class)| f64::from(logs[class]).exp()).collect()
            }
            Self::Intervals(intervals) => {
                let rows = model.densities(inputs)?.into_iter().zip(intervals);
                rows.map(|(density, &(low, high))| density.cumulative(high) - density.cumulative(low))
                    .collect()
            }
        })
    }
}
