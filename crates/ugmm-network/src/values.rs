//! Row-major values of which some may be missing (NaN).

use crate::UgmmError;

/// Checks that row-major `values` are finite; NaN is allowed where they may be missing.
///
/// # Errors
///
/// [`UgmmError`] that names the first value that is not, in `what`.
pub(crate) fn check_finite(
    what: &'static str,
    values: &[f32],
    columns: usize,
    missing_values: bool,
) -> Result<(), UgmmError> {
    let unusable = |value: &f32| value.is_infinite() || value.is_nan() && !missing_values;
    match values.iter().position(unusable) {
        Some(place) => {
            let (row, column) = (place / columns, place % columns);
            Err(UgmmError::NotFinite { what, row, column, value: values[place] })
        }
        None => Ok(()),
    }
}

/// The values of one column of row-major `values` that are not missing.
pub(crate) fn known(values: &[f32], columns: usize, column: usize) -> impl Iterator<Item = f32> {
    values.iter().skip(column).step_by(columns).copied().filter(|value| !value.is_nan())
}

/// Mean and standard deviation (divisor n) of the known values of one column; 0 if there are none.
pub(crate) fn mean_and_deviation(values: &[f32], columns: usize, column: usize) -> (f64, f64) {
    let known = || known(values, columns, column).map(f64::from);
    // The divisor is at least 1, so that the mean of a column without any value is 0.
    let count = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / count;
    (mean, (known().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}
