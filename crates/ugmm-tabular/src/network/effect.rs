//! Effects of a column on predictions: accumulated local effects of numbers, mean predictions of levels.

use super::importance::{ROWS_AT_ONCE, not_stopped};
use crate::distribution::{Distribution, Predictions};
use crate::error::TabularError;
use crate::model::TableModel;
use crate::network::model::NetworkModel;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

/// Effect of a column on the probability of each class, or on the predicted mean of a number. An effect is a
/// difference from the average over the rows that have a value in the column: a probability, or in the target's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Index of the column.
    pub column: usize,
    /// The points: for numbers the ends of the intervals in ascending order, otherwise the states of the column that
    /// occur in the rows, in the order of the column. A column with one value has one point.
    pub points: Vec<EffectPoint>,
    /// The effect of a missing value; `None` if no row lacks a value, or none could lose it.
    pub missing: Option<EffectPoint>,
    /// Mean prediction over all rows, `[classes]` or `[1]`.
    pub mean_prediction: Vec<f64>,
}

/// A point of an effect.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectPoint {
    /// The value, as the model's [`Column`](crate::Column) encodes it; NaN for a missing value.
    pub value: f64,
    /// Number of rows: with this state, with a missing value, or with a number up to this one and above that of the
    /// point before.
    pub rows: usize,
    /// The effect on the probability of each class, `[classes]`, or on the mean of the number, `[1]`.
    pub effect: Vec<f64>,
}

impl NetworkModel {
    /// The effect of the column at `column` on the predictions of these rows, `[rows, columns]`, row-major; the target
    /// is ignored, and rows without any value that the model uses are left out.
    ///
    /// For a number or date it is the accumulated local effect (Apley and Zhu 2020): the values are divided into at
    /// most `bins` intervals with about equally many rows, the prediction's mean change from the lower to the upper
    /// end is measured on the rows of each interval, these changes are accumulated, and the curve, linear between its
    /// points, is shifted so that its mean over the rows is 0. Rows are not moved to values that are far from their
    /// own, so that columns that depend on each other do not distort the curve. For a category or boolean, whose
    /// levels have no order, it is the mean prediction with the level in every row, minus the mean of these over the
    /// rows' own levels. A missing value counts as one more level, in the rows that have another value. For a number it has
    /// the mean change of the prediction when the value is removed from the rows that have it and another one. The result does not depend on the number of threads. The work ends when
    /// `stop` becomes true.
    ///
    /// # Errors
    ///
    /// Returns an error if the column is the target, or no row has a value in it, and [`TabularError::Interrupted`].
    pub fn effect(
        &self,
        rows: &[f64],
        column: usize,
        bins: NonZeroUsize,
        stop: &AtomicBool,
    ) -> Result<Effect, TabularError> {
        let width = self.columns().len();
        let name = |column: usize| self.columns()[column].name().to_owned();
        if column + 1 >= width {
            let columns = (0..width - 1).map(name).collect();
            return Err(TabularError::EffectOfTarget { target: self.target_name().to_owned(), columns });
        }
        let usable = |row: &&[f64]| self.is_predictable(row);
        let rows: Vec<f64> = rows.chunks_exact(width).filter(usable).flatten().copied().collect();
        let is_known = |row: &&[f64]| !row[column].is_nan();
        let known: Vec<f64> = rows.chunks_exact(width).filter(is_known).flatten().copied().collect();
        if known.is_empty() {
            return Err(TabularError::NoValues { column: name(column) });
        }
        let missing_rows = (rows.len() - known.len()) / width;
        let values: Vec<f64> = known.chunks_exact(width).map(|row| row[column]).collect();
        let with = |rows: &[f64], values: &dyn Fn(usize) -> f64| {
            let mut changed = rows.to_vec();
            changed.chunks_exact_mut(width).enumerate().for_each(|(row, cells)| cells[column] = values(row));
            self.expectations(&changed, stop)
        };
        let mean_prediction = means(&self.expectations(&rows, stop)?, self.outputs());
        let has_another = |row: &&[f64]| {
            let others = row[..width - 1].iter().enumerate().filter(|(other, _)| *other != column);
            others.into_iter().any(|(_, value)| !value.is_nan())
        };
        let losing = |rows: &[f64]| -> Vec<f64> {
            rows.chunks_exact(width).filter(has_another).flatten().copied().collect()
        };
        let is_number = self.columns()[column].is_number();
        // What the effect of a missing value is a difference from, for levels.
        let mut average = Vec::new();
        let points = match is_number {
            true => accumulated(&values, bins.get(), self.outputs(), |ends| with(&known, &|row| ends[row]))?,
            false => {
                let mut states: Vec<f64> =
                    values.iter().map(|&value| self.columns()[column].state_of(value).0).collect();
                states.sort_by(f64::total_cmp);
                let mut points = Vec::new();
                for group in states.chunk_by(|a, b| a == b) {
                    let effect = means(&with(&rows, &|_| group[0])?, self.outputs());
                    points.push(EffectPoint { value: group[0], rows: group.len(), effect });
                }
                average = centre(&mut points);
                points
            }
        };
        let losing = losing(if is_number { &known } else { &rows });
        let missing = match missing_rows {
            0 => None,
            _ if losing.is_empty() => None,
            missing_rows => {
                if is_number {
                    average = means(&self.expectations(&losing, stop)?, self.outputs());
                }
                let without = means(&with(&losing, &|_| f64::NAN)?, self.outputs());
                let effect = differences(without, &average);
                Some(EffectPoint { value: f64::NAN, rows: missing_rows, effect })
            }
        };
        Ok(Effect { column, points, missing, mean_prediction })
    }

