//! IDX files: the format of MNIST's images and labels.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats". A
//! header of big-endian 32-bit numbers (a magic number, then the sizes), then one byte per pixel or label.

pub(crate) mod header;

use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::file::Unpacked;

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

/// Reads an IDX file of images, plain or compressed with gzip or zstd.
///
/// # Errors
///
/// A [`DataError`] if the file cannot be read, its compressed data is damaged, it does not begin with the magic number
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

/// Reads an IDX file of labels, plain or compressed with gzip or zstd: `[count]`.
///
/// # Errors
///
/// Those of [`read_idx_images`], with the magic number 0x00000801.
pub fn read_idx_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    let (_, labels) = Opened::new(path, &header::LABELS)?.read()?;
    Ok(labels)
}

/// The labels in the file `path` of the `images` images in `images_file`. Fails before they are read if they are more or fewer.
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
struct Opened<const D: usize> {
    unpacked: Unpacked,
    /// One for each dimension.
    sizes: [u32; D],
}

impl<const D: usize> Opened<D> {
    fn new(path: &Path, kind: &header::Kind<D>) -> Result<Self, DataError> {
        let mut unpacked = Unpacked::open(path)?;
        let sizes = kind.read(&unpacked.origin, &mut unpacked.reader, unpacked.length)?;
        Ok(Self { unpacked, sizes })
    }

    /// The sizes, and the bytes that they announce.
    fn read(self) -> Result<([u32; D], Vec<u8>), DataError> {
        let Unpacked { origin, reader, length } = self.unpacked;
        let expected = header::announced(&self.sizes);
        // Room is made for what a plain file is known to have.
        let mut bytes = Vec::with_capacity(length.map_or(0, |_| expected as usize));
        // One byte more than is right, to see whether the file goes on; a small gzip file can hold a great deal.
        let limit = u64::try_from(expected).unwrap_or(u64::MAX).saturating_add(1);
        reader.take(limit).read_to_end(&mut bytes).map_err(|reason| origin.refusal(&reason))?;
        header::check_count(&origin.path, expected, bytes.len() as u64)?;
        Ok((self.sizes, bytes))
    }
}
