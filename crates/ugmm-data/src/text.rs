//! A training text, part of the program, and texts as numbers.

use crate::digits::unpacked;
use std::collections::BTreeSet;

const PARADISE_LOST: &[u8] = include_bytes!("../data/paradise-lost.txt.gz");

/// John Milton's *Paradise Lost* (1667), which is in the public domain: 456,756 characters of ASCII.
///
/// ```
/// let text = ugmm_data::paradise_lost();
/// assert!(text.starts_with("Book I\n\nOf Man's first disobedience"));
/// ```
#[must_use]
pub fn paradise_lost() -> String {
    unpacked(PARADISE_LOST)
}

/// A text as the numbers of its characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedText {
    /// The characters that occur, in order; the number of one is its place here.
    pub alphabet: Vec<char>,
    /// The text.
    pub numbers: Vec<usize>,
}

impl EncodedText {
    /// Encodes a text by its own alphabet.
    ///
    /// ```
    /// let text = ugmm_data::EncodedText::of("abba");
    /// assert_eq!((text.alphabet, text.numbers), (vec!['a', 'b'], vec![0, 1, 1, 0]));
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Self {
        let alphabet: Vec<char> = text.chars().collect::<BTreeSet<char>>().into_iter().collect();
        let number = |character: char| alphabet.binary_search(&character).expect("it is in the alphabet");
        let numbers = text.chars().map(number).collect();
        Self { alphabet, numbers }
    }
}
