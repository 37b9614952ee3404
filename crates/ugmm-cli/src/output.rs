//! Output of the commands.

use crate::error::CliError;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::path::Path;
use ugmm_data::frame::Input;
use ugmm_network::file::{check_writable, write_atomically};

pub use ugmm_report::{count, error_text, left_out, percent, six_digits, table, within};
pub use ugmm_table_report::{known_level, log_likelihood};

/// Version of the JSON files, which docs/json.md describes. It increases when a field changes its meaning or
/// is removed.
const JSON_SCHEMA_VERSION: u32 = 2;

#[derive(Serialize)]
struct Envelope<'a, T> {
    schema: &'a str,
    schema_version: u32,
    ugmm_version: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

/// Whether the name of an output stands for standard output.
pub fn is_standard(output: Option<&Path>) -> bool {
    output.is_some_and(|output| output == "-")
}

/// Writes `content` as JSON to a file or to standard output, if the option asks for it.
pub fn write_json<T: Serialize>(path: Option<&Path>, schema: &str, content: &T) -> Result<(), CliError> {
    let Some(path) = path else { return Ok(()) };
    let ugmm_version = env!("CARGO_PKG_VERSION");
    let envelope = Envelope { schema, schema_version: JSON_SCHEMA_VERSION, ugmm_version, content };
    let mut text = serde_json::to_vec_pretty(&envelope).map_err(std::io::Error::from)?;
    text.push(b'\n');
    if is_standard(Some(path)) {
        return print_bytes(&text);
    }
    Ok(write_atomically(path, &text)?)
}

/// Writes text to standard output; on a terminal, lines that are too wide for it are broken between words. It is no
/// error if the reader has closed it (`| head`).
pub fn print(text: &str) -> Result<(), CliError> {
    match terminal_size::terminal_size_of(std::io::stdout()) {
        Some((terminal_size::Width(width), _)) => print_bytes(folded(text, width.into()).as_bytes()),
        None => print_bytes(text.as_bytes()),
    }
}

/// The text with lines of at most `width` characters, but for words that are wider. What continues a line is indented.
fn folded(text: &str, width: usize) -> String {
    const INDENT: &str = "    ";
    let mut folded = String::new();
    for line in text.split_inclusive('\n') {
        let (mut rest, mut indent) = (line, "");
        while rest.trim_end().chars().count() + indent.len() > width {
            let end =
                rest.char_indices().nth(width.saturating_sub(indent.len())).map_or(rest.len(), |(at, _)| at);
            // The last blank that leaves a line of this width, or the first one after a word that is wider.
            let blanks =
                rest.match_indices(' ').map(|(at, _)| at).filter(|at| !rest[..*at].trim().is_empty());
            let (fit, wide): (Vec<_>, Vec<_>) = blanks.partition(|at| *at <= end);
            let Some(at) = fit.last().or(wide.first()).copied() else { break };
            folded.extend([indent, rest[..at].trim_end(), "\n"]);
            (rest, indent) = (rest[at..].trim_start_matches(' '), INDENT);
        }
        folded.extend([indent, rest]);
    }
    folded
}

/// Writes bytes to standard output. It is no error if the reader has closed it (`| head`).
pub fn print_bytes(bytes: &[u8]) -> Result<(), CliError> {
    let mut output = std::io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Checks, before any work, that each output can be written and that none would replace an input.
pub fn check_outputs(outputs: &[Option<&Path>], inputs: &[&Path]) -> Result<(), CliError> {
    let inputs: Vec<_> =
        inputs.iter().filter_map(|input| Input::file_of(input).canonicalize().ok()).collect();
    let outputs: Vec<&Path> =
        outputs.iter().flatten().copied().filter(|output| !is_standard(Some(output))).collect();
    for (index, output) in outputs.iter().enumerate() {
        check_writable(output)?;
        let file = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let is_file = output.metadata().map_or(true, |metadata| metadata.is_file());
        if is_file && outputs[..index].iter().any(|other| file(other) == file(output)) {
            return Err(CliError::SameOutput(output.to_path_buf()));
        }
        if output.canonicalize().is_ok_and(|output| inputs.contains(&output)) {
            return Err(CliError::OverwritesInput(output.to_path_buf()));
        }
    }
    Ok(())
}

/// Fails with an error if both rows and JSON go to standard output.
pub fn check_not_mixed(rows: Option<&Path>, json: Option<&Path>) -> Result<(), CliError> {
    match rows.is_none() && is_standard(json) {
        false => Ok(()),
        true => {
            let reason = "standard output has the rows already; give them a file with -o".into();
            Err(CliError::Option { key: "--json -", reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_lines_are_broken_between_words() {
        assert_eq!(folded("a few values\nand more\n", 12), "a few values\nand more\n");
        assert_eq!(folded("a few values\n", 11), "a few\n    values\n");
        assert_eq!(folded("name   1,5   2,5\n", 9), "name\n    1,5\n    2,5\n");
        assert_eq!(folded("  σσσσ μμμμ", 6), "  σσσσ\n    μμμμ");
        assert_eq!(folded("immeasurable and\n", 5), "immeasurable\n    and\n");
        assert_eq!(folded("", 80), "");
    }
}
