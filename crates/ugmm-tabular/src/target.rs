//! The target: the column to predict.

use crate::column::unit::without_unit;
use crate::error::MissingAs;
use crate::remedy::{Remedy, as_missing};
use crate::{TabularError, TaskChoice};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use ugmm_data::frame::{Column, FrameError, Kind, Schema, Values};
use ugmm_data::{ClassLabels, Table};
use ugmm_network::RowWeights;
use ugmm_network::inference::conditional::ConditionalDensity;

/// Largest number of different whole numbers that are classes, and of different texts in a column that is
/// probably numeric.
const FEW_VALUES: usize = 20;
/// Least mean number of rows for each class if the classes are whole numbers.
const ROWS_PER_VALUE: usize = 3;
/// Largest fraction of a column's different values that are other texts in a column that is probably meant to
/// be numeric.
const FEW_OTHERS: f64 = 0.2;
/// Margin of the range of predicted numbers beyond the training numbers, as a fraction of their range.
const MARGIN: f64 = 0.1;
/// Width of the tail beyond the usual range that is scaled about as in the middle, as a fraction of that
/// range; further out, distances are scaled logarithmically.
const TAIL: f64 = 0.02;
/// Largest distance of the range of predicted numbers from the usual range, in widths of the usual range. A
/// wider range leaves fewer of the network's units and cells for the usual numbers. Numbers further out are
/// clamped.
const FARTHEST: f64 = 1e3;

/// The kind of the target, with its classes or scaling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A class, one of these labels.
    Classes(ClassLabels),
    /// A number, scaled like this.
    Number(NumberTarget),
}

/// The scaling of a number in the network: (number − mean) / scale, and logarithmic outside the usual range,
/// if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberTarget {
    /// Mean of the usual training numbers.
    pub mean: f64,
    /// Standard deviation of the usual training numbers.
    pub scale: f64,
    /// Lower end of the range of predicted numbers, in the data's units.
    pub low: f64,
    /// Upper end of the range of predicted numbers, in the data's units.
    pub high: f64,
    /// The range without outliers, in the data's units; `None` if there are no outliers. Mean and scale are
    /// those of the numbers in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<(f64, f64)>,
    /// Whether the range of predicted numbers begins below 0, although no training number is negative. The
    /// probability of numbers below 0 is then assigned to 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub never_negative: bool,
}

