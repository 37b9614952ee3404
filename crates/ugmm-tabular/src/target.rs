//! The column to predict.

use crate::column::unit::without_unit;
use crate::error::MissingAs;
use crate::remedy::{Remedy, as_missing};
use crate::{TabularError, TaskChoice};
use serde::{Deserialize, Serialize};
use ugmm_data::frame::{Column, FrameError, Kind, Schema, Values};
use ugmm_data::{ClassLabels, Table};
use ugmm_network::inference::conditional::ConditionalDensity;

/// Different values up to which whole numbers are taken for classes, and a category for one of a target.
const FEW_VALUES: usize = 20;
/// Rows per value, on average, that classes of whole numbers have at least.
const ROWS_PER_VALUE: usize = 3;
/// Share of a column's different values that may be something else than numbers in one that was probably meant to be one of
/// numbers.
const FEW_OTHERS: f64 = 0.2;
/// How far the range of a number reaches beyond the numbers learned from, as a share of theirs.
const MARGIN: f64 = 0.1;
/// The part of the usual range that is, beyond it, as wide as in the middle; from there on distances count by their logarithm.
const TAIL: f64 = 0.02;
/// How far beyond the usual range, in widths of it, the range of a number reaches at most: the farther, the less of the network's
/// units and of the cells is left for the usual numbers. What is farther counts as this far.
const FARTHEST: f64 = 1e3;

/// What a model predicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One of these labels.
    Classes(ClassLabels),
    /// A number.
    Number(NumberTarget),
}

/// How the network sees a number: (number − mean) / scale, and by logarithms beyond the usual range, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberTarget {
    /// Mean of the numbers learned from.
    pub mean: f64,
    /// Their standard deviation.
    pub scale: f64,
    /// Lower end of the range in which a number is expected, in the data's units.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Where all numbers are but a few that are far from all others, if there are such; mean and scale are those of the numbers
    /// in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<(f64, f64)>,
    /// Whether the range of the network begins below 0 and no number that it learned from does: what is predicted of numbers below
    /// 0 is then said of 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub never_negative: bool,
}

impl NumberTarget {
    /// Of the numbers to learn from, which must not all be equal. Which of them are `usual` and which are far from all others is
    /// decided by all rows of the table, so that it is the same for each part of them.
    pub(crate) fn of(numbers: &[f64], usual: Option<(f64, f64)>) -> Self {
        let is_near = |number: &f64| usual.is_none_or(|(least, most)| (least..=most).contains(number));
        let near: Vec<f64> = numbers.iter().copied().filter(is_near).collect();
        if near.len() == numbers.len() || !are_different(&near) {
            return Self::of_usual(numbers);
        }
        let inner = Self::of_usual(&near);
        let (mut low, mut high) = (inner.low, inner.high);
        let farthest = FARTHEST * (inner.high - inner.low);
        for &number in numbers {
            let number = number.clamp(inner.low - farthest, inner.high + farthest);
            low = low.min(number + MARGIN * (number - inner.low).min(0.0));
            high = high.max(number + MARGIN * (number - inner.high).max(0.0));
        }
        let bounded = |number: f64| number.clamp(f64::MIN / 4.0, f64::MAX / 4.0);
        let usual = Some((inner.low, inner.high));
        Self { low: bounded(low), high: bounded(high), usual, ..inner }.of_one_sign(numbers)
    }

