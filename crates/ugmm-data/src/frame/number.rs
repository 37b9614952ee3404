//! Numbers as people write them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Largest integer up to which an `f64` holds all integers, 2^53.
const EXACT_INTEGER: u64 = 1 << 53;
/// Digits that every integer below [`EXACT_INTEGER`] may have.
const EXACT_DIGITS: usize = 15;

/// The mark before the fraction of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecimalMark {
    /// As in `3.14`; thousands may be grouped by commas, blanks or apostrophes.
    #[default]
    Point,
    /// As in `3,14`; thousands may be grouped by points, blanks or apostrophes.
    Comma,
}

impl DecimalMark {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Point => Self::Comma,
            Self::Comma => Self::Point,
        }
    }

    /// The mark in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

/// The mark between groups of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thousands {
    /// Nothing: digits are not grouped.
    Nothing,
    /// As in `1,234`; the decimal mark is a point.
    Comma,
    /// As in `1.234`; the decimal mark is a comma.
    Point,
    /// As in `1 234`, with an ordinary, narrow or no-break space.
    Blank,
    /// As in `1'234`.
    Apostrophe,
}

impl Thousands {
    fn of(character: char) -> Option<Self> {
        match character {
            ',' => Some(Self::Comma),
            '.' => Some(Self::Point),
            ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' => Some(Self::Blank),
            '\'' | '\u{2019}' => Some(Self::Apostrophe),
            _ => None,
        }
    }

    /// The marks in words.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Nothing => "no marks",
            Self::Comma => "commas",
            Self::Point => "points",
            Self::Blank => "blanks",
            Self::Apostrophe => "apostrophes",
        }
    }

    /// The decimal mark of numbers with these groups; none if both marks are possible.
    pub(super) fn decimal_mark(self) -> Option<DecimalMark> {
        match self {
            Self::Comma => Some(DecimalMark::Point),
            Self::Point => Some(DecimalMark::Comma),
            Self::Nothing | Self::Blank | Self::Apostrophe => None,
        }
    }
}

/// Why a text is no number to compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    NotANumber,
    /// An infinity, or NaN where it does not mark a missing value.
    NotFinite,
    TooLarge,
    /// An integer beyond ±2^53.
    Inexact,
}

/// A finite number, and the mark between groups of its digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) groups: Option<Thousands>,
}

/// The minus sign of typesetters, which stands for a hyphen.
pub(super) const MINUS: char = '\u{2212}';

/// The number that `text`, without blanks around it, is.
pub(super) fn parse(text: &str, mark: DecimalMark) -> Result<Number, Refused> {
    match mark {
        DecimalMark::Point if is_plain(text) => ungrouped(text),
        _ if !text.is_ascii() && text.contains(MINUS) => parse(&text.replace(MINUS, "-"), mark),
        DecimalMark::Point => match without_groups(text, ',', '.') {
            Some((digits, groups)) => Ok(Number { groups: Some(groups), ..ungrouped(&digits)? }),
            None => Err(word(text)),
        },
        DecimalMark::Comma => with_decimal_comma(text),
    }
}

/// The only decimal mark with which `text` is a number; `None` where it is a number with both or with none.
pub(super) fn only_mark(text: &str) -> Option<DecimalMark> {
    match (parse(text, DecimalMark::Point), parse(text, DecimalMark::Comma)) {
        (Ok(_), Err(Refused::NotANumber)) => Some(DecimalMark::Point),
        (Err(Refused::NotANumber), Ok(_)) => Some(DecimalMark::Comma),
        _ => None,
    }
}

/// Whether `text` is one number with a decimal point and another with a decimal comma, as `1.234` is.
pub(super) fn depends_on_mark(text: &str) -> bool {
    // Only a mark before three digits can be either.
    let may_depend = text.len() > 4 && matches!(text.as_bytes()[text.len() - 4], b'.' | b',');
    let value = |mark| parse(text, mark).map(|number| number.value);
    match (may_depend, may_depend.then(|| (value(DecimalMark::Point), value(DecimalMark::Comma)))) {
        (true, Some((Ok(point), Ok(comma)))) => point != comma,
        _ => false,
    }
}

