//! Numbers that count rows.

use serde::{Deserialize, Serialize};

/// How the whole numbers of a column follow each other from row to row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbering {
    /// Evenly spaced numbers, each once, in any order: 3, 1, 2 or 0, 60, 120.
    Even {
        /// The distance between neighbours.
        step: u64,
    },
    /// Each number is greater than the one before.
    Growing,
    /// Each number is by the same distance greater than the one before, and some have fractions: 0, 0.5, 1.
    Spaced,
    /// They count up by one and begin again with the first number, as the rows of joined tables do: 0, 1, 2, 3, 4, 0, 1, 2.
    Restarting,
}

/// Infers the numbering of a column without keeping its values.
#[derive(Clone, Copy, Default)]
pub(super) struct RowNumbers {
    seen: Option<Seen>,
    spaced: Spaced,
    /// Whether there was a value that is not a whole number, or none.
    broken: bool,
}

/// Numbers that grow by steps of one size, as far as they are exact.
#[derive(Clone, Copy, Default)]
struct Spaced {
    first: f64,
    step: f64,
    count: usize,
    broken: bool,
}

/// Parts of a step by which a number may be off its place, by rounding.
const OFF: f64 = 1e-3;

impl Spaced {
    fn add(&mut self, number: f64) {
        match self.count {
            0 => self.first = number,
            1 => {
                self.step = number - self.first;
                self.broken |= self.step <= 0.0;
            }
            count => {
                let off = number - self.first - self.step * count as f64;
                self.broken |= off.abs() > OFF * self.step;
            }
        }
        self.count += 1;
    }
}

#[derive(Clone, Copy)]
struct Seen {
    first: i128,
    last: i128,
    least: i128,
    greatest: i128,
    /// Sums over the distances from the first number.
    count: i128,
    sum: i128,
    squares: i128,
    /// Greatest common divisor of the distances.
    step: u64,
    grows: bool,
    restarts: bool,
}

/// Numbers in the longest run of a column that counts anew, at least: fewer are classes that take turns.
const SHORTEST_RUN: i128 = 5;

impl RowNumbers {
    /// Adds the number of `times` rows; none for a value that is no number.
    pub(super) fn add(&mut self, number: Option<f64>, times: usize) {
        match number.filter(|_| times == 1) {
            Some(number) => self.spaced.add(number),
            None => self.spaced.broken = true,
        }
        // Sums of more rows than any file has stay far below the largest number.
        let whole = number.filter(|number| number.fract() == 0.0 && number.abs() < (1_i64 << 40) as f64);
        let Some(number) = whole.filter(|_| times == 1 && !self.broken).map(|number| number as i128) else {
            self.broken = true;
            return;
        };
        let seen = self.seen.get_or_insert(Seen {
            first: number,
            last: number - 1,
            least: number,
            greatest: number,
            count: 0,
            sum: 0,
            squares: 0,
            step: 0,
            grows: true,
            restarts: true,
        });
        let distance = number - seen.first;
        seen.least = seen.least.min(number);
        seen.greatest = seen.greatest.max(number);
        seen.count += 1;
        seen.sum += distance;
        seen.squares += distance * distance;
        seen.step = common_divisor(seen.step, distance.unsigned_abs() as u64);
        seen.grows &= number > seen.last;
        seen.restarts &= number == seen.last + 1 || number == seen.first;
        seen.last = number;
    }

    /// The numbering, if each of so many rows has a number and they have one.
    pub(super) fn numbering(&self, rows: usize) -> Option<Numbering> {
        let Spaced { count, broken, .. } = self.spaced;
        if self.broken && !broken && count == rows && count > 2 {
            return Some(Numbering::Spaced);
        }
        let seen = self.seen.filter(|seen| !self.broken && seen.count == rows as i128 && seen.step > 0)?;
        let Seen { first, least, greatest, count: n, .. } = seen;
        let step = i128::from(seen.step);
        // Evenly spaced numbers have the sum and the sum of squares of 0 to n - 1, spread by the step and moved to the least.
        let (plain, plain_squares) = (n * (n - 1) / 2, (n - 1) * n * (2 * n - 1) / 6);
        let moved = least - first;
        let is_even = greatest - least == step * (n - 1)
            && seen.sum == step * plain + n * moved
            && seen.squares == step * step * plain_squares + 2 * moved * step * plain + n * moved * moved;
        if is_even {
            return Some(Numbering::Even { step: seen.step });
        }
        if seen.grows {
            return Some(Numbering::Growing);
        }
        (seen.restarts && greatest - least + 1 >= SHORTEST_RUN).then_some(Numbering::Restarting)
    }
}

/// Euclid's algorithm; that of 0 and a number is the number. 1, which most columns soon have, divides every number.
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while a != 1 && b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbering(numbers: &[f64], rows: usize) -> Option<Numbering> {
        let mut found = RowNumbers::default();
        numbers.iter().for_each(|&number| found.add(Some(number), 1));
        found.numbering(rows)
    }

    #[test]
    fn evenly_spaced_numbers_are_told_from_measurements_in_any_order() {
        for (numbers, step) in [
            (&[3.0, 1.0, 2.0, 0.0][..], 1),
            (&[-1.0, 1.0, 0.0], 1),
            (&[1007.0, 1005.0, 1006.0], 1),
            (&[0.0, 2.0, 6.0, 4.0], 2),
            (&[1_700_000_120.0, 1_700_000_000.0, 1_700_000_060.0], 60),
        ] {
            assert_eq!(numbering(numbers, numbers.len()), Some(Numbering::Even { step }), "{numbers:?}");
        }
        let tenths: Vec<f64> = (0..1000).map(|number| 0.1 * f64::from(number)).collect();
        assert_eq!(numbering(&tenths, 1000), Some(Numbering::Spaced));
        assert_eq!(numbering(&[0.5, 1.0, 1.6, 2.0], 4), None);
        for other in
            [&[0.0, 1.0, 1.0, 3.0][..], &[3.5, 2.5, 1.5, 0.5], &[0.0, 0.0, 3.0, 3.0], &[4.0, 4.0, 4.0, 4.0]]
        {
            assert_eq!(numbering(other, 4), None, "{other:?}");
        }
        assert_eq!(numbering(&[1.0, 2.0], 3), None, "one of three rows has none");
    }

    #[test]
    fn growing_and_restarting_numbers_are_found_in_the_order_of_the_rows() {
        assert_eq!(numbering(&[1.0, 2.0, 5.0, 9.0], 4), Some(Numbering::Growing));
        assert_eq!(numbering(&[1.0, 5.0, 2.0, 9.0], 4), None);
        let joined = [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0, 2.0];
        assert_eq!(numbering(&joined, 8), Some(Numbering::Restarting));
        assert_eq!(numbering(&[0.0, 1.0, 0.0, 1.0, 0.0], 5), None, "classes that take turns");
        assert_eq!(numbering(&[0.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0], 7), None);
    }
}
