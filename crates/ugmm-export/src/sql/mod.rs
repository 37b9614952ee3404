//! Models as SQL: one SELECT with plain arithmetic, which SQLite and DuckDB run.
//!
//! Parameters are tables of constants, with which the values of rows are joined. A missing value has no row in these
//! joins, and neither has the logarithm of 0; the sums leave them out.

mod circuit;
mod columns;
mod head;
mod network;
mod write;

use crate::error::ExportError;
use crate::portable::{Body, CircuitTarget, PortableModel};
use std::collections::HashSet;
use std::fmt::Write;
use write::Tables;

/// The table that the SELECT reads unless another one is chosen.
pub const DEFAULT_TABLE: &str = "rows";

/// Most columns of a model: SQLite joins at most 500 SELECTs by UNION.
const MOST_COLUMNS: usize = 500;

/// Most terms that the prediction of a row sums. Each is a row of a join, which databases keep in memory for all rows
/// of a table.
const MOST_TERMS: usize = 200_000;

/// The SELECT that predicts each row of a table with this name.
///
/// # Errors
///
/// [`ExportError::Unable`] if the model is too large for SQL, or has names that SQL cannot tell apart.
pub fn query(model: &PortableModel, table: &str) -> Result<String, ExportError> {
    check(model, table)?;
    let mut tables = Tables::default();
    tables
        .add("ugmm_rows", &format!("SELECT row_number() OVER () AS ugmm_row, * FROM {}", write::name(table)));
    columns::write(&mut tables, model);
    match &model.body {
        Body::Network(network) => network::write(&mut tables, network, model),
        Body::Circuit(circuit) => circuit::write(&mut tables, circuit),
    }
    head::prediction(&mut tables, &model.body);
    let outputs: Vec<String> = head::outputs(&model.body)
        .into_iter()
        .map(|(own, name)| format!("  ugmm_prediction.{own} AS {}", write::name(&free(name, model))))
        .collect();
    let mut out = comment(model, table);
    out += &tables.into_text();
    let _ = write!(
        out,
        "\nSELECT ugmm_rows.*,\n{}\nFROM ugmm_prediction CROSS JOIN ugmm_rows WHERE ugmm_prediction.ugmm_row = ugmm_rows.ugmm_row\n\
         ORDER BY ugmm_rows.ugmm_row;\n",
        outputs.join(",\n")
    );
    Ok(out)
}

/// The name of an output, which is not that of a column of the model.
fn free(mut name: String, model: &PortableModel) -> String {
    let taken = |name: &str| {
        model.columns.iter().chain(&model.target).any(|column| column.name.eq_ignore_ascii_case(name))
    };
    while taken(&name) {
        name.push('_');
    }
    name
}

/// Checks what SQL cannot hold.
fn check(model: &PortableModel, table: &str) -> Result<(), ExportError> {
    let unable = |reason: String| Err(ExportError::Unable { form: "SQL", reason });
    let count = model.columns.len();
    if count > MOST_COLUMNS {
        return unable(format!("it has {count} columns, and SQLite takes at most {MOST_COLUMNS}"));
    }
    let terms = match &model.body {
        Body::Network(network) => network::terms(network),
        Body::Circuit(circuit) => circuit::terms(circuit),
    };
    if terms > MOST_TERMS {
        return unable(format!(
            "its prediction of a row sums {terms} terms, and SQL has at most {MOST_TERMS}"
        ));
    }
    let mut names = HashSet::new();
    if let Some(column) = model.columns.iter().find(|column| !names.insert(column.name.to_lowercase())) {
        let name = &column.name;
        return unable(format!("it has two columns {name:?} whose names differ by capital letters only"));
    }
    let levels =
        model.columns.iter().filter_map(|column| column.states.as_ref()).flat_map(|states| &states.levels);
    let mut texts = model
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .chain(levels.map(|level| level.text.as_str()))
        .chain(model.classes().unwrap_or_default().iter().map(String::as_str))
        .chain([table]);
    if let Some(text) = texts.find(|text| text.contains('\0')) {
        return unable(format!("SQL has no text with the character NUL, which {text:?} contains"));
    }
    Ok(())
}

/// The comment that says what the file needs and gives.
fn comment(model: &PortableModel, table: &str) -> String {
    let mut out = String::from("-- A model of ugmm as a SELECT for SQLite and DuckDB.\n");
    for (key, value) in &model.card {
        let _ = writeln!(out, "-- {key}: {}", one_line(value));
    }
    let of_density = matches!(model.body, Body::Circuit(_));
    let outputs = if model.classes().is_some() {
        "label, the probability of each class, and entropy in nats"
    } else if model.target.is_some() && head::has_quantiles(&model.body) {
        "mean, deviation, and the quantiles of 5 %, 50 % and 95 %"
    } else if model.target.is_some() {
        "mean and deviation"
    } else {
        "log_likelihood"
    };
    let more = if of_density && model.target.is_some() {
        "; and log_likelihood without the target, in nats"
    } else {
        ""
    };
    let _ = write!(
        out,
        "--\n-- It reads the table {} and returns its rows with the columns ugmm_row (their number) and\n-- {outputs}{more}.\n\
         -- Rows without the values that the model needs have NULL.\n--\n\
         -- sqlite3 tables.db < model.sql (SQLite 3.35 or newer, compiled with its mathematical functions)\n\
         -- duckdb tables.duckdb < model.sql (DuckDB, which can also read a file as table: \"rows.csv\")\n--\n\
         -- NULL, NaN and an empty text are missing values, and so is a text without a digit in place of a number or a date.\n\
         -- The table needs these columns:\n",
        one_line(&write::name(table)),
    );
    for column in &model.columns {
        let _ = writeln!(
            out,
            "-- {}: {}",
            one_line(&write::name(&column.name)),
            one_line(&columns::about(column))
        );
    }
    out
}

/// A text without ends of lines, which would end a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Whether a density predicts a number by a mixture of Gaussians, whose quantiles SQL does not compute.
fn is_mixture(body: &Body) -> bool {
    matches!(body, Body::Circuit(circuit) if matches!(circuit.target, Some(CircuitTarget::Number { .. })))
}
