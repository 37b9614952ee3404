//! How the numbers of a column are written: the decimal mark, groups of thousands, words for true and false, and a unit.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::boolean;
use super::number::{self, DecimalMark, MINUS, Refused};

/// Signs that stand before or after numbers.
const UNITS: &str = "%‰$€£¥₹₽₩₺₴₪₫฿₦₱";

/// How the numbers of a column are written: by default with a decimal point and without groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NumberFormat {
    /// The decimal mark.
    pub mark: DecimalMark,
    /// Whether digits may be grouped by thousands.
    pub grouped: bool,
    /// Whether words for true and false stand for 1 and 0: the column had no other numbers when this format was inferred.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truth: bool,
    /// The sign that may stand before or after a number, such as `%` or `€`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<char>,
}

impl NumberFormat {
    /// `text` without the unit of this format, if it has one.
    pub(super) fn without_unit(self, text: &str) -> Cow<'_, str> {
        let own = self.unit.and_then(|unit| split_sign(text).filter(|(_, found)| *found == unit));
        own.map_or(text.into(), |(number, _)| number)
    }

    /// The number that `text`, without blanks around it, is in this format.
    pub(super) fn parse(self, text: &str) -> Result<f64, Refused> {
        let text = self.without_unit(text);
        match number::parse(&text, self.mark) {
            Err(Refused::NotANumber) if self.truth => boolean::parse(&text).ok_or(Refused::NotANumber),
            Ok(number) if number.groups.is_some() && !self.grouped => Err(Refused::NotANumber),
            number => Ok(number?.value),
        }
    }
}

/// The number and the sign of [`UNITS`] that `text` is made of; none where there is no such sign.
pub(super) fn split_sign(text: &str) -> Option<(Cow<'_, str>, char)> {
    let (number, unit) = split_unit(text)?;
    let mut characters = unit.chars();
    let sign = characters.next().filter(|sign| UNITS.contains(*sign))?;
    characters.next().is_none().then_some((number, sign))
}

/// The number in a text that has a unit behind it, such as `217 kg`, or one of [`UNITS`] before it, and nothing else.
pub(super) fn number_with_unit(text: &str) -> Option<Cow<'_, str>> {
    let (number, _) = split_unit(text)?;
    let is_number = |mark| number::parse(&number, mark).is_ok();
    (is_number(DecimalMark::Point) || is_number(DecimalMark::Comma)).then_some(number)
}

/// The rest of a text and its unit: one of [`UNITS`] at the beginning, or the text after the last digit.
fn split_unit(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (sign, unsigned) = match text.strip_prefix(['-', MINUS]) {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    if let Some(unit) = unsigned.chars().next().filter(|first| UNITS.contains(*first)) {
        let (unit, rest) = unsigned.split_at(unit.len_utf8());
        let rest = rest.trim_start();
        return Some((if sign.is_empty() { rest.into() } else { format!("{sign}{rest}").into() }, unit));
    }
    let end = text.rfind(|character: char| character.is_ascii_digit() || ".,".contains(character))? + 1;
    let (number, unit) = (&text[..end], text[end..].trim_start());
    (!unit.is_empty()).then_some((number.into(), unit))
}

/// Whether all texts are numbers with one decimal mark, and with one sign before or after them or none. A text with zeros in front
/// and without a sign is the name of a thing.
pub(super) fn are_numbers(texts: &[&str]) -> bool {
    let unit = texts.iter().find_map(|text| split_sign(text).map(|(_, unit)| unit));
    let is_number = |text: &str, mark| {
        let format = NumberFormat { mark, grouped: true, unit, ..NumberFormat::default() };
        let is_name =
            text.strip_prefix('0').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        !(is_name && unit.is_none()) && format.parse(text).is_ok()
    };
    [DecimalMark::Point, DecimalMark::Comma]
        .into_iter()
        .any(|mark| texts.iter().all(|text| is_number(text, mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_units_are_left_out_where_the_format_has_them() {
        for (text, unit, number) in [
            ("10%", '%', Ok(10.0)),
            ("10 %", '%', Ok(10.0)),
            ("10", '%', Ok(10.0)),
            ("-$1,234.50", '$', Ok(-1234.5)),
            ("€ 5", '€', Ok(5.0)),
            ("5 €", '$', Err(Refused::NotANumber)),
            ("%", '%', Err(Refused::NotANumber)),
        ] {
            let format = NumberFormat { grouped: true, unit: Some(unit), ..NumberFormat::default() };
            assert_eq!(format.parse(text), number, "{text:?}");
        }
        assert!(
            are_numbers(&["10%", "5 %", "0"])
                && are_numbers(&["10,00 €", "1.234,50 €"])
                && are_numbers(&["1.5", "0.5", "0"])
        );
        assert!(
            !are_numbers(&["10%", "5 €"])
                && !are_numbers(&["007", "12"])
                && !are_numbers(&["1.5", "1,5"])
                && !are_numbers(&["x", "1"])
        );
    }

    #[test]
    fn numbers_are_told_from_their_units() {
        for (text, number) in [
            ("217 kg", "217"),
            ("10%", "10"),
            ("20,00 €", "20,00"),
            ("-$1,204.5", "-1,204.5"),
            ("$ -3", "-3"),
            ("1e-3 m", "1e-3"),
        ] {
            assert_eq!(number_with_unit(text).as_deref(), Some(number), "{text}");
        }
        for text in ["217", "kg", "a1", "10-20", "<=50K", "", "2021-03-04", "%"] {
            assert_eq!(number_with_unit(text), None, "{text}");
        }
    }
}