    /// Of numbers none of which is far from the others.
    fn of_usual(numbers: &[f64]) -> Self {
        // Halves, so that the span of the largest numbers is finite.
        let (least, most) = numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &n| (low.min(n), high.max(n)));
        let largest = least.abs().max(most.abs()).max(f64::MIN_POSITIVE);
        let count = numbers.len() as f64;
        let mean = numbers.iter().map(|number| number / largest).sum::<f64>() / count;
        let square = |number: &f64| (number / largest - mean).powi(2);
        let deviation = (numbers.iter().map(square).sum::<f64>() / count).sqrt();
        let margin = MARGIN * (most / largest - least / largest);
        let bounded = |number: f64| number.clamp(f64::MIN / 4.0, f64::MAX / 4.0);
        Self {
            mean: bounded(mean * largest),
            scale: bounded(deviation * largest).max(f64::MIN_POSITIVE),
            low: bounded((least / largest - margin) * largest),
            high: bounded((most / largest + margin) * largest),
            usual: None,
            never_negative: false,
        }
        .of_one_sign(numbers)
    }

    /// The same where none of the numbers learned from is negative, as prices and ages are not: then none is predicted to be.
    fn of_one_sign(self, numbers: &[f64]) -> Self {
        Self { never_negative: self.low < 0.0 && numbers.iter().all(|&number| number >= 0.0), ..self }
    }

    /// The range of what is predicted, in the data's units.
    pub(crate) fn possible(&self) -> (f64, f64) {
        (if self.never_negative { 0.0 } else { self.low }, self.high)
    }

    /// The range in the network's units.
    pub(crate) fn network_range(&self) -> (f64, f64) {
        (self.to_network(self.low), self.to_network(self.high))
    }

    /// A number in the network's units.
    pub(crate) fn to_network(self, number: f64) -> f64 {
        let linear = |number: f64| (number - self.mean) / self.scale;
        let Some((low, high)) = self.usual.map(|(low, high)| (linear(low), linear(high))) else {
            return linear(number);
        };
        let (place, unit) = (linear(number), TAIL * (high - low));
        let beyond = |distance: f64| unit * (distance / unit).ln_1p();
        match place {
            place if place > high => high + beyond(place - high),
            place if place < low => low - beyond(low - place),
            place => place,
        }
    }

    /// The number of those that are possible, in the data's units, that the network sees as this.
    pub(crate) fn to_data(self, place: f64) -> f64 {
        let number = self.of_network(place);
        if self.never_negative { number.max(0.0) } else { number }
    }

    /// The number, in the data's units, that the network sees as this.
    fn of_network(&self, place: f64) -> f64 {
        let data = |place: f64| self.mean + self.scale * place;
        let linear = |number: f64| (number - self.mean) / self.scale;
        let Some((low, high)) = self.usual.map(|(low, high)| (linear(low), linear(high))) else {
            return data(place);
        };
        let unit = TAIL * (high - low);
        let beyond = |distance: f64| unit * (distance / unit).exp_m1();
        data(match place {
            place if place > high => high + beyond(place - high),
            place if place < low => low - beyond(low - place),
            place => place,
        })
    }

    /// A density in the network's units, of the logarithms of the probabilities of the range's cells.
    pub(crate) fn network_density(&self, log_probabilities: &[f32]) -> ConditionalDensity {
        ConditionalDensity::new(self.network_range(), log_probabilities.to_vec())
    }

    /// The same density in the data's units.
    pub(crate) fn in_data_units(&self, density: ConditionalDensity) -> ConditionalDensity {
        let density = self.unbounded(density);
        if self.never_negative { density.not_below(0.0) } else { density }
    }

    /// The same with what the network says of impossible numbers.
    pub(crate) fn unbounded(&self, density: ConditionalDensity) -> ConditionalDensity {
        let Some((low, high)) = self.usual else { return density.over((self.low, self.high)) };
        let (start, end) = self.network_range();
        let cells = density.probabilities().len();
        let edge = |cell: usize| match cell {
            0 => self.low,
            cell if cell == cells => self.high,
            cell => self.of_network(start + (end - start) * cell as f64 / cells as f64),
        };
        let edges: Vec<f64> = (0..=cells).map(edge).collect();
        let first = edges.partition_point(|&edge| edge < low);
        let last = edges.partition_point(|&edge| edge <= high).max(1) - 1;
        // Cells that f64 cannot tell apart are none.
        let is_usable = first < last && edges.windows(2).all(|pair| pair[0] < pair[1]);
        match is_usable {
            true => density.over_cells(edges.into(), first..last),
            false => density.over((self.low, self.high)),
        }
    }

    /// A density in the data's units, of the logarithms of the probabilities of the range's cells.
    pub(crate) fn density(&self, log_probabilities: &[f32]) -> ConditionalDensity {
        self.in_data_units(self.network_density(log_probabilities))
    }

    fn is_usable(&self) -> bool {
        [self.mean, self.scale, self.low, self.high].iter().all(|number| number.is_finite())
            && self.scale > 0.0
            && self.low < self.high
            && !(self.never_negative && self.high <= 0.0)
            && self.usual.is_none_or(|(low, high)| self.low <= low && low < high && high <= self.high)
            && {
                let (low, high) = self.network_range();
                low < high && (high - low).is_finite()
            }
    }
}