/// The number that a text which may be a label, a category or a mark of missing values stands for, so that `1`, `1.0` and
/// `1,0` are one: without groups, which could be decimals, and without zeros in front, which names of things have.
pub(super) fn plain(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-', MINUS]).unwrap_or(text);
    let mut first = digits.bytes();
    match (first.next()?, first.next()) {
        (b'0', Some(b'0'..=b'9')) => return None,
        (b'0'..=b'9' | b'.' | b',', _) => {}
        _ => return None,
    }
    let ungrouped = |mark| parse(text, mark).ok().filter(|number| number.groups.is_none());
    // No -0.
    let number = ungrouped(DecimalMark::Point).or_else(|| ungrouped(DecimalMark::Comma))?;
    Some(number.value + 0.0)
}

/// The number that an integer of a Parquet file is.
pub(super) fn from_integer(integer: i128) -> Result<f64, Refused> {
    if integer.unsigned_abs() > u128::from(EXACT_INTEGER) {
        Err(Refused::Inexact)
    } else {
        Ok(integer as f64)
    }
}

/// The number that a float of a Parquet file is.
pub(super) fn from_float(float: f64) -> Result<f64, Refused> {
    if float.is_finite() { Ok(float) } else { Err(Refused::NotFinite) }
}

fn with_decimal_comma(text: &str) -> Result<Number, Refused> {
    if let Some((digits, groups)) = without_groups(text, '.', ',') {
        return Ok(Number { groups: Some(groups), ..ungrouped(&digits)? });
    }
    // Points would be a fraction to the parser of Rust.
    if text.contains('.') || text.matches(',').count() > 1 {
        return Err(word(text));
    }
    let text: Cow<str> = if text.contains(',') { text.replace(',', ".").into() } else { text.into() };
    if is_plain(&text) { ungrouped(&text) } else { Err(word(&text)) }
}

/// Whether only characters of a number without groups occur. Rust's parser would accept `inf` and `nan` as well.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
}

fn ungrouped(text: &str) -> Result<Number, Refused> {
    let value: f64 = text.parse().map_err(|_| Refused::NotANumber)?;
    if value.is_infinite() {
        return Err(Refused::TooLarge);
    }
    if text.len() > EXACT_DIGITS {
        let digits = text.trim_start_matches(['+', '-']);
        let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a u64 has are too many unless they are zeros in front, which no `parse` minds.
        if is_integer && digits.parse().map_or(true, |integer: u64| integer > EXACT_INTEGER) {
            return Err(Refused::Inexact);
        }
    }
    Ok(Number { value, groups: None })
}

/// `text` with a decimal point and without the separators between groups of three digits, if it has any, and what these are.
fn without_groups(text: &str, separator: char, mark: char) -> Option<(String, Thousands)> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match unsigned.split_once(mark) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let of_either =
        |character: char| Thousands::of(character).is_some_and(|groups| groups.decimal_mark().is_none());
    let separator = whole.chars().find(|&character| character == separator || of_either(character))?;
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    // Nobody groups by thousands what begins with 0: `0.123` is a decimal.
    if !(1..=3).contains(&first.len()) || !all_digits(first) || first.starts_with('0') {
        return None;
    }
    let mut plain = format!("{sign}{first}");
    for group in groups {
        if group.len() != 3 || !all_digits(group) {
            return None;
        }
        plain.push_str(group);
    }
    if let Some(fraction) = fraction {
        if !all_digits(fraction) {
            return None;
        }
        plain.push('.');
        plain.push_str(fraction);
    }
    Some((plain, Thousands::of(separator)?))
}

