//! Tables in memory, and ways to make inputs of them.

use ugmm_data::frame::ColumnData;
use ugmm_data::{Ordinal, PreprocessError, PreprocessingOptions, Preprocessor, Scaling, Table};

pub const NAN: f64 = f64::NAN;

pub fn numbers(numbers: &[f64]) -> ColumnData {
    ColumnData::Numbers(numbers.to_vec())
}

/// One letter per row; a blank where the value is missing.
pub fn letters(letters: &str) -> ColumnData {
    ColumnData::Text(letters.chars().map(|letter| (letter != ' ').then(|| letter.to_string())).collect())
}

pub fn table(columns: &[(&str, ColumnData)]) -> Table {
    let columns = columns.iter().map(|(name, data)| (name.to_string(), data.clone())).collect();
    Table::from_columns(columns).unwrap()
}

pub fn scaled(scaling: Scaling) -> PreprocessingOptions {
    PreprocessingOptions { scaling, ..PreprocessingOptions::default() }
}

pub fn ordered(scaling: Scaling, column: &str, order: Option<&[&str]>) -> PreprocessingOptions {
    let order = order.map(|order| order.iter().map(|level| level.to_string()).collect());
    PreprocessingOptions { ordinal: vec![Ordinal { column: column.into(), order }], ..scaled(scaling) }
}

pub fn all_rows(table: &Table) -> Vec<usize> {
    (0..table.rows()).collect()
}

pub fn fit_all(table: &Table, options: &PreprocessingOptions) -> Result<Preprocessor, PreprocessError> {
    Preprocessor::fit(table, &all_rows(table), None, options)
}

/// The inputs of all rows, by input.
pub fn by_input(preprocessor: &Preprocessor, table: &Table) -> Vec<Vec<f32>> {
    let inputs = preprocessor.transform(table, &all_rows(table)).unwrap();
    let count = preprocessor.inputs();
    (0..count).map(|input| inputs.iter().skip(input).step_by(count).copied().collect()).collect()
}

/// The same numbers, NaN included.
#[track_caller]
pub fn assert_same(found: &[f32], expected: &[f32]) {
    let same = |(a, b): (&f32, &f32)| a == b || a.is_nan() && b.is_nan();
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(same),
        "{found:?}, not {expected:?}"
    );
}
