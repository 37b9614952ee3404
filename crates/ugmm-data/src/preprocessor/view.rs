//! The values of a column as inputs are made of them.

use std::borrow::Cow;

use crate::frame::{Column, Kind, LevelIndex, ReadAs, Request, UNSEEN, Values};
use crate::show::value;

/// The values of a column, read as its request says.
pub(super) enum View<'a> {
    /// NaN where one is missing.
    Numbers(Cow<'a, [f64]>),
    /// Positions in the request's levels; none where one is missing, beyond the levels where one is unseen.
    Codes(Cow<'a, [Option<u32>]>),
}

impl<'a> View<'a> {
    /// The values as they were read by `request`; none if they were read by another.
    pub(super) fn as_read(request: &Request, values: &'a Values) -> Option<Self> {
        match (&request.read_as, values) {
            (ReadAs::Codes(_), Values::Codes(codes)) => Some(Self::Codes(codes.into())),
            (
                ReadAs::Numbers(_) | ReadAs::Booleans | ReadAs::Days | ReadAs::Dates(_),
                Values::Numbers(numbers),
            ) => Some(Self::Numbers(numbers.into())),
            _ => None,
        }
    }

    /// The values of a table's column, or why they do not fit `request`. Another schema may have been found for the column than for the one that the
    /// request was made for: its levels may have another order, and a small table has columns of one value that are
    /// numbers in a larger one.
    pub(super) fn of_column(request: &Request, column: &Column, values: &'a Values) -> Result<Self, String> {
        let wrong = || {
            let expected = match &request.read_as {
                ReadAs::Numbers(_) => "numbers",
                ReadAs::Booleans => "true and false",
                ReadAs::Days | ReadAs::Dates(_) => "dates",
                ReadAs::Codes(_) | ReadAs::Text => "categories",
            };
            let found = kind_in_words(&column.kind);
            format!("its column {} holds {found} instead of {expected}", value(&column.name))
        };
        let fits = matches!(
            (&request.read_as, &column.kind),
            (ReadAs::Numbers(_), Kind::Numeric { .. })
                | (ReadAs::Booleans, Kind::Boolean)
                | (ReadAs::Days | ReadAs::Dates(_), Kind::Date { .. })
                | (ReadAs::Numbers(_) | ReadAs::Booleans | ReadAs::Days | ReadAs::Dates(_), Kind::Constant)
        );
        match (&request.read_as, values) {
            (ReadAs::Codes(levels), Values::Codes(found)) => {
                Ok(Self::Codes(recoded(levels, &column.level_names(), found)))
            }
            (ReadAs::Codes(_), Values::Numbers(numbers)) if numbers.iter().all(|number| number.is_nan()) => {
                Ok(Self::Codes(vec![None; numbers.len()].into()))
            }
            (_, Values::Numbers(numbers)) if fits => Ok(Self::Numbers(numbers.into())),
            (read_as, Values::Codes(codes)) => {
                let names = column.level_names();
                let numbers: Option<Vec<f64>> = names.iter().map(|name| read_as.number(name)).collect();
                let numbers = numbers.ok_or_else(wrong)?;
                let number = |code: &Option<u32>| {
                    code.and_then(|code| numbers.get(code as usize).copied()).unwrap_or(f64::NAN)
                };
                Ok(Self::Numbers(codes.iter().map(number).collect()))
            }
            _ => Err(wrong()),
        }
    }
}

/// The codes of `levels` for `found`, which are codes of `names`.
fn recoded<'a>(levels: &[String], names: &[String], found: &'a [Option<u32>]) -> Cow<'a, [Option<u32>]> {
    if levels == names {
        return found.into();
    }
    let index = LevelIndex::new(levels);
    let new: Vec<u32> = names.iter().map(|name| index.position(name).unwrap_or(UNSEEN)).collect();
    let code = |code: &Option<u32>| code.map(|code| new.get(code as usize).copied().unwrap_or(UNSEEN));
    found.iter().map(code).collect()
}

/// The values of a column of this kind, in words.
pub(super) fn kind_in_words(kind: &Kind) -> &'static str {
    match kind {
        Kind::Numeric { .. } => "numbers",
        Kind::Boolean => "true and false",
        Kind::Date { .. } => "dates",
        Kind::Categorical => "categories",
        Kind::Constant => "one value only",
        Kind::Ignored => "what was ignored",
    }
}
