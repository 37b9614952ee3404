//! What a file says of the types of its columns.

use arrow_schema::DataType;

/// Digits of a decimal that an `f64` holds.
const EXACT_DIGITS: u8 = 15;

/// What the values of a column are, by what the file says; a file of text says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text, or something that the file does not say, or that no other of these types holds.
    Text,
    /// Integers of at most 64 bits with a sign.
    Integer,
    /// Floating-point numbers and short decimals.
    Float,
    /// True and false.
    Boolean,
    /// Days.
    Date,
    /// Points in time.
    Time,
}

impl ValueType {
    pub(super) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Self::Integer,
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => Self::Integer,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            DataType::Decimal32(digits, scale)
            | DataType::Decimal64(digits, scale)
            | DataType::Decimal128(digits, scale)
                if *digits <= EXACT_DIGITS && *scale >= 0 =>
            {
                Self::Float
            }
            DataType::Boolean => Self::Boolean,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Time,
            _ => Self::Text,
        }
    }
}
