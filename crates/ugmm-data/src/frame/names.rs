//! Names of columns, found by name or by a similar one.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::error::FrameError;

/// The names of a file's columns and their positions, none twice.
pub(super) struct Names {
    names: Vec<String>,
    positions: HashMap<String, usize>,
    /// How many columns at the beginning have no name in the file, or one that pandas makes up for such.
    unnamed: usize,
}

impl Names {
    /// Names columns without a name by their position. Fails if two columns have one name.
    pub(super) fn new(path: &Path, names: Vec<String>) -> Result<Self, FrameError> {
        let is_unnamed = |name: &&String| name.is_empty() || name.starts_with("Unnamed: ");
        let unnamed = names.iter().take_while(is_unnamed).count();
        let given: HashSet<String> = names.iter().cloned().collect();
        let named = |(index, name): (usize, String)| match generated(index) {
            _ if !name.is_empty() => name,
            // Another column has it.
            taken if given.contains(&taken) => format!("unnamed_{taken}"),
            free => free,
        };
        let names: Vec<String> = names.into_iter().enumerate().map(named).collect();
        let mut positions = HashMap::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = positions.insert(name.clone(), index) {
                return Err(FrameError::DuplicateColumn {
                    file: path.to_owned(),
                    column: name.clone(),
                    first: first + 1,
                    second: index + 1,
                });
            }
        }
        Ok(Self { names, positions, unnamed })
    }

    /// `x1`, `x2`, … for a file without a header.
    pub(super) fn numbered(count: usize) -> Self {
        let names: Vec<String> = (0..count).map(generated).collect();
        let positions = names.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
        Self { names, positions, unnamed: 0 }
    }

    /// How many columns at the beginning have no name in the file.
    pub(super) fn unnamed(&self) -> usize {
        self.unnamed
    }

    pub(super) fn all(&self) -> &[String] {
        &self.names
    }

    /// Position from 0.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The positions of `wanted`, or one error about all of them that are not there.
    pub(super) fn find<'a>(
        &self,
        path: &Path,
        wanted: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<usize>, FrameError> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for name in wanted {
            match self.position(name) {
                Some(position) => found.push(position),
                None if missing.iter().any(|other| other == name) => {}
                None => missing.push(name.to_owned()),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let closest = if let [only] = missing.as_slice() { closest(only, &self.names) } else { None };
        Err(FrameError::ColumnsMissing {
            file: path.to_owned(),
            missing,
            closest,
            columns: self.names.clone(),
            of_model: false,
        })
    }
}

/// Whether a header is a row of numbers, and does not count the columns as some programs do.
pub(super) fn is_row_of_numbers(names: &[String]) -> bool {
    let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else { return false };
    let counts = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0);
    !(counts && (numbers[0] == 0.0 || numbers.len() > 2))
}

/// Name of the column at `index`, counted from 0.
fn generated(index: usize) -> String {
    format!("x{}", index + 1)
}

/// The one of `names` that `wanted` is most likely a misspelling of.
pub fn closest(wanted: &str, names: &[String]) -> Option<String> {
    let letters = |text: &str| -> Vec<char> { text.to_lowercase().chars().collect() };
    let wanted = letters(wanted);
    // A third of the letters may be wrong, but not all.
    let most = wanted.len().div_ceil(3).min(wanted.len().saturating_sub(1));
    let measured = names.iter().map(|name| (edits(&wanted, &letters(name)), name));
    measured.filter(|(edits, _)| *edits <= most).min_by_key(|(edits, _)| *edits).map(|(_, name)| name.clone())
}

/// Letters to insert, remove or replace to make `b` of `a`.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
