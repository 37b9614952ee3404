//! Output of the commands.

use crate::error::CliError;
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::path::Path;
use ugmm_network::file::{check_writable, write_atomically};
use ugmm_tabular::distribution::LogLikelihoodMeasures;

pub use ugmm_report::table;

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

/// Writes text to standard output. It is no error if the reader has closed it (`| head`).
pub fn print(text: &str) -> Result<(), CliError> {
    print_bytes(text.as_bytes())
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
    let inputs: Vec<_> = inputs.iter().filter_map(|input| input.canonicalize().ok()).collect();
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

/// A number of things, such as "1 row" or "2 rows".
pub fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A line about rows that are left out because they lack something; empty if there are none.
pub fn left_out(rows: usize, lacking: &str) -> String {
    if rows == 0 { String::new() } else { format!("left out: {} with {lacking}\n", count(rows, "row")) }
}

/// A number with at most six significant digits.
pub fn short(number: f64) -> String {
    if number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        let decimals = (5 - number.abs().max(1.0).log10().floor() as i32).max(0) as usize;
        let text = format!("{number:.decimals$}");
        return match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
    }
    format!("{number:.5e}")
}

/// A number with as many digits as [`short`] gives, and more if they are needed to distinguish numbers within
/// `span`: three digits of the span.
pub fn within(number: f64, span: f64) -> String {
    let place = |number: f64| number.abs().log10().floor();
    let is_wide = !(span > 0.0 && span.is_finite()) || place(number.abs().max(span)) - place(span) <= 3.0;
    if number == 0.0 || is_wide {
        return short(number);
    }
    // An f64 has at most 17 significant digits.
    let digits = (place(number) - place(span) + 3.0).clamp(1.0, 17.0) as usize;
    if !(1e-4..1e15).contains(&number.abs()) {
        return format!("{number:.*e}", digits - 1);
    }
    let decimals = (digits as f64 - 1.0 - place(number)).max(0.0) as usize;
    format!("{number:.decimals$}")
}

/// An error with four significant digits, in the units of the target; in days if the target is a date.
pub fn error_text(error: f64, is_date: bool) -> String {
    let unit = if is_date { " days" } else { "" };
    if error == 0.0 || !(1e-4..1e9).contains(&error.abs()) {
        return if error == 0.0 { format!("0{unit}") } else { format!("{error:.3e}{unit}") };
    }
    let decimals = (3 - error.abs().log10().floor() as i32).max(0) as usize;
    format!("{error:.decimals$}{unit}")
}

/// A clause such as ", log-likelihood -1.2 ± 0.1 per row", or why there is no log-likelihood.
pub fn log_likelihood(found: &LogLikelihoodMeasures) -> String {
    // A large log-likelihood is too imprecise for four decimals.
    let text = |value: f64| if value.abs() < 1e6 { format!("{value:.4}") } else { short(value) };
    let error = found.standard_error.filter(|error| error.is_finite());
    let error = error.map_or_else(String::new, |error| format!(" ± {}", text(error)));
    match found.mean {
        Some(mean) => format!(", log-likelihood {}{error} per row", text(mean)),
        None => {
            ", all of them impossible according to the training rows, so that no log-likelihood can be measured"
                .into()
        }
    }
}

/// A log-likelihood that a model stores, followed by `per`, such as " per row".
pub fn kept_level(level: Option<f64>, per: &str) -> String {
    level.map_or_else(|| "not known".into(), |level| format!("{level:.4}{per}"))
}

/// A fraction in [0, 1] as a percentage with this many decimals.
pub fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$}", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0.0, "0"),
            (0.01969581527037989, "0.0197"),
            (1700000000.54, "1.70000e9"),
            (150.25, "150.25"),
            (-3.0, "-3"),
            (123456.789, "123457"),
            (1e300, "1.00000e300"),
            (0.00001234567, "1.23457e-5"),
        ] {
            assert_eq!(short(number), expected);
        }
    }

    #[test]
    fn digits_that_tell_numbers_apart_are_shown() {
        for (number, span, expected) in [
            (1_700_000_000.54, 30.0, "1700000000.5"),
            (1_700_000_000_000.0, 3e4, "1700000000000"),
            (48.137, 1e-5, "48.1370000"),
            (5.1, 3.0, "5.1"),
            (0.0, 1e-9, "0"),
            (1.7e-9, 3e-9, "1.70000e-9"),
            (1.7e9, 0.0, "1.70000e9"),
            (1.7e15, 3e7, "1.7000000000e15"),
        ] {
            assert_eq!(within(number, span), expected, "{number} {span}");
        }
        for (error, expected) in [
            (0.0, "0"),
            (12.34567, "12.35"),
            (0.00123456, "0.001235"),
            (123_456.7, "123457"),
            (1.23456e-9, "1.235e-9"),
        ] {
            assert_eq!(error_text(error, false), expected);
        }
        assert_eq!(error_text(20.4, true), "20.40 days");
    }
}