    /// Number of outputs that an effect is on: the classes, or 1.
    fn outputs(&self) -> usize {
        self.classes().len().max(1)
    }

    /// Probabilities of the classes, or the mean of the number, for each row, `[rows, outputs]`.
    fn expectations(&self, rows: &[f64], stop: &AtomicBool) -> Result<Vec<f64>, TabularError> {
        let mut all = Vec::with_capacity(rows.len() / self.columns().len() * self.outputs());
        for rows in rows.chunks(ROWS_AT_ONCE * self.columns().len()) {
            not_stopped(stop)?;
            match self.predict(rows)? {
                Predictions::Numbers(found) => all.extend(found.iter().map(Distribution::mean)),
                Predictions::Classes(found) => {
                    all.extend(found.log_probabilities.iter().map(|&log| f64::from(log).exp()));
                }
            }
        }
        Ok(all)
    }
}

/// Means over the rows of `[rows, outputs]`.
fn means(values: &[f64], outputs: usize) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    for row in values.chunks_exact(outputs) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let rows = (values.len() / outputs).max(1) as f64;
    sums.into_iter().map(|sum| sum / rows).collect()
}

/// Subtracts the mean of the effects over the rows of the points, and returns it.
fn centre(points: &mut [EffectPoint]) -> Vec<f64> {
    let rows = points.iter().map(|point| point.rows).sum::<usize>() as f64;
    let outputs = points.first().map_or(0, |point| point.effect.len());
    let average: Vec<f64> = (0..outputs)
        .map(|output| points.iter().map(|point| point.rows as f64 * point.effect[output]).sum::<f64>() / rows)
        .collect();
    for point in points {
        point.effect = differences(std::mem::take(&mut point.effect), &average);
    }
    average
}

fn differences(values: Vec<f64>, from: &[f64]) -> Vec<f64> {
    values.into_iter().zip(from).map(|(value, from)| value - from).collect()
}

/// Ends of at most `bins` intervals: the smallest value, and quantiles that are values. They ascend strictly.
fn interval_ends(values: &[f64], bins: usize) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let bins = bins.min(count);
    // Ranks are computed without overflow, whatever the number of rows.
    let end = |bin: usize| sorted[((bin as u128 * count as u128).div_ceil(bins as u128) as usize).max(1) - 1];
    let mut ends: Vec<f64> = (0..=bins).map(end).collect();
    ends.dedup_by(|a, b| a == b);
    ends
}

