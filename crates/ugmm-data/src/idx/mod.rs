//! IDX files: the format of MNIST's images and labels.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats". A
//! header of big-endian 32-bit numbers (a magic number, then the sizes), then one byte per pixel or label.

pub(crate) mod header;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::DataError;
use crate::file;

/// First two bytes of a gzip file (RFC 1952, section 2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes to make room for before any has been read; afterwards as many more as there are already.
const FIRST_STEP_BYTES: u64 = 1 << 16;

/// Greyscale images of one size, one byte per pixel.
///
/// ```
/// use ugmm_data::IdxImages;
///
/// let images = IdxImages { count: 2, rows: 1, columns: 2, pixels: vec![0, 51, 102, 255] };
/// assert_eq!(images.image(1), [102, 255]);
/// assert_eq!(images.scaled(), [0.0, 0.2, 0.4, 1.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    /// Number of images.
    pub count: usize,
    /// Height of each image, in pixels.
    pub rows: usize,
    /// Width of each image, in pixels.
    pub columns: usize,
    /// The pixels, from 0 (background) to 255: `[count, rows, columns]`, row-major.
    pub pixels: Vec<u8>,
}

impl IdxImages {
    /// The pixels of image `index`, counted from 0: `[rows, columns]`.
    ///
    /// # Panics
    ///
    /// If `index` is not less than `count`, as indexing a slice does.
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.rows * self.columns;
        &self.pixels[index * size..][..size]
    }

    /// All pixels divided by 255, from 0 to 1: `[count, rows * columns]`.
    pub fn scaled(&self) -> Vec<f32> {
        self.pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect()
    }
}

/// Reads an IDX file of images, plain or compressed with gzip.
///
/// # Errors
///
/// A [`DataError`] if the file cannot be read, its gzip data is damaged, it does not begin with the magic number
/// 0x00000803, a size is 0, or it does not hold just as many pixels as its header announces.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("images");
/// // One image of 1x2 pixels.
/// std::fs::write(&path, [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 255])?;
/// let images = ugmm_data::read_idx_images(&path)?;
/// assert_eq!((images.count, images.rows, images.columns), (1, 1, 2));
/// assert_eq!(images.pixels, [7, 255]);
/// # Ok(())
/// # }
/// ```
pub fn read_idx_images(path: &Path) -> Result<IdxImages, DataError> {
    let (sizes, pixels) = Opened::new(path, &header::IMAGES)?.read()?;
    let [count, rows, columns] = sizes.map(|size| size as usize);
    Ok(IdxImages { count, rows, columns, pixels })
}

/// Reads an IDX file of labels, plain or compressed with gzip: `[count]`.
///
/// # Errors
///
/// As [`read_idx_images`], with the magic number 0x00000801.
pub fn read_idx_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    let (_, labels) = Opened::new(path, &header::LABELS)?.read()?;
    Ok(labels)
}

/// The labels of the `images` images in another file, refused before they are read if they are more or fewer.
pub(crate) fn read_labels_of(images_file: &Path, images: u32, path: &Path) -> Result<Vec<u8>, DataError> {
    let opened = Opened::new(path, &header::LABELS)?;
    let [labels] = opened.sizes;
    if labels != images {
        return Err(DataError::CountMismatch {
            images_file: images_file.to_owned(),
            labels_file: path.to_owned(),
            images: images as usize,
            labels: labels as usize,
        });
    }
    Ok(opened.read()?.1)
}

/// A file whose header has been read.
struct Opened<'a, const D: usize> {
    source: Source<'a>,
    /// One for each dimension.
    sizes: [u32; D],
}

impl<'a, const D: usize> Opened<'a, D> {
    fn new(path: &'a Path, kind: &header::Kind<D>) -> Result<Self, DataError> {
        let mut source = Source::open(path)?;
        let header = source.read(header::Kind::<D>::BYTES as u64)?;
        let sizes = kind.sizes(path, &header)?;
        Ok(Self { source, sizes })
    }

    /// The sizes, and the bytes that they announce.
    fn read(mut self) -> Result<([u32; D], Vec<u8>), DataError> {
        let expected = header::announced(&self.sizes);
        let data = self.source.read_exactly(expected, header::Kind::<D>::BYTES as u64)?;
        Ok((self.sizes, data))
    }
}

/// A file, decompressed on the way if need be.
struct Source<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
    /// Length of the file if it is plain, in bytes; that of a compressed one is known at its end only.
    length: Option<u64>,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, DataError> {
        let refusal = |reason| file::refusal(path, &reason);
        let mut file = file::open(path)?;
        if begins_as_gzip(&mut file).map_err(refusal)? {
            return Ok(Self {
                path,
                reader: Box::new(MultiGzDecoder::new(BufReader::new(file))),
                length: None,
            });
        }
        let length = Some(file.metadata().map_err(refusal)?.len());
        Ok(Self { path, reader: Box::new(file), length })
    }

    /// Up to `limit` bytes: fewer at the end of the file. Memory grows with what is there, and never beyond `limit`.
    fn read(&mut self, limit: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        loop {
            let have = bytes.len() as u64;
            let step = have.max(FIRST_STEP_BYTES).min(limit - have);
            bytes.reserve_exact(step as usize);
            match self.reader.by_ref().take(step).read_to_end(&mut bytes) {
                Ok(count) if count as u64 == step && have + step < limit => {}
                Ok(_) => return Ok(bytes),
                Err(reason) if self.length.is_some() => return Err(file::refusal(self.path, &reason)),
                Err(reason) => return Err(self.broken_gzip(&reason)),
            }
        }
    }

    /// The `expected` bytes that follow the header and end the file.
    fn read_exactly(&mut self, expected: u128, header_bytes: u64) -> Result<Vec<u8>, DataError> {
        // The length of a plain file tells before anything is read.
        if let Some(length) = self.length {
            header::check_count(self.path, expected, length.saturating_sub(header_bytes))?;
        }
        // One byte more than is right, to see whether the file goes on; a small gzip file can hold a great deal.
        let limit = u64::try_from(expected).unwrap_or(u64::MAX).saturating_add(1);
        let bytes = self.read(limit)?;
        header::check_count(self.path, expected, bytes.len() as u64)?;
        Ok(bytes)
    }

    fn broken_gzip(&self, reason: &std::io::Error) -> DataError {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let file = self.path.to_owned();
        match reason.kind() {
            UnexpectedEof => DataError::GzipTruncated { file },
            InvalidData | InvalidInput => DataError::GzipDamaged { file, reason: reason.to_string() },
            _ => file::refusal(self.path, reason),
        }
    }
}

/// Whether the file's first bytes are gzip's; the file is at its beginning again afterwards.
fn begins_as_gzip(file: &mut File) -> std::io::Result<bool> {
    let mut first = Vec::new();
    file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut first)?;
    file.rewind()?;
    Ok(first == GZIP_MAGIC)
}
