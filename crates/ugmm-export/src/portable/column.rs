//! The columns of a row.

use serde::Serialize;
use ugmm_data::frame::ReadAs;
use ugmm_tabular::column::Column as ModelColumn;

/// A column of a row.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Its name in the table.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// Its possible values, in words.
    pub values: String,
    /// The least and the greatest number of the training rows.
    pub range: Option<[f64; 2]>,
    /// Whether all numbers of the training rows are whole.
    pub whole: bool,
    /// The states of a category or a boolean.
    pub states: Option<States>,
}

/// The kind of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A number.
    Number,
    /// A number of days since 1970-01-01.
    Date,
    /// A month, as the number of its first day.
    Month,
    /// One of the words true and false, t and f, yes and no, y and n, 1 and 0, in any case.
    Truth,
    /// A text.
    Category,
}

/// The states of a category or a boolean.
#[derive(Clone, Debug, Serialize)]
pub struct States {
    /// Number of states.
    pub count: usize,
    /// The texts that are known; false and true of a boolean.
    pub levels: Vec<Level>,
    /// The state of every other text; without it such a value counts as missing.
    pub unseen: Option<usize>,
}

/// A text of a category.
#[derive(Clone, Debug, Serialize)]
pub struct Level {
    /// The text as the table has it.
    pub text: String,
    /// Its state.
    pub state: usize,
    /// The logarithm of its share of the state's training rows; 0 unless rare levels share the state.
    pub log_share: f64,
}

impl Column {
    pub(super) fn of(column: &ModelColumn) -> Self {
        let kind = match column.read_as() {
            ReadAs::Booleans => Kind::Truth,
            ReadAs::Codes(_) | ReadAs::Text => Kind::Category,
            read_as if read_as.is_month() => Kind::Month,
            ReadAs::Days | ReadAs::Dates(_) => Kind::Date,
            ReadAs::Numbers(_) => Kind::Number,
        };
        Self {
            name: column.name().to_owned(),
            kind,
            values: column.possible_values(),
            range: column.range().map(|range| [column.to_table(range.low), column.to_table(range.high)]),
            whole: column.is_whole() && !is_pixel(column) || column.range().is_some_and(|range| range.whole),
            states: column.states().map(|names| States::of(column, &names)),
        }
    }
}

impl States {
    fn of(column: &ModelColumn, names: &[String]) -> Self {
        let level = |(state, text): (usize, &String)| Level { text: text.clone(), state, log_share: 0.0 };
        let other = column.other();
        let own = other.unwrap_or(names.len());
        let mut levels: Vec<Level> = names[..own].iter().enumerate().map(level).collect();
        if let (Some(state), Some(rare)) = (other, column.rare()) {
            let rows: usize = rare.iter().map(|level| level.rows).sum();
            levels.extend(rare.iter().map(|level| {
                let share = if rows == 0 { 1.0 } else { level.rows as f64 / rows as f64 };
                Level { text: level.text.clone(), state, log_share: share.ln() }
            }));
        }
        Self { count: names.len(), levels, unseen: other }
    }
}

/// Whether the values are bytes of pixels, which a table has as numbers from 0 to 1.
pub(super) fn is_pixel(column: &ModelColumn) -> bool {
    column.kind_name() == "pixel"
}
