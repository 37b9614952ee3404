//! Columns of rows to write.

use super::typed::Typed;
use serde::{Serialize, Serializer};
use ugmm_data::frame::{DateFormat, ReadAs, ValueType, date_text};
use ugmm_tabular::DateTarget;

/// The range of dates that can be written: 0000-01-01 and 9999-12-31 as days since 1970-01-01.
const DAYS: (f64, f64) = (-719_528.0, 2_932_896.0);
const MINUTES_PER_DAY: f64 = 1440.0;

/// A column of the output.
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// The values of a column, one for each row; `None` for a missing value.
pub enum Values {
    Text(Vec<Option<String>>),
    Number(Vec<Option<f32>>),
    /// Numbers written with all digits.
    Exact(Vec<Option<f64>>),
    Boolean(Vec<Option<bool>>),
    /// Dates as days since 1970-01-01, with or without time of day.
    Date(DateTarget, Vec<Option<f64>>),
    /// Texts of a file, and the type that the file declares.
    Typed(ValueType, Vec<Option<String>>),
}

/// A date as days since 1970-01-01.
#[derive(Clone, Copy)]
pub struct Date {
    days: f64,
}

impl std::fmt::Display for Date {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(&date_text(self.days))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One value.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    Text(Option<&'a str>),
    Number(Option<f32>),
    Exact(Option<f64>),
    Boolean(Option<bool>),
    Date(Option<Date>),
    Typed(Option<Typed<'a>>),
}

impl Column {
    /// The values, which are given for the `known` rows only, at their places among all rows.
    pub fn spread_over(self, known: &[bool]) -> Self {
        fn spread<T>(values: Vec<Option<T>>, known: &[bool]) -> Vec<Option<T>> {
            let mut values = values.into_iter();
            known.iter().map(|&known| if known { values.next().flatten() } else { None }).collect()
        }
        if !known.contains(&false) {
            return self;
        }
        let values = match self.values {
            Values::Text(values) => Values::Text(spread(values, known)),
            Values::Number(values) => Values::Number(spread(values, known)),
            Values::Exact(values) => Values::Exact(spread(values, known)),
            Values::Boolean(values) => Values::Boolean(spread(values, known)),
            Values::Date(kind, values) => Values::Date(kind, spread(values, known)),
            Values::Typed(kind, values) => Values::Typed(kind, spread(values, known)),
        };
        Self { values, ..self }
    }
}

impl Values {
    /// The value of a row.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Self::Text(values) => Cell::Text(values[row].as_deref()),
            Self::Number(values) => Cell::Number(values[row]),
            Self::Exact(values) => Cell::Exact(values[row]),
            Self::Boolean(values) => Cell::Boolean(values[row]),
            Self::Date(_, values) => Cell::Date(values[row].map(|days| Date { days })),
            Self::Typed(kind, values) => Cell::Typed(values[row].as_deref().map(|text| Typed { kind, text })),
        }
    }

    /// The texts, or the numbers that they represent if `are_numbers` is true.
    pub fn of_texts(texts: Vec<Option<String>>, are_numbers: bool) -> Self {
        match are_numbers {
            true => Self::Exact(texts.iter().map(|text| text.as_ref()?.parse().ok()).collect()),
            false => Self::Text(texts),
        }
    }

    /// Predicted dates, rounded to the day or minute; months are text.
    pub fn dates(kind: DateTarget, days: impl IntoIterator<Item = f64>) -> Self {
        let per_day = if kind == DateTarget::Times { MINUTES_PER_DAY } else { 1.0 };
        let rounded = |days: f64| (days.clamp(DAYS.0, DAYS.1) * per_day).round() / per_day;
        let days = days.into_iter().map(rounded);
        match kind {
            DateTarget::Months => {
                let months = ReadAs::Dates(DateFormat::Months);
                Self::Text(days.map(|day| Some(months.text(day))).collect())
            }
            DateTarget::Days | DateTarget::Times => Self::Date(kind, days.map(Some).collect()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Exact(values) => values.len(),
            Self::Boolean(values) => values.len(),
            Self::Date(_, values) => values.len(),
            Self::Typed(_, values) => values.len(),
        }
    }
}
