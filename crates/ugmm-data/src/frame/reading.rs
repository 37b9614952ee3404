//! How the values of one column are read from a file.

use super::date::DateFormat;
use super::levels::LevelIndex;
use super::number_format::NumberFormat;

/// How the values of a column are read, and how this file writes them.
pub(super) enum Reading {
    Numbers(NumberFormat),
    Booleans,
    Days(Option<DateFormat>),
    Codes(LevelIndex),
    Text,
}