/// Why a text that is not written like a number is none.
fn word(text: &str) -> Refused {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let words = ["inf", "infinity", "nan"];
    if words.iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        Refused::NotFinite
    } else {
        Refused::NotANumber
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(text: &str) -> Result<f64, Refused> {
        parse(text, DecimalMark::Point).map(|number| number.value)
    }

    fn comma(text: &str) -> Result<f64, Refused> {
        parse(text, DecimalMark::Comma).map(|number| number.value)
    }

    #[test]
    fn numbers_with_points() {
        for (text, value) in [
            ("5", 5.0),
            ("+5", 5.0),
            ("-2.5e-3", -0.0025),
            (".5", 0.5),
            ("5.", 5.0),
            ("1,234", 1234.0),
            ("-1,234,567.25", -1_234_567.25),
            ("1 234", 1234.0),
            ("1\u{a0}234\u{a0}567", 1_234_567.0),
            ("1\u{202f}234.5", 1234.5),
            ("1'234'567.5", 1_234_567.5),
            ("1\u{2019}234", 1234.0),
            ("9007199254740992", 9_007_199_254_740_992.0),
            ("0000000000000000000000001", 1.0),
            ("12345678901234567.5", 12_345_678_901_234_568.0),
            ("\u{2212}2.5e\u{2212}3", -0.0025),
        ] {
            assert_eq!(point(text), Ok(value), "{text:?}");
        }
    }

    #[test]
    fn numbers_with_decimal_commas() {
        for (text, value) in [
            ("5", 5.0),
            ("3,25", 3.25),
            ("-,5", -0.5),
            ("2,5e-3", 0.0025),
            ("1.234", 1234.0),
            ("1.234,5", 1234.5),
            ("1 234,5", 1234.5),
            ("1'234,5", 1234.5),
            ("0,123", 0.123),
        ] {
            assert_eq!(comma(text), Ok(value), "{text:?}");
        }
    }

    #[test]
    fn texts_that_are_no_numbers() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1_234",
            "0x10",
            "12,34",
            "1,2345",
            ",123",
            "1234,567",
            "1, 234",
            "0,123",
            "012,345",
            "1,234 567",
            "1,234e5",
            "1 2",
            "1  234",
            "5 %",
            "--5",
            "1.2.3",
            "١",
        ] {
            assert_eq!(point(text), Err(Refused::NotANumber), "{text:?}");
        }
        for text in ["", ",", "1,2,3", "3.14", "1.234.5", "1,234.5", "0.123", "x,y"] {
            assert_eq!(comma(text), Err(Refused::NotANumber), "{text:?}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_held() {
        for text in ["inf", "-Infinity", "+nan"] {
            assert_eq!(
                (point(text), comma(text)),
                (Err(Refused::NotFinite), Err(Refused::NotFinite)),
                "{text:?}"
            );
        }
        assert_eq!(point("-1e400"), Err(Refused::TooLarge));
        for text in ["9007199254740993", "-12345678901234567890123", "9,007,199,254,740,993"] {
            assert_eq!(point(text), Err(Refused::Inexact), "{text:?}");
        }
        assert_eq!(from_integer(1 << 53), Ok(EXACT_INTEGER as f64));
        assert_eq!(from_integer(-(1 << 53) - 1), Err(Refused::Inexact));
    }

    #[test]
    fn texts_that_stand_for_a_number() {
        for (text, number) in [
            ("1", Some(1.0)),
            ("1.0", Some(1.0)),
            ("1,00", Some(1.0)),
            ("-0", Some(0.0)),
            ("0.50", Some(0.5)),
            ("1e3", Some(1000.0)),
            ("1.234", Some(1.234)),
            ("007", None),
            ("1'234", None),
            ("inf", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(plain(text), number, "{text:?}");
        }
        let depends = |text| depends_on_mark(text);
        assert!(
            depends("1.234")
                && depends("-12,345")
                && !depends("0.123")
                && !depends("1 234")
                && !depends("é.12")
        );
        assert_eq!(only_mark("5.84"), Some(DecimalMark::Point));
        assert_eq!(only_mark("0,123"), Some(DecimalMark::Comma));
        assert_eq!(["1.234", "5", "x"].map(only_mark), [None; 3]);
    }
}
