//! How to read a file, where its content does not say.

use std::collections::HashSet;
use std::path::Path;

use super::error::FrameError;
use super::missing::Marks;
use super::names::{Names, closest};

/// How to read a file, where its content does not say. The default is right for most files.
///
/// ```
/// use ugmm_data::frame::ReadOptions;
///
/// let options = ReadOptions { missing: vec!["-999".into()], ..ReadOptions::default() };
/// assert!(options.has_header && options.delimiter.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// What separates the columns, an ASCII character; found from the first lines if not given.
    pub delimiter: Option<u8>,
    /// Whether the first line of text names the columns. A Parquet file always has names.
    pub has_header: bool,
    /// What a line that is no row begins with; see the [module](super) for what is done if it is not given.
    pub comment: Option<u8>,
    /// Marks for missing values besides the usual ones, compared exactly but for blanks around them. One that is a
    /// number also stands for that number in a Parquet file.
    pub missing: Vec<String>,
    /// Whether a value that cannot be read as what its column holds is taken as missing, rather than as an error, when a
    /// file is read by a model's requests. What a file holds is found out strictly all the same.
    pub lenient: bool,
    /// Columns that must be numbers; a value that is none is an error.
    pub numeric: Vec<String>,
    /// Columns that are categories, even if all values are numbers.
    pub categorical: Vec<String>,
    /// Columns to leave alone, whatever is in them.
    pub ignore: Vec<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            has_header: true,
            comment: None,
            missing: Vec::new(),
            lenient: false,
            numeric: Vec::new(),
            categorical: Vec::new(),
            ignore: Vec::new(),
        }
    }
}

/// What the options say about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Inferred,
    Numeric,
    Categorical,
    Ignored,
}

impl ReadOptions {
    pub(super) fn marks(&self) -> Marks {
        Marks::new(&self.missing)
    }

    /// What is said about each of the columns `names`; refuses names that are not there or there twice.
    pub(super) fn choices(&self, path: &Path, names: &Names) -> Result<Vec<Choice>, FrameError> {
        let lists = [
            (&self.numeric, Choice::Numeric),
            (&self.categorical, Choice::Categorical),
            (&self.ignore, Choice::Ignored),
        ];
        let mut choices = vec![Choice::Inferred; names.all().len()];
        let mut seen = HashSet::new();
        for (name, choice) in
            lists.iter().flat_map(|&(list, choice)| list.iter().map(move |name| (name, choice)))
        {
            let Some(position) = names.position(name) else {
                return Err(FrameError::UnknownColumn {
                    file: path.to_owned(),
                    column: name.clone(),
                    closest: closest(name, names.all()),
                    columns: names.all().to_vec(),
                });
            };
            if !seen.insert(position) {
                return Err(FrameError::NamedTwice { column: name.clone() });
            }
            choices[position] = choice;
        }
        Ok(choices)
    }
}
