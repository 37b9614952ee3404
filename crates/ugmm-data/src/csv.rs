//! Numeric CSV files.

mod cell;
mod header;
mod records;

use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::file;
use crate::table::{Table, Target};
use header::{Columns, Header};
use records::Records;

/// Reads a CSV file with a header, of which every column but `target` must be a finite number.
///
/// Fields are separated by commas and may be quoted; blanks around a field are dropped; blank lines are skipped; a
/// byte order mark and any line ending are accepted. Labels are kept as text.
///
/// # Errors
///
/// One [`DataError`] for the first thing wrong: a file that cannot be read, that is no UTF-8 text, has no header or
/// no rows; a header with an empty or repeated name, or without `target`; a row with more or fewer fields than the
/// header; a feature that is missing, no number, not finite or beyond `f32`; a label that is missing.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("flowers.csv");
/// std::fs::write(&path, "length,species\n5.1,setosa\n7.0,versicolor\n")?;
/// let table = ugmm_data::read_csv(&path, Some("species"))?;
/// assert_eq!(table.features, [5.1, 7.0]);
/// assert_eq!(table.target.unwrap().labels, ["setosa", "versicolor"]);
/// # Ok(())
/// # }
/// ```
pub fn read_csv(path: &Path, target: Option<&str>) -> Result<Table, DataError> {
    parse_all(path, &read_bytes(path)?, target)
}

/// Reads the named columns of a CSV file, in the order of `features`, as for prediction with a trained model.
///
/// Other columns are ignored and may hold text. `target` is read if the file has such a column; the table has no
/// target otherwise.
///
/// # Errors
///
/// As [`read_csv`], for the columns that are read; and [`DataError::ColumnsMissing`] with all the features that the
/// file lacks, [`DataError::NoFeatureRequested`], [`DataError::FeatureRequestedTwice`] or
/// [`DataError::TargetIsFeature`] when the request itself is wrong.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("flowers.csv");
/// std::fs::write(&path, "place,width,length\nmeadow,3.5,5.1\n")?;
/// let table = ugmm_data::read_csv_columns(&path, &["length".into(), "width".into()], Some("species"))?;
/// assert_eq!(table.features, [5.1, 3.5]);
/// assert_eq!(table.target, None);
/// # Ok(())
/// # }
/// ```
pub fn read_csv_columns(path: &Path, features: &[String], target: Option<&str>) -> Result<Table, DataError> {
    header::check_request(features, target)?;
    parse(path, &read_bytes(path)?, |header| header.named_columns(path, features, target))
}

/// [`read_csv`] of `bytes`, which messages call `path`.
pub(crate) fn parse_all(path: &Path, bytes: &[u8], target: Option<&str>) -> Result<Table, DataError> {
    parse(path, bytes, |header| header.all_columns(path, target))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    file::open(path)?.read_to_end(&mut bytes).map_err(|reason| file::refusal(path, &reason))?;
    Ok(bytes)
}

/// Reads the columns that `choose` picks from the header.
fn parse<F>(path: &Path, bytes: &[u8], choose: F) -> Result<Table, DataError>
where
    F: FnOnce(&Header) -> Result<Columns, DataError>,
{
    let mut records = Records::new(path, bytes)?;
    let Some((row, record)) = records.next()? else {
        return Err(DataError::EmptyFile { file: path.to_owned() });
    };
    let header = Header::new(path, row, record)?;
    let columns = choose(&header)?;

    let mut features = Vec::new();
    let mut labels = Vec::new();
    let mut rows = 0_usize;
    while let Some((row, record)) = records.next()? {
        let (expected, found) = (header.names.len(), record.len());
        if found != expected {
            return Err(DataError::RaggedRow { file: path.to_owned(), row, expected, found });
        }
        for &column in &columns.features {
            let place = cell::Place { file: path, row, column: &header.names[column] };
            features.push(place.number(&record[column])?);
        }
        if let Some(column) = columns.target {
            let place = cell::Place { file: path, row, column: &header.names[column] };
            labels.push(place.label(&record[column])?);
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(DataError::NoRows { file: path.to_owned() });
    }
    let name = |&column: &usize| header.names[column].clone();
    Ok(Table {
        feature_names: columns.features.iter().map(name).collect(),
        features,
        target: columns.target.as_ref().map(|column| Target { name: name(column), labels }),
    })
}
