//! The values of a row: numbers and indices of states, NULL where one is missing.

use super::write::{self as sql, Tables};
use crate::portable::{Column, Kind, PortableModel, States};

/// Words for true and false, in small letters.
const TRUE: [&str; 6] = ["true", "t", "yes", "y", "1", "1.0"];
const FALSE: [&str; 6] = ["false", "f", "no", "n", "0", "0.0"];

/// Adds the table `ugmm_values(ugmm_row, c0, c1, …, log_share)`; log_share is the logarithm of the shares of rare levels.
pub fn write(tables: &mut Tables, model: &PortableModel) {
    let names: String = (0..model.columns.len()).map(|index| format!("c{index}, ")).collect();
    let values: String = model.columns.iter().map(|column| format!("{},\n  ", value(column))).collect();
    let shares: Vec<String> = model.columns.iter().filter_map(log_share).collect();
    let shares = if shares.is_empty() { sql::number(0.0) } else { shares.join("\n  + ") };
    tables.add(
        &format!("ugmm_values(ugmm_row, {names}log_share)"),
        &format!("SELECT ugmm_row, {values}{shares}\n  FROM ugmm_rows"),
    );
}

/// What a column may hold, for people.
pub fn about(column: &Column) -> String {
    let kind = match column.kind {
        Kind::Date => "date as in 2024-02-29, perhaps with a time, or a number of days since 1970-01-01; ",
        Kind::Month => "month as in 2024-02, or its first day, or the number of days from 1970-01-01 to it; ",
        Kind::Number | Kind::Truth | Kind::Category => "",
    };
    format!("{kind}{}", column.values)
}

/// The expression of a value.
fn value(column: &Column) -> String {
    // The name of the table is there because SQLite reads a name that it does not know as a text.
    let cell = format!("ugmm_rows.{}", sql::name(&column.name));
    let text = text_of(column);
    match (&column.states, column.kind) {
        (Some(states), kind) => state(states, kind, &text),
        // An empty text and NaN have no digit; SQLite would read them as 0.
        (None, Kind::Number | Kind::Truth | Kind::Category) => {
            format!("CASE WHEN {text} GLOB '*[0-9]*' THEN CAST({cell} AS DOUBLE) END")
        }
        (None, Kind::Date | Kind::Month) => date(&text),
    }
}

/// The text of a value without blanks around it.
fn text_of(column: &Column) -> String {
    format!("trim(CAST(ugmm_rows.{} AS VARCHAR))", sql::name(&column.name))
}

/// Days since 1970-01-01 of a date, a date with a time, a month, or a number of days; both databases have different
/// functions for them.
fn date(text: &str) -> String {
    let part = |from: usize, length: usize| format!("CAST(substr({text}, {from}, {length}) AS INTEGER)");
    let (year, month) = (part(1, 4), part(6, 2));
    let days = |day: &str| {
        // Years begin with March, so that the day that not all years have is the last.
        let year = format!("({year} - CASE WHEN {month} < 3 THEN 1 ELSE 0 END)");
        let month = format!("({month} + CASE WHEN {month} < 3 THEN 9 ELSE -3 END)");
        format!(
            "365e0 * {year} + floor({year} / 4e0) - floor({year} / 1e2) + floor({year} / 4e2) + floor((153 * {month} + 2) / 5e0) + {day} - 719469e0"
        )
    };
    let (hour, minute) = (part(12, 2), part(15, 2));
    let second =
        format!("CASE WHEN length({text}) > 18 THEN CAST(substr({text}, 18, 9) AS DOUBLE) ELSE 0e0 END");
    let day = part(9, 2);
    format!(
        "CASE WHEN {text} LIKE '____-__-__' THEN {}\n    WHEN {text} LIKE '____-__-___%:__%' THEN {} + {hour} / 24e0 + {minute} / 1440e0 + {second} / 86400e0\n    \
         WHEN {text} LIKE '____-__' THEN {}\n    WHEN {text} GLOB '*[0-9]*' THEN CAST({text} AS DOUBLE) END",
        days(&day),
        days(&day),
        days("1"),
    )
}

