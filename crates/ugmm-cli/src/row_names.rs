//! Columns that identify rows: the file's index, and columns that look like numbers or names of rows.

use crate::advice::list_option;
use crate::output::count;
use ugmm_data::frame::{Column, Kind, Numbering, Schema};

/// Number of rows below which distinct values in a column are not remarkable.
const FEWEST_ROWS: usize = 20;
/// Least number of digits of numbers that identify rows, if only their values suggest it.
const FEWEST_DIGITS: f64 = 5.0;
/// Largest fraction of such numbers that end in 0; rounded quantities have more.
const MOST_ROUND: f64 = 0.25;
/// Largest ratio of the squared number of rows to the number of values in a column's range for which distinct
/// values may be chance. n numbers drawn at random from m are distinct with probability e^(−n²/2m), which is
/// less than one in a hundred here (the birthday problem).
const LIKELY_PAIRS: f64 = 10.0;
/// Range of numbers that may be seconds since 1970.
const SECONDS: std::ops::Range<f64> = 9e8..2.2e9;
/// Range of years in dates that are written as numbers.
const YEARS: std::ops::Range<f64> = 1900.0..2100.0;
/// Words in the names of columns that identify rows.
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
/// Largest number of columns that are named.
const NAMED: usize = 6;

/// Remarks on the file's index, which is left out, and on columns that may identify rows, which are not: a
/// line each, with what to type to change this.
pub fn remarks(schema: &Schema, target: &str) -> String {
    let mut text = String::new();
    for column in &schema.index {
        let name = &column.name;
        let option = if column.kind == Kind::Categorical { "--categorical" } else { "--numeric" };
        text += &format!(
            "{name:?} is the index of the table according to the file, and is left out; to train on it: {option} \
             {name:?}\n"
        );
    }
    for column in &schema.columns {
        let (Some(format), name) = (compact_dates(column), &column.name) else { continue };
        text += &format!(
            "{name:?} is read as numbers, which look like dates; to read dates: --date-format \"{name}={format}\"\n"
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
            "{name:?} {why}; if it only identifies the rows, it has no information about new ones; to leave it out: {}\n",
            list_option("--ignore", [*name])
        );
    }
    if let Some(others) = suspects.get(NAMED..).filter(|others| !others.is_empty()) {
        let seem = if others.len() == 1 { "seems" } else { "seem" };
        text += &format!("{} {seem} to identify the rows, too\n", count(others.len(), "more column"));
    }
    text
}

/// Why a column may identify rows; `None` if it does not seem to.
fn why(column: &Column, rows: usize) -> Option<String> {
    let known = rows - column.missing;
    if known < FEWEST_ROWS {
        return None;
    }
    // The levels are unknown if there are too many.
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
                return Some("is named like a row number".to_owned());
            }
            let digits = |number: f64| number.abs().log10().floor();
            let of_one_length =
                *min > 0.0 && digits(*min) == digits(*max) && digits(*min) + 1.0 >= FEWEST_DIGITS;
            let is_time = SECONDS.contains(min) && SECONDS.contains(max);
            if all_differ && max - min <= (known * known) as f64 / LIKELY_PAIRS {
                return Some("has a different number in each row".to_owned());
            }
            let round = column.levels.iter().flatten().filter(|level| level.text.ends_with('0')).count();
            let is_rounded = round as f64 > MOST_ROUND * known as f64;
            (all_differ && of_one_length && !is_time && !is_rounded && compact_dates(column).is_none())
                .then(|| format!("has a different number of {} digits in each row", digits(*min) + 1.0))
        }
        Kind::Categorical if all_differ => Some("has a different text in each row".to_owned()),
        Kind::Categorical
            if is_called_so(&column.name) && values.is_some_and(|values| 2 * values > known) =>
        {
            Some("is named like an identifier of rows".to_owned())
        }
        _ => None,
    }
}

/// The format of `strftime` for numbers such as 20240229 or 202402, if all known values of the column are
/// such dates.
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

/// Whether a word in a name such as `customerId` or `order_id` suggests that the column identifies rows.
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
