//! Columns that name rows: what the file says to be its index, and what looks like a number or a name of each row.

use crate::advice::list_option;
use crate::output::count;
use ugmm_data::frame::{Column, Kind, Numbering, Schema};

/// Rows below which all values of a column may well differ.
const FEWEST_ROWS: usize = 20;
/// Digits that a number of a row has at least, where nothing but its values says that it is one.
const FEWEST_DIGITS: f64 = 5.0;
/// Share of such numbers that may end in 0; more do where quantities are rounded.
const MOST_ROUND: f64 = 0.25;
/// Squared rows for each number that a column can hold, beyond which equal numbers are to be expected: n rows of m numbers that are
/// drawn at random all differ with a probability of e^(−n²/2m), less than one in a hundred here (the birthday problem).
const LIKELY_PAIRS: f64 = 10.0;
/// Numbers that are seconds since 1970 in our times.
const SECONDS: std::ops::Range<f64> = 9e8..2.2e9;
/// Years of dates that are written as numbers.
const YEARS: std::ops::Range<f64> = 1900.0..2100.0;
/// Words in names of columns that name rows.
const WORDS: [&str; 15] = [
    "id",
    "ids",
    "uid",
    "uuid",
    "guid",
    "key",
    "pk",
    "index",
    "idx",
    "row",
    "rowid",
    "rownum",
    "nr",
    "identifier",
    "serial",
];
/// Columns that are named.
const NAMED: usize = 6;

/// What the file says to be its index, which is left out, and what may name rows, which is not: a line each, with what to type
/// otherwise.
pub fn remarks(schema: &Schema, target: &str) -> String {
    let mut text = String::new();
    for column in &schema.index {
        let name = &column.name;
        let option = if column.kind == Kind::Categorical { "--categorical" } else { "--numeric" };
        text += &format!(
            "{name:?} is the index of the table, by what the file says, and left out; to learn from it, say {option} \
             {name:?}\n"
        );
    }
    for column in &schema.columns {
        let (Some(format), name) = (compact_dates(column), &column.name) else { continue };
        text += &format!(
            "{name:?} is read as numbers, which look like dates; to read them so, say --date-format \"{name}={format}\"\n"
        );
    }
    let suspects: Vec<(&String, String)> = schema
        .columns
        .iter()
        .filter(|column| column.name != target && !schema.is_label(&column.name))
        .filter_map(|column| Some((&column.name, why(column, schema.rows)?)))
        .collect();
    for (name, why) in suspects.iter().take(NAMED) {
        text += &format!(
            "{name:?} {why}; if it only names the rows, it says nothing of new ones: leave it out with {}\n",
            list_option("--ignore", [*name])
        );
    }
    if let Some(others) = suspects.get(NAMED..).filter(|others| !others.is_empty()) {
        let seem = if others.len() == 1 { "seems" } else { "seem" };
        text += &format!("{} {seem} to name the rows, too\n", count(others.len(), "more column"));
    }
    text
}

/// Why a column may name rows, if it may.
fn why(column: &Column, rows: usize) -> Option<String> {
    let known = rows - column.missing;
    if known < FEWEST_ROWS {
        return None;
    }
    // None where they are too many to be kept.
    let values = column.levels.as_ref().map(Vec::len);
    let all_differ = values == Some(known);
    match &column.kind {
        Kind::Numeric { min, max, integers: true, .. } => {
            match column.numbering {
                Some(Numbering::Even { step: 1 }) => {
                    return Some(format!("counts the rows, from {min} to {max}"));
                }
                Some(Numbering::Even { step }) => {
                    return Some(format!("counts the rows in steps of {step}, from {min} to {max}"));
                }
                Some(Numbering::Growing) if compact_dates(column).is_none() => {
                    return Some("grows from row to row".to_owned());
                }
                _ => {}
            }
            let is_called = is_called_so(&column.name) && values.is_none_or(|values| 2 * values > known);
            if is_called {
                return Some("is called like a number of the row".to_owned());
            }
            let digits = |number: f64| number.abs().log10().floor();
            let of_one_length =
                *min > 0.0 && digits(*min) == digits(*max) && digits(*min) + 1.0 >= FEWEST_DIGITS;
            let is_time = SECONDS.contains(min) && SECONDS.contains(max);
            if all_differ && max - min <= (known * known) as f64 / LIKELY_PAIRS {
                return Some("has another number in each row".to_owned());
            }
            let round = column.levels.iter().flatten().filter(|level| level.text.ends_with('0')).count();
            let is_rounded = round as f64 > MOST_ROUND * known as f64;
            (all_differ && of_one_length && !is_time && !is_rounded && compact_dates(column).is_none())
                .then(|| format!("has another number of {} digits in each row", digits(*min) + 1.0))
        }
        Kind::Categorical if all_differ => Some("has another text in each row".to_owned()),
        Kind::Categorical
            if is_called_so(&column.name) && values.is_some_and(|values| 2 * values > known) =>
        {
            Some("is called like a name of the row".to_owned())
        }
        _ => None,
    }
}

/// The format of `strftime` that the numbers of a column are dates in, such as 20240229 or 202402, as far as its values are known.
fn compact_dates(column: &Column) -> Option<&'static str> {
    let Kind::Numeric { min, max, integers: true, .. } = column.kind else { return None };
    let is_month = |number: f64| {
        let (year, month) = ((number / 100.0).floor(), number % 100.0);
        YEARS.contains(&year) && (1.0..13.0).contains(&month)
    };
    let is_day = |number: f64| is_month((number / 100.0).floor()) && (1.0..=31.0).contains(&(number % 100.0));
    let all_are = |is_date: &dyn Fn(f64) -> bool| {
        let mut levels = column.levels.iter().flatten();
        is_date(min) && is_date(max) && levels.all(|level| level.text.parse().is_ok_and(is_date))
    };
    let formats: [(&dyn Fn(f64) -> bool, _); 2] = [(&is_day, "%Y%m%d"), (&is_month, "%Y%m")];
    formats.into_iter().find(|(is_date, _)| all_are(is_date)).map(|(_, format)| format)
}

/// Whether one of the words of a name, such as `customerId` or `order_id`, says that it names rows.
fn is_called_so(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for character in name.chars() {
        let begins = character.is_uppercase() && before.is_lowercase();
        if begins || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.iter().any(|word| WORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_identifiers_are_told_from_others() {
        for name in
            ["id", "ID", "customer_id", "CustomerId", "customerID", "Row", "order-id", "uuid", "Patient ID"]
        {
            assert!(is_called_so(name), "{name}");
        }
        for name in ["width", "humidity", "paid", "idea", "monkey", "kid", "rows_before", "valid"] {
            assert!(!is_called_so(name), "{name}");
        }
    }
}