/// Whether there are two numbers among these.
pub(crate) fn are_different(numbers: &[f64]) -> bool {
    numbers.windows(2).any(|pair| pair[0] != pair[1])
}

impl Target {
    /// What must hold of a target from a file, in words if it does not.
    pub(crate) fn check(&self, classes: &[String]) -> Result<(), String> {
        match self {
            Self::Classes(labels) if labels.names() != classes => {
                Err("the classes are not the model's".into())
            }
            Self::Number(number) if !number.is_usable() => Err("the range of the target is no range".into()),
            _ => Ok(()),
        }
    }

    /// Class names; none of a number.
    pub(crate) fn class_names(&self) -> Vec<String> {
        match self {
            Self::Classes(labels) => labels.names().to_vec(),
            Self::Number(_) => Vec::new(),
        }
    }
}

/// What of the target column to predict, classes or numbers; the column is then marked as what it is to be read as.
///
/// # Errors
///
/// When there is no such column, or it cannot be what is asked for.
pub fn prepare_target(
    schema: &mut Schema,
    target: &str,
    choice: Option<TaskChoice>,
) -> Result<TaskChoice, TabularError> {
    schema.take_from_index(target);
    let column = schema.column(target).map_err(|error| match error {
        FrameError::NotInSchema { columns, .. } => {
            TabularError::NoSuchTarget { target: target.into(), columns }
        }
        error => error.into(),
    })?;
    let target_name = || target.to_owned();
    let missing_as = || MissingAs::of(schema, target);
    let is_no_number = |column| is_no_number(schema, column);
    let distinct = column.levels.as_ref().map(Vec::len);
    let choice = match &column.kind {
        Kind::Ignored => return Err(TabularError::TargetIgnored { target: target_name() }),
        _ if choice.is_none() && schema.is_label(target) => TaskChoice::Classification,
        _ => choice.unwrap_or_else(|| usual_choice(column, schema.rows - column.missing)),
    };
    match (choice, &column.kind) {
        (TaskChoice::Regression, Kind::Numeric { .. } | Kind::Date { .. }) => Ok(choice),
        (TaskChoice::Regression, Kind::Constant) => match column.levels.as_deref() {
            Some([level]) if level.text.parse::<f64>().is_ok() => {
                let number = level.text.parse().unwrap_or(f64::NAN);
                Err(TabularError::OneNumber { target: target_name(), number })
            }
            Some([_, ..]) => Err(is_no_number(column)),
            _ => Err(TabularError::NoLabels { target: target_name(), missing_as: missing_as() }),
        },
        (TaskChoice::Regression, _) => Err(is_no_number(column)),
        (TaskChoice::Classification, _) => {
            if distinct == Some(0) {
                return Err(TabularError::NoLabels { target: target_name(), missing_as: missing_as() });
            }
            if let Some([level]) = column.levels.as_deref() {
                let (target, label, missing_as) = (target_name(), level.text.clone(), missing_as());
                return Err(TabularError::OneClass { target, label, missing_as });
            }
            let rows = schema.rows - column.missing;
            match distinct {
                Some(classes) if classes > FEW_VALUES && 2 * classes > rows => {
                    let (target, remedies) = (target_name(), as_numbers(schema, column));
                    Err(TabularError::TooManyClasses { target, classes, rows, remedies })
                }
                _ => {
                    schema.take_as_categories(target)?;
                    Ok(choice)
                }
            }
        }
    }
}

