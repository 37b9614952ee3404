//! Words for true and false.

use super::number;

/// The pairs of words, in small letters.
const PAIRS: [(&str, &str); 4] = [("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n")];

/// One bit for each of [`PAIRS`].
pub(super) const ALL_PAIRS: u8 = 0b1111;

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
