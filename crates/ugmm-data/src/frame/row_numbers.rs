//! Columns that name rows rather than say something about them.

use super::schema::{Column, Kind};

/// How many times the number of rows the numbers of an index may go up to: a table may be a part of the one that they counted.
const MOST_TIMES: usize = 10;

/// How a file says that a column is an index.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Declared {
    /// In its metadata, or by a name that only an index has.
    ByName,
    /// By its place: first, and without a name.
    ByPlace,
}

impl Declared {
    /// Whether a column that is declared so names the rows. A time says something about them, and so may the values of a column
    /// that has no name, unless they are all different and count, or are texts.
    pub(super) fn names_rows(self, column: &Column, rows: usize) -> bool {
        let values = rows - column.missing;
        // More values than are kept are different ones.
        let all_differ = column.levels.as_ref().is_none_or(|levels| levels.len() == values);
        match (&column.kind, self) {
            (Kind::Date { .. } | Kind::Ignored | Kind::Constant, _) => false,
            (_, Self::ByName) => true,
            (Kind::Numeric { min, max, integers, .. }, Self::ByPlace) => {
                let counts = *integers && *min >= 0.0 && *max <= (MOST_TIMES * rows) as f64;
                counts && all_differ && column.missing == 0
            }
            (Kind::Categorical, Self::ByPlace) => all_differ,
            (Kind::Boolean, Self::ByPlace) => false,
        }
    }
}

/// Whether numbers count the rows in some order, found without keeping them: whole numbers of which sum and sum of squares are
/// those of all numbers from the least to the greatest.
#[derive(Clone, Copy, Default)]
pub(super) struct RowNumbers {
    sums: Option<Sums>,
    /// Whether there was another value.
    broken: bool,
}

#[derive(Clone, Copy)]
struct Sums {
    least: i128,
    greatest: i128,
    count: i128,
    sum: i128,
    squares: i128,
}

impl RowNumbers {
    /// Takes in the number of so many rows; none is no number.
    pub(super) fn add(&mut self, number: Option<f64>, times: usize) {
        // Sums of more rows than any file has stay far below the largest number.
        let whole = number.filter(|number| number.fract() == 0.0 && number.abs() < (1_i64 << 40) as f64);
        let Some(number) = whole.filter(|_| times == 1 && !self.broken).map(|number| number as i128) else {
            self.broken = true;
            return;
        };
        let Sums { least, greatest, count, sum, squares } =
            self.sums.unwrap_or(Sums { least: number, greatest: number, count: 0, sum: 0, squares: 0 });
        self.sums = Some(Sums {
            least: least.min(number),
            greatest: greatest.max(number),
            count: count + 1,
            sum: sum + number,
            squares: squares + number * number,
        });
    }

    /// Whether they count all of so many rows.
    pub(super) fn number(&self, rows: usize) -> bool {
        let Some(Sums { least, greatest, count, sum, squares }) = self.sums.filter(|_| !self.broken) else {
            return false;
        };
        let whole = greatest - least + 1;
        // Of 0 to n - 1, moved by the least.
        let n = count;
        let plain = n * (n - 1) / 2;
        let plain_squares = (n - 1) * n * (2 * n - 1) / 6;
        count == rows as i128
            && whole == count
            && sum == plain + n * least
            && squares == plain_squares + 2 * least * plain + n * least * least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_rows_are_told_from_measurements() {
        let number = |numbers: &[f64], rows: usize| {
            let mut found = RowNumbers::default();
            numbers.iter().for_each(|&number| found.add(Some(number), 1));
            found.number(rows)
        };
        assert!(number(&[3.0, 1.0, 2.0, 0.0], 4) && number(&[-1.0, 1.0, 0.0], 3));
        assert!(number(&[1007.0, 1005.0, 1006.0], 3));
        for other in
            [&[0.0, 1.0, 1.0, 3.0][..], &[0.0, 2.0, 4.0, 6.0], &[0.5, 1.5, 2.5, 3.5], &[0.0, 0.0, 3.0, 3.0]]
        {
            assert!(!number(other, 4), "{other:?}");
        }
        assert!(!number(&[1.0, 2.0], 3), "one of three rows has none");
    }
}
