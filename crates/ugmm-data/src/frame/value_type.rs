//! What a file says of the types of its columns.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

/// What the values of a column are, by what the file says; a file of text says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueType {
    /// Text, or something that the file does not say, or that no other of these types holds.
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
        /// What they are counted in.
        unit: TimeUnit,
        /// The time zone that they are shown in, if they are points of one; they are counted in UTC then.
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
