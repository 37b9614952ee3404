//! Copies values of a table with the types that its file declares.

use arrow_array::types::{
    ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, PrimitiveArray,
    StringArray,
};
use arrow_schema::TimeUnit;
use serde::{Serialize, Serializer};
use std::sync::Arc;
use ugmm_data::frame::{ReadAs, ValueType};

/// Number of digits of a decimal that a JSON number has in most programs.
const EXACT_DIGITS: u8 = 15;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// A value as text with its type. JSON gets a number or a boolean if it can represent the value, otherwise
/// the text.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub kind: &'a ValueType,
    pub text: &'a str,
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text;
        match self.kind {
            ValueType::Integer => match text.parse::<i64>() {
                Ok(number) => serializer.serialize_i64(number),
                Err(_) => serializer.serialize_str(text),
            },
            ValueType::Float | ValueType::Decimal { digits: 0..=EXACT_DIGITS, .. } => {
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => serializer.serialize_f64(number),
                    _ => serializer.serialize_str(text),
                }
            }
            ValueType::Boolean => match truth(text) {
                Some(truth) => serializer.serialize_bool(truth),
                None => serializer.serialize_str(text),
            },
            _ => serializer.serialize_str(text),
        }
    }
}

/// The values of a column of a Parquet file; missing where a text is not of the type.
pub fn array(kind: &ValueType, texts: &[Option<String>]) -> ArrayRef {
    match kind {
        ValueType::Text => Arc::new(StringArray::from_iter(texts)),
        ValueType::Integer => Arc::new(Int64Array::from_iter(each(texts, |text| text.parse().ok()))),
        ValueType::Float => Arc::new(Float64Array::from_iter(each(texts, |text| text.parse().ok()))),
        &ValueType::Decimal { digits, scale } => {
            let array = Decimal128Array::from_iter(each(texts, |text| decimal(text, digits, scale)));
            // Precision and scale come from a file, which was checked.
            Arc::new(array.with_precision_and_scale(digits, scale).expect("they go together"))
        }
        ValueType::Boolean => Arc::new(BooleanArray::from_iter(each(texts, truth))),
        ValueType::Date => {
            Arc::new(Date32Array::from_iter(each(texts, |text| Some(days(text)?.round() as i32))))
        }
        ValueType::Time { unit, zone } => match unit {
            TimeUnit::Second => times::<TimestampSecondType>(texts, zone),
            TimeUnit::Millisecond => times::<TimestampMillisecondType>(texts, zone),
            TimeUnit::Microsecond => times::<TimestampMicrosecondType>(texts, zone),
            TimeUnit::Nanosecond => times::<TimestampNanosecondType>(texts, zone),
        },
    }
}

fn each<T>(texts: &[Option<String>], parse: impl Fn(&str) -> Option<T>) -> impl Iterator<Item = Option<T>> {
    texts.iter().map(move |text| parse(text.as_deref()?))
}

fn truth(text: &str) -> Option<bool> {
    ReadAs::Booleans.number(text).map(|truth| truth != 0.0)
}

fn days(text: &str) -> Option<f64> {
    ReadAs::Days.number(text)
}

/// The digits of a decimal with `scale` of them after the point. Values from a file are exact; imputed
/// numbers are rounded.
fn decimal(text: &str, digits: u8, scale: i8) -> Option<i128> {
    let places = usize::try_from(scale).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let exact = if fraction.len() <= places {
        format!("{whole}{fraction:0<places$}").parse::<i128>().ok()
    } else {
        None
    };
    let rounded = || Some((text.parse::<f64>().ok()? * 10_f64.powi(scale.into())).round() as i128);
    exact.or_else(rounded).filter(|value| value.unsigned_abs() < 10_u128.pow(digits.into()))
}

fn times<T: ArrowTimestampType>(texts: &[Option<String>], zone: &Option<Arc<str>>) -> ArrayRef {
    let per_second = match T::UNIT {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let values = each(texts, |text| time(text, per_second));
    Arc::new(PrimitiveArray::<T>::from_iter(values).with_timezone_opt(zone.clone()))
}

/// A point in time in units of 1/`per_second` seconds. The fraction keeps its digits, because an `f64` of
/// days has microseconds only.
fn time(text: &str, per_second: i64) -> Option<i64> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, rest)) => {
            let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            (format!("{clock}{}", &rest[end..]), format!("{:0<9.9}", &rest[..end]).parse::<i64>().ok()?)
        }
        None => (text.to_owned(), 0),
    };
    let seconds = (days(&clock)? * SECONDS_PER_DAY).round() as i64;
    seconds.checked_mul(per_second)?.checked_add(fraction / (1_000_000_000 / per_second))
}

#[cfg(test)]
mod tests {
    use super::{decimal, time};

    #[test]
    fn decimals_and_times_keep_their_digits() {
        assert_eq!(decimal("12345678901234567890.12", 30, 2), Some(1_234_567_890_123_456_789_012));
        assert_eq!(decimal("-19.9", 10, 2), Some(-1990));
        assert_eq!(decimal("19.8765", 10, 2), Some(1988), "a number that was filled in");
        assert_eq!(decimal("123456", 5, 0), None);
        assert_eq!(time("2024-02-29T12:00:00.123456789Z", 1_000_000_000), Some(1_709_208_000_123_456_789));
        assert_eq!(time("2024-02-29T12:00:00.123456", 1_000), Some(1_709_208_000_123));
        assert_eq!(time("1969-12-31T23:59:59.5", 1_000), Some(-500));
        assert_eq!(time("2024-02-29", 1), Some(1_709_164_800));
    }
}