/// The accumulated local effects of values, one for each row, none of which is NaN. `predict` returns the outputs of
/// all rows `[rows, outputs]` for other values of the column, one for each row.
fn accumulated<E>(
    values: &[f64],
    bins: usize,
    outputs: usize,
    predict: impl Fn(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<Vec<EffectPoint>, E> {
    let ends = interval_ends(values, bins);
    // The rows with the smallest value take part in the first interval.
    let place = |value: f64| ends.partition_point(|end| *end < value);
    let above = |value: f64| place(value).max(1).min(ends.len() - 1);
    let mut points: Vec<EffectPoint> =
        ends.iter().map(|&value| EffectPoint { value, rows: 0, effect: vec![0.0; outputs] }).collect();
    values.iter().for_each(|&value| points[place(value)].rows += 1);
    if ends.len() == 1 {
        return Ok(points);
    }
    let lower: Vec<f64> = values.iter().map(|&value| ends[above(value) - 1]).collect();
    let upper: Vec<f64> = values.iter().map(|&value| ends[above(value)]).collect();
    let (lower, upper) = (predict(&lower)?, predict(&upper)?);
    let mut counts = vec![0usize; ends.len()];
    for ((&value, low), high) in values.iter().zip(lower.chunks(outputs)).zip(upper.chunks(outputs)) {
        let interval = above(value);
        counts[interval] += 1;
        let sums = points[interval].effect.iter_mut();
        sums.zip(low.iter().zip(high)).for_each(|(sum, (low, high))| *sum += high - low);
    }
    for interval in 1..points.len() {
        let (before, this) = points.split_at_mut(interval);
        let count = counts[interval] as f64;
        let accumulated = this[0].effect.iter_mut().zip(&before[interval - 1].effect);
        accumulated.for_each(|(sum, before)| *sum = before + *sum / count);
    }
    let mut average = vec![0.0; outputs];
    for &value in values {
        let interval = above(value);
        let (low, high) = (&points[interval - 1], &points[interval]);
        let share = (value - low.value) / (high.value - low.value);
        // An end may be infinite.
        let share = if share.is_nan() { 1.0 } else { share };
        let ends = low.effect.iter().zip(&high.effect);
        average.iter_mut().zip(ends).for_each(|(sum, (low, high))| *sum += low + share * (high - low));
    }
    average.iter_mut().for_each(|sum| *sum /= values.len() as f64);
    for point in &mut points {
        point.effect = differences(std::mem::take(&mut point.effect), &average);
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use ugmm_network::random::{Stream, generator, normal};

    fn curve(
        rows: &[[f64; 2]],
        bins: usize,
        f: impl Fn(f64, f64) -> Vec<f64>,
        outputs: usize,
    ) -> Vec<EffectPoint> {
        let values: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        let predict =
            |ends: &[f64]| Ok(ends.iter().zip(rows).flat_map(|(&end, row)| f(end, row[1])).collect());
        accumulated::<Infallible>(&values, bins, outputs, predict).unwrap()
    }

    /// Of an additive function, the curve is its term without the mean over the rows, also if the other term is of a
    /// variable that nearly equals the first, and of every output.
    #[test]
    fn the_terms_of_an_additive_function_are_recovered() {
        let mut rng = generator(3, Stream::Sampling);
        let rows: Vec<[f64; 2]> = (0..900)
            .map(|_| {
                let x = normal(&mut rng);
                [x, x + 0.05 * normal(&mut rng)]
            })
            .collect();
        let term = |x: f64| 0.3 * x;
        let other = |x: f64| (2.0 * x).sin() - x * x;
        let points = curve(&rows, 30, |x, z| vec![term(x) + other(z), -5.0 * x], 2);
        let mean = rows.iter().map(|row| term(row[0])).sum::<f64>() / rows.len() as f64;
        assert_eq!((points.len(), points.iter().map(|point| point.rows).sum::<usize>()), (31, 900));
        assert!(points[1..].iter().all(|point| (29..=31).contains(&point.rows)), "{points:?}");
        for point in &points {
            assert!((point.effect[0] - (term(point.value) - mean)).abs() < 1e-12, "{point:?}");
            assert!((point.effect[1] + 5.0 / 0.3 * (term(point.value) - mean)).abs() < 1e-11, "{point:?}");
        }
    }

    /// The local changes of x·z are those of the rows near x: where z = x nearly, the slope at x is x. The mean over
    /// all z, which is 0, would give none.
    #[test]
    fn changes_are_local() {
        let mut rng = generator(5, Stream::Sampling);
        let rows: Vec<[f64; 2]> = (0..4000)
            .map(|_| {
                let x = normal(&mut rng);
                [x, x + 0.01 * normal(&mut rng)]
            })
            .collect();
        let points = curve(&rows, 40, |x, z| vec![x * z], 1);
        let middle = points.iter().map(|point| point.effect[0]).fold(f64::INFINITY, f64::min);
        for point in &points[2..39] {
            let expected = 0.5 * point.value * point.value;
            assert!((point.effect[0] - middle - expected).abs() < 0.02, "{point:?}, {middle}");
        }
    }

    #[test]
    fn few_values_are_the_ends_of_the_intervals() {
        let rows: Vec<[f64; 2]> = [0.0, 0.0, 0.0, 1.0, 5.0, 5.0].iter().map(|&x| [x, 0.0]).collect();
        let points = curve(&rows, 20, |x, _| vec![x * x], 1);
        let found: Vec<(f64, usize)> = points.iter().map(|point| (point.value, point.rows)).collect();
        assert_eq!(found, [(0.0, 3), (1.0, 1), (5.0, 2)]);
        let mean = 51.0 / 6.0;
        let effects: Vec<f64> = points.iter().map(|point| point.effect[0]).collect();
        assert!(effects.iter().zip([0.0, 1.0, 25.0]).all(|(found, x)| (found - (x - mean)).abs() < 1e-12));
        let constant = curve(&rows[..3], 20, |x, _| vec![x], 1);
        assert_eq!(constant, [EffectPoint { value: 0.0, rows: 3, effect: vec![0.0] }]);
        let infinite = [[f64::NEG_INFINITY, 0.0], [1.0, 0.0], [f64::INFINITY, 0.0]];
        let infinite = curve(&infinite, 2, |x, _| vec![x.clamp(-1.0, 1.0)], 1);
        assert!(infinite.iter().all(|point| point.effect[0].is_finite()), "{infinite:?}");
    }
}
