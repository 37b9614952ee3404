//! Decides which columns and rows of a table a model can be trained on.

use crate::Table;
use crate::error::TabularError;
use ugmm_data::frame::{Column, Kind, Values};

/// Number of levels that a category may have whatever the number of rows.
const FEW_LEVELS: usize = 20;
const MOST_LEVELS: usize = 1000;
/// Mean number of rows per level. A category with fewer, and more than [`FEW_LEVELS`] levels, identifies
/// rows, so that it has no information about other rows.
const ROWS_PER_LEVEL: usize = 5;

/// Whether each row of the table has a value in a column other than the target.
pub(crate) fn rows_with_features(table: &Table, target: &str) -> Result<Vec<bool>, TabularError> {
    let useful = |column: &&Column| column.name != target && column.is_informative();
    if !table.schema().columns.iter().any(|column| useful(&column)) {
        return Err(TabularError::NoFeatures { target: target.into() });
    }
    rows_with_values(table, table.schema().columns.iter().filter(useful))
}

/// Whether each row of the table has a value in one of these columns.
pub(crate) fn rows_with_values<'c>(
    table: &Table,
    columns: impl Iterator<Item = &'c Column>,
) -> Result<Vec<bool>, TabularError> {
    let mut known = vec![false; table.rows()];
    for column in columns {
        match table.column(&column.name)? {
            Values::Numbers(numbers) => {
                known.iter_mut().zip(numbers).for_each(|(known, number)| *known |= !number.is_nan());
            }
            Values::Codes(codes) => {
                known.iter_mut().zip(codes).for_each(|(known, code)| *known |= code.is_some())
            }
            Values::Text(texts) => {
                known.iter_mut().zip(texts).for_each(|(known, text)| *known |= text.is_some())
            }
        }
    }
    Ok(known)
}

/// Fails with an error if the column is a category that identifies rows.
pub(crate) fn check_column(column: &Column, rows: usize) -> Result<(), TabularError> {
    let levels = column.levels.as_ref().map_or(0, Vec::len);
    let too_many = levels > FEW_LEVELS && levels * ROWS_PER_LEVEL > rows || levels > MOST_LEVELS;
    if column.kind == Kind::Categorical && too_many {
        let name = column.name.clone();
        return Err(match (column.unread_dates(), column.no_date()) {
            (Some(format), _) => TabularError::UnreadDates { column: name, levels, format },
            (None, Some(written)) => TabularError::NotAllDates { column: name, levels, written },
            (None, None) => TabularError::TooManyLevels { column: name, levels, rows },
        });
    }
    Ok(())
}
