//! Class names and their numbers.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::frame::{LevelIndex, sorted_labels};

/// The names of C classes, numbered from 0 to C - 1.
///
/// Always at least one name, none of them empty, none twice; reading it back with serde checks that again. It is
/// stored as the plain list of names.
///
/// ```
/// use ugmm_data::ClassLabels;
///
/// # fn main() -> Result<(), ugmm_data::DataError> {
/// let labels: Vec<String> = ["10", "9", "10"].map(String::from).into();
/// let classes = ClassLabels::from_labels(&labels)?;
/// assert_eq!(classes.names(), ["9", "10"]);
/// assert_eq!(classes.encode(&labels)?, [1, 0, 1]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ClassLabels {
    names: Vec<String>,
}

impl ClassLabels {
    /// The distinct `labels`, ordered as numbers if all of them are finite numbers, else lexicographically.
    ///
    /// Labels are compared as text: `1` and `1.0` are two classes.
    ///
    /// # Errors
    ///
    /// [`DataError::NoClasses`] without labels, [`DataError::EmptyClassName`] if one is empty.
    pub fn from_labels(labels: &[String]) -> Result<Self, DataError> {
        let distinct: HashSet<&String> = labels.iter().collect();
        let names = sorted_labels(distinct.into_iter().cloned().collect(), String::as_str);
        Self::from_names(names)
    }

    /// The classes `names`, in the order given.
    ///
    /// # Errors
    ///
    /// [`DataError::NoClasses`] without names, [`DataError::EmptyClassName`] or [`DataError::DuplicateClassName`]
    /// if one is empty or occurs twice.
    pub fn from_names(names: Vec<String>) -> Result<Self, DataError> {
        if names.is_empty() {
            return Err(DataError::NoClasses);
        }
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(DataError::EmptyClassName { index });
            }
            if !seen.insert(name) {
                return Err(DataError::DuplicateClassName { name: name.clone() });
            }
        }
        Ok(Self { names })
    }

    /// The names, in the order of their numbers: `[C]`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of class `index`, if there is such a class.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    /// Number of classes, C.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Always false: there is at least one class.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// An index that finds the class that a label stands for, however a program writes it: `1.0` stands for the class `1`, and `TRUE`
    /// for the class `yes` beside `no`.
    pub fn index(&self) -> LevelIndex {
        LevelIndex::new(&self.names)
    }

    /// The number of each label's class, in 0..C: `[rows]`; labels are found as [`Self::index`] finds them.
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownLabel`] at the first label that is none of the names.
    pub fn encode(&self, labels: &[String]) -> Result<Vec<usize>, DataError> {
        let classes = self.index();
        let encode_one = |(index, label): (usize, &String)| {
            classes.position(label).map(|class| class as usize).ok_or_else(|| DataError::UnknownLabel {
                row: index + 1,
                label: label.clone(),
                known: self.names.clone(),
            })
        };
        labels.iter().enumerate().map(encode_one).collect()
    }
}

impl TryFrom<Vec<String>> for ClassLabels {
    type Error = DataError;

    fn try_from(names: Vec<String>) -> Result<Self, DataError> {
        Self::from_names(names)
    }
}

impl From<ClassLabels> for Vec<String> {
    fn from(classes: ClassLabels) -> Self {
        classes.names
    }
}
