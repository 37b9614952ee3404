//! Conformal prediction: sets of classes and intervals of numbers that hold the true value as often as guaranteed.
//!
//! The calibration rows are a simple random sample of the table, from which the network learned nothing. The score of a row
//! says how badly its prediction fits its true value. For a new row of the same kind, every rank of its score among theirs is
//! equally likely, so that its score is at most the k-th smallest of n with probability k / (n + 1) or more. What has at most
//! this score is the set or the interval. This holds for every network and every distribution of rows, as long as new rows
//! and the calibration rows are exchangeable; the probability is over the draws of both.
//!
//! * Classes: the score is −ln P(class | row), with a threshold for each category of classes (Sadinle, Lei and Wasserman,
//!   2019), so that the guarantee holds within each category as well.
//! * Numbers: the score is the coverage |2 F(y) − 1| of the smallest central interval of the prediction that holds the number
//!   (Chernozhukov, Wüthrich and Zhu, 2021). An interval with a guarantee is a central interval of the prediction with another
//!   coverage.

use crate::distribution::{ClassPredictions, Distribution};
use crate::error::TabularError;
use serde::{Deserialize, Serialize};
use ugmm_network::metrics::NumberDistribution;

/// Expected number of calibration rows that a category has at least. A threshold of the 95 % level needs 19.
const ROWS_OF_CATEGORY: f64 = 30.0;
/// Largest number of calibration rows that are kept; with as many, the frequency of true values in sets is within 1 % of its
/// level in 19 of 20 models.
pub(crate) const MOST_ROWS: usize = 10_000;
/// Rounding of the ranks, relative to one row.
const ROUNDING: f64 = 1e-9;
/// By how much a central share is larger than the score: the quantile of a number's own place can miss the number by rounding.
const ROOM: f64 = 1e-9;

/// The scores of a network's calibration rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conformal {
    /// Whether each calibration row was drawn from another group, so that the guarantee is for a random row of a new group.
    by_group: bool,
    /// The category of each class; empty for numbers, which are one category.
    categories: Vec<usize>,
    /// Finite scores of each category, in ascending order.
    scores: Vec<Vec<f64>>,
    /// Number of rows of each category with an infinite score: those whose number the network holds impossible.
    impossible: Vec<usize>,
}

impl Conformal {
    /// The scores of rows with these classes, of which `categories` has the category of each.
    pub(crate) fn of_classes(
        categories: Vec<usize>,
        found: &ClassPredictions,
        labels: &[usize],
        by_group: bool,
    ) -> Self {
        let count = categories.iter().max().map_or(0, |last| last + 1);
        let mut scores = vec![Vec::new(); count];
        for (row, &label) in found.log_probabilities.chunks(categories.len()).zip(labels) {
            scores[categories[label]].push(score(row[label]));
        }
        Self { by_group, categories, impossible: vec![0; count], scores }.sorted()
    }

    /// The scores of rows with these numbers.
    pub(crate) fn of_numbers(found: &[Distribution], numbers: &[f64], by_group: bool) -> Self {
        let possible = found.iter().zip(numbers).filter(|(one, number)| one.is_possible(**number));
        let scores: Vec<f64> =
            possible.map(|(one, &number)| (2.0 * one.cumulative(number) - 1.0).abs()).collect();
        let impossible = vec![numbers.len() - scores.len()];
        Self { by_group, categories: Vec::new(), scores: vec![scores], impossible }.sorted()
    }

    fn sorted(mut self) -> Self {
        self.scores.iter_mut().for_each(|scores| scores.sort_by(f64::total_cmp));
        self
    }

    /// What is wrong with scores of a file, for a model with this number of classes (0 if it predicts a number).
    pub(crate) fn check(&self, classes: usize) -> Result<(), String> {
        let in_order = |scores: &Vec<f64>| {
            scores.iter().all(|score| score.is_finite()) && scores.is_sorted_by(|a, b| a <= b)
        };
        let count = self.scores.len();
        let fits = self.categories.len() == classes
            && self.impossible.len() == count
            && self.categories.iter().all(|&category| category < count)
            && (classes > 0 || count == 1);
        let is_share = |score: &f64| (0.0..=1.0 + ROOM).contains(score);
        let possible = match classes {
            0 => {
                self.scores.iter().flatten().all(is_share)
                    && self.impossible.iter().all(|&rows| rows <= MOST_ROWS)
            }
            _ => self.impossible.iter().all(|&rows| rows == 0),
        };
        match fits && possible && self.scores.iter().all(in_order) {
            true => Ok(()),
            false => Err("its calibration scores do not fit the target".into()),
        }
    }

