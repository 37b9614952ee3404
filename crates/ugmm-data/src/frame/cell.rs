//! The values of an Arrow array one by one, whatever its type.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayAccessor, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::date;

/// A value of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Missing,
    Text(&'a str),
    Integer(i128),
    /// Any float, even NaN.
    Number(f64),
    Boolean(bool),
    /// A date or a time, as days since 1970-01-01.
    Days(f64),
}

impl<'a> Cell<'a> {
    /// As it would stand in a CSV file.
    pub(super) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Missing => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(integer) => Cow::Owned(integer.to_string()),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Boolean(boolean) => Cow::Borrowed(if boolean { "true" } else { "false" }),
            Self::Days(days) => Cow::Owned(date::format(days)),
        }
    }
}

/// The type of a column's values; that of the entries of a dictionary.
pub(super) fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    }
}

/// Fails with the reason why a type cannot be read, a clause that follows the column's name; `stored` says how its
/// values are stored.
pub(super) fn check_type(data_type: &DataType, stored: &str) -> Result<(), String> {
    match value_type(data_type) {
        known if is_supported(known) => Ok(()),
        nested if nested.is_nested() => {
            Err(format!("is nested ({nested}); flatten it into columns of single values"))
        }
        other => Err(other_type(other, stored)),
    }
}

pub(super) fn other_type(found: &DataType, stored: &str) -> String {
    format!("is of the type {found}{stored}; convert it to numbers, booleans, strings, dates or timestamps")
}

/// Whether [`for_each`] knows `data_type`.
fn is_supported(data_type: &DataType) -> bool {
    let is_other = matches!(
        data_type,
        DataType::Null | DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)
    );
    is_other || data_type.is_numeric() || data_type.is_string()
}

/// Calls `visit` with the index and value of each row, up to its first error.
///
/// A column of another type than [`is_supported`] allows counts as missing; nobody selects one.
pub(super) fn for_each<'a, E>(
    array: &'a ArrayRef,
    mut visit: impl FnMut(usize, Cell<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let visit = &mut visit;
    match array.data_type() {
        DataType::Boolean => each(array.as_boolean(), visit, Cell::Boolean),
        DataType::Int8 => primitives::<Int8Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::Int16 => primitives::<Int16Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::Int32 => primitives::<Int32Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::Int64 => primitives::<Int64Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::UInt8 => primitives::<UInt8Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::UInt16 => primitives::<UInt16Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::UInt32 => primitives::<UInt32Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::UInt64 => primitives::<UInt64Type, E>(array, visit, |value| Cell::Integer(value.into())),
        DataType::Float16 => primitives::<Float16Type, E>(array, visit, |value| Cell::Number(value.into())),
        DataType::Float32 => primitives::<Float32Type, E>(array, visit, |value| Cell::Number(value.into())),
        DataType::Float64 => primitives::<Float64Type, E>(array, visit, Cell::Number),
        &DataType::Decimal32(_, scale) => {
            primitives::<Decimal32Type, E>(array, visit, |value| decimal(value.into(), scale))
        }
        &DataType::Decimal64(_, scale) => {
            primitives::<Decimal64Type, E>(array, visit, |value| decimal(value.into(), scale))
        }
        &DataType::Decimal128(_, scale) => {
            primitives::<Decimal128Type, E>(array, visit, |value| decimal(value, scale))
        }
        // What 128 bits do not hold has more digits than an `f64`, too.
        &DataType::Decimal256(_, scale) => primitives::<Decimal256Type, E>(array, visit, |value| {
            value.to_i128().map_or_else(|| Cell::Number(scaled(&value, scale)), |value| decimal(value, scale))
        }),
        DataType::Date32 => primitives::<Date32Type, E>(array, visit, |value| Cell::Days(value.into())),
        DataType::Date64 => primitives::<Date64Type, E>(array, visit, |value| days(value, 86_400e3)),
        DataType::Timestamp(unit, _) => match unit {
            TimeUnit::Second => {
                primitives::<TimestampSecondType, E>(array, visit, |value| days(value, 86_400.0))
            }
            TimeUnit::Millisecond => {
                primitives::<TimestampMillisecondType, E>(array, visit, |value| days(value, 86_400e3))
            }
            TimeUnit::Microsecond => {
                primitives::<TimestampMicrosecondType, E>(array, visit, |value| days(value, 86_400e6))
            }
            TimeUnit::Nanosecond => {
                primitives::<TimestampNanosecondType, E>(array, visit, |value| days(value, 86_400e9))
            }
        },
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            let mut entries = Vec::with_capacity(dictionary.values().len());
            // A type of its own for each closure would lead to another one within it without end.
            let keep: &mut dyn FnMut(usize, Cell<'a>) -> Result<(), E> = &mut |_, entry| {
                entries.push(entry);
                Ok(())
            };
            for_each(dictionary.values(), keep)?;
            // Arrow panics where there are none, as in a column of missing values only.
            let keys = if entries.is_empty() { vec![0; array.len()] } else { dictionary.normalized_keys() };
            (0..array.len()).try_for_each(|index| match dictionary.keys().is_null(index) {
                true => visit(index, Cell::Missing),
                false => visit(index, entries.get(keys[index]).copied().unwrap_or(Cell::Missing)),
            })
        }
        DataType::Utf8 => each(array.as_string::<i32>(), visit, Cell::Text),
        DataType::LargeUtf8 => each(array.as_string::<i64>(), visit, Cell::Text),
        DataType::Utf8View => each(array.as_string_view(), visit, Cell::Text),
        _ => (0..array.len()).try_for_each(|index| visit(index, Cell::Missing)),
    }
}

