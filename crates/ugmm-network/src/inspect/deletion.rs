//! Deletion curves: the decrease of a prediction as inputs are deleted in the order of an attribution, which
//! measures its faithfulness.

use crate::UgmmError;
use rand::{Rng, RngExt};

/// Percentages of the columns that are deleted at the points of a curve, dense where a good order has an
/// effect.
const PERCENTS: [f64; 18] =
    [0.0, 1.0, 2.0, 3.5, 5.0, 7.5, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0];
/// Largest number of columns for which a curve has a point for every number of deleted columns.
const FEW_COLUMNS: usize = 20;

/// The replacement of a deleted input.
#[derive(Clone, Debug, PartialEq)]
pub enum Deletion {
    /// A value for each input, such as its mean.
    Baseline(Vec<f32>),
    /// A missing value (NaN), for networks that accept it. Each row keeps its last column, since a prediction
    /// needs at least one value.
    Missing,
}

/// Deletion curves of some rows: a prediction as columns are deleted, most important first.
#[derive(Clone, Debug, PartialEq)]
pub struct DeletionCurves {
    /// Number of deleted columns at each point, ascending from 0, `[points]`.
    pub deleted: Vec<usize>,
    /// Total number of columns.
    pub columns: usize,
    /// The prediction at each point, `[rows, points]`, row-major.
    pub values: Vec<f64>,
}

impl DeletionCurves {
    /// The mean over rows at each point, `[points]`.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let points = self.deleted.len();
        let rows = (self.values.len() / points) as f64;
        (0..points).map(|point| self.values.iter().skip(point).step_by(points).sum::<f64>() / rows).collect()
    }

    /// The area under each row's curve over the fraction of deleted columns, `[rows]`: its mean height,
    /// smaller for a better order.
    #[must_use]
    pub fn areas(&self) -> Vec<f64> {
        let span = self.deleted.last().map_or(0, |&last| last).max(1) as f64;
        let area = |row: &[f64]| -> f64 {
            let pieces = self.deleted.windows(2).zip(row.windows(2));
            pieces.map(|(at, height)| (at[1] - at[0]) as f64 / span * 0.5 * (height[0] + height[1])).sum()
        };
        self.values.chunks(self.deleted.len()).map(area).collect()
    }
}

/// Deletes the columns of each row, most important first, and evaluates a prediction on the remaining inputs.
///
/// * `x`: `[rows, inputs]`, row-major.
/// * `sources`: for each input the index of its column; all inputs of a column are deleted together.
/// * `importances`: `[rows, columns]`, row-major; of equal ones the first is deleted first.
/// * `predict`: the predicted quantity, one value for each row of its argument `[rows, inputs]`, such as the
///   probability of the class that was predicted from all inputs.
///
/// An input that is missing from the start stays missing.
///
/// # Errors
///
/// [`UgmmError`] when the sizes do not fit each other, and the errors of `predict`.
pub fn deletion_curves<E: From<UgmmError>>(
    x: &[f32],
    sources: &[usize],
    importances: &[f32],
    deletion: &Deletion,
    mut predict: impl FnMut(&[f32]) -> Result<Vec<f64>, E>,
) -> Result<DeletionCurves, E> {
    let (inputs, columns) = (sources.len(), sources.iter().max().map_or(0, |&last| last + 1));
    if columns == 0 || x.is_empty() || !x.len().is_multiple_of(inputs) {
        let (what, expected) =
            ("the sample to delete from", x.len().checked_div(inputs).unwrap_or(0).max(1) * inputs);
        return Err(UgmmError::Size { what, found: x.len(), unit: "values", expected }.into());
    }
    let rows = x.len() / inputs;
    let check = |what, found, unit, expected| match found == expected {
        true => Ok(()),
        false => Err(UgmmError::Size { what, found, unit, expected }),
    };
    check("the attribution", importances.len(), "values", rows * columns)?;
    if let Deletion::Baseline(values) = deletion {
        check("the baseline", values.len(), "values", inputs)?;
    }
    let ranks: Vec<usize> = importances.chunks(columns).flat_map(ranks).collect();
    let last = match deletion {
        Deletion::Baseline(_) => columns,
        Deletion::Missing => columns - 1,
    };
    let deleted = numbers_deleted(columns, last);
    let mut values = vec![0f64; rows * deleted.len()];
    let mut changed = x.to_vec();
    for (point, &most) in deleted.iter().enumerate() {
        let all = changed.chunks_mut(inputs).zip(x.chunks(inputs)).zip(ranks.chunks(columns));
        for ((changed, x), ranks) in all {
            let known = |column: usize| {
                x.iter().zip(sources).any(|(value, source)| *source == column && !value.is_nan())
            };
            // If columns are missing from the start, the last known column is kept.
            let keeps_last = matches!(deletion, Deletion::Missing);
            let kept = if keeps_last {
                (0..columns).filter(|&column| known(column)).max_by_key(|&c| ranks[c])
            } else {
                None
            };
            for (input, &source) in sources.iter().enumerate() {
                let delete = ranks[source] < most && Some(source) != kept && !x[input].is_nan();
                changed[input] = match deletion {
                    _ if !delete => x[input],
                    Deletion::Baseline(values) => values[input],
                    Deletion::Missing => f32::NAN,
                };
            }
        }
        let predicted = predict(&changed)?;
        check("the prediction", predicted.len(), "rows", rows)?;
        for (row, value) in predicted.into_iter().enumerate() {
            values[row * deleted.len() + point] = value;
        }
    }
    Ok(DeletionCurves { deleted, columns, values })
}

/// Random importances `[rows, columns]`, for comparison.
#[must_use]
pub fn random_importances<R: Rng + ?Sized>(rows: usize, columns: usize, rng: &mut R) -> Vec<f32> {
    (0..rows * columns).map(|_| rng.random::<f32>()).collect()
}

/// The rank of each column in descending order of importance.
fn ranks(importances: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..importances.len()).collect();
    order.sort_by(|&a, &b| importances[b].total_cmp(&importances[a]));
    let mut ranks = vec![0; order.len()];
    order.into_iter().enumerate().for_each(|(rank, column)| ranks[column] = rank);
    ranks
}

/// The numbers of deleted columns at the points of a curve, up to `last`.
fn numbers_deleted(columns: usize, last: usize) -> Vec<usize> {
    if columns <= FEW_COLUMNS {
        return (0..=last).collect();
    }
    let mut numbers: Vec<usize> =
        PERCENTS.iter().map(|percent| (percent / 100.0 * columns as f64).round() as usize).collect();
    numbers.iter_mut().for_each(|number| *number = (*number).min(last));
    numbers.dedup();
    numbers
}