    /// Number of calibration rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        (0..self.scores.len()).map(|category| self.rows_of(category)).sum()
    }

    /// Whether each calibration row is of another group, so that the guarantee is for a random row of a new group.
    #[must_use]
    pub fn is_by_group(&self) -> bool {
        self.by_group
    }

    /// The category of each class, from 0. The guarantee holds within each category. Empty if numbers are predicted.
    #[must_use]
    pub fn categories(&self) -> &[usize] {
        &self.categories
    }

    /// The highest level, from 0 to 1, at which an interval of numbers has ends, and below which rows of each category can be
    /// told from others.
    #[must_use]
    pub fn highest_level(&self) -> f64 {
        let of_category =
            |category: usize| self.scores[category].len() as f64 / (self.rows_of(category) + 1) as f64;
        (0..self.scores.len()).map(of_category).fold(1.0, f64::min)
    }

    /// For each class, the largest score, −ln P(class | row), with which it is in a set of this level between 0 and 1.
    /// Infinite for a class with too few calibration rows for the level, which is in every set.
    #[must_use]
    pub fn thresholds(&self, level: f64) -> Vec<f64> {
        let of_category: Vec<f64> =
            (0..self.scores.len()).map(|category| self.quantile(category, level)).collect();
        self.categories.iter().map(|&category| of_category[category]).collect()
    }

    /// The coverage of the prediction's central interval that is the interval of this level between 0 and 1.
    ///
    /// # Errors
    ///
    /// [`TabularError::Level`] above [`Self::highest_level`].
    pub fn central_share(&self, level: f64) -> Result<f64, TabularError> {
        let share = self.quantile(0, level);
        match share.is_finite() {
            true => Ok((share + ROOM).min(1.0)),
            false => Err(TabularError::Level {
                level,
                highest: self.highest_level(),
                rows: self.rows(),
                impossible: self.impossible[0],
            }),
        }
    }

    fn rows_of(&self, category: usize) -> usize {
        self.scores[category].len() + self.impossible[category]
    }

    /// The score that a new row of the category exceeds with a probability of at most 1 − `level`.
    fn quantile(&self, category: usize, level: f64) -> f64 {
        let rank = (level * (self.rows_of(category) + 1) as f64 - ROUNDING).ceil().max(1.0) as usize;
        self.scores[category].get(rank - 1).copied().unwrap_or(f64::INFINITY)
    }
}

impl ClassPredictions {
    /// The sets of classes with scores up to these [thresholds](Conformal::thresholds), `[rows, classes]`, row-major. The
    /// predicted class is in its row's set.
    #[must_use]
    pub fn sets(&self, thresholds: &[f64]) -> Vec<bool> {
        let rows = self.log_probabilities.chunks(thresholds.len()).zip(&self.decisions);
        let set = |(row, &decision): (&[f32], &usize)| -> Vec<bool> {
            let classes = row.iter().zip(thresholds).enumerate();
            classes.map(|(class, (&log, &most))| class == decision || score(log) <= most).collect()
        };
        rows.flat_map(set).collect()
    }
}

/// The score of a class with this log-probability.
fn score(log_probability: f32) -> f64 {
    f64::from((-log_probability).min(f32::MAX))
}

/// The category of each class: classes are taken together, the rarest first, until a category can expect
/// [`ROWS_OF_CATEGORY`] calibration rows. `learned` is the number of each class's training rows, for each of which there
/// are `share` calibration rows. Only training rows decide, so that the calibration rows stay exchangeable with new rows.
pub(crate) fn categories(learned: &[usize], share: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..learned.len()).collect();
    order.sort_by_key(|&class| learned[class]);
    let (mut categories, mut category, mut expected) = (vec![0; learned.len()], 0, 0.0);
    for (place, &class) in order.iter().enumerate() {
        categories[class] = category;
        expected += learned[class] as f64 * share;
        let left: usize = order[place + 1..].iter().map(|&class| learned[class]).sum();
        if expected >= ROWS_OF_CATEGORY && left as f64 * share >= ROWS_OF_CATEGORY {
            (category, expected) = (category + 1, 0.0);
        }
    }
    categories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_with_few_rows_share_a_category() {
        assert_eq!(categories(&[400, 200], 0.25), [1, 0]);
        assert_eq!(categories(&[40, 40, 40], 0.25), [0, 0, 0]);
        assert_eq!(categories(&[1000, 3, 5, 120, 4], 0.25), [1, 0, 0, 0, 0]);
        // What is left over joins the last category.
        assert_eq!(categories(&[100, 100, 100], 0.35), [0, 1, 2]);
        assert_eq!(categories(&[60, 60, 60], 0.5), [0, 1, 2]);
        assert_eq!(categories(&[60, 60, 59], 0.5), [0, 1, 0]);
        assert!(categories(&[], 0.5).is_empty());
    }

    #[test]
    fn ranks_are_those_of_the_theorem() {
        let conformal = |scores: &[f64], impossible| Conformal {
            by_group: false,
            categories: vec![],
            scores: vec![scores.to_vec()],
            impossible: vec![impossible],
        };
        // Nine rows: the 90 % level takes the largest score, and no higher level has one.
        let nine: Vec<f64> = (1..=9).map(|rank| f64::from(rank) / 10.0).collect();
        let found = conformal(&nine, 0);
        assert_eq!((found.rows(), found.highest_level()), (9, 0.9));
        let share = |level| found.central_share(level).unwrap();
        assert_eq!([share(0.9), share(0.5), share(1e-9)], [0.9, 0.5, 0.1].map(|score| score + ROOM));
        let message = found.central_share(0.91).unwrap_err().to_string();
        assert!(message.contains("9 calibration rows") && message.contains("0.9"), "{message}");
        // Impossible numbers rank last.
        let found = conformal(&nine[..7], 2);
        assert_eq!((found.rows(), found.highest_level()), (9, 0.7));
        assert!(found.central_share(0.8).is_err());
        assert!(conformal(&[], 3).central_share(0.1).is_err());
        assert!(conformal(&[0.2, 0.1], 0).check(0).is_err() && conformal(&[0.1], 0).check(2).is_err());
        assert!(
            conformal(&[0.5, 7.0], 0).check(0).is_err() && conformal(&[0.1], usize::MAX).check(0).is_err()
        );
        assert_eq!(conformal(&[0.1, 1.0], 3).check(0), Ok(()));
    }
}
