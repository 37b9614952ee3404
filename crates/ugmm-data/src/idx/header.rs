//! The header of an IDX file: a magic number, then the sizes, as big-endian numbers of 32 bits.

use std::cmp::Ordering;
use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::file::Origin;
use crate::show::count;

/// Unsigned bytes in three dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// Unsigned bytes in one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// Bytes in one number of the header.
const NUMBER_BYTES: usize = 4;

/// The content that a file should have.
pub(crate) struct Kind<const D: usize> {
    content: &'static str,
    magic: u32,
    /// Name of what each size counts.
    dimensions: [&'static str; D],
}

pub(crate) const IMAGES: Kind<3> =
    Kind { content: "images", magic: IMAGES_MAGIC, dimensions: ["images", "rows", "columns"] };
pub(crate) const LABELS: Kind<1> = Kind { content: "labels", magic: LABELS_MAGIC, dimensions: ["labels"] };

impl<const D: usize> Kind<D> {
    /// Length of the header.
    const BYTES: usize = NUMBER_BYTES * (1 + D);

    /// Reads the header. Returns the sizes, one for each dimension, of which none is 0. Fails if the file has another length than the
    /// header announces, where its `length` in bytes is known.
    pub(crate) fn read(
        &self,
        origin: &Origin,
        reader: &mut impl Read,
        length: Option<u64>,
    ) -> Result<[u32; D], DataError> {
        let mut header = Vec::new();
        let bytes = Self::BYTES as u64;
        reader.take(bytes).read_to_end(&mut header).map_err(|reason| origin.refusal(&reason))?;
        let sizes = self.sizes(&header);
        let sizes = sizes.map_err(|reason| DataError::Idx { file: origin.path.clone(), reason })?;
        if let Some(length) = length {
            check_count(&origin.path, announced(&sizes), length.saturating_sub(bytes))?;
        }
        Ok(sizes)
    }

    /// The sizes in a header, which may be cut short by the end of the file. Fails with the reason why there are none.
    fn sizes(&self, header: &[u8]) -> Result<[u32; D], String> {
        let (content, magic) = (self.content, self.magic);
        // The magic number first: of a file of another kind, the length of the header says nothing.
        if let Some(found) = number(header, 0).filter(|&found| found != magic) {
            let hint = match found {
                IMAGES_MAGIC => "; it seems to hold images",
                LABELS_MAGIC => "; it seems to hold labels",
                _ => "",
            };
            return Err(format!(
                "the file begins with 0x{found:08x}, where an IDX file of {content} begins with 0x{magic:08x}{hint}"
            ));
        }
        let mut sizes = [0; D];
        for (index, size) in sizes.iter_mut().enumerate() {
            *size = number(header, index + 1).ok_or_else(|| {
                let found = count(header.len() as u64, "byte");
                format!("the file ends after {found}, where an IDX header of {content} has {}", Self::BYTES)
            })?;
            if *size == 0 {
                let what = self.dimensions[index];
                return Err(format!("the header gives 0 as the number of {what}; it must be at least 1"));
            }
        }
        Ok(sizes)
    }
}

/// The number at `index` of a header, if it is not cut short before.
fn number(header: &[u8], index: usize) -> Option<u32> {
    let bytes = header.get(index * NUMBER_BYTES..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}

/// Bytes of data that a header with these sizes announces; three numbers of 32 bits may be too much for 64.
pub(crate) fn announced(sizes: &[u32]) -> u128 {
    sizes.iter().map(|&size| u128::from(size)).product()
}

/// Fails unless there are `expected` bytes after the header.
pub(crate) fn check_count(path: &Path, expected: u128, found: u64) -> Result<(), DataError> {
    let differs = match u128::from(found).cmp(&expected) {
        Ordering::Less => "holds only",
        Ordering::Greater => "goes on for at least",
        Ordering::Equal => return Ok(()),
    };
    let announced = count(expected, "data byte");
    let reason = format!("the header announces {announced}, but the file {differs} {found}");
    Err(DataError::Idx { file: path.to_owned(), reason })
}

/// The type of an IDX file's values and the number of its dimensions, by its first bytes; none if it is no such file.
pub(crate) fn values_and_dimensions(beginning: &[u8]) -> Option<(&'static str, u8)> {
    let [0, 0, values, dimensions, ..] = *beginning else { return None };
    let values = match values {
        0x08 => "unsigned bytes",
        0x09 => "signed bytes",
        0x0b => "integers of 16 bits",
        0x0c => "integers of 32 bits",
        0x0d => "floats of 32 bits",
        0x0e => "floats of 64 bits",
        _ => return None,
    };
    (dimensions > 0).then_some((values, dimensions))
}