/// The texts of a column of categories that are no numbers, where almost all of its texts are; none of others.
pub fn no_numbers(column: &Column) -> Vec<String> {
    let levels = column.levels.as_deref().unwrap_or_default();
    let others: Vec<String> =
        levels.iter().filter(|level| !level.is_number()).map(|level| level.text.clone()).collect();
    let few = others.len() as f64 <= FEW_OTHERS * levels.len() as f64;
    if column.kind == Kind::Categorical && few { others } else { Vec::new() }
}

fn is_no_number(schema: &Schema, column: &Column) -> TabularError {
    let remedies = match no_numbers(column) {
        marks if marks.is_empty() => of_texts(schema, column).into_iter().collect(),
        marks => as_missing(marks),
    };
    TabularError::TargetIsNoNumber { target: column.name.clone(), remedies }
}

/// What makes numbers of a column of texts; `None` where they are other texts.
fn of_texts(schema: &Schema, column: &Column) -> Option<Remedy> {
    match schema.is_like_numbers(&column.name) {
        true => Some(ugmm_data::Remedy::Numeric(column.name.clone()).into()),
        false => without_unit(column),
    }
}

/// What makes a column one of numbers to predict; nothing where it holds other texts.
pub fn as_numbers(schema: &Schema, column: &Column) -> Vec<Remedy> {
    match no_numbers(column) {
        marks if marks.is_empty() && column.kind == Kind::Categorical => {
            of_texts(schema, column).into_iter().collect()
        }
        marks => as_missing(marks).into_iter().chain([Remedy::Task(TaskChoice::Regression)]).collect(),
    }
}

fn usual_choice(column: &Column, rows: usize) -> TaskChoice {
    let distinct = column.levels.as_ref().map_or(usize::MAX, Vec::len);
    match &column.kind {
        Kind::Numeric { integers, .. } => {
            let most = if *integers { FEW_VALUES.min(rows / ROWS_PER_VALUE) } else { 0 };
            // Two numbers are two classes, however few rows there are.
            if distinct > most.max(2) { TaskChoice::Regression } else { TaskChoice::Classification }
        }
        Kind::Date { .. } => TaskChoice::Regression,
        _ => TaskChoice::Classification,
    }
}

/// The targets of some rows, and where these are in the table.
pub(crate) struct TargetRows {
    pub(crate) rows: Vec<usize>,
    pub(crate) values: TargetValues,
}

/// What is there to predict, row by row.
pub(crate) enum TargetValues {
    /// The classes and the index of each row's.
    Classes(ClassLabels, Vec<usize>),
    Numbers(Vec<f64>),
}

impl TargetValues {
    /// Whether there are numbers that are not whole: of dates, times of day.
    pub(crate) fn have_fractions(&self) -> bool {
        matches!(self, Self::Numbers(numbers) if numbers.iter().any(|number| number.fract() != 0.0))
    }
}

