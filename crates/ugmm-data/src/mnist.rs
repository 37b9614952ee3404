//! MNIST: handwritten digits, 60,000 training images and 10,000 test images.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::idx::{IdxImages, read_idx_images, read_labels_of};

/// Height and width of every image, in pixels.
const SIDE: usize = 28;
/// The largest label.
const LAST_DIGIT: u8 = 9;

/// Images and the digit that each shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledImages {
    /// The images, all of one size.
    pub images: IdxImages,
    /// The digit of each image, 0 to 9: `[images.count]`.
    pub labels: Vec<u8>,
}

/// The two parts of MNIST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mnist {
    /// Training images.
    pub train: LabelledImages,
    /// Test images.
    pub test: LabelledImages,
}

/// Reads MNIST's four files from `directory`.
///
/// Each may be named as `train-images-idx3-ubyte` or as `train-images.idx3-ubyte`, with or without `.gz`. The script
/// `scripts/fetch-mnist.sh` fetches them. Data sets with the same files (Fashion-MNIST, KMNIST) are read too.
///
/// Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition",
/// Proceedings of the IEEE 86 (1998).
///
/// # Errors
///
/// [`DataError::MnistFileMissing`] if a file is not there; the errors of [`read_idx_images`] and
/// [`read_idx_labels`](crate::read_idx_labels);
/// images other than 28x28, a label above 9, or not one label per image.
///
/// ```no_run
/// # fn main() -> Result<(), ugmm_data::DataError> {
/// let mnist = ugmm_data::load_mnist("data/mnist".as_ref())?;
/// assert_eq!(mnist.train.images.count, 60_000);
/// assert_eq!(mnist.test.labels.len(), 10_000);
/// # Ok(())
/// # }
/// ```
pub fn load_mnist(directory: &Path) -> Result<Mnist, DataError> {
    Ok(Mnist { train: load_part(directory, "train")?, test: load_part(directory, "t10k")? })
}

fn load_part(directory: &Path, part: &str) -> Result<LabelledImages, DataError> {
    let images_file = find(directory, &format!("{part}-images"), "idx3-ubyte")?;
    let labels_file = find(directory, &format!("{part}-labels"), "idx1-ubyte")?;
    let images = read_idx_images(&images_file)?;
    let labels = read_labels_of(&images_file, images.count as u32, &labels_file)?;

    let (rows, columns) = (images.rows, images.columns);
    if (rows, columns) != (SIDE, SIDE) {
        return Err(DataError::ImageSize { file: images_file, rows, columns });
    }
    if let Some(index) = labels.iter().position(|&label| label > LAST_DIGIT) {
        return Err(DataError::DigitOutOfRange { file: labels_file, row: index + 1, label: labels[index] });
    }
    Ok(LabelledImages { images, labels })
}

/// The file of this stem and kind under any of the names it may have.
fn find(directory: &Path, stem: &str, kind: &str) -> Result<PathBuf, DataError> {
    let names: Vec<String> = ["", ".gz"]
        .iter()
        .flat_map(|ending| ['-', '.'].map(|joint| format!("{stem}{joint}{kind}{ending}")))
        .collect();
    let found = names.iter().map(|name| directory.join(name)).find(|path| path.exists());
    found.ok_or_else(|| DataError::MnistFileMissing { directory: directory.to_owned(), names })
}