impl NumberTarget {
    /// The scaling for these training numbers, which must not all be equal, weighted by `weights`, `None` for equal
    /// weights. `usual` is the range without outliers in all rows of the table, or with conformal prediction in its training rows, so that it does not depend on the
    /// split.
    pub(crate) fn of(numbers: &[f64], weights: Option<&[f64]>, usual: Option<(f64, f64)>) -> Self {
        let is_near = |number: f64| usual.is_none_or(|(least, most)| (least..=most).contains(&number));
        let places: Vec<usize> = (0..numbers.len()).filter(|&place| is_near(numbers[place])).collect();
        let near: Vec<f64> = places.iter().map(|&place| numbers[place]).collect();
        if near.len() == numbers.len() || !are_different(&near) {
            return Self::of_usual(numbers, weights);
        }
        let of_near: Option<Vec<f64>> =
            weights.map(|weights| places.iter().map(|&place| weights[place]).collect());
        let inner = Self::of_usual(&near, of_near.as_deref());
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

    /// The scaling for numbers without outliers.
    fn of_usual(numbers: &[f64], weights: Option<&[f64]>) -> Self {
        // Divides by the largest number, so that the span of very large numbers is finite.
        let (least, most) = numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &n| (low.min(n), high.max(n)));
        let largest = least.abs().max(most.abs()).max(f64::MIN_POSITIVE);
        let total = RowWeights(weights).sum(numbers.len());
        let weighed = |(row, number): (usize, &f64)| (RowWeights(weights).of(row), number / largest);
        let shares = || numbers.iter().enumerate().map(weighed);
        let mean = shares().map(|(weight, share)| weight * share).sum::<f64>() / total;
        let squares = shares().map(|(weight, share)| weight * (share - mean).powi(2)).sum::<f64>();
        let deviation = (squares / total).sqrt();
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

    /// The scaling with [`Self::never_negative`] set if no training number is negative, as for prices and
    /// ages.
    fn of_one_sign(self, numbers: &[f64]) -> Self {
        Self { never_negative: self.low < 0.0 && numbers.iter().all(|&number| number >= 0.0), ..self }
    }

    /// The range of possible predictions, in the data's units.
    pub(crate) fn possible(&self) -> (f64, f64) {
        (if self.never_negative { 0.0 } else { self.low }, self.high)
    }

    /// The range of predictions in the network's units.
    pub(crate) fn network_range(&self) -> (f64, f64) {
        (self.to_network(self.low), self.to_network(self.high))
    }

    /// Converts a number to the network's units.
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

    /// Converts a number from the network's to the data's units; negative numbers become 0 if they are
    /// impossible.
    pub(crate) fn to_data(self, place: f64) -> f64 {
        let number = self.of_network(place);
        if self.never_negative { number.max(0.0) } else { number }
    }

    /// Converts a number from the network's to the data's units.
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

    /// The density in the network's units with these log-probabilities of the cells.
    pub(crate) fn network_density(&self, log_probabilities: &[f32]) -> ConditionalDensity {
        ConditionalDensity::new(self.network_range(), log_probabilities.to_vec())
    }

    /// Converts a density to the data's units; impossible negative numbers become 0.
    pub(crate) fn in_data_units(&self, density: ConditionalDensity) -> ConditionalDensity {
        let density = self.unbounded(density);
        if self.never_negative { density.not_below(0.0) } else { density }
    }

    /// Converts a density to the data's units, including the probability of impossible numbers.
    pub(crate) fn unbounded(&self, density: ConditionalDensity) -> ConditionalDensity {
        match self.unequal_cells(density.probabilities().len()) {
            Some((edges, usual)) => density.over_cells(edges.into(), usual),
            None => density.over((self.low, self.high)),
        }
    }

    /// The ends `[cells + 1]` of cells of equal width in the network's units, in the data's units, and the cells of
    /// the usual range; `None` if the cells have equal widths in the data's units too, which divide the range from
    /// [`Self::low`] to [`Self::high`].
    #[must_use]
    pub fn unequal_cells(&self, cells: usize) -> Option<(Vec<f64>, Range<usize>)> {
        let (low, high) = self.usual?;
        let (start, end) = self.network_range();
        let edge = |cell: usize| match cell {
            0 => self.low,
            cell if cell == cells => self.high,
            cell => self.of_network(start + (end - start) * cell as f64 / cells as f64),
        };
        let edges: Vec<f64> = (0..=cells).map(edge).collect();
        let first = edges.partition_point(|&edge| edge < low);
        let last = edges.partition_point(|&edge| edge <= high).max(1) - 1;
        // Cells whose edges are equal in f64 cannot be used.
        let is_usable = first < last && edges.windows(2).all(|pair| pair[0] < pair[1]);
        is_usable.then_some((edges, first..last))
    }

    /// The density in the data's units with these log-probabilities of the cells.
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

/// Whether the numbers are not all equal.
pub(crate) fn are_different(numbers: &[f64]) -> bool {
    numbers.windows(2).any(|pair| pair[0] != pair[1])
}

impl Target {
    /// Checks a target from a file; the error is a clause that says what is wrong.
    pub(crate) fn check(&self, classes: &[String]) -> Result<(), String> {
        match self {
            Self::Classes(labels) if labels.names() != classes => {
                Err("the classes are not the model's".into())
            }
            Self::Number(number) if !number.is_usable() => {
                Err("the range of the target is not a range".into())
            }
            _ => Ok(()),
        }
    }

    /// Names of the classes; empty for a number.
    pub(crate) fn class_names(&self) -> Vec<String> {
        match self {
            Self::Classes(labels) => labels.names().to_vec(),
            Self::Number(_) => Vec::new(),
        }
    }
}

/// A target that has been checked against the schema of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedTarget {
    name: String,
    task: TaskChoice,
}

impl PreparedTarget {
    /// Name of the target's column.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether classes or numbers are predicted.
    #[must_use]
    pub fn task(&self) -> TaskChoice {
        self.task
    }
}

/// Decides whether the target column has classes or numbers, and changes the kind of the column in the schema
/// accordingly. The table is read by that schema afterwards. Without a choice, a target with fractions, or with
/// more than twenty different whole numbers, is a number.
///
/// # Errors
///
/// Returns an error if there is no such column, or it cannot be predicted as `choice` says.
pub fn prepare_target(
    schema: &mut Schema,
    target: &str,
    choice: Option<TaskChoice>,
) -> Result<PreparedTarget, TabularError> {
    schema.take_from_index(target);
    let task = prepared_task(schema, target, choice)?;
    Ok(PreparedTarget { name: target.to_owned(), task })
}

fn prepared_task(
    schema: &mut Schema,
    target: &str,
    choice: Option<TaskChoice>,
) -> Result<TaskChoice, TabularError> {
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

/// The texts that are not numbers in a category whose texts are almost all numbers; empty for other columns.
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

/// The remedy that reads a column of texts as numbers; `None` for other texts.
fn of_texts(schema: &Schema, column: &Column) -> Option<Remedy> {
    match schema.is_like_numbers(&column.name) {
        true => Some(ugmm_data::Remedy::Numeric(column.name.clone()).into()),
        false => without_unit(column),
    }
}

/// Remedies with which a column can be predicted as a number; empty if it has other texts.
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

/// Target values of some rows, and the indices of these rows in the table.
pub(crate) struct TargetRows {
    pub(crate) rows: Vec<usize>,
    pub(crate) values: TargetValues,
}

/// The target values of rows.
pub(crate) enum TargetValues {
    /// The classes, and the index of each row's class.
    Classes(ClassLabels, Vec<usize>),
    Numbers(Vec<f64>),
}

impl TargetValues {
    /// The values at these places.
    pub(crate) fn at(&self, places: &[usize]) -> Self {
        match self {
            Self::Classes(classes, labels) => {
                Self::Classes(classes.clone(), places.iter().map(|&place| labels[place]).collect())
            }
            Self::Numbers(numbers) => Self::Numbers(places.iter().map(|&place| numbers[place]).collect()),
        }
    }

    /// Whether some numbers are not whole; for dates, whether they have times of day.
    pub(crate) fn have_fractions(&self) -> bool {
        matches!(self, Self::Numbers(numbers) if numbers.iter().any(|number| number.fract() != 0.0))
    }
}

/// The rows of a table that have a value of the target.
pub(crate) fn target_rows(table: &Table, target: &PreparedTarget) -> Result<TargetRows, TabularError> {
    let PreparedTarget { name: target, task } = target;
    let missing_as = || MissingAs::of(table.schema(), target);
    let nothing = || TabularError::NoLabels { target: target.clone(), missing_as: missing_as() };
    match task {
        TaskChoice::Classification => {
            let labels = table.labels(target)?;
            let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row].is_some()).collect();
            let labels: Vec<String> = labels.into_iter().flatten().collect();
            if labels.is_empty() {
                return Err(nothing());
            }
            let classes = ClassLabels::from_labels(&labels)?;
            if let [label] = classes.names() {
                let (target, label, missing_as) = (target.clone(), label.clone(), missing_as());
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
                return Err(TabularError::OneNumber { target: target.clone(), number: first });
            }
            Ok(TargetRows { rows, values: TargetValues::Numbers(numbers) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::far::usual_numbers;

    /// A density that is symmetric about 0.
    #[test]
    fn what_was_never_negative_is_not_predicted_to_be() {
        let number = NumberTarget::of(&[0.0, 0.0, 1.0, 10.0], None, None);
        assert!(number.never_negative && number.low < 0.0);
        let scores: Vec<f32> = (0..100).map(|cell| -0.5 * ((cell as f32 - 8.5) / 4.0).powi(2)).collect();
        let density = number.density(&scores);
        assert_eq!(density.range().0, 0.0);
        assert_eq!([0.0, 0.05, 0.3].map(|share| density.quantile(share)), [0.0; 3]);
        assert!((density.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!((density.cumulative(-1e-9), density.density(-1e-9)), (0.0, 0.0));
        // The expected score is that of samples: quantiles at the midpoints of equal probabilities.
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
            // E|Y − y| − E|Y − Y'| / 2; the second term is Gini's formula on the samples.
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
            !NumberTarget::of(&[-1.0, 5.0], None, None).never_negative
                && !NumberTarget::of(&[5.0, 6.0], None, None).never_negative
        );
        let old = r#"{"mean": 1.0, "scale": 2.0, "low": -1.0, "high": 5.0}"#;
        assert!(!serde_json::from_str::<NumberTarget>(old).unwrap().never_negative);
    }

    /// However far out a number is, the usual ones keep most of the network's range.
    #[test]
    fn one_far_number_leaves_the_range_to_the_others() {
        for far in [1e5, 1e15, 1e100, -1e300] {
            let mut numbers: Vec<f64> = (0..200).map(|i| f64::from(i) / 20.0).collect();
            numbers[7] = far;
            let number = NumberTarget::of(&numbers, None, usual_numbers(&numbers));
            let (low, high) = number.network_range();
            let (first, last) = number.usual.unwrap();
            let usual = number.to_network(last) - number.to_network(first);
            assert!(number.is_usable() && usual > 0.5 * (high - low), "{far}: {usual} of {low} to {high}");
            let density = number.density(&vec![0.0; 256]);
            assert!((first..=last).contains(&density.quantile(if far > 0.0 { 0.4 } else { 0.6 })));
        }
    }
}