/// The rows of a table that have a value in its target column.
pub(crate) fn target_rows(
    table: &Table,
    target: &str,
    choice: TaskChoice,
) -> Result<TargetRows, TabularError> {
    let missing_as = || MissingAs::of(table.schema(), target);
    let nothing = || TabularError::NoLabels { target: target.into(), missing_as: missing_as() };
    match choice {
        TaskChoice::Classification => {
            let labels = table.labels(target)?;
            let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
            let labels: Vec<String> = labels.into_iter().flatten().collect();
            if labels.is_empty() {
                return Err(nothing());
            }
            let classes = ClassLabels::from_labels(&labels)?;
            if let [label] = classes.names() {
                let (target, label, missing_as) = (target.into(), label.clone(), missing_as());
                return Err(TabularError::OneClass { target, label, missing_as });
            }
            let labels = classes.encode(&labels)?;
            Ok(TargetRows { rows, values: TargetValues::Classes(classes, labels) })
        }
        TaskChoice::Regression => {
            let Values::Numbers(numbers) = table.column(target)? else {
                return Err(is_no_number(table.schema(), table.schema().column(target)?));
            };
            let rows: Vec<usize> = (0..numbers.len()).filter(|&row| !numbers[row].is_nan()).collect();
            let numbers: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
            let Some(&first) = numbers.first() else { return Err(nothing()) };
            if !are_different(&numbers) {
                return Err(TabularError::OneNumber { target: target.into(), number: first });
            }
            Ok(TargetRows { rows, values: TargetValues::Numbers(numbers) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::far::usual_numbers;

    /// A density that says as much of numbers below 0 as of those above.
    #[test]
    fn what_was_never_negative_is_not_predicted_to_be() {
        let number = NumberTarget::of(&[0.0, 0.0, 1.0, 10.0], None);
        assert!(number.never_negative && number.low < 0.0);
        let scores: Vec<f32> = (0..100).map(|cell| -0.5 * ((cell as f32 - 8.5) / 4.0).powi(2)).collect();
        let density = number.density(&scores);
        assert_eq!(density.range().0, 0.0);
        assert_eq!([0.0, 0.05, 0.3].map(|share| density.quantile(share)), [0.0; 3]);
        assert!((density.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!((density.cumulative(-1e-9), density.density(-1e-9)), (0.0, 0.0));
        // The score is that of the same samples: quantiles at the middles of equal shares.
        let shares = 20_000;
        let samples: Vec<f64> =
            (0..shares).map(|part| density.quantile((f64::from(part) + 0.5) / f64::from(shares))).collect();
        let mean = |value: &dyn Fn(f64) -> f64| {
            samples.iter().map(|&y| value(y)).sum::<f64>() / samples.len() as f64
        };
        assert!((density.mean() - mean(&|y| y)).abs() < 1e-3);
        let at_zero = mean(&|y| f64::from(u8::from(y == 0.0)));
        assert!(at_zero > 0.4 && (density.cumulative(0.0) - at_zero).abs() < 1e-3);
        for y in [0.0, 0.7, 3.0] {
            let expected = mean(&|sample| (sample - y).abs());
            // E|Y − y| − E|Y − Y'| / 2, the second by Gini's formula on the samples.
            let count = samples.len() as f64;
            let gini: f64 = samples
                .iter()
                .enumerate()
                .map(|(i, y)| (2.0 * (i as f64 + 1.0) - count - 1.0) * y)
                .sum::<f64>();
            let crps = expected - gini / (count * count);
            assert!((density.crps(y) - crps).abs() < 2e-3, "{y}: {} {crps}", density.crps(y));
        }
        assert_eq!(number.to_data(number.network_range().0), 0.0);
        assert!(
            !NumberTarget::of(&[-1.0, 5.0], None).never_negative
                && !NumberTarget::of(&[5.0, 6.0], None).never_negative
        );
        let old = r#"{"mean": 1.0, "scale": 2.0, "low": -1.0, "high": 5.0}"#;
        assert!(!serde_json::from_str::<NumberTarget>(old).unwrap().never_negative);
    }

    /// However far a number is, the usual ones keep most of the network's range.
    #[test]
    fn one_far_number_leaves_the_range_to_the_others() {
        for far in [1e5, 1e15, 1e100, -1e300] {
            let mut numbers: Vec<f64> = (0..200).map(|i| f64::from(i) / 20.0).collect();
            numbers[7] = far;
            let number = NumberTarget::of(&numbers, usual_numbers(&numbers));
            let (low, high) = number.network_range();
            let (first, last) = number.usual.unwrap();
            let usual = number.to_network(last) - number.to_network(first);
            assert!(number.is_usable() && usual > 0.5 * (high - low), "{far}: {usual} of {low} to {high}");
            let density = number.density(&vec![0.0; 256]);
            assert!((first..=last).contains(&density.quantile(if far > 0.0 { 0.4 } else { 0.6 })));
        }
    }
}
