//! Reads TOML files, such as those with the settings of several models.

use crate::error::CliError;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use std::path::Path;
use ugmm_network::Settings;

/// Reads the settings of several models in the order of the file; each table has the name of a model.
pub fn read_variants(path: &Path) -> Result<IndexMap<String, Settings>, CliError> {
    read_tables(path)
}

/// Reads tables of settings of any type in the order of the file.
pub fn read_tables<T: DeserializeOwned>(path: &Path) -> Result<IndexMap<String, T>, CliError> {
    let variants: IndexMap<String, T> = read(path)?;
    if variants.is_empty() {
        let reason = "there is no table such as [wider] with settings below it".into();
        return Err(CliError::SettingsFile { path: path.to_path_buf(), place: String::new(), reason });
    }
    Ok(variants)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| refusal(path, &text, &error))
}

/// The text of a file.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    let in_file = |source| CliError::Model(ugmm_network::UgmmError::Io { path: path.to_path_buf(), source });
    std::fs::read_to_string(path).map_err(in_file)
}

/// The error for a file that is not TOML, or has wrong keys.
pub fn refusal(path: &Path, text: &str, error: &toml::de::Error) -> CliError {
    let line =
        error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count());
    CliError::SettingsFile {
        path: path.to_path_buf(),
        place: line.map_or(String::new(), |line| format!(", line {}", line + 1)),
        reason: in_plain_words(&error.message().replace('\n', "; ")),
    }
}

/// A reason without the names of Rust's types.
fn in_plain_words(reason: &str) -> String {
    const WORDS: [(&str, &str); 6] = [
        ("expected a nonzero usize", "expected a whole number from 1 on"),
        ("expected usize", "expected a whole number from 0 on"),
        ("expected u64", "expected a whole number from 0 on"),
        ("expected f64", "expected a number"),
        ("expected f32", "expected a number"),
        ("expected a boolean", "expected true or false"),
    ];
    WORDS.iter().fold(reason.to_owned(), |reason, (type_name, words)| reason.replace(type_name, words))
}
