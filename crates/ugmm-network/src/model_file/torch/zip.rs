//! The entries of a zip archive whose entries are stored without compression, as `torch.save` writes them
//! (PKWARE's APPNOTE, sections 4.3 and 4.5.3).

use std::collections::HashMap;

const END: [u8; 4] = *b"PK\x05\x06";
const END_64: [u8; 4] = *b"PK\x06\x06";
const END_64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
pub(super) const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Sizes of these records without their variable parts.
const END_SIZE: usize = 22;
const END_64_LOCATOR_SIZE: usize = 20;
const CENTRAL_SIZE: usize = 46;
const LOCAL_SIZE: usize = 30;
/// Largest length of the comment at the end of an archive.
const LONGEST_COMMENT: usize = u16::MAX as usize;
/// Stands for a value that is in the extra field for large archives.
const IN_EXTRA: u64 = u32::MAX as u64;
const EXTRA_64: u64 = 1;

const CUT_OFF: &str = "the archive is cut off or damaged";

/// The entries of an archive by name.
pub(super) struct Archive<'b> {
    entries: HashMap<&'b [u8], &'b [u8]>,
}

impl<'b> Archive<'b> {
    /// Reads the directory of an archive.
    ///
    /// # Errors
    ///
    /// A clause when the archive is damaged or an entry is compressed.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, String> {
        let (mut at, mut entries) = (directory(bytes)?, HashMap::new());
        while let Some(&CENTRAL) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let record = &bytes[at..];
            let [name, extra, comment] =
                [28, 30, 32].map(|field| number(record, field, 2)).map(|n| n.map(|n| n as usize));
            let (name, extra, comment) = (name?, extra?, comment?);
            let [mut stored, mut size, mut offset] =
                [number(record, 20, 4)?, number(record, 24, 4)?, number(record, 42, 4)?];
            let extra_field = part(record, CENTRAL_SIZE + name, extra)?;
            large_values(extra_field, [&mut size, &mut stored, &mut offset])?;
            let name_field = part(record, CENTRAL_SIZE, name)?;
            if number(record, 10, 2)? != 0 || stored != size {
                return Err("an entry of the archive is compressed, which torch.save does not do".into());
            }
            let local = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).ok_or(CUT_OFF)?;
            if local.first_chunk() != Some(&LOCAL) {
                return Err(CUT_OFF.into());
            }
            let data = LOCAL_SIZE + (number(local, 26, 2)? + number(local, 28, 2)?) as usize;
            let size = usize::try_from(size).map_err(|_| CUT_OFF)?;
            entries.insert(name_field, part(local, data, size)?);
            at += CENTRAL_SIZE + name + extra + comment;
        }
        Ok(Self { entries })
    }

    /// The name up to `/`, and the bytes, of the entry `FOLDER/data.pkl`.
    pub(super) fn pickle(&self) -> Option<(&'b [u8], &'b [u8])> {
        self.entries.iter().find_map(|(name, &bytes)| Some((name.strip_suffix(b"data.pkl")?, bytes)))
    }

    /// The bytes of an entry of a folder, which ends with `/`.
    pub(super) fn get(&self, folder: &[u8], name: &str) -> Option<&'b [u8]> {
        self.entries.get([folder, name.as_bytes()].concat().as_slice()).copied()
    }
}

/// The offset of the directory.
fn directory(bytes: &[u8]) -> Result<usize, String> {
    let last = bytes.len().checked_sub(END_SIZE).ok_or(CUT_OFF)?;
    let first = last.saturating_sub(LONGEST_COMMENT);
    let end = (first..=last).rev().find(|&at| bytes[at..].starts_with(&END)).ok_or(CUT_OFF)?;
    let mut offset = number(&bytes[end..], 16, 4)?;
    let locator = end.checked_sub(END_64_LOCATOR_SIZE).map(|at| &bytes[at..]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(&END_64_LOCATOR)) {
        let end = usize::try_from(number(locator, 8, 8)?).map_err(|_| CUT_OFF)?;
        let end = bytes.get(end..).filter(|end| end.starts_with(&END_64)).ok_or(CUT_OFF)?;
        offset = number(end, 48, 8)?;
    }
    usize::try_from(offset).map_err(|_| CUT_OFF.into())
}

/// Replaces values that stand in the extra field, in this order.
fn large_values(mut extra: &[u8], values: [&mut u64; 3]) -> Result<(), String> {
    while extra.len() >= 4 {
        let (kind, size) = (number(extra, 0, 2)?, number(extra, 2, 2)? as usize);
        if kind == EXTRA_64 {
            let mut at = 4;
            for value in values.into_iter().filter(|value| **value == IN_EXTRA) {
                *value = number(extra, at, 8)?;
                at += 8;
            }
            return Ok(());
        }
        extra = extra.get(4 + size..).ok_or(CUT_OFF)?;
    }
    Ok(())
}

/// The number of `size` bytes at `at`, which are at most eight.
fn number(bytes: &[u8], at: usize, size: usize) -> Result<u64, String> {
    let bytes = part(bytes, at, size)?;
    Ok(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn part(bytes: &[u8], at: usize, size: usize) -> Result<&[u8], String> {
    let end = at.checked_add(size).ok_or(CUT_OFF)?;
    bytes.get(at..end).ok_or_else(|| CUT_OFF.into())
}
