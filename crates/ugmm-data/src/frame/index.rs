//! Columns that a file itself says to be an index, which names rows rather than says something about them.

use super::column::{Column, Kind};
use super::row_numbers::Numbering;

/// How many times the number of rows the numbers of an index may go up to: a table may be a part of the one that they counted.
const MOST_TIMES: usize = 10;

/// Rows for each different number of a shuffled index of joined tables, at most.
const MOST_REPEATS: usize = 4;
/// Different numbers of such an index, at least.
const FEWEST_REPEATED: usize = 20;

/// The key of the metadata in which pandas describes its tables.
pub(super) const PANDAS: &str = "pandas";

/// The columns of an index that this description of pandas names; none without a description.
pub(super) fn of_pandas(description: Option<&str>) -> Vec<String> {
    let described: serde_json::Value =
        serde_json::from_str(description.unwrap_or_default()).unwrap_or_default();
    let index = described["index_columns"].as_array().into_iter().flatten();
    // A range of numbers is described, and is no column of the table.
    index.filter_map(|column| column.as_str().map(str::to_owned)).collect()
}

/// How a file states that a column is an index.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Declared {
    /// In its metadata, by a name that only an index has, or by being one of several first columns without names.
    Surely,
    /// By its place: first, and without a name.
    ByPlace,
}

impl Declared {
    /// Whether a column that is declared so names the rows. A time says something about them, and so may the values of a column
    /// that has no name, unless they are texts that are all different, or numbers that count the rows of one table or several.
    pub(super) fn names_rows(self, column: &Column, rows: usize) -> bool {
        let values = rows - column.missing;
        // More values than are kept are different ones.
        let all_differ = column.levels.as_ref().is_none_or(|levels| levels.len() == values);
        match (&column.kind, self) {
            (Kind::Date { .. } | Kind::Ignored | Kind::Constant, _) => false,
            (_, Self::Surely) => true,
            (Kind::Numeric { min, max, integers, .. }, Self::ByPlace) => {
                let counts = *integers && *min >= 0.0 && *max <= (MOST_TIMES * rows) as f64;
                let are_many = column.levels.as_ref().is_none_or(|levels| {
                    levels.len() >= FEWEST_REPEATED && MOST_REPEATS * levels.len() >= values
                });
                let is_numbering = column.numbering == Some(Numbering::Restarting) || all_differ || are_many;
                let is_spaced = column.numbering == Some(Numbering::Spaced);
                is_spaced || counts && is_numbering && column.missing == 0
            }
            (Kind::Categorical, Self::ByPlace) => all_differ,
            (Kind::Boolean, Self::ByPlace) => false,
        }
    }
}
