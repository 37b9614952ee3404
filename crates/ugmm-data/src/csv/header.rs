//! The header of a CSV file, and which of its columns are read.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use ::csv::StringRecord;

use crate::error::DataError;

/// The columns to read, by their position in the file from 0.
pub(super) struct Columns {
    pub(super) features: Vec<usize>,
    pub(super) target: Option<usize>,
}

/// The names in the header, and the line it is on.
pub(super) struct Header {
    pub(super) names: Vec<String>,
    row: usize,
}

/// Refuses a list of features with nothing in it, with a name twice, or with the target in it.
pub(super) fn check_request(features: &[String], target: Option<&str>) -> Result<(), DataError> {
    if features.is_empty() {
        return Err(DataError::NoFeatureRequested);
    }
    let mut seen = HashSet::new();
    for feature in features {
        if !seen.insert(feature) {
            return Err(DataError::FeatureRequestedTwice { feature: feature.clone() });
        }
        if target == Some(feature) {
            return Err(DataError::TargetIsFeature { feature: feature.clone() });
        }
    }
    Ok(())
}

impl Header {
    /// The names in `record`, without blanks around them. Refuses a header that other separators hold together.
    pub(super) fn new(path: &Path, row: usize, record: &StringRecord) -> Result<Self, DataError> {
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        if let [only] = names.as_slice() {
            let separator = match only {
                name if name.contains(';') => Some("semicolons"),
                name if name.contains('\t') => Some("tabs"),
                _ => None,
            };
            if let Some(separator) = separator {
                return Err(DataError::WrongSeparator { file: path.to_owned(), row, separator });
            }
        }
        Ok(Self { names, row })
    }

    /// Every column but the target as a feature.
    pub(super) fn all_columns(&self, path: &Path, target: Option<&str>) -> Result<Columns, DataError> {
        if self.numbers() == self.names.len() {
            return Err(self.missing(path));
        }
        let position_of = target.map(|name| self.names.iter().position(|other| other == name));
        if position_of == Some(None) && self.seems_to_be_data() {
            return Err(self.missing(path));
        }
        self.check_names(path, |_| true)?;
        let target = match (target, position_of.flatten()) {
            (Some(name), None) => {
                return Err(DataError::TargetMissing {
                    file: path.to_owned(),
                    target: name.to_owned(),
                    columns: self.names.clone(),
                });
            }
            (_, position) => position,
        };
        let features: Vec<usize> = (0..self.names.len()).filter(|&column| Some(column) != target).collect();
        match target {
            Some(column) if features.is_empty() => {
                Err(DataError::NoFeatureColumns { file: path.to_owned(), target: self.names[column].clone() })
            }
            _ => Ok(Columns { features, target }),
        }
    }

    /// The columns named `features`, in that order, and `target` if it is there.
    ///
    /// Columns that are not asked for may have any name. Names that are numbers are accepted when all of them are
    /// found, because the model was trained on such names.
    pub(super) fn named_columns(
        &self,
        path: &Path,
        features: &[String],
        target: Option<&str>,
    ) -> Result<Columns, DataError> {
        let positions: HashMap<&str, usize> =
            self.names.iter().enumerate().map(|(position, name)| (name.as_str(), position)).collect();
        let position_of = |name: &String| positions.get(name.as_str()).copied();
        let missing: Vec<String> =
            features.iter().filter(|name| position_of(name).is_none()).cloned().collect();
        if !missing.is_empty() {
            if self.seems_to_be_data() {
                return Err(self.missing(path));
            }
            let columns = self.names.clone();
            return Err(DataError::ColumnsMissing { file: path.to_owned(), missing, columns });
        }
        let asked_for: HashSet<&str> = features.iter().map(String::as_str).chain(target).collect();
        self.check_names(path, |name| asked_for.contains(name))?;
        Ok(Columns {
            features: features.iter().filter_map(position_of).collect(),
            target: target.and_then(|name| positions.get(name).copied()),
        })
    }

    /// Refuses an empty or repeated name among those that `matters` picks.
    fn check_names(&self, path: &Path, matters: impl Fn(&str) -> bool) -> Result<(), DataError> {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (index, name) in self.names.iter().enumerate().filter(|(_, name)| matters(name)) {
            let (file, row, position) = (path.to_owned(), self.row, index + 1);
            if name.is_empty() {
                return Err(DataError::EmptyColumnName { file, row, position });
            }
            if let Some(first) = seen.insert(name, position) {
                let column = name.clone();
                return Err(DataError::DuplicateColumn { file, row, column, first, second: position });
            }
        }
        Ok(())
    }

    /// How many names are numbers.
    fn numbers(&self) -> usize {
        let is_number = |name: &&String| name.parse().is_ok_and(|number: f64| number.is_finite());
        self.names.iter().filter(is_number).count()
    }

    /// Whether at least half of the names are numbers: a row of data with a label or two, once a name that was
    /// looked for is not there.
    fn seems_to_be_data(&self) -> bool {
        2 * self.numbers() >= self.names.len()
    }

    fn missing(&self, path: &Path) -> DataError {
        DataError::HeaderMissing { file: path.to_owned(), row: self.row, cells: self.names.clone() }
    }
}