/// The expression of a state.
fn state(states: &States, kind: Kind, text: &str) -> String {
    if kind == Kind::Truth {
        let list = |words: [&str; 6]| words.map(sql::text).join(", ");
        return format!(
            "CASE WHEN lower({text}) IN ({}) THEN 0 WHEN lower({text}) IN ({}) THEN 1 END",
            list(FALSE),
            list(TRUE)
        );
    }
    let known: String = texts(states)
        .into_iter()
        .map(|(text, level)| format!(" WHEN {} THEN {}", sql::text(&text), states.levels[level].state))
        .collect();
    let other = states.unseen.map_or(String::new(), |state| format!(" ELSE {state}"));
    match (known.is_empty(), states.unseen) {
        (false, _) => format!("CASE WHEN {text} <> '' THEN CASE {text}{known}{other} END END"),
        (true, Some(state)) => format!("CASE WHEN {text} <> '' THEN {state} END"),
        (true, None) => "CAST(NULL AS INTEGER)".into(),
    }
}

/// The texts of levels with the places of the levels. A database may have whole numbers as numbers with a point, and
/// words for true and false as truth values, which become other texts than those of the table that the model knows.
fn texts(states: &States) -> Vec<(String, usize)> {
    let levels = &states.levels;
    let mut all: Vec<(String, usize)> =
        levels.iter().enumerate().map(|(place, level)| (level.text.clone(), place)).collect();
    let mut more = Vec::new();
    for (place, level) in levels.iter().enumerate() {
        if let Ok(whole) = level.text.parse::<i64>() {
            more.push((format!("{whole}.0"), place));
        }
    }
    let truth = |text: &str| {
        let word = text.to_lowercase();
        [FALSE, TRUE].iter().position(|words| words.contains(&word.as_str()))
    };
    if let [first, second] = &levels[..]
        && let (Some(first), Some(second)) = (truth(&first.text), truth(&second.text))
        && first != second
    {
        let [no, yes] = if first == 0 { [0, 1] } else { [1, 0] };
        more.extend(
            [("false", no), ("0", no), ("true", yes), ("1", yes)]
                .map(|(text, place)| (text.to_owned(), place)),
        );
    }
    for (text, place) in more {
        if all.iter().all(|(known, _)| *known != text) {
            all.push((text, place));
        }
    }
    all
}

/// The logarithm of the share of a rare level among the rows of its state; `None` for a column without rare levels.
fn log_share(column: &Column) -> Option<String> {
    let states = column.states.as_ref()?;
    let rare: String = texts(states)
        .into_iter()
        .filter(|&(_, level)| states.levels[level].log_share != 0.0)
        .map(|(text, level)| {
            format!(" WHEN {} THEN {}", sql::text(&text), sql::number(states.levels[level].log_share))
        })
        .collect();
    (!rare.is_empty()).then(|| format!("CASE {}{rare} ELSE 0e0 END", text_of(column)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portable::Level;

    fn states(texts: &[&str], unseen: Option<usize>) -> States {
        let level = |(state, text): (usize, &&str)| Level { text: (*text).to_owned(), state, log_share: 0.0 };
        States { count: texts.len(), levels: texts.iter().enumerate().map(level).collect(), unseen }
    }

    #[test]
    fn levels_are_found_by_what_databases_make_of_them() {
        let found = texts(&states(&["True", "False"], None));
        let also =
            [("false", 1), ("0", 1), ("true", 0), ("1", 0)].map(|(text, place)| (text.to_owned(), place));
        assert_eq!(found[2..], also);
        assert_eq!(texts(&states(&["3", "3.0"], None)).len(), 2);
        assert_eq!(texts(&states(&["3", "x"], None))[2], ("3.0".to_owned(), 0));
    }

    #[test]
    fn an_unseen_text_is_missing_or_the_state_of_others() {
        let missing = state(&states(&["d'or"], None), Kind::Category, "t");
        assert_eq!(missing, "CASE WHEN t <> '' THEN CASE t WHEN 'd''or' THEN 0 END END");
        let other = state(&states(&["a"], Some(1)), Kind::Category, "t");
        assert_eq!(other, "CASE WHEN t <> '' THEN CASE t WHEN 'a' THEN 0 ELSE 1 END END");
    }
}