/// The text of a decimal or a point in time with all its digits, which its [`Cell`] may not hold; none of other types.
pub(super) fn exact_text(array: &ArrayRef, index: usize) -> Option<String> {
    let zone = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
    let time = match array.data_type() {
        DataType::Decimal32(..) => return Some(array.as_primitive::<Decimal32Type>().value_as_string(index)),
        DataType::Decimal64(..) => return Some(array.as_primitive::<Decimal64Type>().value_as_string(index)),
        DataType::Decimal128(..) => {
            return Some(array.as_primitive::<Decimal128Type>().value_as_string(index));
        }
        DataType::Decimal256(..) => {
            return Some(array.as_primitive::<Decimal256Type>().value_as_string(index));
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            array.as_primitive::<TimestampSecondType>().value_as_datetime(index)
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            array.as_primitive::<TimestampMillisecondType>().value_as_datetime(index)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive::<TimestampMicrosecondType>().value_as_datetime(index)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            array.as_primitive::<TimestampNanosecondType>().value_as_datetime(index)
        }
        _ => None,
    };
    time.map(|time| date::time_text(time, zone))
}

/// All values of `array` as cells; missing where the array has no value.
fn each<'a, A: ArrayAccessor, E>(
    array: A,
    visit: &mut impl FnMut(usize, Cell<'a>) -> Result<(), E>,
    cell: impl Fn(A::Item) -> Cell<'a>,
) -> Result<(), E> {
    (0..array.len()).try_for_each(|index| {
        visit(index, if array.is_null(index) { Cell::Missing } else { cell(array.value(index)) })
    })
}

fn primitives<'a, T: ArrowPrimitiveType, E>(
    array: &'a ArrayRef,
    visit: &mut impl FnMut(usize, Cell<'a>) -> Result<(), E>,
    cell: impl Fn(T::Native) -> Cell<'a>,
) -> Result<(), E> {
    each(array.as_primitive::<T>(), visit, cell)
}

fn decimal<'a>(value: i128, scale: i8) -> Cell<'a> {
    match scale {
        0 => Cell::Integer(value),
        _ => Cell::Number(scaled(&value, scale)),
    }
}

/// The number nearest to `digits` / 10^`scale`.
fn scaled(digits: &impl std::fmt::Display, scale: i8) -> f64 {
    format!("{digits}e{}", -i32::from(scale)).parse().unwrap_or(f64::NAN)
}

fn days<'a>(value: i64, per_day: f64) -> Cell<'a> {
    Cell::Days(value as f64 / per_day)
}
