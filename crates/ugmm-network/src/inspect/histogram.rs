//! Histograms of values.

use serde::Serialize;

/// Weights of values in intervals of equal width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower end of the first interval, which is the smallest value.
    pub from: f64,
    /// Upper end of the last interval, which is the largest value.
    pub to: f64,
    /// Total weight of the values in each interval; their number if each has weight 1.
    pub counts: Vec<f64>,
}

impl Histogram {
    /// The histogram of weighted `values` in `intervals` intervals from the smallest value to the largest.
    /// Values that are not finite are ignored; `None` if no other is left. If all values are equal, one
    /// interval contains them.
    #[must_use]
    pub fn of<V>(values: V, intervals: usize) -> Option<Self>
    where
        V: Iterator<Item = (f32, f64)> + Clone,
    {
        let finite = values.filter(|(value, _)| value.is_finite());
        let ends = finite.clone().fold(None, |ends, (value, _)| match ends {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        });
        let (from, to) = ends.map(|(low, high)| (f64::from(low), f64::from(high)))?;
        let intervals = if from < to { intervals.max(1) } else { 1 };
        let mut counts = vec![0.0; intervals];
        for (value, weight) in finite {
            let place = (f64::from(value) - from) / (to - from) * intervals as f64;
            // If all values are equal, the place is NaN, which is cast to 0.
            counts[(place as usize).min(intervals - 1)] += weight;
        }
        Some(Self { from, to, counts })
    }

    /// The histogram of unweighted values.
    #[must_use]
    pub fn of_values(values: impl Iterator<Item = f32> + Clone, intervals: usize) -> Option<Self> {
        Self::of(values.map(|value| (value, 1.0)), intervals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_counted_once() {
        let values = [0.0, 1.0, f32::NAN, 0.49, 0.5, f32::INFINITY, 1.0];
        let histogram = Histogram::of_values(values.into_iter(), 2).unwrap();
        assert_eq!(histogram, Histogram { from: 0.0, to: 1.0, counts: vec![2.0, 3.0] });
        let weighted = Histogram::of([(-1.0, 0.25), (3.0, 0.5)].into_iter(), 4).unwrap();
        assert_eq!(weighted.counts, [0.25, 0.0, 0.0, 0.5]);
    }

    #[test]
    fn equal_values_nothing_and_the_largest_span_are_no_trouble() {
        let equal = Histogram::of_values([7.0; 3].into_iter(), 5).unwrap();
        assert_eq!(equal, Histogram { from: 7.0, to: 7.0, counts: vec![3.0] });
        assert_eq!(Histogram::of_values([f32::NAN].into_iter(), 5), None);
        let wide = Histogram::of_values([f32::MIN, f32::MAX].into_iter(), 2).unwrap();
        assert_eq!(wide.counts, [1.0, 1.0]);
    }
}
