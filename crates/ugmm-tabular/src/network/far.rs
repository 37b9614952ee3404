//! Outliers of a column.

use crate::network::doubt::FarValues;
use ugmm_data::frame::ReadAs;

/// A number is an outlier if it lies this many interquartile ranges outside the quartiles of the others.
const FAR: f64 = 10.0;
/// Factor that replaces [`FAR`] if half of the numbers are equal; it multiplies the range of the middle nine
/// tenths.
const FAR_OF_EQUAL: f64 = 4.0;
/// Largest fraction of a column's numbers that are outliers; of few numbers, [`FEW_OF_FEW`] may be.
const FEW: f64 = 0.01;
const FEW_OF_FEW: f64 = 3.0;
/// Largest fraction of a column's numbers that a code, which repeats, may have.
const CODED: f64 = 0.5;
/// Largest number of outliers that a message names.
const NAMED: usize = 3;

/// The range of the numbers without outliers, if there are any: either a number at an end that repeats, as
/// codes for missing values do, or a few others.
pub(crate) fn usual_numbers(numbers: &[f64]) -> Option<(f64, f64)> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut rest = sorted.as_slice();
    let is_enough = |others: &&[f64]| others.len() as f64 >= (1.0 - CODED) * sorted.len() as f64;
    while let Some(others) = without_code(rest).filter(is_enough) {
        rest = others;
    }
    if let Some((low, high)) = fences(rest) {
        let near =
            rest.partition_point(|&number| number < low)..rest.partition_point(|&number| number <= high);
        let few = (FEW * rest.len() as f64).max(FEW_OF_FEW);
        if (rest.len() - near.len()) as f64 <= few {
            rest = &rest[near];
        }
    }
    (rest.len() < sorted.len()).then(|| (rest[0], rest[rest.len() - 1]))
}

/// Sorted numbers without a code, which is an outlier at an end that repeats; `None` if there is no code.
fn without_code(sorted: &[f64]) -> Option<&[f64]> {
    let (&least, &most) = (sorted.first()?, sorted.last()?);
    let start = sorted.partition_point(|&number| number <= least);
    let end = sorted.partition_point(|&number| number < most);
    let is_code = |code: f64, rows: usize, others: &[f64]| {
        rows > 1 && fences(others).is_some_and(|(low, high)| code < low || code > high)
    };
    if is_code(most, sorted.len() - end, &sorted[..end]) {
        return Some(&sorted[..end]);
    }
    is_code(least, start, &sorted[start..]).then(|| &sorted[start..])
}

/// Limits outside which a number is an outlier of these sorted numbers; `None` if almost all of them are
/// equal.
fn fences(sorted: &[f64]) -> Option<(f64, f64)> {
    let at = |share: f64| sorted[(share * sorted.len().saturating_sub(1) as f64).round() as usize];
    let beyond = |tail: f64, far: f64| {
        let (low, high) = (at(tail), at(1.0 - tail));
        (high > low).then_some((low - far * (high - low), high + far * (high - low)))
    };
    if sorted.is_empty() { None } else { beyond(0.25, FAR).or_else(|| beyond(0.05, FAR_OF_EQUAL)) }
}

/// Outliers of a column.
pub(crate) struct FarNumbers {
    /// Each outlier once with its rows, which are ascending; in the order of the first rows.
    numbers: Vec<(f64, Vec<usize>)>,
    usual: (f64, f64),
}

impl FarNumbers {
    /// The numbers outside the range `usual`, given all numbers with their rows, counted from 0.
    pub(crate) fn of(numbers: impl Iterator<Item = (f64, usize)>, usual: (f64, f64)) -> Self {
        let mut far: Vec<(f64, Vec<usize>)> = Vec::new();
        for (number, row) in numbers.filter(|(number, _)| *number < usual.0 || *number > usual.1) {
            match far.iter_mut().find(|(known, _)| *known == number) {
                Some((_, rows)) => rows.push(row),
                None => far.push((number, vec![row])),
            }
        }
        Self { numbers: far, usual }
    }

