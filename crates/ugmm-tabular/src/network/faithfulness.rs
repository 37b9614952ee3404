//! How faithful explanations are: what becomes of predictions when columns are deleted in the order of an attribution.

use crate::distribution::{Distribution, Predictions};
use crate::error::TabularError;
use crate::network::model::NetworkModel;
use serde::Serialize;
use ugmm_network::inspect::{Absence, Deletion, DeletionCurves, deletion_curves, random_importances};
use ugmm_network::{Stream, generator};

/// Orders drawn at random for each row, to compare with.
const RANDOM_ORDERS: u64 = 3;
/// Difference of a baseline from 0, in the network's units, from which on it matters that it is not 0.
const NOT_ZERO: f32 = 1e-3;
/// The interval of a number whose probability is followed: the central half of what is predicted with all columns.
const CENTRAL_HALF: (f64, f64) = (0.25, 0.75);

/// A way of attributing a prediction to columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribution {
    /// [`NetworkModel::contributions`] with [`Absence::Baseline`].
    Contributions,
    /// [`NetworkModel::contributions`] with [`Absence::Missing`].
    Knowledge,
    /// [`NetworkModel::responsibilities`].
    Responsibilities,
    /// The gradient of the log-probability times the input as the network sees it.
    GradientTimesInput,
    /// The same times the input's difference from its average.
    GradientTimesDifference,
    /// None: the mean over orders drawn at random.
    Random,
}

/// The deletion curve of one attribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributionCurve {
    /// Which one.
    pub attribution: Attribution,
    /// Mean probability over the rows after each number of deletions.
    pub probabilities: Vec<f64>,
    /// The area under the curve of each row, over the share of columns deleted from 0 to 1: smaller is more faithful.
    #[serde(skip)]
    pub areas: Vec<f64>,
}

/// What [`NetworkModel::faithfulness`] found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Faithfulness {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns that can be deleted.
    pub columns: usize,
    /// How many of them are at each point of the curves.
    pub deleted: Vec<usize>,
    /// One for each attribution.
    pub curves: Vec<AttributionCurve>,
}

impl Faithfulness {
    /// The curve of an attribution, if it was measured.
    #[must_use]
    pub fn curve(&self, attribution: Attribution) -> Option<&AttributionCurve> {
        self.curves.iter().find(|curve| curve.attribution == attribution)
    }
}

impl NetworkModel {
    /// Follows the probability of each row's prediction while columns are deleted, those first that an attribution holds to
    /// be most important, and compares attributions. What is followed is the probability of the class that was predicted
    /// with all columns; of a number, that of the central half (from the 25 % to the 75 % quantile) of its distribution
    /// with all columns. A column is deleted by putting the [`Self::average_row`]'s values in its place, or, as
    /// [`Absence::Missing`], by leaving it out. `seed` decides the random orders.
    ///
    /// # Errors
    ///
    /// When there is no row, a size does not fit, columns are to be left out of a model that needs every value, or the model
    /// is no uGMM network.
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

    /// The attributions that there are, each `[rows, columns]`.
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

    /// The predicted value of the target for each row, and the values whose probability is followed.
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

/// Whose probability is followed, row by row.
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
