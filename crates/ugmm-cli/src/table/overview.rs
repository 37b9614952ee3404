//! What the columns of a file hold, as a table to look at.

use crate::output::table;
use ugmm_data::frame::{Column, Kind, Schema};

/// Columns up to which each gets a line.
const MOST_LINES: usize = 40;
/// Levels of a category that are named.
const NAMED_LEVELS: usize = 5;

/// A line for each column; of a file with very many, how many there are of each kind.
pub fn overview(schema: &Schema, target: &str) -> String {
    let kinds: Vec<&str> = schema.columns.iter().map(|column| kind(column, target)).collect();
    if kinds.len() <= MOST_LINES {
        let mut rows = vec![["column", "taken as", "missing", "values"].map(String::from).to_vec()];
        for (column, kind) in schema.columns.iter().zip(kinds) {
            let missing =
                if column.kind == Kind::Ignored { "–".into() } else { column.missing.to_string() };
            rows.push(vec![column.name.clone(), kind.into(), missing, values(column)]);
        }
        return table(&rows);
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for kind in kinds {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
    format!("{} columns: {}\n", schema.columns.len(), counts.join(", "))
}

fn kind(column: &Column, target: &str) -> &'static str {
    if column.name == target {
        return "target";
    }
    match column.kind {
        Kind::Numeric { .. } => "number",
        Kind::Boolean => "true or false",
        Kind::Date { .. } => "date",
        Kind::Categorical => "category",
        Kind::Constant => "left out: constant",
        Kind::Ignored => "left out: ignored",
    }
}

fn values(column: &Column) -> String {
    match &column.kind {
        Kind::Numeric { min, max, .. } => format!("{min} to {max}"),
        Kind::Date { min, max } => format!("{min} to {max} days since 1970-01-01"),
        Kind::Ignored => String::new(),
        Kind::Boolean | Kind::Categorical | Kind::Constant => {
            let levels = column.levels.as_deref().unwrap_or_default();
            let mut named: Vec<&str> =
                levels.iter().take(NAMED_LEVELS).map(|level| level.text.as_str()).collect();
            let more = format!("and {} more", levels.len().saturating_sub(NAMED_LEVELS));
            if levels.len() > NAMED_LEVELS {
                named.push(&more);
            }
            named.join(", ")
        }
    }
}
