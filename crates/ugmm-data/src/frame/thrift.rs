//! Thrift's compact protocol, as far as it takes to look at Parquet's metadata before it is decoded.
//!
//! Source: Apache Thrift, "Thrift Compact protocol encoding" (doc/specs/thrift-compact-protocol.md).

/// Values inside of values, at most.
const DEEPEST: usize = 64;

/// The kinds of values, by their numbers.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
pub(super) const I32: u8 = 5;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A field of a structure: its number and the kind of its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Field {
    pub(super) number: i64,
    pub(super) kind: u8,
}

/// The bytes that are left to read. Every method returns `None` where they are cut off or are no such value.
pub(super) struct Compact<'a>(pub(super) &'a [u8]);

impl<'a> Compact<'a> {
    /// The next field of a structure, `Some(None)` at its end. `last` is the number of the field before, 0 at first.
    fn field(&mut self, last: i64) -> Option<Option<Field>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Some(None);
        }
        let kind = byte & 0x0f;
        let number = match byte >> 4 {
            0 => self.number()?,
            step => last + i64::from(step),
        };
        Some(Some(Field { number, kind }))
    }

    /// Calls `visit` with each field of a structure, whose value it reads or passes over.
    pub(super) fn fields(&mut self, mut visit: impl FnMut(&mut Self, Field) -> Option<()>) -> Option<()> {
        let mut last = 0;
        while let Some(field) = self.field(last)? {
            last = field.number;
            visit(self, field)?;
        }
        Some(())
    }

    /// Number and kind of the values of a list.
    pub(super) fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => self.unsigned()?,
            few => u64::from(few),
        };
        Some((count, byte & 0x0f))
    }

    /// A whole number of any width.
    pub(super) fn number(&mut self) -> Option<i64> {
        let number = self.unsigned()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: u8) -> Option<()> {
        self.skip_below(kind, DEEPEST)
    }

    fn skip_below(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A field's boolean is in its kind.
            TRUE | FALSE => Some(()),
            BYTE => self.take(1).map(|_| ()),
            4..=6 => self.unsigned().map(|_| ()),
            DOUBLE => self.take(8).map(|_| ()),
            BINARY => {
                let length = self.unsigned()?;
                self.take(usize::try_from(length).ok()?).map(|_| ())
            }
            LIST | SET => {
                let (count, kind) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, depth))
            }
            MAP => {
                let count = self.unsigned()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)
                })
            }
            STRUCT => self.fields(|compact, field| compact.skip_below(field.kind, depth)),
            UUID => self.take(16).map(|_| ()),
            _ => None,
        }
    }

    /// Passes over a value of a list or a map, in which a boolean is a byte.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            TRUE | FALSE => self.take(1).map(|_| ()),
            kind => self.skip_below(kind, depth),
        }
    }

    /// Seven bits in each byte, the lowest first.
    pub(super) fn unsigned(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_passed_over() {
        // Fields 1 to 11 of all kinds, then field 300 of an i32: -2.
        let bytes = [
            0x11, 0x12, 0x13, 7, 0x14, 4, 0x15, 0x80, 1, 0x16, 6, 0x17, 0, 0, 0, 0, 0, 0, 0, 0, 0x18, 2,
            b'a', b'b', 0x19, 0x25, 2, 4, 0x1b, 1, 0x18, 1, 1, b'x', 0x1c, 0x15, 2, 0, 0x05, 0xd8, 0x04, 3,
            0,
        ];
        let (mut compact, mut numbers) = (Compact(&bytes), Vec::new());
        let read = compact.fields(|compact, field| {
            numbers.push(field.number);
            match field.number {
                300 => compact.number().map(|number| assert_eq!(number, -2)),
                _ => compact.skip(field.kind),
            }
        });
        assert_eq!((read, compact.0.len(), numbers.len(), numbers.last()), (Some(()), 0, 12, Some(&300)));
        for length in 0..bytes.len() - 1 {
            assert!(Compact(&bytes[..length]).skip(STRUCT).is_none(), "{length}");
        }
    }

    #[test]
    fn what_would_never_end_is_refused() {
        assert!(Compact(&[0xff; 20]).number().is_none());
        // Lists inside of lists.
        assert!(Compact(&[0x19; 1000]).skip(LIST).is_none());
        // A list of 2^60 booleans of which there is none.
        assert!(Compact(&[0xf1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]).skip(LIST).is_none());
    }
}
