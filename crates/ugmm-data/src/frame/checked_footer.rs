//! The footer of a Parquet file, checked before it is decoded.
//!
//! The decoder makes room for as many children as a group of the schema announces, and calls itself for groups inside of
//! groups: a few bytes could ask for gigabytes, and a few thousand for more stack than there is.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom};

use super::thrift::{Compact, I32, LIST, STRUCT};

/// Groups inside of groups, at most.
const DEEPEST: usize = 64;
/// Length of the footer in four bytes, and the mark that ends a file.
const TAIL_BYTES: u64 = 8;
const MARK: &[u8] = b"PAR1";
/// Fields of the metadata, and of an element of its schema.
const SCHEMA: i64 = 2;
const CHILDREN: i64 = 5;

/// Refuses a schema that announces more than it holds, or is nested too deeply. What else is wrong is left to the decoder.
pub(super) fn check(file: &mut File) -> Result<(), Error> {
    let length = file.metadata()?.len();
    if length < TAIL_BYTES {
        return Ok(());
    }
    let mut tail = [0; TAIL_BYTES as usize];
    file.seek(SeekFrom::Start(length - TAIL_BYTES))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, mark @ ..] = tail;
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if mark != MARK || footer > length - TAIL_BYTES {
        return Ok(());
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(length - TAIL_BYTES - footer))?;
    file.take(footer).read_to_end(&mut bytes)?;
    check_metadata(&bytes).map_err(|reason| Error::new(ErrorKind::InvalidData, reason))
}

fn check_metadata(bytes: &[u8]) -> Result<(), &'static str> {
    let cut_off = "the footer is cut off or no metadata";
    let mut schema = Ok(());
    let read = Compact(bytes).fields(|compact, field| match (field.number, field.kind) {
        (SCHEMA, LIST) => {
            schema = check_schema(compact)?;
            schema.is_ok().then_some(())
        }
        (_, kind) => compact.skip(kind),
    });
    schema?;
    read.ok_or(cut_off)
}

/// Goes through the elements of a schema, each group followed by its children; `None` where they are cut off.
fn check_schema(compact: &mut Compact) -> Option<Result<(), &'static str>> {
    let (count, kind) = compact.list()?;
    // Of each group that is open, how many children are to come.
    let mut open: Vec<u64> = Vec::new();
    for _ in 0..count {
        if kind != STRUCT {
            return Some(Err("its schema is no list of columns"));
        }
        let children = children(compact)?;
        if children > count {
            return Some(Err("a group of the schema announces more columns than there are"));
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        if open.len() > DEEPEST {
            return Some(Err("its columns are nested too deeply"));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    Some(Ok(()))
}

/// The most children that an element of a schema announces.
fn children(compact: &mut Compact) -> Option<u64> {
    let mut most = 0;
    compact.fields(|compact, field| match (field.number, field.kind) {
        (CHILDREN, I32) => {
            // Negative ones are refused by the decoder.
            most = most.max(u64::try_from(compact.number()?).unwrap_or(0));
            Some(())
        }
        (_, kind) => compact.skip(kind),
    })?;
    Some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metadata with elements of these numbers of children.
    fn metadata(children: &[u32]) -> Vec<u8> {
        fn put(bytes: &mut Vec<u8>, mut number: u64) {
            while number >= 0x80 {
                bytes.push(number as u8 | 0x80);
                number >>= 7;
            }
            bytes.push(number as u8);
        }
        let mut bytes = vec![0x15, 2, 0x19, 0xfc];
        put(&mut bytes, children.len() as u64);
        for &children in children {
            // A name, and the number of children, doubled as a signed number is.
            bytes.extend([0x48, 1, b'g', 0x15]);
            put(&mut bytes, u64::from(children) * 2);
            bytes.push(0);
        }
        bytes.push(0);
        bytes
    }

    #[test]
    fn schemas_that_announce_too_much_are_refused() {
        assert_eq!(check_metadata(&metadata(&[2, 0, 0])), Ok(()));
        assert_eq!(check_metadata(&metadata(&[2, 1, 0, 0])), Ok(()));
        let deep: Vec<u32> = (0..64).map(|_| 1).chain([0]).collect();
        assert_eq!(check_metadata(&metadata(&deep)), Ok(()));
        let deeper: Vec<u32> = (0..100_000).map(|_| 1).chain([0]).collect();
        assert_eq!(check_metadata(&metadata(&deeper)), Err("its columns are nested too deeply"));
        let greedy = check_metadata(&metadata(&[2_000_000_000, 0]));
        assert_eq!(greedy, Err("a group of the schema announces more columns than there are"));
        let whole = metadata(&[1, 0]);
        for length in 0..whole.len() {
            assert!(check_metadata(&whole[..length]).is_err(), "{length}");
        }
    }
}
