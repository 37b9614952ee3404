//! How the values of one column are read from a file.

use super::date::DateFormat;
use super::levels::LevelIndex;
use super::number_format::NumberFormat;

/// What the values of a column become, and how they are written in this file.
pub(super) enum Reading {
    Numbers(NumberFormat),
    Booleans,
    Days(Option<DateFormat>),
    Codes(LevelIndex),
    Text,
}
