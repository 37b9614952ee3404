//! Words for true and false.

use super::number;

/// The pairs of words, in small letters.
const PAIRS: [(&str, &str); 4] = [("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n")];

/// One bit for each of [`PAIRS`].
pub(super) const ALL_PAIRS: u8 = 0b1111;

/// The bits of the pairs that `text` is a word of, of all of them for the numbers 1 and 0, which go with any pair.
pub(super) fn pairs_or_numbers(text: &str) -> u8 {
    match pairs(text) {
        0 if parse(text).is_some() => ALL_PAIRS,
        pairs => pairs,
    }
}

/// The bits of the pairs that `text` is a word of.
pub(super) fn pairs(text: &str) -> u8 {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    let bit = |(index, &(yes, no)): (usize, &(&str, &str))| if is(yes) || is(no) { 1 << index } else { 0 };
    PAIRS.iter().enumerate().map(bit).sum()
}

/// 1 or 0 for a word of any pair, and for a text that is the number 1 or 0.
pub(super) fn parse(text: &str) -> Option<f64> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if PAIRS.iter().any(|&(yes, _)| is(yes)) {
        Some(1.0)
    } else if PAIRS.iter().any(|&(_, no)| is(no)) {
        Some(0.0)
    } else {
        number::plain(text).filter(|&number| number == 0.0 || number == 1.0)
    }
}

/// The other word of the pair that `text` is of, written as it is.
pub(super) fn opposite(text: &str) -> Option<String> {
    let words = PAIRS.iter().flat_map(|&(yes, no)| [(yes, no), (no, yes)]);
    let Some((_, other)) = words.into_iter().find(|(word, _)| text.eq_ignore_ascii_case(word)) else {
        // A number: `1.0` and `0.0`.
        let (digit, other) = if parse(text)? == 0.0 { ('0', "1") } else { ('1', "0") };
        return Some(text.replacen(digit, other, 1));
    };
    Some(match (text.chars().next().is_some_and(char::is_uppercase), text.chars().any(char::is_lowercase)) {
        (true, true) => other[..1].to_uppercase() + &other[1..],
        (true, false) => other.to_uppercase(),
        (false, _) => other.to_owned(),
    })
}
