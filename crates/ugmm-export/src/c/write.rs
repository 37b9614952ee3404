//! Tables of numbers in C.

use std::fmt::Write;

/// Entries of a table on one line.
const ON_A_LINE: usize = 8;

/// A number of type double.
pub fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NAN".into(),
        f64::INFINITY => "INFINITY".into(),
        f64::NEG_INFINITY => "-INFINITY".into(),
        value => format!("{value:?}"),
    }
}

/// A number of type float.
pub fn single(value: f32) -> String {
    if value.is_finite() { format!("{value:?}f") } else { number(value.into()) }
}

/// Entries, with ends of lines between them.
pub fn wrapped(entries: &[String]) -> String {
    let lines: Vec<String> = entries.chunks(ON_A_LINE).map(|line| line.join(", ")).collect();
    lines.join(",\n  ")
}

/// A table of doubles.
pub fn doubles(out: &mut String, name: &str, values: impl IntoIterator<Item = f64>) {
    table(out, "double", name, values.into_iter().map(number).collect());
}

/// A table of floats.
pub fn floats(out: &mut String, name: &str, values: impl IntoIterator<Item = f32>) {
    table(out, "float", name, values.into_iter().map(single).collect());
}

/// A table of doubles with values of type float.
pub fn floats_as_doubles(out: &mut String, name: &str, values: impl IntoIterator<Item = f32>) {
    doubles(out, name, values.into_iter().map(f64::from));
}

/// A table of numbers of type int.
pub fn ints(out: &mut String, name: &str, values: impl IntoIterator<Item = usize>) {
    table(out, "int", name, values.into_iter().map(|value| value.to_string()).collect());
}

fn table(out: &mut String, of: &str, name: &str, mut entries: Vec<String>) {
    if entries.is_empty() {
        // C has no empty tables.
        entries.push("0".into());
    }
    let _ = writeln!(out, "static const {of} {name}[] = {{\n  {}}};", wrapped(&entries));
}

/// A constant for the code below it.
pub fn constant(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "#define {name} {value}");
}
