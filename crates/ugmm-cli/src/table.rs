//! What the columns of a file hold, as a table to look at.

use crate::output::table;
use ugmm_data::frame::{Column, Kind, Schema};

/// Columns up to which each gets a line.
const MOST_LINES: usize = 40;
/// Characters of a column's values that are shown.
const LONGEST_VALUES: usize = 48;
/// Levels of a category that are named.
const NAMED_LEVELS: usize = 5;
/// Share of a category's levels that may be something else than numbers in a column that was probably meant to be one of
/// numbers.
const MOSTLY_NUMBERS: f64 = 0.2;

/// A line for each column; of a file with very many, how many there are of each kind.
pub fn overview(schema: &Schema, target: &str) -> String {
    let kinds: Vec<&str> = schema.columns.iter().map(|column| kind(column, target)).collect();
    if kinds.len() <= MOST_LINES {
        let mut rows = vec![["column", "taken as", "missing", "values"].map(String::from).to_vec()];
        for (column, kind) in schema.columns.iter().zip(kinds) {
            let missing =
                if column.kind == Kind::Ignored { "–".into() } else { column.missing.to_string() };
            // The last column needs no alignment.
            rows.push(vec![column.name.clone(), kind.into(), missing, values(column)]);
        }
        return left_aligned_last(rows);
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

/// The table with its last column to the left, as text is read.
fn left_aligned_last(mut rows: Vec<Vec<String>>) -> String {
    let values: Vec<String> = rows.iter_mut().filter_map(Vec::pop).collect();
    let lines = table(&rows);
    let lines: Vec<&str> = lines.lines().collect();
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let line =
        |(line, values): (&&str, &String)| format!("{}\n", format!("{line:<width$}   {values}").trim_end());
    lines.iter().zip(&values).map(line).collect()
}

/// A line for each category whose levels are numbers but for a few: probably a column of numbers with something wrong.
pub fn doubts(schema: &Schema, target: &str) -> String {
    let mut text = String::new();
    for column in
        schema.columns.iter().filter(|column| column.kind == Kind::Categorical && column.name != target)
    {
        let levels = column.levels.as_deref().unwrap_or_default();
        let is_number = |text: &str| text.parse::<f64>().is_ok();
        let others: Vec<&str> =
            levels.iter().map(|level| level.text.as_str()).filter(|text| !is_number(text)).collect();
        if let [first, ..] = others[..]
            && others.len() as f64 <= MOSTLY_NUMBERS * levels.len() as f64
        {
            let name = &column.name;
            text += &format!(
                "{name:?} is taken as a category, because {first:?} is not a number; if it should be one, see with \
                 --numeric {name:?}; if it marks a missing value, say --na {first:?}\n"
            );
        }
    }
    text
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
        Kind::Constant if column.levels.as_ref().is_some_and(Vec::is_empty) => "left out: empty",
        Kind::Constant => "left out: constant",
        Kind::Ignored => "left out: ignored",
    }
}

fn values(column: &Column) -> String {
    match &column.kind {
        Kind::Numeric { min, max, .. } => format!("{} to {}", short(*min), short(*max)),
        Kind::Date { min, max } => format!("{} to {}", column.text_of(*min), column.text_of(*max)),
        Kind::Ignored => String::new(),
        Kind::Boolean | Kind::Categorical | Kind::Constant => {
            let levels = column.levels.as_deref().unwrap_or_default();
            let mut named: Vec<&str> =
                levels.iter().take(NAMED_LEVELS).map(|level| level.text.as_str()).collect();
            let more = format!("and {} more", levels.len().saturating_sub(NAMED_LEVELS));
            if levels.len() > NAMED_LEVELS {
                named.push(&more);
            }
            cut(&named.join(", "))
        }
    }
}

/// A number with at most six digits that count.
fn short(number: f64) -> String {
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

/// A text with at most so many characters that a line of the table fits a terminal.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUES) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
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
}
