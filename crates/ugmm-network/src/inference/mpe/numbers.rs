//! The possible values of a number: an interval, or some numbers.

use crate::random::uniform;
use rand::Rng;

/// All numbers from `low` to `high`, or some of them, which include both ends.
pub(super) struct Numbers {
    pub low: f64,
    pub high: f64,
    /// The possible values, ascending and distinct; empty for the whole interval.
    only: Vec<f64>,
}

impl Numbers {
    pub fn all(low: f64, high: f64) -> Self {
        Self { low, high, only: Vec::new() }
    }

    /// Discrete numbers: at least one value, ascending.
    pub fn only(mut values: Vec<f64>) -> Self {
        values.dedup();
        Self { low: values[0], high: values[values.len() - 1], only: values }
    }

    /// The discrete values; `None` for an interval.
    pub fn list(&self) -> Option<&[f64]> {
        (!self.only.is_empty()).then_some(&self.only)
    }

    /// The value nearest to `x`.
    pub fn nearest(&self, x: f64) -> f64 {
        let above = self.only.partition_point(|value| *value < x);
        match (above.checked_sub(1).map(|below| self.only[below]), self.only.get(above)) {
            (None, None) => x.clamp(self.low, self.high),
            (Some(below), Some(above)) if x - below < above - x => below,
            (_, Some(&above)) => above,
            (Some(below), None) => below,
        }
    }

    /// Divides the values from `low` to `high` into two halves, each given by its least and its greatest
    /// value; `None` if they cannot be divided.
    pub fn halves(&self, low: f64, high: f64) -> Option<[(f64, f64); 2]> {
        let middle = 0.5 * low + 0.5 * high;
        if self.only.is_empty() {
            return (low < middle && middle < high).then_some([(low, middle), (middle, high)]);
        }
        let above = self.only.partition_point(|value| *value <= middle);
        let has_halves = low < high && (1..self.only.len()).contains(&above);
        has_halves.then(|| [(low, self.only[above - 1]), (self.only[above], high)])
    }

    /// Whether there is no value between `low` and `high`.
    pub fn are_neighbours(&self, low: f64, high: f64) -> bool {
        let after = self.only.partition_point(|value| *value <= low);
        self.only.get(after).is_some_and(|next| *next >= high)
    }

    pub fn random(&self, rng: &mut impl Rng) -> f64 {
        match self.only.is_empty() {
            true => self.nearest(self.low + uniform(rng) * (self.high - self.low)),
            false => self.only[crate::random::index(rng, self.only.len())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_hold_every_value_once() {
        let values = [-3.0, -1.0, 0.5, 0.75, 10.0];
        let numbers = Numbers::only(values.to_vec());
        let (mut open, mut found) = (vec![(numbers.low, numbers.high)], Vec::new());
        while let Some((low, high)) = open.pop() {
            match numbers.halves(low, high) {
                Some(halves) => open.extend(halves),
                None => {
                    assert_eq!(low, high);
                    found.push(low);
                }
            }
        }
        found.sort_by(f64::total_cmp);
        assert_eq!(found, values);
        assert!(numbers.are_neighbours(-1.0, 0.5) && !numbers.are_neighbours(-1.0, 0.75));
    }

    #[test]
    fn the_nearest_is_one_of_the_values() {
        let numbers = Numbers::only(vec![0.0, 0.0, 1.0, 4.0]);
        for (x, nearest) in [(-9.0, 0.0), (0.4, 0.0), (0.6, 1.0), (1.0, 1.0), (3.0, 4.0), (9.0, 4.0)] {
            assert_eq!(numbers.nearest(x), nearest, "{x}");
        }
        assert_eq!(Numbers::all(0.0, 1.0).nearest(2.0), 1.0);
        assert_eq!(Numbers::all(0.0, 0.0).halves(0.0, 0.0), None);
        assert_eq!(Numbers::only(vec![2.0]).halves(2.0, 2.0), None);
    }
}
