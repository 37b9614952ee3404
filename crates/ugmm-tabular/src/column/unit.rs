//! Columns of numbers with a unit, which are read as texts.

use crate::remedy::Remedy;
use ugmm_data::frame::Column;

/// Share of a column's different texts that have a unit, at least.
const MOST: f64 = 0.8;
/// What may stand before a number.
const CURRENCIES: [char; 4] = ['$', '€', '£', '¥'];

/// What makes numbers of a column of texts such as `217 kg`, with the first of them as an example; `None` for other columns.
#[must_use]
pub fn without_unit(column: &Column) -> Option<Remedy> {
    let levels = column.levels.as_deref().unwrap_or_default();
    let numbers: Vec<(&str, &str)> = levels
        .iter()
        .filter_map(|level| Some((level.text.as_str(), number_before_unit(level.text.trim())?)))
        .collect();
    let (text, number) = numbers.first()?;
    let is_most = numbers.len() as f64 >= MOST * levels.len() as f64;
    is_most.then(|| Remedy::WithoutUnit { written: (*text).to_owned(), number: (*number).to_owned() })
}

/// The number in a text that has a unit behind it, or the sign of a currency before it, and nothing else.
fn number_before_unit(text: &str) -> Option<&str> {
    let is_sign = |mark: char| matches!(mark, '-' | '+' | '−');
    let start = text.find(|mark: char| mark.is_ascii_digit())?;
    let end = text.rfind(|mark: char| mark.is_ascii_digit())? + 1;
    let (before, after) = (text[..start].trim_end_matches(is_sign), &text[end..]);
    let is_number = text[start..end].chars().all(|mark| mark.is_ascii_digit() || ".,' \u{a0}".contains(mark));
    let is_currency = before.chars().all(|mark| CURRENCIES.contains(&mark) || mark == ' ');
    let has_unit = !before.trim().is_empty() || !after.trim().is_empty();
    (is_number && is_currency && has_unit).then(|| text[before.len()..end].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_their_units() {
        for (text, number) in
            [("217 kg", "217"), ("10%", "10"), ("20,00 €", "20,00"), ("-$1,204.5", ""), ("$ -3", "-3")]
        {
            assert_eq!(number_before_unit(text).unwrap_or_default(), number, "{text}");
        }
        for text in ["217", "kg", "a1", "10-20", "<=50K", "", "2021-03-04"] {
            assert_eq!(number_before_unit(text), None, "{text}");
        }
    }
}
