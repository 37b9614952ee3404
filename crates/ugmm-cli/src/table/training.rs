//! The rows that training learns from.

use crate::error::CliError;
use std::path::Path;
use ugmm_data::frame::{Column, FrameReader, Kind, ReadOptions, Request, Schema, Values};
use ugmm_data::{ClassLabels, Encoded, Encoder};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 8192;
/// Levels that a category may have whatever the number of rows, and at most.
const FEW_LEVELS: usize = 20;
const MOST_LEVELS: usize = 1000;
/// Rows per level, on average, under which a category with more than [`FEW_LEVELS`] is taken for a name or a number of
/// the row, which says nothing about other rows.
const ROWS_PER_LEVEL: usize = 5;

/// A table in memory, ready to learn from.
pub struct TrainingTable {
    /// What the file holds.
    pub schema: Schema,
    /// How its columns become the features.
    pub encoder: Encoder,
    /// Row-major, `[rows, features]`; NaN where a value is missing.
    pub features: Vec<f32>,
    pub classes: ClassLabels,
    /// Class index of each row.
    pub labels: Vec<usize>,
    pub encoded: Encoded,
    /// Rows of the file that were left out, because they have no label, or nothing but a label.
    pub without_label: usize,
    pub without_features: usize,
}

/// Reads a file to learn the column `target` from the others.
pub fn read_for_training(
    path: &Path,
    target: &str,
    options: &ReadOptions,
) -> Result<TrainingTable, CliError> {
    let schema = Schema::infer(path, options)?;
    check_target(path, target, &schema)?;
    let mut requests = Vec::new();
    for column in schema.columns.iter().filter(|column| column.name != target) {
        check_levels(path, column, schema.rows)?;
        requests.extend(column.request().filter(|_| column.kind != Kind::Constant));
    }
    if requests.is_empty() {
        return Err(CliError::NoFeatures { path: path.to_path_buf(), target: target.into() });
    }
    let encoder = Encoder::new(requests.clone());
    let width = encoder.names().len();
    requests.push(Request::text(target));

    let mut features = Vec::new();
    let mut names = Vec::new();
    let mut encoded = Encoded::default();
    let (mut without_label, mut without_features) = (0, 0);
    for frame in FrameReader::open(path, &requests, options, BATCH_ROWS)? {
        let mut frame = frame?;
        let start = features.len();
        encoded += encoder.encode(&frame, &mut features);
        let Some(Values::Text(labels)) = frame.columns.pop() else {
            unreachable!("the target was requested last, as text")
        };
        // Rows to learn from close up over those that are left out.
        let mut kept = start;
        for (row, label) in labels.into_iter().enumerate() {
            let values = start + row * width..start + (row + 1) * width;
            let empty = features[values.clone()].iter().all(|value| value.is_nan());
            match label {
                None => without_label += 1,
                Some(_) if empty => without_features += 1,
                Some(label) => {
                    features.copy_within(values, kept);
                    kept += width;
                    names.push(label);
                }
            }
        }
        features.truncate(kept);
    }
    if names.is_empty() {
        return Err(CliError::NoLabels { path: path.to_path_buf(), target: target.into() });
    }
    let in_file = |source| CliError::Labels { path: path.to_path_buf(), source };
    let classes = ClassLabels::from_labels(&names).map_err(in_file)?;
    if let [label] = classes.names() {
        let (path, target) = (path.to_path_buf(), target.into());
        return Err(CliError::OneClass { path, target, label: label.clone() });
    }
    let labels = classes.encode(&names).map_err(in_file)?;
    Ok(TrainingTable { schema, encoder, features, classes, labels, encoded, without_label, without_features })
}

fn check_target(path: &Path, target: &str, schema: &Schema) -> Result<(), CliError> {
    let column = schema.column(target).map_err(|_| {
        let columns = schema.columns.iter().map(|column| column.name.clone()).collect();
        CliError::NoSuchTarget { path: path.to_path_buf(), target: target.into(), columns }
    })?;
    let distinct = column.levels.as_ref().map(Vec::len);
    match (&column.kind, distinct) {
        (Kind::Ignored, _) => Err(CliError::TargetIgnored { target: target.into() }),
        (_, Some(distinct)) if distinct <= FEW_LEVELS || distinct < schema.rows => Ok(()),
        _ => {
            let (path, target, rows) = (path.to_path_buf(), target.into(), schema.rows);
            Err(CliError::TargetIsNoClass { path, target, rows })
        }
    }
}

/// Refuses a category that names rows rather than kinds of rows.
fn check_levels(path: &Path, column: &Column, rows: usize) -> Result<(), CliError> {
    let levels = column.levels.as_ref().map_or(0, Vec::len);
    let too_many = levels > FEW_LEVELS && levels * ROWS_PER_LEVEL > rows || levels > MOST_LEVELS;
    if column.kind == Kind::Categorical && too_many {
        let (path, column) = (path.to_path_buf(), column.name.clone());
        return Err(CliError::TooManyLevels { path, column, levels, rows });
    }
    Ok(())
}
