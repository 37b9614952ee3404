//! Rows to write, column by column.

use serde::Serialize;

/// A column of the output.
pub struct Column {
    pub name: String,
    pub values: Values,
}

/// The values of a column, one per row; none where nothing is known.
pub enum Values {
    Text(Vec<Option<String>>),
    Number(Vec<Option<f32>>),
    /// With all digits.
    Exact(Vec<Option<f64>>),
    Boolean(Vec<Option<bool>>),
}

/// One value.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum Cell<'a> {
    Text(Option<&'a str>),
    Number(Option<f32>),
    Exact(Option<f64>),
    Boolean(Option<bool>),
}

impl Column {
    /// The values, given for the rows that are `known`, put at their places among all rows.
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
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Number(values) => values.len(),
            Self::Exact(values) => values.len(),
            Self::Boolean(values) => values.len(),
        }
    }
}