    /// All rows with an outlier.
    pub(crate) fn rows(&self) -> impl Iterator<Item = usize> {
        self.numbers.iter().flat_map(|(_, rows)| rows.iter().copied())
    }

    /// A description such as "999999 in 3 rows, first in row 12, where all others lie between 0 and 1", and
    /// the outliers that repeat, which are probably codes for missing values. `number_of` numbers rows for people.
    pub(crate) fn in_words(&self, read_as: &ReadAs, number_of: impl Fn(usize) -> usize) -> FarValues {
        let in_rows = |(number, rows): &(f64, Vec<usize>)| {
            let (number, first) = (text(read_as, *number), number_of(rows[0]));
            match rows.len() {
                1 => format!("{number} in row {first}"),
                more => format!("{number} in {more} rows, first in row {first}"),
            }
        };
        let named: Vec<String> = self.numbers.iter().take(NAMED).map(in_rows).collect();
        let more = match self.numbers.iter().skip(NAMED).map(|(_, rows)| rows.len()).sum() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (low, high) = self.usual;
        let [low, high] = [low, high].map(|end| text(read_as, end));
        let description =
            format!("{}{more}, where all others lie between {low} and {high}", named.join(", "));
        let codes = self.numbers.iter().filter(|(_, rows)| rows.len() > 1);
        FarValues { description, codes: codes.map(|(number, _)| text(read_as, *number)).collect() }
    }
}

/// A number as the table would write it; very large numbers have fewer digits.
fn text(read_as: &ReadAs, number: f64) -> String {
    if number.abs() < 1e16 || read_as.is_date() { read_as.text(number) } else { format!("{number:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(far: &[f64]) -> Vec<f64> {
        (0..200).map(|i| f64::from(i) / 20.0).chain(far.iter().copied()).collect()
    }

    #[test]
    fn few_far_numbers_and_codes_of_any_share_are_not_usual() {
        let usual = Some((0.0, 9.95));
        for far in [&[1e6][..], &[1e6, 2e6], &[-1e6, 2e6, 3e6], &[-999.0, -999.0, 9999.0, 9999.0]] {
            assert_eq!(usual_numbers(&column(far)), usual, "{far:?}");
        }
        assert_eq!(usual_numbers(&column(&[-999.0; 150])), usual);
        assert_eq!(usual_numbers(&column(&[-999.0; 250])), None);
        // Three of a few numbers may be outliers, and a hundredth of 4,000.
        assert_eq!(usual_numbers(&column(&[1e6, 2e6, 3e6, 4e6])), None);
        let many: Vec<f64> =
            (0..4000).map(|i| if i < 40 { 1e6 + f64::from(i) } else { f64::from(i) }).collect();
        assert_eq!(usual_numbers(&many), Some((40.0, 3999.0)));
        // The end of a scale is no outlier, and neither is one of two numbers.
        assert_eq!(usual_numbers(&column(&[20.0; 50])), None);
        assert_eq!(usual_numbers(&[0.0, 0.0, 0.0, 0.0, 1e6, 1e6]), None);
        assert_eq!(usual_numbers(&[]), None);
    }

    #[test]
    fn codes_are_told_from_outliers() {
        let numbers = column(&[999_999.0, 1e300, 999_999.0]);
        let far = FarNumbers::of(numbers.iter().copied().zip(0..), (0.0, 9.95));
        let plain = ReadAs::Numbers(Default::default());
        let expected =
            "999999 in 2 rows, first in row 201, 1e300 in row 202, where all others lie between 0 and 9.95";
        let FarValues { description, codes } = far.in_words(&plain, |row| row + 1);
        assert_eq!((description.as_str(), codes), (expected, vec!["999999".to_owned()]));
        assert_eq!(far.rows().collect::<Vec<_>>(), [200, 202, 201]);
    }
}
