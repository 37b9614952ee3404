//! Types of columns that a file states.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

/// The type of a column's values that the file states; a file of text states none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueType {
    /// Text, a type that the file does not state, or one that none of the others holds.
    Text,
    /// Integers of at most 64 bits with a sign.
    Integer,
    /// Floating-point numbers.
    Float,
    /// Numbers of at most 38 decimal digits.
    Decimal {
        /// Digits in all.
        digits: u8,
        /// Digits behind the point.
        scale: i8,
    },
    /// True and false.
    Boolean,
    /// Days.
    Date,
    /// Points in time.
    Time {
        /// Unit of the stored integers.
        unit: TimeUnit,
        /// The time zone in which they are shown, if there is one; they are stored in UTC then.
        zone: Option<Arc<str>>,
    },
}

impl ValueType {
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Self::Integer,
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => Self::Integer,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            &DataType::Decimal32(digits, scale)
            | &DataType::Decimal64(digits, scale)
            | &DataType::Decimal128(digits, scale)
                if scale >= 0 =>
            {
                Self::Decimal { digits, scale }
            }
            DataType::Boolean => Self::Boolean,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(unit, zone) => Self::Time { unit: *unit, zone: zone.clone() },
            _ => Self::Text,
        }
    }
}
